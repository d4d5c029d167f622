"""JPEG XL lossless (ISO/IEC 18181-1; PS3.5 A.4.12): imagecodecs writes and checks, with libjxl both times.

No other decoder comes as a Python package, so this check is weaker than that of the other codecs, and the manifest
says so. Words are written as whole cells of 8 or 16 bits (libjxl/libjxl#3718, dcm4che/dcm4che#1540), as RGB without
a colour transform of ours, and as a bare codestream: libjxl wraps 16-bit words in boxes (18181-2) that no reader needs.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from repack.codecs import arrays
from repack.codecs.frames import Codec, CodecFailed, FrameLayout, Reader, Tool, refuse_claim

_BARE = b"\xff\x0a"
_BOXED = b"\0\0\0\x0cJXL \r\n\x87\n"  # signature box (18181-2 9.1)
_NAME = "JPEG XL"
_LIBJXL = Tool("imagecodecs", "libjxl")
#: Against JPEG-LS on real CT and MR: 3 is 4 % smaller to 1 % larger at half the speed, 5 is 4 to 5 % smaller at a
#: twelfth, 7 is 6 % smaller at an eighteenth.
USUAL_EFFORT = 5


def _write(frame: bytes, layout: FrameLayout, effort: int) -> bytes:
    import imagecodecs  # noqa: PLC0415  heavy, and needed with the first frame only

    words = arrays.from_frame(frame, layout)
    try:
        stream = bytes(imagecodecs.jpegxl_encode(words, lossless=True, effort=effort, numthreads=1, usecontainer=False))
    except (RuntimeError, ValueError) as error:
        raise CodecFailed("the JPEG XL encoder refused the image") from error
    return _unwrap(stream)


def _unwrap(stream: bytes) -> bytes:
    """The bare codestream, out of the boxes that may be around it (18181-2 9.2). Raises CodecFailed."""
    if stream.startswith(_BARE):
        return stream
    pieces, at = [], 0
    while stream.startswith(_BOXED) and at + 8 <= len(stream):
        size, kind, start = int.from_bytes(stream[at : at + 4], "big"), stream[at + 4 : at + 8], at + 8
        if size == 1:
            size, start = int.from_bytes(stream[start : start + 8], "big"), start + 8
        end = at + size if size else len(stream)
        if not start <= end <= len(stream):
            break
        if kind == b"jxlc":
            pieces.append(stream[start:end])
        elif kind == b"jxlp":  # a part, behind its number
            pieces.append(stream[start + 4 : end])
        at = end
    whole = b"".join(pieces)
    if not whole.startswith(_BARE):
        raise CodecFailed("the JPEG XL stream cannot be decoded")
    return whole


def _bits(data: bytes) -> Iterator[int]:
    for byte in data:
        for place in range(8):
            yield byte >> place & 1


class _Header:
    """The fields at the start of a codestream, least significant bit first (18181-1 annex B)."""

    def __init__(self, data: bytes) -> None:
        self._bits = _bits(data)

    def number(self, width: int) -> int:
        """An unsigned number of that many bits."""
        return sum(next(self._bits) << place for place in range(width))

    def choice(self, *ways: tuple[int, int]) -> int:
        """U32 (B.2.2): two bits choose a constant and how many bits are added to it."""
        constant, width = ways[self.number(2)]
        return constant + self.number(width)

    def size(self) -> tuple[int, int]:
        """Rows and columns (SizeHeader, D.2)."""
        is_small = self.number(1)
        rows = self._length(is_small)
        ratio = self.number(3)
        if ratio:
            above, below = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio - 1]
            return rows, rows * above // below
        return rows, self._length(is_small)

    def _length(self, is_small: int) -> int:
        if is_small:
            return 8 * (1 + self.number(5))
        return self.choice((1, 9), (1, 13), (1, 18), (1, 30))


def _check_shape(codestream: bytes, layout: FrameLayout) -> None:
    """Raise CodecFailed unless the image header (18181-1 D.2, D.3) announces this layout: one plain still image."""
    header = _Header(codestream[2:64])
    try:
        shape = header.size()
        is_default = header.number(1)  # 8 bits, in a lossy colour space: not what is written without loss
        has_extras = not is_default and header.number(1)
        # Orientation, intrinsic size, preview, animation
        is_plain = not is_default and (not has_extras or (header.number(3), header.number(3)) == (0, 0))
        is_float = is_plain and header.number(1)
        bits = header.choice((8, 0), (10, 0), (12, 0), (1, 6)) if is_plain else 0
        header.number(1)  # whether 16-bit buffers are enough
        channels = header.choice((0, 0), (1, 0), (2, 4), (1, 12))
        is_lossy = header.number(1)
        samples = 3 if header.number(1) or _is_colour(header) else 1
    except (StopIteration, RuntimeError) as error:
        raise CodecFailed("the JPEG XL stream cannot be decoded") from error
    if shape != (layout.rows, layout.columns) or not is_plain or is_float or channels or is_lossy:
        raise CodecFailed("the JPEG XL stream holds an image of another shape")
    if samples != layout.samples or (bits + 7) // 8 > layout.width:
        raise CodecFailed("the JPEG XL stream holds an image of another shape")
    refuse_claim(codestream, layout, _NAME)


def _is_colour(header: _Header) -> bool:
    has_profile = header.number(1)
    kind = header.choice((0, 0), (1, 0), (2, 4), (18, 6))  # RGB, grey, XYB, unknown
    return kind != 1 and not has_profile


def _read(stream: bytes, layout: FrameLayout) -> bytes:
    codestream = _unwrap(stream)
    _check_shape(codestream, layout)
    import imagecodecs  # noqa: PLC0415  as above

    try:
        words = imagecodecs.jpegxl_decode(codestream, numthreads=1)
    except (RuntimeError, ValueError) as error:
        raise CodecFailed("the JPEG XL stream cannot be decoded") from error
    return arrays.to_frame(words, layout, _NAME)


LOSSLESS = Codec(
    name="jpegxl",
    transfer_syntax="1.2.840.10008.1.2.4.110",
    writer=_LIBJXL,
    checker=_LIBJXL,
    encode=partial(_write, effort=USUAL_EFFORT),
    decode=_read,
    has_free_precision=False,
    opened_by="Weasis 4.6 and later, dicom-rs, dcm4che since 2025; hardly any other yet",
    few_readers="Weasis 4.6+, dicom-rs, dcm4che",
)


def with_effort(effort: int) -> Codec:
    """The same codec, searching longer for a smaller result: effort 1 (fast) to 9 (very slow)."""
    return replace(LOSSLESS, encode=partial(_write, effort=effort))


READERS = (Reader(LOSSLESS.transfer_syntax, _LIBJXL, _read),)
