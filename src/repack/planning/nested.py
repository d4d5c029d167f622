"""Archives and discs that lie within a bundle: they are not opened, and where they are what was meant, that is said."""

from collections.abc import Iterable, Iterator

from repack.classify.mentions import extension_of
from repack.model import Entry, Facts, Plan

_ARCHIVES = frozenset({"zip", "7z", "rar", "gzip", "xz"})
_DISCS = frozenset({"zip", "iso"})  # what `batch` takes; a .docx or .jar is a zip, too, and no disc
_NAMES = {"iso": "image"}  # of kinds of bundles


def remark(kind: str, found: Iterable[tuple[Entry, Facts]]) -> Iterator[str]:
    """What has to be said of archives within a bundle of this kind; they stay entries like any other (Z22).

    Several discs in it count where they are most of its bytes, or where they lie at its top and no DICOM file is beside
    them; a single archive counts where it is nearly all there is.
    """
    pairs = list(found)
    total = sum(entry.size for entry, _known in pairs)
    discs = [entry for entry, known in pairs if entry.size and _is_disc(entry, known)]
    has_images = any(known.magic == "dicom" for _entry, known in pairs)
    at_top = sum("/" not in entry.path for entry in discs)
    if len(discs) > 1 and (2 * sum(entry.size for entry in discs) > total or (at_top > 1 and not has_images)):
        first = "" if kind == "folder" else "unpack it, then "
        yield (
            f"this {_NAMES.get(kind, kind)} holds {_count(discs)}, which were not opened; "
            f"{first}repack batch {' '.join(_patterns(discs))} --out-dir DIR does each"
        )
        return
    advice = "give that file instead" if kind == "folder" else "unpack this bundle and give that file"
    for entry, known in pairs:
        if known.magic in _ARCHIVES and 2 * entry.size > total:
            yield f"{entry.path} is an archive itself and was not opened; {advice}"


def remark_of_plan(plan: Plan) -> tuple[str, ...]:
    """The same of a bundle that is planned already."""
    return tuple(remark(plan.bundle.kind, ((line.entry, line.facts) for line in plan.lines)))


def _is_disc(entry: Entry, known: Facts) -> bool:
    """Is it a zip or an ISO image, by its name? An image shows what it is only far behind its beginning."""
    extension = extension_of(entry.path)
    return extension in _DISCS and (known.magic == "zip" or extension == "iso")


def _count(discs: list[Entry]) -> str:
    kinds = {extension_of(entry.path) for entry in discs}
    what = " and ".join(name for kind, name in (("zip", "zips"), ("iso", "ISO images")) if kind in kinds)
    return f"{len(discs):,} {what}"


def _patterns(discs: list[Entry]) -> list[str]:
    """What names them all, for `batch`, which expands patterns itself."""
    below = "**/" if any("/" in entry.path for entry in discs) else ""
    return sorted({f"'FOLDER/{below}*.{entry.path.rpartition('.')[2]}'" for entry in discs})
