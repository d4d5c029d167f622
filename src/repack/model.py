"""The nouns of the design: bundle, entry, fact, verdict, decision, plan, outcome.

Everything here is frozen, slotted and picklable: it travels to worker processes and back, and nobody can change it
on the way. "Not done, and why" is a value (`KeptAsIs`), never an exception.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

OUR_FOLDER = "REPACK"
MANIFEST_NAME = f"{OUR_FOLDER}/manifest.json"
RESTORE_NAME = f"{OUR_FOLDER}/restore.xz"
LEAFLET_NAME = f"{OUR_FOLDER}/README.txt"

STORED, DEFLATED = 0, 8  # APPNOTE 4.4.5


class Category(StrEnum):
    """What an entry is; the order is that of the summary table."""

    DICOM = "dicom"
    DICOMDIR = "dicomdir"
    VIEWER = "viewer"
    RUNTIME = "runtime"
    LOCALE = "locale"
    REDISTRIBUTABLE = "redistributable"
    LAUNCHER = "launcher"
    DOCUMENT = "document"
    PREVIEW = "preview"
    SYMBOLS = "symbols"
    JUNK = "junk"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """What will be done to an entry."""

    TRANSCODE = "transcode"
    COPY = "copy"
    DROP = "drop"


class Proof(StrEnum):
    """How an outcome was proven (design, section 2)."""

    IDENTICAL = "identical"
    EXACT = "exact"
    SAMPLES = "samples"
    BOUNDED = "bounded"


# --- opening ---


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may come out of a bundle (containers S1). A bomb stops here; a real disc of 10 GB does not."""

    entries: int = 1_000_000
    unpacked: int = 256 << 30  # bytes, all entries together
    ratio: int = 500  # bytes out of a byte in; looked at where much comes out, since empty images shrink 1000:1


@dataclass(frozen=True, slots=True)
class Access:
    """How a bundle may be opened: the password, whether its content may be written unencrypted, the limits."""

    password: bytes | None = field(default=None, repr=False)  # as the archiver took it: UTF-8, or the bytes of a file
    decrypt: bool = False
    limits: Limits = Limits()


# --- entries ---


class EntryUnreadable(Exception):
    """The bytes of one entry are damaged or cannot be had; caught where the outcome of that entry is made."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A run of bytes in a file that can be carried into the new zip as it is."""

    file: Path
    offset: int
    length: int
    method: int
    crc: int
    size: int  # bytes after inflating


@dataclass(frozen=True, slots=True)
class Packed:
    """Finished bytes for the new zip, already stored or deflated."""

    data: bytes
    method: int
    crc: int
    size: int  # bytes after inflating

    @property
    def length(self) -> int:
        """Bytes in the archive."""
        return len(self.data)


@dataclass(frozen=True, slots=True)
class Streamed:
    """A content too large for memory, which has been packed once to know its length, and is packed again when written.

    Twice the time for a few large files, and in return neither memory nor a spool file that could be left behind.
    """

    place: "Place"
    method: int
    crc: int
    size: int  # bytes after inflating
    length: int  # bytes in the archive


class Place(Protocol):
    """Where an entry lies. A worker process reads it without opening the whole bundle."""

    def read(self) -> bytes:
        """The whole content, checked against what the bundle says of it. Raises EntryUnreadable."""

    def read_start(self, length: int) -> bytes:
        """The first `length` bytes, or fewer where the entry is shorter. Raises EntryUnreadable."""

    def chunks(self) -> Iterator[bytes]:
        """The content in bounded pieces, checked at the end. Raises EntryUnreadable."""

    def raw(self) -> Raw | None:
        """The bytes as they lie in the bundle, where a zip may hold them so; else None. Raises EntryUnreadable."""


@dataclass(frozen=True, slots=True)
class EntryName:
    """A name as a zip holds it (APPNOTE 4.4.4 bit 11, 4.4.17)."""

    raw: bytes
    is_utf8: bool


@dataclass(frozen=True, slots=True)
class Stamp:
    """When an entry was changed: the two DOS words (APPNOTE 4.4.6) and the extra fields that say it more exactly."""

    date: int
    time: int
    extra: bytes = b""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file (or directory record) of a bundle, as the bundle's own directory describes it."""

    index: int
    path: str  # for people and rules: decoded, "/" between the components, none at the end
    name: EntryName
    is_directory: bool
    size: int
    stored: int  # bytes in the bundle
    stamp: Stamp
    attributes: int  # external file attributes (APPNOTE 4.4.15)
    made_by: int  # version made by (APPNOTE 4.4.2)
    place: Place | None  # None for a directory
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """What the patient has, opened: its kind and its entries in the order of its directory."""

    path: Path
    kind: str
    size: int | None  # of the file; None for a folder
    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()  # what has to be said of the whole
    comment: bytes = b""  # of a zip (APPNOTE 4.4.26)
    encrypted: int = 0  # how many entries need a password


# --- facts ---


@dataclass(frozen=True, slots=True)
class DicomFacts:
    """What the header of a DICOM file says. Texts are for the screen only; they never reach the manifest."""

    transfer_syntax: str | None
    sop_class: str
    modality: str
    study_uid: str
    series_uid: str
    series_description: str
    frames: int
    has_pixels: bool
    is_directory: bool  # a DICOMDIR
    is_program: bool = False  # its preamble begins as a program does


@dataclass(frozen=True, slots=True)
class PeFacts:
    """What a Windows program says of itself (Microsoft PE format): version-info strings, imports."""

    is_dll: bool
    machine: str
    version: Mapping[str, str]
    imports: tuple[str, ...]  # names of DLLs, lower case, delay-loaded ones too
    installer: str = ""  # what built it, where it is an installer
    appended: str = ""  # the kind of data behind the program, its signature not counted: zip, 7z, cab... or other
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read off one entry without judging it."""

    magic: str = "unknown"
    dicom: DicomFacts | None = None
    pe: PeFacts | None = None
    mentions: tuple[str, ...] = ()  # file names that a launch script, page or settings file names
    languages: tuple[str, ...] = ()  # tags of the languages that a settings file chooses
    installer: str = ""  # what built it, where it is an installer: nsis, inno, burn, msi...
    problem: str = ""


# --- verdicts, decisions, plan ---


@dataclass(frozen=True, slots=True)
class LocaleName:
    """The language of an entry, and the set of siblings that it belongs to."""

    tag: str
    text: str
    group: str
    is_fallback: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The category of an entry, the rule that said so, and its reason."""

    category: Category
    rule: str
    why: str
    matched: tuple[str, ...] = ()
    locale: LocaleName | None = None
    action: Action | None = None  # what the rule itself asks for


@dataclass(frozen=True, slots=True)
class Decision:
    """What will be done to an entry, and why.

    `wish` is the option or rule that wants the entry gone: followed where the action is to drop it, else not.
    `guard` is what speaks against that wish; `forced` says that it was overridden.
    """

    action: Action
    reason: str
    wish: str = ""
    guard: str = ""
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for; the options of the command line that change the result."""

    keep_locales: tuple[str, ...] = ()
    drop_redist: bool = False
    drop: tuple[Category, ...] = ()
    drop_path: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    force_drop: bool = False
    codec: str = "jpegls"
    is_codec_named: bool = False  # --codec was given: then images that are compressed well already change, too
    max_error: int = 0  # of jpegls-near: by how much a stored word may differ
    effort: int | None = None  # of jpegxl
    exact_only: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """One line of the plan."""

    entry: Entry
    facts: Facts
    verdict: Verdict
    decision: Decision


@dataclass(frozen=True, slots=True)
class Plan:
    """All decisions, in output order.

    `numbers` are the positions of the lines in the manifest, where entries that were dropped earlier have theirs, too.
    """

    bundle: Bundle
    wishes: Wishes
    lines: tuple[Planned, ...]
    warnings: tuple[str, ...] = ()
    numbers: tuple[int, ...] | None = None  # None: 0, 1, 2...
    settled: frozenset[int] = frozenset()  # entries that an earlier round brought to where they should be
    is_idle: bool = False  # the bundle is what is asked for already


# --- outcomes ---


@dataclass(frozen=True, slots=True)
class Deflating:
    """How zlib made a raw deflate stream: of all bytes from `start` on, with the bytes `rest` behind it."""

    start: int
    level: int
    memory: int  # zlib's memLevel
    rest: bytes


@dataclass(frozen=True, slots=True)
class Restorable:
    """What turns a new file back into the original (design, section 5).

    The original is `head`, then the stored words of all frames with `gap` between each two, then `tail`. With
    `is_planar` each frame is rearranged from colour-by-pixel to colour-by-plane (PS3.3 C.7.6.3.1.3) first, with
    `is_swapped` each pair of its bytes then changes places (PS3.5 7.3), and with `deflating` what results is deflated.
    A file without frames of its own (DICOMDIR) is all `head`.
    """

    head: bytes
    tail: bytes = b""
    is_planar: bool = False
    has_frames: bool = True
    is_swapped: bool = False
    gap: bytes = b""
    deflating: Deflating | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """One state of an entry's content: `stored` is bytes in the archive, `sha256` lower-case hex."""

    size: int
    stored: int
    sha256: str | None
    transfer_syntax: str | None = None


@dataclass(frozen=True, slots=True)
class Transcoded:
    """The entry was written anew, and it was proven what of the original it holds."""

    index: int
    reason: str
    before: Content
    after: Content
    packed: Packed
    proof: Proof
    restorable: Restorable | None  # None: the bytes of the original do not come back (`samples`, `bounded`)
    notes: tuple[str, ...] = ()
    sop_instance: str = ""  # the new SOP Instance UID, where the image was given one (PS3.3 C.7.6.1.1.5)


@dataclass(frozen=True, slots=True)
class KeptAsIs:
    """The entry is carried over byte for byte, and why."""

    index: int
    reason: str
    before: Content
    content: Packed | Raw | Streamed | None  # None: a directory, or nothing to carry
    is_damaged: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    """The entry is left out of the new zip, and why."""

    index: int
    reason: str
    before: Content


@dataclass(frozen=True, slots=True)
class Lost:
    """The bytes of the entry cannot be had, not even broken ones; the run must stop (containers 1.4)."""

    index: int
    reason: str


Outcome = Transcoded | KeptAsIs | Dropped
