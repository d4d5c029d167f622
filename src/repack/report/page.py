"""What the HTML report says, as plain data: titles, sentences, numbers, tables. No layout, no markup.

Every text is final and shown as it is; the template escapes all of them.
"""

from dataclasses import dataclass

from repack.thumbnails.drawing import Picture


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that stands for the whole: `value` large, `label` below it."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Bytes before and after, as numbers for the length of the bar and as text; `after` is None where nothing is done.

    `kind` is the category, which gives the colour; empty for the whole.
    """

    label: str
    note: str
    files: str
    kind: str
    before: int
    after: int | None
    before_text: str
    after_text: str
    saved: str


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the treemap: bytes before and after, what it is, and the parts that it is made of."""

    label: str
    kind: str
    before: int
    after: int
    text: str
    parts: tuple["Area", ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; numbers are set to the right."""

    title: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption; no rows: it is not shown."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and its value."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Card:
    """One DICOM series."""

    title: str
    subtitle: str
    facts: tuple[Fact, ...]
    pictures: tuple[Picture, ...]
    without: str  # why there are no pictures, or fewer


@dataclass(frozen=True, slots=True)
class Step:
    """What to do; `command` is to be typed, `link` an address of the web that stands behind the words."""

    text: str
    command: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """Steps under a title, with a remark below."""

    title: str
    steps: tuple[Step, ...]
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A row of the conformance table: what was checked, where it is required, whether it held before and holds now."""

    check: str
    source: str
    before: str
    after: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The whole page, in the order in which it is read."""

    title: str
    headline: str
    lead: str
    is_done: bool  # else the bundle was only looked at
    people: tuple[Fact, ...]
    figures: tuple[Figure, ...]
    whole: Bar
    categories: tuple[Bar, ...]
    areas: tuple[Area, ...]
    cards: tuple[Card, ...]
    cards_note: str
    more_series: Table
    dropped: Table
    against: Table
    kept: Table
    warnings: tuple[str, ...]
    opening: tuple[Advice, ...]
    readers: Table
    giving_back: tuple[Advice, ...]
    proofs: Table
    conformance: tuple[Check, ...]
    colophon: tuple[Fact, ...]
    privacy: str
