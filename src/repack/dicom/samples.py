"""Stored words: what the bits of the samples say, and their order within a frame (PS3.5 8.1, PS3.3 C.7.6.3.1).

numpy is loaded when words are first looked at: a listing of a disc does not need it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from repack.codecs.frames import FrameLayout
from repack.dicom.image import Cells

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Words:
    """Where stored words lie: spans of bytes, and their order of bytes. Nothing is copied to look at them."""

    spans: tuple[tuple[bytes, int, int], ...]  # bytes, start, end
    order: Literal["<", ">"] = "<"


def choose_precision(cells: Cells, words: Words) -> int:
    """How many bits per sample the stream should declare (PS3.5 8.2.3, table 8.2.3-1).

    Bits Stored only for unsigned 16-bit words whose higher bits are all zero and whose Bits Stored is above 8;
    else whole cells, because readers differ on anything smaller (dicom.md T2, T4 to T7).
    """
    if cells.layout.width == 1:
        return 8
    if cells.is_signed or not 8 < cells.bits_stored < 16 or cells.high_bit != cells.bits_stored - 1:
        return 16
    return 16 if _has_higher_bits(cells, words) else cells.bits_stored


def may_show_otherwise(cells: Cells, words: Words) -> bool:
    """Do the words hold more than a sample of Bits Stored bits?

    Readers mask the bits above, or extend the sign, of a native image; some do not do it for a compressed one
    (pydicom 3.0 with pyjpegls or GDCM). The stored words are the same, the picture may not be.
    """
    if cells.bits_stored == 8 * cells.layout.width:
        return False
    if cells.high_bit != cells.bits_stored - 1:
        return True
    return _is_not_sign_extended(cells, words) if cells.is_signed else _has_higher_bits(cells, words)


def _runs(cells: Cells, words: Words, kind: str) -> "Iterator[np.ndarray[Any, Any]]":
    import numpy as np  # noqa: PLC0415  see above

    width = cells.layout.width
    for data, start, end in words.spans:
        yield np.frombuffer(data, f"{words.order}{kind}{width}", (end - start) // width, start)


def _has_higher_bits(cells: Cells, words: Words) -> bool:
    import numpy as np  # noqa: PLC0415  see above

    return any(int(np.bitwise_or.reduce(run)) >> cells.bits_stored for run in _runs(cells, words, "u"))


def _is_not_sign_extended(cells: Cells, words: Words) -> bool:
    limit = 1 << (cells.bits_stored - 1)
    runs = _runs(cells, words, "i")
    return any(run.size and (int(run.min()) < -limit or int(run.max()) >= limit) for run in runs)


def largest_difference(old: bytes, new: bytes, layout: FrameLayout) -> int:
    """By how much the unsigned words of two frames of one layout differ at most."""
    import numpy as np  # noqa: PLC0415  see above

    was, now = (np.frombuffer(frame, f"<u{layout.width}").astype(np.int32) for frame in (old, new))
    return int(np.abs(was - now).max(initial=0))


def swap(frame: bytes) -> bytes:
    """The bytes of each pair in the other order (PS3.5 7.3); its own inverse. The number of bytes is even."""
    import numpy as np  # noqa: PLC0415  see above

    return np.frombuffer(frame, "<u2").byteswap().tobytes()


def by_pixel(frame: bytes, layout: FrameLayout) -> bytes:
    """RRR GGG BBB -> RGB RGB RGB (PS3.3 C.7.6.3.1.3)."""
    import numpy as np  # noqa: PLC0415  see above

    return np.frombuffer(frame, f"<u{layout.width}").reshape(layout.samples, -1).T.tobytes()


def by_plane(frame: bytes, layout: FrameLayout) -> bytes:
    """RGB RGB RGB -> RRR GGG BBB, the inverse of `by_pixel`."""
    import numpy as np  # noqa: PLC0415  see above

    return np.frombuffer(frame, f"<u{layout.width}").reshape(-1, layout.samples).T.tobytes()
