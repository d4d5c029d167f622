"""The table of transfer syntaxes: what each is called, what kind it is, and what we do with it by default.

UIDs as in PS3.6 annex A, those that pydicom 3.0.2 does not know included.
"""

from dataclasses import dataclass
from enum import StrEnum

IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
DEFLATED_EXPLICIT = "1.2.840.10008.1.2.1.99"
ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
BIG_ENDIAN_EXPLICIT = "1.2.840.10008.1.2.2"
JPEG_BASELINE, JPEG_EXTENDED = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"
MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"


class Kind(StrEnum):
    """How the pixels of a transfer syntax lie in the file."""

    NATIVE = "native"
    LOSSLESS = "lossless"
    LOSSY = "lossy"
    VIDEO = "video"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Syntax:
    """One row: `leave` is the reason why files in this syntax are kept as they are; empty: they are transcoded.

    Those that are compressed well without loss are transcoded all the same where a codec is asked for by name.
    """

    uid: str
    name: str
    kind: Kind
    leave: str


_GOOD = "already compressed without loss"
_LOSSY = "compressed with loss: packing it without loss would only make it larger"
_PERHAPS = "compressed, perhaps with loss: packing it again would only make it larger"
_VIDEO = "a video, which is compressed already"
_ELSEWHERE = "its image is stored on a server, not in the file"
_PAPYRUS = "a retired format of its own kind, which no other program could check"
_GE = "a private format that mixes two orders of bytes, which no other program could check"
_UNDECODABLE = "already compressed without loss, in a way that no decoder here reads"
_UNKNOWN = "its transfer syntax (the way its image is stored) is unknown to repack"

_ROWS: tuple[tuple[str, str, Kind, str], ...] = (
    ("", "Implicit VR Little Endian", Kind.NATIVE, ""),
    (".1", "Explicit VR Little Endian", Kind.NATIVE, ""),
    (".1.98", "Encapsulated Uncompressed Explicit VR Little Endian", Kind.NATIVE, ""),
    (".1.99", "Deflated Explicit VR Little Endian", Kind.NATIVE, ""),
    (".2", "Explicit VR Big Endian", Kind.NATIVE, ""),
    (".4.50", "JPEG Baseline (Process 1)", Kind.LOSSY, _LOSSY),
    (".4.51", "JPEG Extended (Process 2 and 4)", Kind.LOSSY, _LOSSY),
    (".4.52", "JPEG Extended (Process 3 and 5)", Kind.LOSSY, _LOSSY),
    (".4.53", "JPEG Spectral Selection (Process 6 and 8)", Kind.LOSSY, _LOSSY),
    (".4.54", "JPEG Spectral Selection (Process 7 and 9)", Kind.LOSSY, _LOSSY),
    (".4.55", "JPEG Full Progression (Process 10 and 12)", Kind.LOSSY, _LOSSY),
    (".4.56", "JPEG Full Progression (Process 11 and 13)", Kind.LOSSY, _LOSSY),
    (".4.57", "JPEG Lossless (Process 14)", Kind.LOSSLESS, ""),
    (".4.58", "JPEG Lossless (Process 15)", Kind.LOSSLESS, _UNDECODABLE),
    (".4.59", "JPEG Extended, Hierarchical (Process 16 and 18)", Kind.LOSSY, _LOSSY),
    (".4.60", "JPEG Extended, Hierarchical (Process 17 and 19)", Kind.LOSSY, _LOSSY),
    (".4.61", "JPEG Spectral Selection, Hierarchical (Process 20 and 22)", Kind.LOSSY, _LOSSY),
    (".4.62", "JPEG Spectral Selection, Hierarchical (Process 21 and 23)", Kind.LOSSY, _LOSSY),
    (".4.63", "JPEG Full Progression, Hierarchical (Process 24 and 26)", Kind.LOSSY, _LOSSY),
    (".4.64", "JPEG Full Progression, Hierarchical (Process 25 and 27)", Kind.LOSSY, _LOSSY),
    (".4.65", "JPEG Lossless, Hierarchical (Process 28)", Kind.LOSSLESS, _UNDECODABLE),
    (".4.66", "JPEG Lossless, Hierarchical (Process 29)", Kind.LOSSLESS, _UNDECODABLE),
    (".4.70", "JPEG Lossless (Process 14, SV1)", Kind.LOSSLESS, ""),
    (".4.80", "JPEG-LS Lossless", Kind.LOSSLESS, _GOOD),
    (".4.81", "JPEG-LS Near-Lossless", Kind.LOSSY, _LOSSY),
    (".4.90", "JPEG 2000 Lossless", Kind.LOSSLESS, _GOOD),
    (".4.91", "JPEG 2000", Kind.LOSSY, _PERHAPS),
    (".4.92", "JPEG 2000 Multi-component Lossless", Kind.LOSSLESS, _UNDECODABLE),
    (".4.93", "JPEG 2000 Multi-component", Kind.LOSSY, _PERHAPS),
    (".4.94", "JPIP Referenced", Kind.ELSEWHERE, _ELSEWHERE),
    (".4.95", "JPIP Referenced Deflate", Kind.ELSEWHERE, _ELSEWHERE),
    (".4.110", "JPEG XL Lossless", Kind.LOSSLESS, _GOOD),
    (".4.111", "JPEG XL JPEG Recompression", Kind.LOSSY, _LOSSY),
    (".4.112", "JPEG XL", Kind.LOSSY, _PERHAPS),
    (".4.201", "HTJ2K Lossless", Kind.LOSSLESS, _GOOD),
    (".4.202", "HTJ2K Lossless RPCL", Kind.LOSSLESS, _GOOD),
    (".4.203", "HTJ2K", Kind.LOSSY, _PERHAPS),
    (".4.204", "JPIP HTJ2K Referenced", Kind.ELSEWHERE, _ELSEWHERE),
    (".4.205", "JPIP HTJ2K Referenced Deflate", Kind.ELSEWHERE, _ELSEWHERE),
    (".5", "RLE Lossless", Kind.LOSSLESS, ""),
    (".6.1", "RFC 2557 MIME Encapsulation", Kind.UNKNOWN, _UNKNOWN),
    (".6.2", "XML Encoding", Kind.UNKNOWN, _UNKNOWN),
    (".7.1", "SMPTE ST 2110-20 Uncompressed Progressive", Kind.VIDEO, _VIDEO),
    (".7.2", "SMPTE ST 2110-20 Uncompressed Interlaced", Kind.VIDEO, _VIDEO),
    (".7.3", "SMPTE ST 2110-30 PCM Audio", Kind.VIDEO, _VIDEO),
    (".8.1", "Deflated Image Frame Compression", Kind.LOSSLESS, _UNDECODABLE),
)

_VIDEOS: tuple[tuple[int, str], ...] = (
    (100, "MPEG-2 Main Profile / Main Level"),
    (101, "MPEG-2 Main Profile / High Level"),
    (102, "MPEG-4 AVC/H.264 High Profile"),
    (103, "MPEG-4 AVC/H.264 BD-compatible"),
    (104, "MPEG-4 AVC/H.264 High Profile for 2D Video"),
    (105, "MPEG-4 AVC/H.264 High Profile for 3D Video"),
    (106, "MPEG-4 AVC/H.264 Stereo High Profile"),
    (107, "HEVC/H.265 Main Profile"),
    (108, "HEVC/H.265 Main 10 Profile"),
)

_OF_UIDS, _LONGEST_UID = frozenset("0123456789."), 64  # PS3.5 9.1; other characters are not for the screen
_ROOT = "1.2.840.10008.1.2"

SYNTAXES: dict[str, Syntax] = {
    row.uid: row
    for row in (
        *(Syntax(_ROOT + end, name, kind, leave) for end, name, kind, leave in _ROWS),
        *(Syntax(f"{_ROOT}.4.{end}", name, Kind.VIDEO, _VIDEO) for end, name in _VIDEOS),
        *(
            Syntax(f"{_ROOT}.4.{end}.1", f"{name}, fragmentable", Kind.VIDEO, _VIDEO)
            for end, name in _VIDEOS
            if end <= 106
        ),
        Syntax("1.2.840.10008.1.20", "Papyrus 3 Implicit VR Little Endian", Kind.UNKNOWN, _PAPYRUS),
        Syntax("1.2.840.113619.5.2", "GE private, big-endian pixels", Kind.UNKNOWN, _GE),
    )
}


def find(uid: str | None) -> Syntax:
    """The row of a transfer syntax; an unknown one gets a row that says so."""
    if not uid:
        return Syntax("", "no transfer syntax", Kind.UNKNOWN, "it does not say how its image is stored")
    shown = uid if len(uid) <= _LONGEST_UID and _OF_UIDS.issuperset(uid) else "unreadable transfer syntax"
    return SYNTAXES.get(uid) or Syntax(uid, shown, Kind.UNKNOWN, _UNKNOWN)
