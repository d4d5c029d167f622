"""Reading JPEG with loss (ISO/IEC 10918-1 processes 1, 2 and 4; PS3.5 A.4.1), only to be looked at.

What comes out depends on the decoder, so nothing is ever proven with it. The components of colours come back as they
are stored; `is_ybr` tells what they are.
"""

import struct
from collections.abc import Iterator
from struct import unpack_from

from repack.codecs import arrays
from repack.codecs.frames import CodecFailed, FrameLayout, refuse_claim

_START, _MARK = b"\xff\xd8", 0xFF  # SOI
_FRAME_HEADERS = frozenset({0xC0, 0xC1, 0xC2})  # SOF of baseline, extended and progressive (B.1.1.3)
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # TEM, RST: markers without a length
_SCAN, _JFIF, _ADOBE = 0xDA, (0xE0, b"JFIF\0"), (0xEE, b"Adobe")
_TRANSFORM = 11  # where the Adobe segment states its colour transform
_NAME = "JPEG"


def decode(stream: bytes, layout: FrameLayout) -> bytes:
    """The frame of a stream; raises CodecFailed, also where the stream announces another shape."""
    try:
        bits, rows, columns, samples = _announced(stream)
    except (struct.error, IndexError) as error:
        raise CodecFailed("the JPEG stream cannot be decoded") from error
    if (rows, columns, samples) != (layout.rows, layout.columns, layout.samples) or bits > 8 * layout.width:
        raise CodecFailed("the JPEG stream holds an image of another shape")
    refuse_claim(stream, layout, _NAME)
    import imagecodecs  # noqa: PLC0415  heavy, and needed with the first frame only

    colours = "RGB" if layout.samples == 3 else None  # one and the same: nothing is transformed
    try:
        words = imagecodecs.jpeg8_decode(stream, colorspace=colours, outcolorspace=colours)
    except (RuntimeError, ValueError) as error:
        raise CodecFailed("the JPEG stream cannot be decoded") from error
    return arrays.to_frame(words, layout, _NAME)


def is_ybr(stream: bytes) -> bool | None:
    """Are three components luminance and two differences? As the stream itself says (ISO/IEC 10918-5, -6), or None."""
    try:
        for marker, at in _segments(stream):
            if (marker, stream[at : at + 5]) == _ADOBE:
                return stream[at + _TRANSFORM] != 0
            if (marker, stream[at : at + 5]) == _JFIF:
                return True
    except (struct.error, IndexError):
        return None
    return None


def _announced(stream: bytes) -> tuple[int, int, int, int]:
    """Bits, rows, columns and samples of the frame header (B.2.2). Raises CodecFailed, struct.error, IndexError."""
    for marker, at in _segments(stream):
        if marker in _FRAME_HEADERS:
            bits, rows, columns, samples = unpack_from(">BHHB", stream, at)
            return bits, rows, columns, samples
    raise CodecFailed("the JPEG stream cannot be decoded")


def _segments(stream: bytes) -> Iterator[tuple[int, int]]:
    """The markers before the first scan, and where the content of each starts. Raises struct.error, IndexError."""
    at = 2
    while stream.startswith(_START) and stream[at] == _MARK:
        marker = stream[at + 1]
        if marker == _SCAN:
            return
        if marker == _MARK:  # fill bytes may precede a marker (B.1.1.2)
            at += 1
        elif marker in _STANDALONE:
            at += 2
        else:
            yield marker, at + 4
            at += 2 + int(unpack_from(">H", stream, at + 2)[0])
