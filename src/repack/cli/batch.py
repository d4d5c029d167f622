"""The command for many discs: batch."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from repack import survey
from repack.batch import disc, naming, running
from repack.cli import completing, helping, opening, options
from repack.errors import ExitCode, WrongUsage
from repack.model import Access, Wishes
from repack.report import batched, console
from repack.report.batch_progress import BatchView

_EXAMPLES = (
    ("repack batch 'shelf/*.zip' --out-dir small", "all zips of a folder; run it again to go on"),
    ("find shelf -name '*.iso' -print0 | repack batch --from - --out-dir small", "what a program names"),
    ("repack batch 'shelf/*.zip' --out-dir small --scheduler tcp://10.0.0.5:8786", "on many computers"),
)
shelf = typer.Typer(cls=helping.Group, context_settings=options.NAMES, rich_markup_mode=None)

Bundles = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="BUNDLE",
        help="Zips, ISO images, folders, or patterns of them.",
        autocompletion=completing.complete_bundle,
    ),
]
OutDir = Annotated[Path, typer.Option("--out-dir", metavar="DIR", help="Where the new zips and batch.jsonl go.")]
NamesFrom = Annotated[
    list[Path] | None, typer.Option("--from", metavar="FILE", help="More bundles, one a line; - is standard input.")
]
Scheduler = Annotated[
    str | None, typer.Option("--scheduler", metavar="ADDRESS", help="A Dask cluster, e.g. tcp://10.0.0.5:8786.")
]
Recheck = Annotated[
    bool, typer.Option("--recheck", help="Hash sources and verify outputs before a disc counts as done already.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that no batch has written.")]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", metavar="N", min=1, help="Discs at once; default: one a processor core.")
]


@shelf.callback()
def _keep_the_name() -> None:
    """Repack many discs."""  # a callback, or typer would take away the name of a command that is alone


@shelf.command(cls=helping.Command, epilog=helping.show_examples(_EXAMPLES))
def batch(
    out_dir: OutDir,
    bundles: Bundles = None,
    names_from: NamesFrom = None,
    keep_locales: options.KeepLocales = None,
    drop_redist: options.DropRedist = False,
    drop: options.DropCategory = None,
    drop_path: options.DropPath = None,
    keep: options.Keep = None,
    rules: options.RuleFiles = None,
    force_drop: options.ForceDrop = False,
    codec: options.CodecName = None,
    max_error: options.MaxError = 0,
    effort: options.Effort = None,
    exact_only: options.ExactOnly = False,
    squeeze: options.Squeeze = False,
    password_file: opening.PasswordFile = None,
    decrypt: opening.Decrypt = False,
    max_entries: opening.MaxEntries = opening.ENTRIES,
    max_size: opening.MaxSize = opening.SIZE,
    max_ratio: opening.MaxRatio = opening.RATIO,
    jobs: Jobs = options.CORES,
    scheduler: Scheduler = None,
    recheck: Recheck = False,
    overwrite: Overwrite = False,
    json: Annotated[bool, typer.Option("--json", help="A line of JSON for each disc on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> int:
    """Repack many discs, on this computer or a cluster; run it again to go on.

    One that fails does not stop the others. What is done and still true is left alone.

    batch.jsonl in the out-dir has a line for each disc. Exit code: 0 where all went well, else the highest of any disc.
    """
    wishes = options.read_wishes(
        keep_locales, drop_redist, drop, drop_path, keep, force_drop, codec, max_error, effort, exact_only, squeeze
    )
    limits = opening.read_limits(max_entries, max_size, max_ratio)
    access = opening.read_access(out_dir, password_file, limits, decrypts=decrypt, may_ask=False)
    _check_travelling(access, scheduler)
    how = _read_options(wishes, tuple(rules or ()), access, overwrite=overwrite, rechecks=recheck)
    discs = naming.find_discs([*(bundles or ()), *_read_names(names_from or ())], out_dir)
    request = running.Request(discs, out_dir, how, jobs, scheduler or "")
    return _run(request, console.open_screen(is_json=json, is_quiet=quiet), is_json=json)


def _run(request: running.Request, screen: console.Screen, *, is_json: bool) -> ExitCode | int:
    if not request.discs:
        raise WrongUsage(
            "no bundle was named (what a batch wrote into --out-dir is none)",
            "give paths or patterns, or a file of names with --from",
        )
    totals = running.Totals()
    is_whole = False
    try:
        with BatchView(screen, is_json=is_json) as view:
            running.run(request, totals, view)
        is_whole = True
    finally:
        if totals.seen:
            console.show_sheets(screen, batched.sheets(totals))
            console.show_result(screen, batched.result(totals, str(request.out_dir), is_interrupted=not is_whole))
    return totals.code


def _read_options(
    wishes: Wishes, rules: tuple[Path, ...], access: Access, *, overwrite: bool, rechecks: bool
) -> disc.Options:
    """The options for every disc; a rule file that is wrong is told before anything begins. Raises RuleInvalid."""
    survey.load_rules(rules)
    rule_files = tuple(file.absolute() for file in rules)
    return disc.Options(
        wishes, rule_files, access, disc.digest_options(wishes, rule_files, access), overwrite, rechecks
    )


def _check_travelling(access: Access, scheduler: str | None) -> None:
    if access.password is not None and scheduler is not None and not scheduler.startswith("tls://"):
        problem = "a password would travel unprotected to the workers of --scheduler"
        raise WrongUsage(problem, "use a tls:// address, or repack the encrypted discs without --scheduler")


def _read_names(files: list[Path] | tuple[()]) -> Iterator[str]:
    for file in files:
        try:
            data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        except OSError as error:
            problem = f"the list of bundles {file.name} cannot be read: {error.strerror or 'read error'}"
            raise WrongUsage(problem, "check --from") from error
        yield from naming.read_names(data)
