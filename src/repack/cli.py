"""The command line: parse, call, show, exit code. The only file that knows typer."""

import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from repack import __version__, manifest, pipeline, survey
from repack.classify import languages
from repack.classify import rules as rule_engine
from repack.classify.patterns import matches
from repack.classify.rulefile import load_file
from repack.codecs import BY_NAME
from repack.errors import ExitCode, Interrupted, OutputUnwritable, RepackError, WrongUsage
from repack.model import Category, Plan, Wishes
from repack.progress import NoProgress
from repack.report import console, contents, planned_json, tables
from repack.workers import Pool, count_cores

_EPILOG = (
    "Other commands: inspect, explain, rules, codecs (each has its own --help). "
    "The input is never changed; the new zip appears only when every image is proven. "
    "Example: repack scan.zip --keep-locales en,es --drop-redist"
)
_CORES = count_cores()
_NAMES = {"help_option_names": ["-h", "--help"]}

job = typer.Typer(add_completion=False, context_settings=_NAMES)
tools = typer.Typer(add_completion=False, context_settings=_NAMES, no_args_is_help=True)
rules_app = typer.Typer(help="List, show and check rules.", no_args_is_help=True)
tools.add_typer(rules_app, name="rules")

BundlePath = Annotated[Path, typer.Argument(metavar="BUNDLE", help="A zip, or a folder such as a mounted CD.")]
RuleFiles = Annotated[
    list[Path] | None, typer.Option("--rules", metavar="FILE", help="Your own rules (TOML); they come first.")
]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable result on standard output.")]
KeepLocales = Annotated[
    str | None,
    typer.Option("--keep-locales", metavar="en,es", help="Languages of the viewer to keep; others are dropped."),
]
DropRedist = Annotated[
    bool, typer.Option("--drop-redist", help="Drop installers of third-party runtimes (vcredist and the like).")
]
DropCategory = Annotated[
    list[Category] | None, typer.Option("--drop", metavar="CATEGORY", help="Drop a whole category, e.g. junk.")
]
DropPath = Annotated[list[str] | None, typer.Option("--drop-path", metavar="GLOB", help="Drop files by path.")]
Keep = Annotated[list[str] | None, typer.Option("--keep", metavar="GLOB", help="Keep files whatever else is asked.")]
ForceDrop = Annotated[bool, typer.Option("--force-drop", help="Drop what was asked even if a kept program needs it.")]
CodecName = Annotated[str, typer.Option("--codec", metavar="NAME", help="How images are compressed; see codecs.")]
ExactOnly = Annotated[
    bool, typer.Option("--exact-only", help="Change only files that restore gives back byte for byte.")
]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Worker processes; default: one a processor core.")]


def _say_version(value: bool) -> None:
    if value:
        console.show_lines(console.open_screen(), [f"repack {__version__}"])
        raise typer.Exit


@job.command(epilog=_EPILOG)
def repack(
    bundle: BundlePath,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="OUT.zip", help="Default: BUNDLE.repacked.zip beside the input."),
    ] = None,
    keep_locales: KeepLocales = None,
    drop_redist: DropRedist = False,
    drop: DropCategory = None,
    drop_path: DropPath = None,
    keep: Keep = None,
    rules: RuleFiles = None,
    force_drop: ForceDrop = False,
    codec: CodecName = "jpegls",
    exact_only: ExactOnly = False,
    jobs: Jobs = _CORES,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show the plan; write nothing.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing output.")] = False,
    manifest_file: Annotated[
        Path | None, typer.Option("--manifest", metavar="FILE", help="Write the manifest here as well.")
    ] = None,
    json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Show every decision; twice: tracebacks.")
    ] = 0,
    version: Annotated[  # noqa: ARG001  answered before this runs
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Make a patient's scan disc smaller without losing one stored bit of its images.

    Images become JPEG-LS, proven by rebuilding each original file. Extras are dropped only when you name them.
    """
    wishes = Wishes(
        keep_locales=_read_locales(keep_locales),
        drop_redist=drop_redist,
        drop=tuple(drop or ()),
        drop_path=_slashed(drop_path),
        keep=_slashed(keep),
        force_drop=force_drop,
        codec=_check_codec(codec),
        exact_only=exact_only,
    )
    target = _choose_target(bundle, output)
    request = pipeline.Request(bundle, target, wishes, tuple(rules or ()), jobs, overwrite)
    screen = console.open_screen(is_json=json, is_quiet=quiet)
    if dry_run:
        plan = _plan_only(request, screen)
        console.show_sheets(screen, [*tables.planned(plan), *([tables.every_line(plan)] if verbose else [])])
        if json:
            console.show_json(planned_json.encode(plan))
        return
    if manifest_file is not None:
        _check_manifest_file(manifest_file, bundle, target, is_overwriting=overwrite)
    with console.watching(screen) as progress:
        done = pipeline.run(request, progress)
    encoded = manifest.encode(done.manifest)
    console.show_sheets(screen, tables.summary(done.plan, done.manifest))
    if verbose:
        console.show_sheets(screen, [tables.every_line(done.plan)])
    console.show_result(screen, tables.result(done.manifest, done.size, str(target)))
    if manifest_file is not None:
        _write_beside(manifest_file, encoded)
    if json:
        console.show_json(encoded)


@tools.command()
def inspect(bundle: BundlePath, rules: RuleFiles = None, json: Json = False) -> None:
    """Show what is in a bundle: categories, series, transfer syntaxes, programs, languages."""
    screen = console.open_screen(is_json=json)
    plan = _plan_only(pipeline.Request(bundle, bundle, rule_files=tuple(rules or ())), screen)
    console.show_sheets(screen, contents.inspected(plan))
    if json:
        console.show_json(planned_json.encode(plan))


@tools.command()
def explain(
    bundle: BundlePath,
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Entries, or patterns such as **/*.dll.")],
    rules: RuleFiles = None,
    keep_locales: KeepLocales = None,
    drop_redist: DropRedist = False,
    drop: DropCategory = None,
) -> None:
    """Show which rule decided on an entry, on which facts, and what else was considered."""
    wishes = Wishes(_read_locales(keep_locales), drop_redist, tuple(drop or ()))
    screen = console.open_screen()
    with Pool(count_cores()) as pool, console.watching(screen) as progress:
        found = survey.survey(bundle, tuple(rules or ()), pool, progress or NoProgress())
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
def list_rules(rules: RuleFiles = None) -> None:
    """List all rules in the order in which they are tried."""
    console.show_sheets(console.open_screen(), [contents.rule_list(survey.load_rules(tuple(rules or ())))])


@rules_app.command("show")
def show_rule(rule: Annotated[str, typer.Argument(metavar="ID")], rules: RuleFiles = None) -> None:
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


def _plan_only(request: pipeline.Request, screen: console.Screen) -> Plan:
    with Pool(request.jobs) as pool, console.watching(screen) as progress:
        found = survey.survey(request.bundle, request.rule_files, pool, progress or NoProgress(), request.target)
    return survey.make_plan(found, request.wishes)


def _read_locales(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    try:
        return tuple(languages.read_wish(part) for part in re.split(r"[,;\s]+", text.strip()) if part)
    except ValueError as error:
        raise WrongUsage(f"--keep-locales: {error}".partition("; ")[0], str(error).partition("; ")[2]) from error


def _slashed(globs: list[str] | None) -> tuple[str, ...]:
    return tuple(glob.replace("\\", "/") for glob in globs or ())  # as people on Windows write them too


def _check_codec(name: str) -> str:
    if name not in BY_NAME:
        raise WrongUsage(f"--codec {name} is not known to this version", f"it has: {', '.join(BY_NAME)}")
    return name


def _choose_target(bundle: Path, output: Path | None) -> Path:
    """Beside the input under its name, unless -o says otherwise; never the input itself."""
    if output is None:
        named = bundle if bundle.name not in {"", ".", ".."} else bundle.resolve()
        if not named.name:  # the root of a drive: nothing lies beside it
            return Path("disc.repacked.zip")
        stem = named.name[:-4] if named.name.lower().endswith(".zip") and bundle.is_file() else named.name
        return named.with_name(f"{stem}.repacked.zip")
    _refuse_input(output, bundle, "-o")
    return output


def _refuse_input(file: Path, bundle: Path, option: str) -> None:
    """Never write over the input: not over the bundle, and not over a file that lies in it."""
    if not file.exists() or not bundle.exists():
        return
    if file.samefile(bundle) or (bundle.is_dir() and file.resolve().is_relative_to(bundle.resolve())):
        raise WrongUsage(f"{file.name} is part of the input, which is never written to", f"name another with {option}")


def _check_manifest_file(file: Path, bundle: Path, target: Path, *, is_overwriting: bool) -> None:
    _refuse_input(file, bundle, "--manifest")
    if file.resolve() == target.resolve():
        raise WrongUsage("--manifest names the new zip itself", "name another file with --manifest")
    if file.exists() and not is_overwriting:
        raise OutputUnwritable(file.name, "it exists already", "use --overwrite, or another name with --manifest")


def _write_beside(file: Path, data: bytes) -> None:
    try:
        file.write_bytes(data)
    except OSError as error:
        raise OutputUnwritable(
            file.name, error.strerror or "it cannot be written", "the new zip is complete and holds it as well"
        ) from error


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit code; errors are one line, tracebacks need -v -v."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    names = {command.name or getattr(command.callback, "__name__", "") for command in tools.registered_commands}
    app = tools if given[:1] and given[0] in {*names, "rules"} else job
    sys.exit(int(_call(app, given or ["--help"])))


def _call(app: typer.Typer, given: list[str]) -> ExitCode | int:
    loudness = sum(len(word) - 1 for word in given if re.fullmatch("-v+", word)) + given.count("--verbose")
    try:
        result: Any = app(args=given, prog_name="repack", standalone_mode=False)
    except RepackError as error:
        _show(error, str(error), loudness)
        return error.code
    except typer.TyperException as error:
        console.show_error(f"{error.format_message().rstrip('.')}; see repack --help")
        return ExitCode.USAGE
    except (KeyboardInterrupt, typer.Abort):
        console.show_error(str(Interrupted()))
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001  the last boundary: a bug of ours, told in one line
        said = f"a bug in repack ({type(error).__name__}); nothing was published. Run again with -v -v and report it"
        _show(error, said, loudness)
        return ExitCode.BUG
    if result == ExitCode.INTERRUPTED:  # typer has caught the interrupt before us
        console.show_error(str(Interrupted()))
    return result if isinstance(result, int) else ExitCode.DONE


def _show(error: Exception, message: str, loudness: int) -> None:
    if loudness > 1:
        traceback.print_exception(error)
    console.show_error(message)
