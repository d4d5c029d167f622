"""The command for many discs: batch."""

import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from repack import survey
from repack.batch import foretelling, naming, orders, running
from repack.batch.foretelling import Foretold
from repack.cli import completing, helping, opening, options
from repack.errors import ExitCode, WrongUsage
from repack.model import Access, Wishes
from repack.places import addresses
from repack.planning.estimate import Sampling
from repack.report import batched, console, foretold
from repack.report.batch_progress import BatchView

_EXAMPLES = (
    ("repack batch 'shelf/*.zip' --out-dir small", "all zips of a folder; run it again to go on"),
    ("repack batch 'shelf/*.iso' --dry-run", "estimate what that would save"),
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
OutDir = Annotated[
    str | None,
    typer.Option("--out-dir", metavar="DIR", help="Where the new zips and batch.jsonl go; may be s3:// or sftp://."),
]
Record = Annotated[
    Path | None, typer.Option("--record", metavar="DIR", help="Keep batch.jsonl here, where --out-dir is an address.")
]
Staging = Annotated[
    Path,
    typer.Option("--staging", metavar="DIR", show_default=False, help="Where discs from elsewhere lie meanwhile."),
]
MostStaged = Annotated[
    int | None, typer.Option("--most-staged", min=1, metavar="N", help="So many discs at most lie there at once.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Estimate the saving from a sample of each disc; write nothing.")
]
Sample = Annotated[
    int | None,
    typer.Option(
        "--sample",
        min=2,
        metavar="N",
        help=f"About so many images of each disc are tried for that. Default: {Sampling().count}.",
    ),
]
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
    bundles: Bundles = None,
    out_dir: OutDir = None,
    names_from: NamesFrom = None,
    for_whom: options.ForWhom = None,
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
    max_size: options.MaxSize = None,
    max_entries: opening.MaxEntries = opening.ENTRIES,
    max_unpacked: opening.MaxUnpacked = opening.UNPACKED,
    max_ratio: opening.MaxRatio = opening.RATIO,
    jobs: Jobs = options.CORES,
    scheduler: Scheduler = None,
    recheck: Recheck = False,
    overwrite: Overwrite = False,
    record: Record = None,
    staging: Staging = Path(tempfile.gettempdir()),  # noqa: B008  the same for all calls
    most_staged: MostStaged = None,
    dry_run: DryRun = False,
    sample: Sample = None,
    json: Annotated[bool, typer.Option("--json", help="A line of JSON for each disc on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what is wrong.")] = False,
) -> int:
    """Repack many discs, on this computer or a cluster; run it again to go on.

    One that fails does not stop the others. What is done and still true is left alone.

    batch.jsonl in the out-dir has a line for each disc. Exit code: 0 where all went well, else the highest of any disc.
    """
    wishes = options.read_wishes(
        keep_locales, drop_redist, drop, drop_path, keep, force_drop, codec, max_error, effort, exact_only, squeeze,
        for_whom, max_size,
    )  # fmt: skip
    limits = opening.read_limits(max_entries, max_unpacked, max_ratio)
    access = opening.read_access(Path(), password_file, limits, decrypts=decrypt, may_ask=False)
    how = _read_options(wishes, tuple(rules or ()), access, overwrite=overwrite, rechecks=recheck)
    folder, place = (None, "") if dry_run and out_dir is None else _read_out_dir(out_dir, record, is_dry=dry_run)
    how = replace(how, staging=staging.absolute(), most_staged=most_staged or how.most_staged)
    if sample is not None and not dry_run:
        raise WrongUsage("--sample goes with --dry-run", "add --dry-run, or leave it out")
    discs = _find_discs([*(bundles or ()), *_read_names(names_from or ())], folder, place)
    screen = console.open_screen(is_json=json, is_quiet=quiet)
    if dry_run or folder is None:
        sampling = Sampling() if sample is None else Sampling(sample)
        return _foretell(foretelling.foretell(discs, how, jobs, sampling), screen, wishes, is_json=json)
    _check_travelling(access, [place, *(disc.address for disc in discs)], scheduler)
    return _run(running.Request(discs, folder, how, jobs, scheduler or "", place), screen, is_json=json)


def _find_discs(words: Sequence[str], folder: Path | None, place: str) -> list[naming.Disc]:
    discs = naming.find_discs(words, folder, place)
    if not discs:
        problem = "no bundle was named (what a batch wrote into --out-dir is none)"
        raise WrongUsage(problem, "give paths or patterns, or a file of names with --from")
    return discs


def _read_out_dir(out_dir: str | None, record: Path | None, *, is_dry: bool) -> tuple[Path | None, str]:
    """The folder of the record, and the address of the outputs where they go elsewhere. Raises WrongUsage.

    A dry run keeps no record, but what earlier batches wrote there is no disc for it either.
    """
    if out_dir is None:
        raise WrongUsage("where the new zips should go was not said", "add --out-dir DIR, or look first with --dry-run")
    local = addresses.find_local(out_dir)
    if local is not None and record is not None:
        raise WrongUsage("--record goes with an --out-dir that is an address", "leave it out: batch.jsonl lies in DIR")
    if local is not None:
        return local, ""
    if record is None and not is_dry:
        problem = f"batch.jsonl cannot be kept at {addresses.show(out_dir)}"
        raise WrongUsage(problem, "name a folder on this computer for it with --record DIR")
    return record, out_dir


def _foretell(found: Iterable[Foretold], screen: console.Screen, wishes: Wishes, *, is_json: bool) -> int:
    kept: list[Foretold] = []
    for one in found:
        kept.append(one)
        if is_json:
            console.show_json(foretold.encode(one))
        if screen.is_quiet and one.estimate is None:
            console.show_error(foretold.problem(one))
    console.show_sheets(screen, foretold.sheets(kept))
    console.show_result(screen, foretold.result(kept))
    if wishes.max_size is not None:
        console.show_result(screen, foretold.WITHOUT_MAX_SIZE)
    return max(one.code for one in kept)


def _run(request: running.Request, screen: console.Screen, *, is_json: bool) -> ExitCode | int:
    totals = running.Totals()
    is_whole = False
    try:
        with BatchView(screen, is_json=is_json) as view:
            running.run(request, totals, view)
        is_whole = True
    finally:
        if totals.seen:
            console.show_sheets(screen, batched.sheets(totals))
            console.show_result(screen, batched.result(totals, _show_place(request), is_interrupted=not is_whole))
    return totals.code


def _read_options(
    wishes: Wishes, rules: tuple[Path, ...], access: Access, *, overwrite: bool, rechecks: bool
) -> orders.Options:
    """The options for every disc; a rule file that is wrong is told before anything begins. Raises RuleInvalid."""
    survey.load_rules(rules)
    rule_files = tuple(file.absolute() for file in rules)
    return orders.Options(
        wishes, rule_files, access, orders.digest_options(wishes, rule_files, access), overwrite, rechecks
    )


def _show_place(request: running.Request) -> str:
    return addresses.show(request.place) if request.place else str(request.out_dir)


def _check_travelling(access: Access, given: Sequence[str], scheduler: str | None) -> None:
    if scheduler is None or scheduler.startswith("tls://"):
        return
    if access.password is not None or any(map(addresses.has_password, given)):
        problem = "a password would travel unprotected to the workers of --scheduler"
        raise WrongUsage(problem, "use a tls:// address, or repack the discs that need it without --scheduler")


def _read_names(files: list[Path] | tuple[()]) -> Iterator[str]:
    for file in files:
        try:
            data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        except OSError as error:
            problem = f"the list of bundles {file.name} cannot be read: {error.strerror or 'read error'}"
            raise WrongUsage(problem, "check --from") from error
        yield from naming.read_names(data)
