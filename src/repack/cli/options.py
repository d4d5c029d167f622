"""The options that commands share, and the reading of what was typed into them."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from repack import codecs
from repack.bundles.names import as_text
from repack.cli import completing
from repack.cli.names import guess
from repack.errors import WrongUsage
from repack.model import Category, Purpose, SplitBy, Wishes
from repack.planning import presets
from repack.processes.workers import count_cores

NAMES = {"help_option_names": ["-h", "--help"]}
CORES = count_cores()
USUAL_CODEC = Wishes().codec
BUNDLE = "A zip, an ISO image, or a folder such as a mounted CD."

_DROPPABLE = [category for category in Category if category not in {Category.DICOM, Category.DICOMDIR}]


def _read_category(text: str | Category) -> Category:
    try:
        return Category(text.lower())
    except ValueError:
        names = re.split(r"[,;\s]+", text.lower())
        if len(names) > 1 and all(name in set(Category) for name in names):
            each = " ".join(f"--drop {name}" for name in names)
            raise WrongUsage(f"--drop {text} names more than one category", f"write {each}") from None
        advice = f"{guess(text, Category)} there are: {', '.join(Category)}".lstrip()
        raise WrongUsage(f"--drop {text} is no category", advice) from None


_UNITS = {
    **{unit: 1000**power for power, letter in enumerate("kmgt", 1) for unit in (letter, f"{letter}b")},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
}
_SIZE = re.compile(r"([0-9]{1,12}(?:[.,][0-9]{1,6})?)\s?([kmgt](?:i?b)?)", re.IGNORECASE)

BundlePath = Annotated[
    Path,
    typer.Argument(
        metavar="BUNDLE",
        help=BUNDLE,
        autocompletion=completing.complete_bundle,
    ),
]
RuleFiles = Annotated[
    list[Path] | None,
    typer.Option("--rules", metavar="FILE", help="Your own rules (TOML); they come first. Repeatable."),
]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable result on standard output.")]
KeepLocales = Annotated[
    str | None,
    typer.Option(
        "--keep-locales", metavar="en,es", help="Languages of the viewer to keep, beside English; drop others."
    ),
]
DropRedist = Annotated[
    bool, typer.Option("--drop-redist", help="Drop installers of third-party runtimes (vcredist and the like).")
]
DropCategory = Annotated[
    list[Category] | None,
    typer.Option(
        "--drop",
        metavar="CATEGORY",
        parser=_read_category,
        help=f"Drop a whole category: {', '.join(_DROPPABLE)}. Repeatable.",
        autocompletion=completing.complete_category,
    ),
]
DropPath = Annotated[
    list[str] | None,
    typer.Option("--drop-path", metavar="GLOB", help="Drop files by path, such as 'Manuals/**'. Repeatable."),
]
Keep = Annotated[
    list[str] | None,
    typer.Option("--keep", metavar="GLOB", help="Keep files by path, whatever else is asked. Repeatable."),
]
ForceDrop = Annotated[bool, typer.Option("--force-drop", help="Drop what was asked even if a kept program needs it.")]
CodecName = Annotated[
    str | None,
    typer.Option(
        "--codec",
        metavar="NAME",
        help=f"{', '.join(codecs.NAMES)}. Default: jpegls, and what is compressed well already stays. "
        "See repack codecs.",
        autocompletion=completing.complete_codec,
    ),
]
MaxError = Annotated[
    int, typer.Option("--max-error", metavar="N", min=0, help="jpegls-near: no stored value changes by more than N.")
]
Effort = Annotated[
    int | None,
    typer.Option("--effort", metavar="N", min=1, max=9, help="jpegxl: 1 (fast) to 9 (small, very slow); default 5."),
]
ExactOnly = Annotated[
    bool, typer.Option("--exact-only", help="Change only files that restore gives back byte for byte.")
]
Squeeze = Annotated[
    bool,
    typer.Option("--squeeze", help="Deflate anew what is kept as it is: some percent smaller, about 10 MB/s a core."),
]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", metavar="N", min=1, help="Worker processes; default: one a processor core.")
]
ReportFile = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE.html", help="Write a report with pictures, to be opened in a browser."),
]
WithPatient = Annotated[
    bool, typer.Option("--with-patient", help="Name the patient and the examination in the report.")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show every one, not only how many.")]
ForWhom = Annotated[
    Purpose | None,
    typer.Option(
        "--for",
        metavar="WHOM",
        help=f"For whom the zip is; other options win over it. {presets.explain()}",
    ),
]
MaxSize = Annotated[
    str | None,
    typer.Option(
        "--max-size",
        metavar="500M",
        help="How large the new zip may be: k, M, G (of 1000) or KiB, MiB, GiB (of 1024). Where that is not enough "
        "room, other lossless codecs are tried, then extras are dropped; never an image, a report or an unknown file.",
    ),
]
Split = Annotated[
    SplitBy | None,
    typer.Option(
        "--split",
        metavar="study",
        help="One zip for each study (an examination), named OUT.study1of3.zip and so on. Each holds the viewer and "
        "everything else that is no image, so it works alone; restoring all into one folder gives "
        "back the whole.",
    ),
]


def read_locales(text: str | None) -> tuple[str, ...]:
    """The languages of --keep-locales, as BCP 47 tags. Raises WrongUsage."""
    if text is None:
        return ()
    from repack.classify import languages  # noqa: PLC0415  takes a while to load, and few commands need it

    try:
        wanted = tuple(languages.read_wish(part) for part in re.split(r"[,;\s]+", text.strip()) if part)
    except ValueError as error:
        raise WrongUsage(f"--keep-locales: {error}".partition("; ")[0], str(error).partition("; ")[2]) from error
    if not wanted:  # an unset variable of a script, most likely: not to be taken for "keep all", nor for "keep none"
        raise WrongUsage("--keep-locales names no language", "give some, such as en,es; or leave the option out")
    return wanted


def slashed(globs: list[str] | None) -> tuple[str, ...]:
    """Patterns with forward slashes, as text: bytes that are not UTF-8 match no name, for names are shown decoded."""
    return tuple(as_text(glob.replace("\\", "/")) for glob in globs or ())  # as people on Windows write them too


def read_size(text: str | None) -> int | None:
    """The bytes that --max-size allows: 500M, 1.5 GB, 700MiB. Raises WrongUsage."""
    if text is None:
        return None
    found = _SIZE.fullmatch(text.strip())
    if found is None or (size := int(Decimal(found[1].replace(",", ".")) * _UNITS[found[2].lower()])) < 1:
        raise WrongUsage(f"--max-size {text} is no size", "write a number and a unit, such as 500M, 1.5G or 700MiB")
    return size


def check_codec(wishes: Wishes) -> Wishes:
    """The same wishes, with a codec that is here, and that goes with its options. Raises WrongUsage."""
    name, max_error, effort = wishes.codec, wishes.max_error, wishes.effort
    is_exact_only = wishes.exact_only
    if name not in codecs.NAMES:
        advice = f"{guess(name, codecs.NAMES)} it has: {', '.join(codecs.NAMES)}".lstrip()
        raise WrongUsage(f"--codec {name} is not known to this version", advice)
    if effort is not None and name != "jpegxl":
        raise WrongUsage(f"--effort does not go with --codec {name}", "it belongs to --codec jpegxl")
    if max_error and name != codecs.NEAR:
        raise WrongUsage(
            f"--max-error does not go with --codec {name}, which loses nothing", f"it belongs to --codec {codecs.NEAR}"
        )
    if name == codecs.NEAR and not 0 < max_error <= codecs.LARGEST_ERROR:
        raise WrongUsage(
            f"--codec {codecs.NEAR} changes stored values and must be told by how much at most",
            f"add --max-error N with N from 1 to {codecs.LARGEST_ERROR}, or choose jpegls, which loses nothing",
        )
    if name == codecs.NEAR and is_exact_only:
        raise WrongUsage(
            f"--codec {codecs.NEAR} changes stored values, --exact-only forbids it", "leave one of them out"
        )
    for codec in codecs.choose(name, max_error, effort):
        problem = codecs.find_problem(codec) if name != USUAL_CODEC else ""  # the usual one is not worth the time
        if problem:
            raise WrongUsage(f"--codec {name} does not work here: {problem}", "see repack codecs for those that do")
    return wishes


def read_wishes(
    keep_locales: str | None,
    drop_redist: bool,
    drop: list[Category] | None,
    drop_path: list[str] | None,
    keep: list[str] | None,
    force_drop: bool,
    codec: str | None,
    max_error: int,
    effort: int | None,
    exact_only: bool,
    squeeze: bool,
    for_whom: Purpose | None,
    max_size: str | None,
) -> Wishes:
    """The wishes as they were typed, with what --for stands for. Raises WrongUsage."""
    asked = Wishes(
        keep_locales=read_locales(keep_locales),
        drop_redist=drop_redist,
        drop=tuple(drop or ()),
        drop_path=slashed(drop_path),
        keep=slashed(keep),
        force_drop=force_drop,
        codec=codec or USUAL_CODEC,
        is_codec_named=codec is not None,
        exact_only=exact_only,
        max_error=max_error,
        effort=effort,
        squeeze=squeeze,
        max_size=read_size(max_size),
    )
    return check_codec(presets.complete(asked, for_whom, is_codec_given=codec is not None))


def join_json(documents: list[bytes]) -> bytes:
    """One document as it is, several as a list."""
    return documents[0] if len(documents) == 1 else b"[" + b",".join(documents) + b"]\n"
