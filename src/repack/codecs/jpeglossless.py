"""Reading JPEG Lossless (ISO/IEC 10918-1 process 14; PS3.5 A.4.1): libjpeg-turbo reads, jpegsof3 after it.

Both come with imagecodecs but share no code. Every predictor and 2 to 16 bits per sample; no colour transform.
"""

import struct
from collections.abc import Callable
from functools import partial
from struct import unpack_from
from typing import Any

from repack.codecs import arrays
from repack.codecs.frames import CodecFailed, FrameLayout, Reader, Tool

_NAME = "JPEG Lossless"
_LIBJPEG, _JPEGSOF3 = Tool("imagecodecs", "libjpeg-turbo"), Tool("imagecodecs", "jpegsof3")
_START, _FRAME_HEADER = b"\xff\xd8", 0xC3  # SOI, SOF3 (B.1.1.3)
_STANDALONE = {0x01, *range(0xD0, 0xD8)}  # TEM, RST: markers without a length
_FILL = 0xFF


def _find_frame_header(stream: bytes) -> int:
    """Where the parameters of the frame header start (B.2.2). Raises CodecFailed, struct.error and IndexError."""
    at = 2
    while stream.startswith(_START) and stream[at] == _FILL:
        marker = stream[at + 1]
        if marker == _FRAME_HEADER:
            return at + 4
        if marker == _FILL:  # fill bytes may precede a marker (B.1.1.2)
            at += 1
        elif marker in _STANDALONE:
            at += 2
        else:
            at += 2 + int(unpack_from(">H", stream, at + 2)[0])
    raise CodecFailed("the JPEG Lossless stream cannot be decoded")


def _check_shape(stream: bytes, layout: FrameLayout) -> None:
    """Raise CodecFailed unless the first frame header announces this layout, in whole pixels."""
    try:
        at = _find_frame_header(stream)
        bits, rows, columns, samples = unpack_from(">BHHB", stream, at)
        sampling = {unpack_from("B", stream, at + 7 + 3 * n)[0] for n in range(samples)}
    except (struct.error, IndexError) as error:
        raise CodecFailed("the JPEG Lossless stream cannot be decoded") from error
    if (rows, columns, samples) != (layout.rows, layout.columns, layout.samples) or not 2 <= bits <= 8 * layout.width:
        raise CodecFailed("the JPEG Lossless stream holds an image of another shape")
    if rows * columns * samples > 8 * len(stream):  # each sample takes a bit or more
        raise CodecFailed("the JPEG Lossless stream is too short for an image of this size")
    if sampling != {0x11}:
        raise CodecFailed("the JPEG Lossless stream holds colours of another resolution")


def _read_with_libjpeg(stream: bytes, layout: FrameLayout) -> bytes:
    _check_shape(stream, layout)
    import imagecodecs  # noqa: PLC0415  heavy, and needed with the first frame only

    # Without a word it guesses YCbCr from the numbers of the components, and refuses to make RGB of it.
    colours = "RGB" if layout.samples == 3 else None
    return _read(partial(imagecodecs.jpeg8_decode, colorspace=colours, outcolorspace=colours), stream, layout)


def _read_with_jpegsof3(stream: bytes, layout: FrameLayout) -> bytes:
    _check_shape(stream, layout)
    import imagecodecs  # noqa: PLC0415  as above

    return _read(imagecodecs.jpegsof3_decode, stream, layout)


def _read(decode: Callable[[bytes], Any], stream: bytes, layout: FrameLayout) -> bytes:
    try:
        words = decode(stream)
    except (RuntimeError, ValueError) as error:
        raise CodecFailed("the JPEG Lossless stream cannot be decoded") from error
    return arrays.to_frame(words, layout, _NAME)


READERS = tuple(
    Reader(uid, _LIBJPEG, _read_with_libjpeg, _JPEGSOF3, _read_with_jpegsof3, marks=(b"\xff\xd8\xff", b"\xff\xd9"))
    for uid in ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")
)
