"""The commands that only look: inspect, explain, rules, codecs."""

import json as json_text
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from repack import pipeline, survey
from repack.classify import rules as rule_engine
from repack.classify.patterns import matches
from repack.classify.rulefile import json_schema, load_builtin, load_file
from repack.cli import helping, opening, options, reporting
from repack.cli.names import NAMED, guess
from repack.cli.previewing import survey_only
from repack.conformance import checks, disc
from repack.errors import WrongUsage
from repack.model import Wishes
from repack.planning import remarks
from repack.report import codecs as codec_sheets
from repack.report import compared, conformance, console, contents, planned_json, words
from repack.report import rules as rule_sheets

_Does = TypeVar("_Does", bound=Callable[..., Any])
tools = typer.Typer(cls=helping.Group, context_settings=options.NAMES, rich_markup_mode=None)
rules_app = typer.Typer(cls=helping.Group, help=NAMED["rules"], rich_markup_mode=None)
_TRYING = (
    ("repack rules show redist.vc-installer", "one rule, whole"),
    ("repack rules check my.toml", "is the file right?"),
    ("repack rules test my.toml scan.zip", "what would it change on this disc?"),
)
tools.add_typer(rules_app, name="rules", epilog=helping.show_examples(_TRYING))
_INSPECTING = (
    ("repack inspect scan.zip", "categories, series, programs, languages"),
    ("repack inspect scan.zip --json > scan.json", "every file, for other programs"),
)
_EXPLAINING = (
    ("repack explain scan.zip autorun.inf", "one file"),
    ("repack explain scan.zip '**/*.dll' --drop-redist", "all libraries, with a wish"),
)
_CODECS = (
    ("repack codecs", "what can be written, and who opens it"),
    ("repack codecs -v", "what can be read, with which libraries"),
)


def _command(app: typer.Typer, name: str | None, *examples: helping.Example) -> Callable[[_Does], _Does]:
    """A command with our help."""
    epilog = helping.show_examples(examples) if examples else None
    return app.command(name, cls=helping.Command, epilog=epilog)


@_command(tools, None, *_INSPECTING)
def inspect(
    bundle: options.BundlePath,
    rules: options.RuleFiles = None,
    password_file: opening.PasswordFile = None,
    max_entries: opening.MaxEntries = opening.ENTRIES,
    max_unpacked: opening.MaxUnpacked = opening.UNPACKED,
    max_ratio: opening.MaxRatio = opening.RATIO,
    json: options.Json = False,
    report: options.ReportFile = None,
    with_patient: options.WithPatient = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing report.")] = False,
) -> None:
    """Show what is in a bundle: categories, series, transfer syntaxes, programs, languages."""
    screen = console.open_screen(is_json=json)
    reporting.check_report_file(report, bundle, (), with_patient=with_patient, may_replace=overwrite)
    limits = opening.read_limits(max_entries, max_unpacked, max_ratio)
    access = opening.read_access(bundle, password_file, limits, decrypts=True, may_ask=True)
    found = survey_only(
        pipeline.Request(bundle, bundle, rule_files=tuple(rules or ()), access=access), screen, as_it_is=True
    )
    plan = survey.make_plan(found, Wishes())
    checked = checks.evaluate(disc.as_found(plan))
    shown = contents.inspected(plan, remarks.find_viewers(plan, found.rules, found.needs))
    console.show_sheets(screen, [*shown, conformance.inspected(checked)])
    if json:
        console.show_json(planned_json.encode(plan, conformance.as_json(checked)))
    reporting.report_bundle(report, plan, screen, is_open=with_patient)


@_command(tools, None, *_EXPLAINING)
def explain(
    bundle: options.BundlePath,
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Entries, or patterns such as **/*.dll.")],
    rules: options.RuleFiles = None,
    keep_locales: options.KeepLocales = None,
    drop_redist: options.DropRedist = False,
    drop: options.DropCategory = None,
    password_file: opening.PasswordFile = None,
    max_entries: opening.MaxEntries = opening.ENTRIES,
    max_unpacked: opening.MaxUnpacked = opening.UNPACKED,
    max_ratio: opening.MaxRatio = opening.RATIO,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say why other rules do not match.")] = False,
) -> None:
    """Show which rule decided on an entry, on which facts, and what else was considered."""
    wishes = Wishes(options.read_locales(keep_locales), drop_redist, tuple(drop or ()))
    screen = console.open_screen()
    limits = opening.read_limits(max_entries, max_unpacked, max_ratio)
    access = opening.read_access(bundle, password_file, limits, decrypts=True, may_ask=True)
    found = survey_only(
        pipeline.Request(bundle, bundle, rule_files=tuple(rules or ()), access=access), screen, as_it_is=True
    )
    plan = survey.make_plan(found, wishes)
    missed = [path for path in paths if not any(matches(path, line.entry.path) for line in plan.lines)]
    if missed:
        raise WrongUsage(
            f"no entry of {bundle.name} matches {', '.join(missed)}", "see repack inspect for what is in it"
        )
    chosen = [line for line in plan.lines if any(matches(path, line.entry.path) for path in paths)]
    sheets = [
        contents.explained(
            line,
            rule_engine.consider(line.entry, line.facts, found.rules, found.surroundings),
            plan,
            found.needs,
            is_verbose=verbose,
        )
        for line in chosen
    ]
    console.show_sheets(screen, sheets)


@_command(rules_app, "list")
def list_rules(rules: options.RuleFiles = None) -> None:
    """List all rules in the order in which they are tried."""
    console.show_sheets(console.open_screen(), [rule_sheets.rule_list(survey.load_rules(tuple(rules or ())))])


@_command(rules_app, "show", ("repack rules show redist.vc-installer", "one rule, whole"))
def show_rule(
    rule: Annotated[str, typer.Argument(metavar="ID", help="As in repack rules list.")], rules: options.RuleFiles = None
) -> None:
    """Show one rule, whole."""
    loaded = survey.load_rules(tuple(rules or ()))
    found = [one for one in loaded if one.rule.id == rule]
    if not found:
        advice = guess(rule, (one.rule.id for one in loaded))
        raise WrongUsage(f"there is no rule {rule!r}", advice or "see repack rules list")
    console.show_sheets(console.open_screen(), [rule_sheets.rule_shown(one) for one in found])


@_command(rules_app, "check", ("repack rules check my.toml", "the first mistake, with its line"))
def check_rules(files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Rule files (TOML).")]) -> None:
    """Check rule files: the first mistake is named with its line and key."""
    screen = console.open_screen()
    for file in files:
        count = len(load_file(file))
        told = f"{words.plural(count, 'rule')}, no mistakes" if count else "there are no rules in it"
        console.show_lines(screen, [f"{file.name}: {told}"])


@_command(rules_app, "test", ("repack rules test my.toml scan.zip", "what would change on this disc"))
def try_rules(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Your rules (TOML).")],
    bundle: options.BundlePath,
    keep_locales: options.KeepLocales = None,
    drop_redist: options.DropRedist = False,
    drop: options.DropCategory = None,
    password_file: opening.PasswordFile = None,
    max_entries: opening.MaxEntries = opening.ENTRIES,
    max_unpacked: opening.MaxUnpacked = opening.UNPACKED,
    max_ratio: opening.MaxRatio = opening.RATIO,
) -> None:
    """Show what your rules would change on a bundle, against the built-in ones; nothing is written."""
    if file.is_dir() or file.suffix.lower() in {".zip", ".iso"}:
        raise WrongUsage(f"{file.name} is a bundle, no rule file", "write repack rules test FILE BUNDLE")
    own = load_file(file)
    wishes = Wishes(options.read_locales(keep_locales), drop_redist, tuple(drop or ()))
    screen = console.open_screen()
    limits = opening.read_limits(max_entries, max_unpacked, max_ratio)
    access = opening.read_access(bundle, password_file, limits, decrypts=True, may_ask=True)
    found = survey_only(pipeline.Request(bundle, bundle, jobs=options.CORES, access=access), screen)
    before = survey.make_plan(found, wishes)
    after = survey.make_plan(survey.rejudge(found, (*own, *load_builtin())), wishes)
    console.show_sheets(screen, compared.compared(before, after, own))


@_command(rules_app, "schema", ("repack rules schema > rules.schema.json", "for an editor"))
def show_schema() -> None:
    """Print the JSON Schema of a rule file, for editors that complete and check TOML."""
    console.show_json(f"{json_text.dumps(json_schema(), indent=2, sort_keys=True)}\n".encode())


@_command(tools, None, *_CODECS)
def codecs(verbose: options.Verbose = False) -> None:
    """Show what can be read and written on this installation."""
    console.show_sheets(console.open_screen(), codec_sheets.codec_tables(is_verbose=verbose))
