"""The account of every byte: by category, what was dropped by which rule, what was kept against a wish, warnings."""

from collections.abc import Callable, Iterable

from repack.model import Category, Proof
from repack.record.manifest import EntryRecord, is_image
from repack.report import glossary, words
from repack.report.page import Bar, Column, Table
from repack.report.told import Discretion, Told

_MOST_ROWS = 60  # of a table; the manifest has every file
_NUMBERS = (Column("Files", is_number=True), Column("Size", is_number=True))


def whole(told: Told) -> Bar:
    """The bundle and the new zip, as files."""
    after = told.new_size
    return Bar(
        label="All",
        note="",
        files=f"{len(told.files):,}",
        kind="",
        before=told.size,
        after=after,
        before_text=words.size(told.size),
        after_text="" if after is None else words.size(after),
        saved="" if after is None else words.saved(told.size, after),
    )


def categories(told: Told) -> tuple[Bar, ...]:
    """Bytes in the archive by category, before and after."""
    bars = []
    for category in Category:
        entries = [entry for entry in told.files if entry.category is category]
        if not entries:
            continue
        before = sum(entry.before.stored for entry in entries)
        after = sum(entry.after.stored for entry in entries if entry.after) if told.is_done else None
        name, note = glossary.CATEGORIES[category]
        bars.append(
            Bar(
                name,
                note,
                f"{len(entries):,}",
                str(category),
                before,
                after,
                words.size(before),
                "" if after is None else words.size(after),
                "" if after is None else words.saved(before, after),
            )
        )
    return tuple(bars)


def dropped(told: Told, discreet: Discretion) -> Table:
    """What is not in the new zip: on whose wish, by which rule it was recognised."""
    columns = (Column("What"), *_NUMBERS, Column("Because of"), Column("Recognised by rule"), Column("For example"))
    found = [entry for entry in told.files if entry.action == "dropped"]
    return _grouped(
        "Left out, as you asked",
        columns,
        found,
        lambda entry: (entry.wish or entry.reason, entry.rule),
        discreet,
    )


def against(told: Told, discreet: Discretion) -> Table:
    """What was kept although a wish wanted it gone."""
    columns = (Column("What"), *_NUMBERS, Column("Kept because"), Column("Although"), Column("For example"))
    found = [entry for entry in told.files if entry.wish and entry.action != "dropped"]
    return _grouped(
        "Kept although you asked to drop it",
        columns,
        found,
        lambda entry: (entry.guard or entry.reason, entry.wish),
        discreet,
    )


def kept_images(told: Told, discreet: Discretion) -> Table:
    """Images that were carried over as they are."""
    columns = (Column("What"), *_NUMBERS, Column("Because"), Column("For example"))
    found = [entry for entry in told.files if is_image(entry) and entry.action == "copied"] if told.is_done else []
    return _grouped("Images kept as they are", columns, found, lambda entry: (entry.reason,), discreet)


def _grouped(
    title: str,
    columns: tuple[Column, ...],
    entries: Iterable[EntryRecord],
    key: Callable[[EntryRecord], tuple[str, ...]],
    discreet: Discretion,
) -> Table:
    """Entries of one category for the same reasons in one row, the largest first."""
    groups: dict[tuple[Category, tuple[str, ...]], list[EntryRecord]] = {}
    for entry in entries:
        groups.setdefault((entry.category, key(entry)), []).append(entry)
    rows = []
    for (category, reasons), found in groups.items():
        size = sum(entry.before.stored for entry in found)
        example = next((path for entry in found if (path := discreet.path(entry))), "")
        name = glossary.CATEGORIES[category][0]
        cells = (name, f"{len(found):,}", words.size(size), *map(discreet.text, reasons), example)
        rows.append((size, cells))
    rows.sort(key=lambda row: -row[0])
    hidden = len(rows) - _MOST_ROWS
    shown = [cells for _, cells in rows[:_MOST_ROWS]]
    if not any(cells[-1] for cells in shown):  # no examples: no empty column
        columns, shown = columns[:-1], [cells[:-1] for cells in shown]
    note = f"And {words.plural(hidden, 'more kind')}; the manifest lists every file." if hidden > 0 else ""
    return Table(title, columns, tuple(shown), note)


def warnings(told: Told, discreet: Discretion) -> tuple[str, ...]:
    """What has to be said of the whole, of damaged entries, of odd names."""
    counts: dict[str, int] = {}
    for entry in told.files:
        for note in (*((entry.reason,) if entry.damaged else ()), *(entry.notes if entry.after else ())):
            counts[note] = counts.get(note, 0) + 1
    forced = sum(entry.forced for entry in told.entries)
    by_force = (f"--force-drop overrode what keeps {words.plural(forced, 'file')}",) if forced else ()
    grouped = (f"{words.plural(count, 'file')}: {note}" for note, count in counts.items())
    return tuple(discreet.text(text) for text in (*told.warnings, *by_force, *grouped))[:_MOST_ROWS]


def proofs(told: Told) -> Table:
    """How each kept file was proven, and what that means."""
    columns = (Column("Proof"), Column("Files", is_number=True), Column("Meaning"))
    counts = {proof: sum(entry.proof is proof for entry in told.files) for proof in Proof}
    rows = tuple((str(p), f"{counts[p]:,}", glossary.PROOFS[p]) for p in glossary.PROOFS if counts[p])
    return Table("How it was proven", columns, rows)
