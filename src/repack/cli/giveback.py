"""The commands that give back and check what repack made: restore and verify."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from repack.cli import completing, opening, options, targets
from repack.errors import ExitCode, WrongUsage
from repack.giveback import restore as restoring
from repack.giveback import verify as verifying
from repack.processes import interrupts
from repack.report import console, restored, verified, words

RESTORING = (
    ("repack restore scan.repacked.zip -o originals", "all files, into a folder"),
    ("repack restore scan.repacked.zip -o originals 'DICOM/**'", "only the images"),
    ("repack restore scan.repacked.zip -o scan.zip", "all files, into a zip"),
)
VERIFYING = (
    ("repack verify scan.repacked.zip", "everything; each original is rebuilt"),
    ("repack verify scan.repacked.zip --quick", "sums alone, in seconds"),
    ("repack verify scan.repacked.zip --against scan.zip", "compare with the original, too"),
)
Finished = Annotated[
    Path,
    typer.Argument(metavar="OUT.zip", help="A zip that repack made.", autocompletion=completing.complete_bundle),
]


def restore(
    source: Finished,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where to; NAME.zip makes a zip instead.")
    ],
    globs: Annotated[
        list[str] | None, typer.Argument(metavar="GLOB", help="Only these entries, e.g. 'DICOM/**'.")
    ] = None,
    password_file: opening.PasswordFile = None,
    jobs: options.Jobs = options.CORES,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    verbose: options.Verbose = False,
) -> ExitCode:
    """Give the original files back, each compared with its SHA-256 before it gets its name.

    What was dropped when the zip was made is not in it: it is counted, and named with -v.

    Exit code 7: a file could not be given back; it is named, and the others are there. One that was damaged on the
    disc already is always named too, with -q as well, but changes no exit code: nothing differs from the original. So
    are images that were compressed with a loss when the zip was made: they come back as they are in it.
    """
    targets.refuse_input(output, source, "-o")
    access = opening.read_access(source, password_file, decrypts=True, may_ask=True)
    request = restoring.Request(source, output, options.slashed(globs), jobs, overwrite, access)
    screen = console.open_screen(is_quiet=quiet)
    with console.watching(screen, ["Restoring"]) as progress:
        done = restoring.restore(request, progress, interrupts.finish)
    console.show_sheets(screen, restored.sheets(done, is_verbose=verbose))
    console.show_result(screen, restored.result(done, str(output)))
    return _tell(done, source.name)


def _tell(done: restoring.Restored, name: str) -> ExitCode:
    """One line on what did not come back; a difference counts for more than trouble with the target."""
    if done.skipped:
        console.show_error(_name(done, done.skipped))
    for said in restored.reservations(done):
        console.show_error(said)
    code, advice, lost = (
        (ExitCode.DIFFERENT, f"repack verify {name} says what is damaged", done.problems)
        if done.problems
        else (ExitCode.UNWRITABLE, "make room there, or choose another place with -o", done.unwritten)
    )
    if not lost:
        return ExitCode.DONE
    console.show_error(f"{_name(done, lost)}; {advice}")
    return code


def _name(done: restoring.Restored, lost: Mapping[int, str]) -> str:
    """The first of the entries with its problem, and how many more there are."""
    first = min(lost)
    more = f" (and {len(lost) - 1:,} more)" if len(lost) > 1 else ""
    return f"{done.finished.manifest.entries[first].path} {lost[first]}{more}"


def verify(
    source: Finished,
    against: Annotated[
        Path | None, typer.Option("--against", metavar="BUNDLE", help="Compare with the original bundle as well.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Hashes only: decode no image.")] = False,
    sample: Annotated[
        str | None, typer.Option("--sample", metavar="5%", help="Decode only this share of the images.")
    ] = None,
    password_file: opening.PasswordFile = None,
    max_entries: opening.MaxEntries = opening.ENTRIES,
    max_unpacked: opening.MaxUnpacked = opening.UNPACKED,
    max_ratio: opening.MaxRatio = opening.RATIO,
    jobs: options.Jobs = options.CORES,
    json: options.Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> ExitCode:
    """Check a zip that repack made: all that is in it, and that every original can be rebuilt.

    Exit code 7: it differs from what its manifest says, or from the original; every difference is named.
    """
    if quick and sample is not None:
        raise WrongUsage("--quick decodes no image and --sample some", "give one of them")
    limits = opening.read_limits(max_entries, max_unpacked, max_ratio)
    access = opening.read_access(against or source, password_file, limits, decrypts=True, may_ask=True)
    share = 0.0 if quick else 1.0 if sample is None else read_share(sample)
    screen = console.open_screen(is_json=json, is_quiet=quiet)
    stages = ["Verifying"] if against is None else ["Verifying", "Comparing"]
    with console.watching(screen, stages) as progress:
        done = verifying.verify(verifying.Request(source, against, share, jobs, access), progress)
    console.show_sheets(screen, verified.sheets(done))
    console.show_result(screen, verified.result(done))
    if json:
        console.show_json(verified.encode(done))
    if quiet and (said := verified.tell_damaged(done)):
        console.show_error(f"{source.name}: {said}")
    if not done.findings:
        return ExitCode.DONE
    first = done.findings[0]
    others = len(done.findings) - 1
    more = f" (and {words.plural(others, 'more difference')})" if others else ""
    console.show_error(f"{source.name}: {first.where} {first.problem}{more}; {verified.advise(done)}")
    return ExitCode.DIFFERENT


def read_share(text: str) -> float:
    """The share in `5%`, as a number above 0 and up to 1. Raises WrongUsage."""
    try:
        share = float(text.strip().removesuffix("%")) / 100
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise WrongUsage(f"--sample {text} is no share", "give a percentage above 0 and up to 100, such as 5%")
    return share
