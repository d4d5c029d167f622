"""What the patient has, opened: the bundle, its entries, where their bytes lie, and in which forms they travel."""

import operator
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from pickle import PickleBuffer
from typing import Protocol, SupportsIndex

_BESIDE = 5  # the protocol of pickle from which on bytes may travel beside the rest
STORED, DEFLATED = 0, 8  # APPNOTE 4.4.5
PASSWORD_VARIABLE = "REPACK_PASSWORD"  # noqa: S105  the name of a variable of the environment


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may come out of a bundle (containers S1). A bomb stops here; a real disc of 10 GB does not."""

    entries: int = 1_000_000
    unpacked: int = 256 << 30  # bytes, all entries together
    ratio: int = 500  # bytes out of a byte in; looked at where much comes out, since empty images shrink 1000:1


#: For a zip of our own: what comes out of it is bounded by its manifest, and it was made from a bundle within limits.
NO_LIMITS = Limits(entries=1 << 40, unpacked=1 << 60, ratio=1 << 40)


@dataclass(frozen=True, slots=True)
class Access:
    """How a bundle may be opened: the password, whether its content may be written unencrypted, the limits."""

    password: bytes | None = field(default=None, repr=False)  # as the archiver took it: UTF-8, or the bytes of a file
    decrypt: bool = False
    limits: Limits = Limits()


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
    sha256: str | None = None  # of these bytes as they lie, where they were read through


@dataclass(frozen=True, slots=True)
class Digest:
    """SHA-256 of a content, and of the bytes that hold it in a zip, which may be deflated."""

    content: str
    carried: str


@dataclass(frozen=True, slots=True)
class Packed:
    """Finished bytes for the new zip, already stored or deflated.

    On their way between processes the bytes may travel beside the rest (PEP 574).
    """

    data: bytes | memoryview
    method: int
    crc: int
    size: int  # bytes after inflating
    around: int = 0  # of an image with compressed frames: bytes in the archive that hold everything else

    def __reduce_ex__(self, protocol: SupportsIndex) -> "tuple[type[Packed], tuple[object, ...]]":
        data = PickleBuffer(self.data) if operator.index(protocol) >= _BESIDE else bytes(self.data)
        return Packed, (data, self.method, self.crc, self.size, self.around)

    @property
    def length(self) -> int:
        """Bytes in the archive."""
        return len(self.data)


@dataclass(frozen=True, slots=True)
class Placed:
    """Finished bytes that lie in the new zip already, behind a header that begins at `offset`."""

    offset: int
    method: int
    crc: int
    size: int  # bytes after inflating
    length: int  # bytes in the archive
    around: int = 0  # of these, bytes of an image that are no frames
    pieces: tuple[tuple[int, int], ...] = ()  # length and CRC-32 of each, in their order


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
