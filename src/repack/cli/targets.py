"""Where files go: the new zip, the manifest and the report beside it; never over the input."""

import os
from collections.abc import Iterable
from pathlib import Path

from repack import sourcefile
from repack.errors import OutputUnwritable, WrongUsage
from repack.output import drafts


def choose_target(bundle: Path, output: Path | None, usual: str = "") -> Path:
    """Beside the input under its name (or the `usual` one), unless -o says otherwise; never the input itself.

    Beside a mounted disc there often is no room for anything: then in the working folder (containers F10).
    """
    if output is None:
        named = bundle if bundle.name not in {"", ".", ".."} else bundle.resolve()
        if not named.name:  # the root of a drive: nothing lies beside it
            return Path("disc.repacked.zip")
        stem = named.stem if named.suffix.lower() in {".zip", ".iso"} and bundle.is_file() else named.name
        beside = named.with_name(usual or f"{stem}.repacked.zip")
        target = beside if _takes_files(beside.parent) or _lies_in(Path(), bundle) else Path(beside.name)
        refuse_input(target, bundle, "-o")
        return target
    refuse_input(output, bundle, "-o")
    return output


def _takes_files(folder: Path) -> bool:
    """Can files be made there? A folder that is not there is told of later."""
    return not folder.is_dir() or os.access(folder, os.W_OK)


def _lies_in(place: Path, bundle: Path) -> bool:
    return bundle.is_dir() and place.resolve().is_relative_to(bundle.resolve())


def explain_target(bundle: Path, output: Path | None, target: Path) -> str:
    """A sentence on a new zip that does not lie beside its input, unless that was asked for."""
    if output is not None or target.resolve().parent == bundle.resolve().parent:
        return ""
    return f"beside {bundle.name or bundle} no file can be made, so {target.name} goes into the working folder"


def explain_inside(bundle: Path, files: Iterable[Path | None]) -> str:
    """A sentence on new files that lie in the folder which is repacked: its next run finds them there."""
    inside = [file.name for file in files if file is not None and _lies_in(file, bundle)]
    if not inside:
        return ""
    one = len(inside) == 1
    them = "it" if one else "them"
    said = f"{' and '.join(inside)} {'lies' if one else 'lie'} inside the bundle: not part of this zip, but a later run"
    return f"{said} would take {them} along, unless you put {them} elsewhere"


def explain_refusal(files: Iterable[Path], *, may_replace: bool) -> str:
    """A sentence on the first new zip that could not be written; for a dry run, which asks nothing of its target."""
    try:
        for file in files:
            drafts.check_target(file, overwrite=may_replace)
    except OutputUnwritable as error:
        return f"as things are, that would end with exit code {error.code}: {error}"
    return ""


def refuse_input(file: Path, bundle: Path, option: str) -> None:
    """Never write over the input: not over the bundle, and not over a file that lies in it."""
    if sourcefile.is_part(file, bundle):
        raise WrongUsage(f"{file.name} is part of the input, which is never written to", f"name another with {option}")


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
