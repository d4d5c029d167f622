"""One card for each DICOM series: pictures, modality, count, matrix, transfer syntax before and after, proof."""

from collections import Counter
from collections.abc import Sequence

from repack.model import Proof
from repack.record.manifest import EntryRecord
from repack.report import glossary, words
from repack.report.page import Card, Column, Fact, Table
from repack.report.tables import short_syntax
from repack.report.told import Told
from repack.thumbnails.looking import MOST_SERIES, Looked, SeriesLook

_MOST_ROWS = 200  # of series without pictures
_MOST_SIZES = 3


def cards(told: Told, looked: Looked) -> tuple[Card, ...]:
    """The series that were looked at closely, in their order."""
    return tuple(
        _card(number, one, told, looked) for number, one in enumerate(looked.series, 1) if _is_looked_at(one, looked)
    )


def _is_looked_at(one: SeriesLook, looked: Looked) -> bool:
    return not looked.undrawn or bool(one.pictures or one.without)


def note(told: Told, looked: Looked) -> str:
    """What has to be said of all series."""
    if not looked.series:
        return "There are no DICOM images in it." if told.files else ""
    if looked.undrawn:
        return (
            f"There are {len(looked.series):,} series. The {MOST_SERIES} with the most images are shown with pictures, "
            "the others in the table below."
        )
    return ""


def more(told: Told, looked: Looked) -> Table:
    """The series that there was no room for."""
    rest = [(n, one) for n, one in enumerate(looked.series, 1) if not _is_looked_at(one, looked)]
    columns = (Column("Series"), Column("Kind"), Column("Images", is_number=True), Column("Stored as"), Column("Proof"))
    rows = tuple(
        (f"{number:,}", glossary.modality(one.modality), f"{one.frames:,}", *_stored(_entries(one, told), told))
        for number, one in rest[:_MOST_ROWS]
    )
    hidden = len(rest) - len(rows)
    return Table("More series", columns, rows, f"And {hidden:,} more; the manifest lists every file." if hidden else "")


def _entries(one: SeriesLook, told: Told) -> list[EntryRecord]:
    return [told.entries[n] for n in one.entries]


def _stored(entries: Sequence[EntryRecord], told: Told) -> tuple[str, str]:
    """Transfer syntax before and after, and the proof, each with its count where they are not the same for all."""
    changes = Counter(_change(entry, told) for entry in entries)
    proofs = Counter(_proof(entry) for entry in entries) if told.is_done else Counter[str]()
    return _counted(changes), _counted(proofs)


def _counted(counts: Counter[str]) -> str:
    if len(counts) == 1:
        return next(iter(counts))
    return "; ".join(f"{count:,} {text}" for text, count in counts.most_common())


def _change(entry: EntryRecord, told: Told) -> str:
    was = short_syntax(entry.before.transfer_syntax)
    if not told.is_done:
        return was
    if entry.after is None:
        return f"{was}, dropped"
    now = short_syntax(entry.after.transfer_syntax)
    return was if was == now else f"{was} → {now}"


def _proof(entry: EntryRecord) -> str:
    return str(entry.proof) if entry.proof else "dropped"


def _card(number: int, one: SeriesLook, told: Told, looked: Looked) -> Card:
    entries = _entries(one, told)
    stored, proof = _stored(entries, told)
    facts = [Fact("Images", _count(one)), Fact("Size of each", _sizes(one)), Fact("Stored as", stored)]
    before = sum(entry.before.stored for entry in entries)
    if told.is_done:
        after = sum(entry.after.stored for entry in entries if entry.after)
        saved = words.saved(before, after)
        change = f"{words.size(before)} → {words.size(after)}" if before != after else words.size(before)
        facts.append(Fact("Room", f"{change} ({saved} saved)" if after < before else change))
        facts.append(Fact("Proof", _explain(entries, proof)))
    else:
        facts.append(Fact("Room", words.size(before)))
    title = glossary.modality(one.modality)
    return Card(
        f"{title}, series {number}" if len(looked.series) > 1 else title,
        _subtitle(one) if looked.with_patient else "",
        tuple(fact for fact in facts if fact.value),
        one.pictures,
        _without(one),
    )


def _count(one: SeriesLook) -> str:
    files = len(one.entries)
    return f"{one.frames:,}" if files == one.frames else f"{one.frames:,} in {words.plural(files, 'file')}"


def _sizes(one: SeriesLook) -> str:
    shown = [f"{columns:,} × {rows:,}" for columns, rows in one.sizes[:_MOST_SIZES]]  # noqa: RUF001  it is times
    more_of_them = len(one.sizes) - len(shown)
    return ", ".join(shown) + (f" and {more_of_them} more" if more_of_them else "") + (" pixels" if shown else "")


def _explain(entries: Sequence[EntryRecord], proof: str) -> str:
    """The proof in a sentence where all images have the same."""
    found = {entry.proof for entry in entries}
    only = found.pop() if len(found) == 1 else None
    return f"{only}: {glossary.PROOFS[Proof(only)]}" if only else proof


def _subtitle(one: SeriesLook) -> str:
    who = one.person
    return ", ".join(part for part in (one.description, who.study, who.study_date) if part)


def _without(one: SeriesLook) -> str:
    if not one.without:
        return ""
    return f"{'Some pictures are missing' if one.pictures else 'No picture'}: {one.without}."
