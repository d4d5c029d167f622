"""The options that commands share, and the reading of what was typed into them."""

import re
from pathlib import Path
from typing import Annotated

import typer

from repack import drafts
from repack.classify import languages
from repack.codecs import BY_NAME
from repack.errors import OutputUnwritable, WrongUsage
from repack.model import Category
from repack.workers import count_cores

NAMES = {"help_option_names": ["-h", "--help"]}
CORES = count_cores()

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
CodecName = Annotated[str, typer.Option("--codec", metavar="NAME", help="How images are compressed; see codecs.")]
ExactOnly = Annotated[
    bool, typer.Option("--exact-only", help="Change only files that restore gives back byte for byte.")
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


def check_codec(name: str) -> str:
    """The name of a codec that is here. Raises WrongUsage."""
    if name not in BY_NAME:
        raise WrongUsage(f"--codec {name} is not known to this version", f"it has: {', '.join(BY_NAME)}")
    return name


def choose_target(bundle: Path, output: Path | None) -> Path:
    """Beside the input under its name, unless -o says otherwise; never the input itself."""
    if output is None:
        named = bundle if bundle.name not in {"", ".", ".."} else bundle.resolve()
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


def check_manifest_file(file: Path, bundle: Path, target: Path, *, is_overwriting: bool) -> None:
    """Raise unless the manifest may be written there."""
    refuse_input(file, bundle, "--manifest")
    if file.resolve() == target.resolve():
        raise WrongUsage("--manifest names the new zip itself", "name another file with --manifest")
    if file.exists() and not is_overwriting:
        raise OutputUnwritable(file.name, "it exists already", "use --overwrite, or another name with --manifest")


def write_beside(file: Path, data: bytes) -> None:
    """Write the manifest outside the zip, wholly or not at all. Raises OutputUnwritable."""
    advice = "the new zip is complete and holds it as well"
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
