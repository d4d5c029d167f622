"""The commands that only look: inspect, explain, rules, codecs."""

from pathlib import Path
from typing import Annotated

import typer

from repack import pipeline, survey
from repack.classify import rules as rule_engine
from repack.classify.patterns import matches
from repack.classify.rulefile import load_file
from repack.cli import options
from repack.errors import WrongUsage
from repack.model import Plan, Wishes
from repack.progress import NoProgress
from repack.report import console, contents, planned_json
from repack.workers import Pool, count_cores

tools = typer.Typer(add_completion=False, context_settings=options.NAMES, no_args_is_help=True)
rules_app = typer.Typer(help="List, show and check rules.", no_args_is_help=True)
tools.add_typer(rules_app, name="rules")


@tools.command()
def inspect(bundle: options.BundlePath, rules: options.RuleFiles = None, json: options.Json = False) -> None:
    """Show what is in a bundle: categories, series, transfer syntaxes, programs, languages."""
    screen = console.open_screen(is_json=json)
    plan = plan_only(pipeline.Request(bundle, bundle, rule_files=tuple(rules or ())), screen, as_it_is=True)
    console.show_sheets(screen, contents.inspected(plan))
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
) -> None:
    """Show which rule decided on an entry, on which facts, and what else was considered."""
    wishes = Wishes(options.read_locales(keep_locales), drop_redist, tuple(drop or ()))
    screen = console.open_screen()
    with Pool(count_cores()) as pool, console.watching(screen) as progress:
        found = survey.survey(bundle, tuple(rules or ()), pool, progress or NoProgress(), as_it_is=True)
    plan = survey.make_plan(found, wishes)
    chosen = [line for line in plan.lines if any(matches(path, line.entry.path) for path in paths)]
    if not chosen:
        raise WrongUsage(
            f"no entry of {bundle.name} matches {', '.join(paths)}", "see repack inspect for what is in it"
        )
    sheets = [
        contents.explained(line, rule_engine.consider(line.entry, line.facts, found.rules, found.surroundings))
        for line in chosen
    ]
    console.show_sheets(screen, sheets)


@rules_app.command("list")
def list_rules(rules: options.RuleFiles = None) -> None:
    """List all rules in the order in which they are tried."""
    console.show_sheets(console.open_screen(), [contents.rule_list(survey.load_rules(tuple(rules or ())))])


@rules_app.command("show")
def show_rule(rule: Annotated[str, typer.Argument(metavar="ID")], rules: options.RuleFiles = None) -> None:
    """Show one rule, whole."""
    loaded = survey.load_rules(tuple(rules or ()))
    found = [one for one in loaded if one.rule.id == rule]
    if not found:
        raise WrongUsage(f"there is no rule {rule!r}", "see repack rules list")
    console.show_sheets(console.open_screen(), [contents.rule_shown(one) for one in found])


@rules_app.command("check")
def check_rules(files: Annotated[list[Path], typer.Argument(metavar="FILE...")]) -> None:
    """Check rule files: the first mistake is named with its line and key."""
    screen = console.open_screen()
    for file in files:
        count = len(load_file(file))
        console.show_lines(screen, [f"{file.name}: {count} {'rule' if count == 1 else 'rules'}, no mistakes"])


@tools.command()
def codecs() -> None:
    """Show what can be read and written on this installation."""
    console.show_sheets(console.open_screen(), contents.codec_tables())


def plan_only(request: pipeline.Request, screen: console.Screen, *, as_it_is: bool = False) -> Plan:
    """The plan of a bundle; nothing is written."""
    with Pool(request.jobs) as pool, console.watching(screen) as progress:
        found = survey.survey(
            request.bundle, request.rule_files, pool, progress or NoProgress(), request.target, as_it_is=as_it_is
        )
    return survey.make_plan(found, request.wishes)
