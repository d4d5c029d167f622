"""The options that commands share, and the reading of what was typed into them."""

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from repack import codecs
from repack.cli import completing
from repack.cli.names import guess
from repack.errors import OutputUnwritable, WrongUsage
from repack.model import Category, Wishes
from repack.output import drafts
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
        advice = f"{guess(text, Category)} there are: {', '.join(Category)}".lstrip()
        raise WrongUsage(f"--drop {text} is no category", advice) from None


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


def read_locales(text: str | None) -> tuple[str, ...]:
    """The languages of --keep-locales, as BCP 47 tags. Raises WrongUsage."""
    if text is None:
        return ()
    from repack.classify import languages  # noqa: PLC0415  the names of all languages, which few commands need

    try:
        return tuple(languages.read_wish(part) for part in re.split(r"[,;\s]+", text.strip()) if part)
    except ValueError as error:
        raise WrongUsage(f"--keep-locales: {error}".partition("; ")[0], str(error).partition("; ")[2]) from error


def slashed(globs: list[str] | None) -> tuple[str, ...]:
    """Patterns with forward slashes."""
    return tuple(glob.replace("\\", "/") for glob in globs or ())  # as people on Windows write them too


def check_codec(name: str | None, max_error: int, effort: int | None, *, is_exact_only: bool) -> str:
    """The name of a codec that is here, and that goes with its options. Raises WrongUsage."""
    name = name or USUAL_CODEC
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
    return name


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
) -> Wishes:
    """The wishes as they were typed. Raises WrongUsage."""
    return Wishes(
        keep_locales=read_locales(keep_locales),
        drop_redist=drop_redist,
        drop=tuple(drop or ()),
        drop_path=slashed(drop_path),
        keep=slashed(keep),
        force_drop=force_drop,
        codec=check_codec(codec, max_error, effort, is_exact_only=exact_only),
        is_codec_named=codec is not None,
        exact_only=exact_only,
        max_error=max_error,
        effort=effort,
        squeeze=squeeze,
    )


def choose_target(bundle: Path, output: Path | None) -> Path:
    """Beside the input under its name, unless -o says otherwise; never the input itself.

    Beside a mounted disc there often is no room for anything: then in the working folder (containers F10).
    """
    if output is None:
        named = bundle if bundle.name not in {"", ".", ".."} else bundle.resolve()
        if not named.name:  # the root of a drive: nothing lies beside it
            return Path("disc.repacked.zip")
        stem = named.stem if named.suffix.lower() in {".zip", ".iso"} and bundle.is_file() else named.name
        beside = named.with_name(f"{stem}.repacked.zip")
        return beside if _takes_files(beside.parent) or _lies_in(Path(), bundle) else Path(beside.name)
    refuse_input(output, bundle, "-o")
    return output


def _takes_files(folder: Path) -> bool:
    """Can files be made there? A folder that is not there is told of later."""
    return not folder.is_dir() or os.access(folder, os.W_OK)


def _lies_in(folder: Path, bundle: Path) -> bool:
    return bundle.is_dir() and folder.resolve().is_relative_to(bundle.resolve())


def explain_target(bundle: Path, output: Path | None, target: Path) -> str:
    """A sentence on a new zip that does not lie beside its input, unless that was asked for."""
    if output is not None or target.resolve().parent == bundle.resolve().parent:
        return ""
    return f"beside {bundle.name or bundle} no file can be made, so {target.name} goes into the working folder"


def refuse_input(file: Path, bundle: Path, option: str) -> None:
    """Never write over the input: not over the bundle, and not over a file that lies in it."""
    if not file.exists() or not bundle.exists():
        return
    if file.samefile(bundle) or (bundle.is_dir() and file.resolve().is_relative_to(bundle.resolve())):
        raise WrongUsage(f"{file.name} is part of the input, which is never written to", f"name another with {option}")


def check_manifest_file(file: Path, bundle: Path, target: Path, *, is_overwriting: bool) -> None:
    """Raise unless the manifest may be written there."""
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
