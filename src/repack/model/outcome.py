"""What was done to one entry, and what leads back."""

from dataclasses import dataclass

from repack.model.bundle import Packed, Placed, Raw, Streamed
from repack.model.kinds import Proof


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
    packed: Packed | Placed
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
    notes: tuple[str, ...] = ()


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
