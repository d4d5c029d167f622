"""RLE Lossless (PS3.5 annex G): pylibjpeg-rle writes, imagecodecs checks; two separate implementations.

Each byte of a sample goes into a segment of its own, of even length (G.2). What others wrote is read by pydicom's
decoder first: the faster ones may take the process down on a damaged stream.
"""

from itertools import pairwise
from struct import unpack_from

from repack.codecs import arrays, plugins
from repack.codecs.frames import Codec, CodecFailed, FrameLayout, Reader, Tool, Unpacker

TRANSFER_SYNTAX = "1.2.840.10008.1.2.5"
_PYLIBJPEG, _IMAGECODECS = Tool("pylibjpeg-rle", "pylibjpeg-rle"), Tool("imagecodecs", "imagecodecs")
_PYDICOM = Tool("pydicom", "pydicom")
_HEADER = 64  # bytes: the number of segments and 15 offsets (G.5)
_MOST_SEGMENTS = 15
_LARGEST_GROWTH = 64  # two bytes become at most 128 (G.3.1)


def _write_with_pylibjpeg(frame: bytes, layout: FrameLayout) -> bytes:
    from rle.utils import encode_pixel_data  # noqa: PLC0415  needed with the first frame only

    try:
        stream = encode_pixel_data(
            frame,
            rows=layout.rows,
            columns=layout.columns,
            samples_per_pixel=layout.samples,
            bits_allocated=8 * layout.width,
            byteorder="<",
        )
    except (RuntimeError, ValueError) as error:
        raise CodecFailed("the RLE encoder refused the image") from error
    return bytes(stream)


def _check_shape(stream: bytes, layout: FrameLayout) -> None:
    """Raise CodecFailed unless the header speaks of the segments of this layout, and they can hold that many bytes."""
    if len(stream) < _HEADER:
        raise CodecFailed("the RLE stream cannot be decoded")
    segments = layout.samples * layout.width
    count, *offsets = unpack_from("<16I", stream)
    if count != segments:
        raise CodecFailed("the RLE stream holds an image of another shape")
    bounds = [*offsets[:segments], len(stream)]
    pixels = layout.rows * layout.columns
    for start, end in pairwise(bounds):
        if not _HEADER <= start <= end <= len(stream) or (end - start) * _LARGEST_GROWTH < pixels:
            raise CodecFailed("the RLE stream cannot be decoded")


def _read_with_imagecodecs(stream: bytes, layout: FrameLayout) -> bytes:
    _check_shape(stream, layout)
    import imagecodecs  # noqa: PLC0415  as above

    try:
        planes = imagecodecs.dicomrle_decode(stream, f"<u{layout.width}")
    except (RuntimeError, ValueError) as error:
        raise CodecFailed("the RLE stream cannot be decoded") from error
    if len(planes) != layout.size:
        raise CodecFailed("the RLE stream holds an image of another shape")
    return arrays.by_pixel(bytes(planes), layout)


def _read_with_pydicom(stream: bytes, layout: FrameLayout) -> bytes:
    _check_shape(stream, layout)
    return plugins.decode(stream, layout, TRANSFER_SYNTAX, "pydicom", "RLE")


def _refuse(layout: FrameLayout) -> str:
    if layout.samples * layout.width > _MOST_SEGMENTS:
        return "RLE holds at most 15 bytes per pixel"
    return ""


LOSSLESS = Codec(
    name="rle",
    transfer_syntax=TRANSFER_SYNTAX,
    writer=_PYLIBJPEG,
    checker=_IMAGECODECS,
    encode=_write_with_pylibjpeg,
    decode=_read_with_imagecodecs,
    has_free_precision=False,
    refuse=_refuse,
    opened_by="nearly every program (Horos 4.0.1 is said to spoil it); it saves the least",
    unpackers=(Unpacker("dcmdrle", "DCMTK"),),  # GDCM 3.0.21 spoils some RLE images
)

READERS = (Reader(TRANSFER_SYNTAX, _PYDICOM, _read_with_pydicom, _IMAGECODECS, _read_with_imagecodecs),)
