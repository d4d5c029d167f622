"""The options that commands share, and the reading of what was typed into them."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from repack import codecs
from repack.classify import languages
from repack.errors import OutputUnwritable, WrongUsage
from repack.model import Category, Purpose, SplitBy, Wishes
from repack.output import drafts
from repack.planning import presets
from repack.processes.workers import count_cores

NAMES = {"help_option_names": ["-h", "--help"]}
CORES = count_cores()
USUAL_CODEC = Wishes().codec
_UNITS = {
    **{unit: 1000**power for power, letter in enumerate("kmgt", 1) for unit in (letter, f"{letter}b")},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
}
_SIZE = re.compile(r"([0-9]{1,12}(?:[.,][0-9]{1,6})?)\s?([kmgt](?:i?b)?)", re.IGNORECASE)

BundlePath = Annotated[
    Path, typer.Argument(metavar="BUNDLE", help="A zip, an ISO image, or a folder such as a mounted CD.")
]
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
CodecName = Annotated[
    str | None,
    typer.Option(
        "--codec",
        metavar="NAME",
        help="How images are compressed; see repack codecs. Default: jpegls; what is compressed well already stays.",
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
ForWhom = Annotated[
    Purpose | None,
    typer.Option(
        "--for",
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
        help="One zip for each study (an examination), named OUT.study1of3.zip and so on. Each holds the viewer and "
        "everything else that is no image, so it works alone; restoring all into one folder gives back the whole.",
    ),
]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Worker processes; default: one a processor core.")]


def read_locales(text: str | None) -> tuple[str, ...]:
    """The languages of --keep-locales, as BCP 47 tags. Raises WrongUsage."""
    if text is None:
        return ()
    try:
        return tuple(languages.read_wish(part) for part in re.split(r"[,;\s]+", text.strip()) if part)
    except ValueError as error:
        raise WrongUsage(f"--keep-locales: {error}".partition("; ")[0], str(error).partition("; ")[2]) from error


def slashed(globs: list[str] | None) -> tuple[str, ...]:
    """Patterns with forward slashes."""
    return tuple(glob.replace("\\", "/") for glob in globs or ())  # as people on Windows write them too


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
        raise WrongUsage(f"--codec {name} is not known to this version", f"it has: {', '.join(codecs.NAMES)}")
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


def choose_target(bundle: Path, output: Path | None, usual: str = "") -> Path:
    """Beside the input under its name (or the `usual` one), unless -o says otherwise; never the input itself."""
    if output is None:
        named = bundle if bundle.name not in {"", ".", ".."} else bundle.resolve()
        if usual and named.name:
            target = named.with_name(usual)
            refuse_input(target, bundle, "-o")
            return target
        if not named.name:  # the root of a drive: nothing lies beside it
            return Path("disc.repacked.zip")
        stem = named.stem if named.suffix.lower() in {".zip", ".iso"} and bundle.is_file() else named.name
        return named.with_name(f"{stem}.repacked.zip")
    refuse_input(output, bundle, "-o")
    return output


def refuse_input(file: Path, bundle: Path, option: str) -> None:
    """Never write over the input: not over the bundle, and not over a file that lies in it."""
    if not file.exists() or not bundle.exists():
        return
    if file.samefile(bundle) or (bundle.is_dir() and file.resolve().is_relative_to(bundle.resolve())):
        raise WrongUsage(f"{file.name} is part of the input, which is never written to", f"name another with {option}")


def join_json(documents: list[bytes]) -> bytes:
    """One document as it is, several as a list."""
    return documents[0] if len(documents) == 1 else b"[" + b",".join(documents) + b"]\n"


def check_manifest_file(
    file: Path, bundle: Path, target: Path, *, is_overwriting: bool, is_split: bool = False
) -> None:
    """Raise unless the manifest may be written there."""
    if is_split:
        raise WrongUsage("--manifest names one file, --split may make several zips", "use --json for all manifests")
    refuse_input(file, bundle, "--manifest")
    if file.resolve() == target.resolve():
        raise WrongUsage("--manifest names the new zip itself", "name another file with --manifest")
    if file.exists() and not is_overwriting:
        raise OutputUnwritable(file.name, "it exists already", "use --overwrite, or another name with --manifest")


def write_beside(file: Path, data: bytes, advice: str = "the new zip is complete and holds it as well") -> None:
    """Write the manifest outside the zip, wholly or not at all. Raises OutputUnwritable."""
    target = file.resolve()  # a link stays a link
    try:
        if target.exists() and not target.is_file():  # a device or a pipe has no place for a draft
            target.write_bytes(data)
        else:
            drafts.write_whole(target, data)
    except OSError as error:
        raise OutputUnwritable(file.name, error.strerror or "it cannot be written", advice) from error
    except OutputUnwritable as error:
        raise OutputUnwritable(file.name, error.args[1], advice) from error
