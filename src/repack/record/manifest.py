"""The record of a run: one line for every entry, before and after, and how it was proven (design, section 5).

It holds no header value of any image: names of entries, sizes, hashes, transfer syntaxes, reasons. It holds no name
of a computer, and no time but the day of each round in `history`: that of SOURCE_DATE_EPOCH where it is set, else of
the clock, in UTC. So the same input and options give the same manifest on the same day, and with SOURCE_DATE_EPOCH on
every day.

`source` and each entry's `before` are those of the first original, however often its zip was repacked since.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal

import msgspec

from repack import jsonschema
from repack.model import Category, Finding, Grade, Proof, Purpose

_LINES_AT_ONCE = 1000

SCHEMA: Literal["repack-manifest-1"] = "repack-manifest-1"

ActionDone = Literal["transcoded", "copied", "dropped"]
Natural = Annotated[int, msgspec.Meta(ge=0)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Version = Annotated[str, msgspec.Meta(pattern=r"^[0-9]+\.[0-9]+")]
Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """An entry's content at one time: `stored` is bytes in the archive (or folder), `sha256` that of the content."""

    size: Natural
    stored: Natural
    sha256: Sha256 | None
    transfer_syntax: str | None = None


class EntryRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """What happened to one entry, and why.

    `wish` wanted it gone: followed where it was dropped, else not. `guard` spoke against that; `forced`: in vain. A
    damaged entry has no `sha256`, because its content cannot be had; `carried` is the SHA-256 of the compressed bytes
    that were carried over.
    """

    path: str
    category: Category
    rule: str
    action: ActionDone
    reason: str
    before: State
    after: State | None
    proof: Proof | None
    wish: str = ""
    guard: str = ""
    forced: bool = False
    damaged: bool = False
    carried: Sha256 | None = None
    folder: bool = False
    notes: tuple[str, ...] = ()


class Source(msgspec.Struct, frozen=True):
    """The bundle as it was handed in; a folder has neither size nor hash of its own."""

    name: str
    kind: str
    size: Natural | None
    sha256: Sha256 | None


class Options(msgspec.Struct, frozen=True):
    """What the user asked for; what `--for` and `--max-size` made of it stands in the other options."""

    codec: str
    keep_locales: tuple[str, ...]
    drop_redist: bool
    drop: tuple[str, ...]
    drop_path: tuple[str, ...]
    keep: tuple[str, ...]
    force_drop: bool
    exact_only: bool
    rules: tuple[str, ...]
    max_error: Natural = 0
    effort: Natural | None = None
    codec_named: bool = False
    squeeze: bool = False
    for_whom: Purpose | None = None
    max_size: Natural | None = None
    part: tuple[Natural, Natural] | None = None  # which zip of how many, one a study


class CodecRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """How images were compressed, by which libraries, in which packages (`tools` has their versions).

    Where one library both writes and checks, if in two builds, `shared_code` names it: the check is weaker then.
    """

    name: str
    transfer_syntax: str
    writer: str
    checker: str
    shared_code: str = ""
    max_error: Natural = 0


class Count(msgspec.Struct, frozen=True):
    """How many files, their content, and their bytes in the archive (or folder)."""

    entries: Natural
    size: Natural
    stored: Natural


class Overhead(msgspec.Struct, frozen=True):
    """Bytes of the zip that are no content of a file: `restore` is the restore data, `zip` headers and directory.

    `headers` is what stands around the frames of the images that were written in the last round, offset tables
    included, as it is deflated. Images that are as an earlier round left them are not counted in it: where a zip was
    repacked again, it may be 0. The manifest's own entry is not counted.
    """

    headers: Natural
    restore: Natural
    zip: Natural


class Totals(msgspec.Struct, frozen=True):
    """Before and after, folders and our own entries not counted; `images` are those that were transcoded.

    `identical` are the files after the first of each content, by SHA-256: what would be saved if each were there once.
    Neither it nor `overhead` is there in manifests of earlier versions.
    """

    before: Count
    after: Count
    images: Natural
    dropped: Natural
    identical: Count | None = None
    overhead: Overhead | None = None


class OwnFile(msgspec.Struct, frozen=True):
    """A file that repack added to the zip; the manifest cannot hold its own hash, the zip's CRC guards it."""

    path: str
    size: Natural
    sha256: Sha256


class CheckRecord(msgspec.Struct, frozen=True):
    """What a standard asks (or advises, as a hint) and where; what the first original and this zip make of it."""

    id: str
    says: str
    source: str
    grade: Grade
    before: Finding
    after: Finding


class Round(msgspec.Struct, frozen=True):
    """One run of repack on the way from the first original to this zip: what it was given, and when."""

    version: Version
    date: Day
    source: Source
    options: Options
    tools: dict[str, str]
    warnings: tuple[str, ...] = ()


class Manifest(msgspec.Struct, frozen=True):
    """The whole record. `version`, `options` and `tools` are those of the last round.

    `directory` is the SHA-256 of the zip's central directory (APPNOTE 4.3.12) without the manifest's own record,
    followed by the comment of the zip.
    """

    schema: Literal["repack-manifest-1"]
    version: Version
    source: Source
    options: Options
    tools: dict[str, str]
    entries: tuple[EntryRecord, ...]
    totals: Totals
    warnings: tuple[str, ...]
    codecs: tuple[CodecRecord, ...] = ()
    history: tuple[Round, ...] = ()
    own: tuple[OwnFile, ...] = ()
    directory: Sha256 | None = None
    conformance: tuple[CheckRecord, ...] = ()


def is_consistent(line: EntryRecord) -> bool:
    """Do action, state and proof of a line go together? Only a dropped entry has neither state nor proof."""
    is_dropped = line.action == "dropped"
    is_same = line.after is not None and line.before.sha256 == line.after.sha256
    return (
        is_dropped == (line.after is None) == (line.proof is None)
        and (line.proof is not Proof.IDENTICAL or is_same)
        and (line.action != "copied" or line.proof is Proof.IDENTICAL)
    )


def find_part(record: Manifest) -> tuple[int, int] | None:
    """Which zip of how many this one is, a study each; None where the disc was not divided, in any round."""
    rounds = (record.options, *(one.options for one in reversed(record.history)))
    return next((options.part for options in rounds if options.part is not None), None)


def line_of_own(file: OwnFile) -> EntryRecord:
    """A file of our own as a line of the manifest, for those who check both alike."""
    state = State(file.size, file.size, file.sha256)
    return EntryRecord(file.path, Category.UNKNOWN, "", "copied", "made by repack", state, state, Proof.IDENTICAL)


def count(entries: Sequence[EntryRecord]) -> Totals:
    """Add up the files of a manifest."""
    files = [entry for entry in entries if not entry.folder]
    return Totals(
        before=_add_up(entry.before for entry in files),
        after=_add_up(entry.after for entry in files if entry.after is not None),
        images=sum(entry.action == "transcoded" and is_image(entry) for entry in files),
        dropped=sum(entry.action == "dropped" for entry in files),
        identical=_add_up(_repeated(entry.after for entry in files if entry.after is not None)),
    )


def adds_up(manifest: "Manifest") -> bool:
    """Are the totals those of the entries, as far as they are stated?"""
    stated, counted = manifest.totals, count(manifest.entries)
    identical = counted.identical if stated.identical is not None else None
    return msgspec.structs.replace(counted, identical=identical, overhead=stated.overhead) == stated


def _repeated(states: Iterable[State]) -> Iterator[State]:
    """Those whose content was there before; empty ones repeat nothing."""
    seen: set[str] = set()
    for state in states:
        if state.sha256 is not None and state.size:
            if state.sha256 in seen:
                yield state
            seen.add(state.sha256)


def syntax_now(entry: EntryRecord) -> str:
    """The transfer syntax of an image as it is in the zip; empty for what has none."""
    return (entry.after and entry.after.transfer_syntax) or ""


def is_image(entry: EntryRecord) -> bool:
    """By its content, whatever a rule of the user calls it; an index of images states a transfer syntax, too."""
    is_index = entry.category is Category.DICOMDIR or (
        entry.after is not None
        and entry.action == "transcoded"
        and entry.after.transfer_syntax == entry.before.transfer_syntax
    )
    return entry.category is Category.DICOM or (entry.before.transfer_syntax is not None and not is_index)


def _add_up(states: Iterable[State]) -> Count:
    entries = size = stored = 0
    for state in states:
        entries, size, stored = entries + 1, size + state.size, stored + state.stored
    return Count(entries, size, stored)


def encode(manifest: Manifest) -> bytes:
    """The manifest as indented UTF-8 JSON."""
    return b"".join(encode_in_pieces(manifest))


def encode_in_pieces(manifest: Manifest) -> Iterator[bytes]:
    """As `encode`, in pieces of bounded length: a hundred thousand lines are 50 MB, which nobody need hold at once."""
    around = msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(manifest, entries=())), indent=1)
    before, key, behind = around.partition(b'\n "entries": [')  # found once: in a text, a line break is escaped
    yield before + key
    for start in range(0, len(manifest.entries), _LINES_AT_ONCE):
        lines = msgspec.json.format(msgspec.json.encode(manifest.entries[start : start + _LINES_AT_ONCE]), indent=1)
        yield (b"," if start else b"") + lines[1:-2].replace(b"\n", b"\n ")  # without its brackets, and further in
    yield (b"\n " if manifest.entries else b"") + behind + b"\n"


def decode(data: bytes) -> Manifest:
    """A manifest from its JSON. Raises ValueError where it is none."""
    try:
        return msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a manifest of repack: {error}") from error


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a manifest; schemas/manifest.schema.json is a copy of it for other programs."""
    return jsonschema.make(Manifest)
