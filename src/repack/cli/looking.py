"""The commands that only look: inspect, explain, rules, codecs."""

import json as json_text
from pathlib import Path
from typing import Annotated

import typer

from repack import pipeline, survey
from repack.classify import rules as rule_engine
from repack.classify.patterns import matches
from repack.classify.rulefile import json_schema, load_builtin, load_file
from repack.cli import opening, options
from repack.cli.previewing import survey_only
from repack.errors import WrongUsage
from repack.model import Wishes
from repack.planning import remarks
from repack.report import compared, console, contents, planned_json
from repack.report import rules as rule_sheets

tools = typer.Typer(add_completion=False, context_settings=options.NAMES, no_args_is_help=True)
rules_app = typer.Typer(help="List, show, check and try rules.", no_args_is_help=True)
tools.add_typer(rules_app, name="rules")


@tools.command()
def inspect(
    bundle: options.BundlePath,
    rules: options.RuleFiles = None,
    password_file: opening.PasswordFile = None,
    max_entries: opening.MaxEntries = opening.ENTRIES,
    max_unpacked: opening.MaxUnpacked = opening.UNPACKED,
    max_ratio: opening.MaxRatio = opening.RATIO,
    json: options.Json = False,
) -> None:
    """Show what is in a bundle: categories, series, transfer syntaxes, programs, languages."""
    screen = console.open_screen(is_json=json)
    limits = opening.read_limits(max_entries, max_unpacked, max_ratio)
    access = opening.read_access(bundle, password_file, limits, decrypts=True, may_ask=True)
    found = survey_only(
        pipeline.Request(bundle, bundle, rule_files=tuple(rules or ()), access=access), screen, as_it_is=True
    )
    plan = survey.make_plan(found, Wishes())
    console.show_sheets(screen, contents.inspected(plan, remarks.find_viewers(plan, found.rules, found.needs)))
    if json:
        console.show_json(planned_json.encode(plan))


@tools.command()
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
    chosen = [line for line in plan.lines if any(matches(path, line.entry.path) for path in paths)]
    if not chosen:
        raise WrongUsage(
            f"no entry of {bundle.name} matches {', '.join(paths)}", "see repack inspect for what is in it"
        )
    sheets = [
        contents.explained(
            line,
            rule_engine.consider(line.entry, line.facts, found.rules, found.surroundings),
            plan,
            found.needs,
        )
        for line in chosen
    ]
    console.show_sheets(screen, sheets)


@rules_app.command("list")
def list_rules(rules: options.RuleFiles = None) -> None:
    """List all rules in the order in which they are tried."""
    console.show_sheets(console.open_screen(), [rule_sheets.rule_list(survey.load_rules(tuple(rules or ())))])


@rules_app.command("show")
def show_rule(rule: Annotated[str, typer.Argument(metavar="ID")], rules: options.RuleFiles = None) -> None:
    """Show one rule, whole."""
    loaded = survey.load_rules(tuple(rules or ()))
    found = [one for one in loaded if one.rule.id == rule]
    if not found:
        raise WrongUsage(f"there is no rule {rule!r}", "see repack rules list")
    console.show_sheets(console.open_screen(), [rule_sheets.rule_shown(one) for one in found])


@rules_app.command("check")
def check_rules(files: Annotated[list[Path], typer.Argument(metavar="FILE...")]) -> None:
    """Check rule files: the first mistake is named with its line and key."""
    screen = console.open_screen()
    for file in files:
        count = len(load_file(file))
        console.show_lines(screen, [f"{file.name}: {count} {'rule' if count == 1 else 'rules'}, no mistakes"])


@rules_app.command("test")
def try_rules(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Your rules (TOML).")],
    bundle: options.BundlePath,
    keep_locales: options.KeepLocales = None,
    drop_redist: options.DropRedist = False,
    drop: options.DropCategory = None,
) -> None:
    """Show what your rules would change on a bundle, against the built-in ones; nothing is written."""
    own = load_file(file)
    wishes = Wishes(options.read_locales(keep_locales), drop_redist, tuple(drop or ()))
    screen = console.open_screen()
    found = survey_only(pipeline.Request(bundle, bundle, jobs=options.CORES), screen)
    before = survey.make_plan(found, wishes)
    after = survey.make_plan(survey.rejudge(found, (*own, *load_builtin())), wishes)
    console.show_sheets(screen, compared.compared(before, after, own))


@rules_app.command("schema")
def show_schema() -> None:
    """Print the JSON Schema of a rule file, for editors that complete and check TOML."""
    console.show_json(f"{json_text.dumps(json_schema(), indent=2, sort_keys=True)}\n".encode())


@tools.command()
def codecs() -> None:
    """Show what can be read and written on this installation."""
    console.show_sheets(console.open_screen(), contents.codec_tables())
