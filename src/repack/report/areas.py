"""The parts of the treemap: by category, within the images by series, within programs by folder."""

from collections.abc import Iterable, Sequence

from repack.model import Category
from repack.record.manifest import EntryRecord
from repack.report import glossary, words
from repack.report.page import Area
from repack.report.told import Discretion, Told
from repack.thumbnails.looking import Looked

_MOST_PARTS = 14  # of a category; the others are one part together
_SMALLEST = 0.004  # share of the whole that a part needs to stand alone


def areas(told: Told, looked: Looked, discreet: Discretion) -> tuple[Area, ...]:
    """The bytes of a bundle as nested areas, the categories in their usual order."""
    titles = _titles_of_series(told, looked)
    total = sum(entry.before.stored for entry in told.files)
    found = []
    for category in Category:
        lines = [(n, e) for n, e in enumerate(told.entries) if e.category is category and not e.folder]
        groups: dict[str, list[EntryRecord]] = {}
        for n, entry in lines:
            label = titles.get(n) or _place(entry, discreet)
            groups.setdefault(label, []).append(entry)
        parts = [_area(label, category, entries, told) for label, entries in groups.items()]
        whole = _area(glossary.CATEGORIES[category][0], category, [entry for _, entry in lines], told)
        if whole.before:
            found.append(_with_parts(whole, parts, total))
    return tuple(found)


def _titles_of_series(told: Told, looked: Looked) -> dict[int, str]:
    """Position in the manifest -> what its series is called in the treemap."""
    return {
        n: f"{one.modality or 'Series'} {number}" if len(looked.series) > 1 else one.modality or "Images"
        for number, one in enumerate(looked.series, 1)
        for n in one.entries
        if told.entries[n].category is Category.DICOM
    }


def _place(entry: EntryRecord, discreet: Discretion) -> str:
    """The folder of a program's file; of other files their kind, since their folders may be named for people."""
    path = discreet.path(entry)
    if path:
        folder = path.rpartition("/")[0]
        return "/".join(folder.split("/")[:2]) or "top folder"
    if entry.category is Category.DICOM:
        return "DICOM without images"
    extension = entry.path.rpartition("/")[2].rpartition(".")[2].lower() if "." in entry.path.rpartition("/")[2] else ""
    is_plain = extension.isascii() and extension.isalnum() and len(extension) <= 5
    return f".{extension} files" if extension and is_plain else "other files"


def _area(label: str, category: Category, entries: Sequence[EntryRecord], told: Told) -> Area:
    before = sum(entry.before.stored for entry in entries)
    after = sum(entry.after.stored for entry in entries if entry.after) if told.is_done else before
    size = f"{words.size(before)} → {words.size(after)}" if after != before else words.size(before)
    name = glossary.CATEGORIES[category][0]
    said = label if label == name else f"{name}, {label}"
    return Area(label, str(category), before, after, f"{said}, {words.plural(len(entries), 'file')}: {size}")


def _with_parts(whole: Area, parts: Iterable[Area], total: int) -> Area:
    ordered = sorted(parts, key=lambda part: (-part.before, part.label))
    shown = [part for part in ordered[:_MOST_PARTS] if part.before >= _SMALLEST * total]
    rest = ordered[len(shown) :]
    if not shown:
        return whole
    if len(ordered) == 1:
        return Area(whole.label, whole.kind, whole.before, whole.after, ordered[0].text)
    before, after = sum(part.before for part in rest), sum(part.after for part in rest)
    if before:
        size = f"{words.size(before)} → {words.size(after)}" if after != before else words.size(before)
        shown.append(Area("others", whole.kind, before, after, f"{whole.label}, others: {size}"))
    return Area(whole.label, whole.kind, whole.before, whole.after, whole.text, tuple(shown))
