"""JPEG 2000 lossless (ISO/IEC 15444-1; PS3.5 A.4.4) and High-Throughput JPEG 2000 lossless (15444-15; PS3.5 A.4.10).

imagecodecs writes JPEG 2000 with OpenJPEG, and pylibjpeg-openjpeg checks with its own build of the same library: no
other free library reads it. It writes HTJ2K with OpenJPH, which OpenJPEG checks. Neither applies a colour transform,
so Photometric Interpretation stays what it is. The stream says whether its words are signed (PS3.5 8.2.4 wants it to
agree with Pixel Representation; raw unsigned words would also take up to twice the room).
"""

from dataclasses import dataclass
from functools import partial
from struct import unpack_from

from repack.codecs import arrays
from repack.codecs.frames import GDCM, Codec, CodecFailed, FrameLayout, Reader, Tool, refuse_claim

_START = b"\xff\x4f\xff\x51"  # SOC, SIZ (ISO/IEC 15444-1 A.4, A.5.1)
_JPEG_2000, _HTJ2K = "JPEG 2000", "HTJ2K"
_SMALLEST_TILE_PART = 14  # bytes: SOT and SOD (A.4.2, A.4.3)
_OPENJPEG, _OPENJPH = Tool("imagecodecs", "OpenJPEG"), Tool("imagecodecs", "OpenJPH")
_PYLIBJPEG = Tool("pylibjpeg-openjpeg", "OpenJPEG")


@dataclass(frozen=True, slots=True)
class _Announced:
    """What the stream says of its samples."""

    bits: int
    is_signed: bool


def _write_with_openjpeg(frame: bytes, layout: FrameLayout) -> bytes:
    import imagecodecs  # noqa: PLC0415  heavy, and needed with the first frame only

    words = arrays.from_frame(frame, layout, "i" if layout.is_signed else "u")
    try:
        stream = imagecodecs.jpeg2k_encode(
            words,
            level=0,
            codecformat="j2k",
            reversible=True,
            mct=False,
            bitspersample=layout.precision,
            numthreads=1,
        )
    except (RuntimeError, ValueError) as error:
        raise CodecFailed("the JPEG 2000 encoder refused the image") from error
    return bytes(stream)


def _write_with_openjph(frame: bytes, layout: FrameLayout) -> bytes:
    import imagecodecs  # noqa: PLC0415  as above

    words = arrays.from_frame(frame, layout, "i" if layout.is_signed else "u")
    try:
        return bytes(imagecodecs.htj2k_encode(words, reversible=True, rgb=False))
    except (RuntimeError, ValueError) as error:
        raise CodecFailed("the HTJ2K encoder refused the image") from error


def _check_shape(stream: bytes, layout: FrameLayout, codec: str) -> _Announced:
    """What the stream announces; raises CodecFailed unless it is this layout, whole pixels and a sane number of tiles.

    Decoders take memory on the word of the image size, and for every tile before the first one is read.
    """
    if not stream.startswith(_START) or len(stream) < 42 + 3 * layout.samples:
        raise CodecFailed(f"the {codec} stream cannot be decoded")
    x1, y1, x0, y0, tile_x, tile_y, tile_x0, tile_y0, samples = unpack_from(">8IH", stream, 8)
    if (y1 - y0, x1 - x0, samples) != (layout.rows, layout.columns, layout.samples):
        raise CodecFailed(f"the {codec} stream holds an image of another shape")
    each = {unpack_from(">3B", stream, 42 + 3 * n) for n in range(samples)}
    depth, step_x, step_y = each.pop()
    bits = (depth & 0x7F) + 1
    if each or (step_x, step_y) != (1, 1) or bits > 8 * layout.width:
        raise CodecFailed(f"the {codec} stream holds an image of another shape")
    if not tile_x or not tile_y or tile_x0 > x0 or tile_y0 > y0:
        raise CodecFailed(f"the {codec} stream cannot be decoded")
    tiles = -(-(x1 - tile_x0) // tile_x) * -(-(y1 - tile_y0) // tile_y)
    if tiles * _SMALLEST_TILE_PART > len(stream):
        raise CodecFailed(f"the {codec} stream cannot be decoded")
    refuse_claim(stream, layout, codec)
    return _Announced(bits, bool(depth & 0x80))


def _read_with_pylibjpeg(stream: bytes, layout: FrameLayout, codec: str) -> bytes:
    announced = _check_shape(stream, layout, codec)
    from openjpeg.utils import decode_pixel_data  # noqa: PLC0415  as above

    try:
        frame = decode_pixel_data(stream, version=2)
    except (RuntimeError, ValueError) as error:
        raise CodecFailed(f"the {codec} stream cannot be decoded") from error
    return arrays.widen(bytes(frame), layout, announced.bits, codec, is_signed=announced.is_signed)


def _read_with_openjpeg(stream: bytes, layout: FrameLayout) -> bytes:
    _check_shape(stream, layout, _JPEG_2000)
    import imagecodecs  # noqa: PLC0415  as above

    try:
        words = imagecodecs.jpeg2k_decode(stream, numthreads=1)
    except (RuntimeError, ValueError) as error:
        raise CodecFailed("the JPEG 2000 stream cannot be decoded") from error
    return arrays.to_frame(words, layout, _JPEG_2000)


def _read_with_openjph(stream: bytes, layout: FrameLayout) -> bytes:
    _check_shape(stream, layout, _HTJ2K)
    import imagecodecs  # noqa: PLC0415  as above

    try:
        words = imagecodecs.htj2k_decode(stream, planar=False)
    except (RuntimeError, ValueError) as error:
        raise CodecFailed("the HTJ2K stream cannot be decoded") from error
    return arrays.to_frame(words, layout, _HTJ2K)


LOSSLESS = Codec(
    name="j2k",
    transfer_syntax="1.2.840.10008.1.2.4.90",
    writer=_OPENJPEG,
    checker=_PYLIBJPEG,
    encode=_write_with_openjpeg,
    decode=partial(_read_with_pylibjpeg, codec=_JPEG_2000),
    has_free_precision=True,
    opened_by="Weasis, OHIF, Horos 1.0.4 and later, GDCM, dcm4che; Orthanc with the GDCM plug-in; not DCMTK",
    unpackers=(GDCM,),
)

HIGH_THROUGHPUT = Codec(
    name="htj2k",
    transfer_syntax="1.2.840.10008.1.2.4.201",
    writer=_OPENJPH,
    checker=_PYLIBJPEG,
    encode=_write_with_openjph,
    decode=partial(_read_with_pylibjpeg, codec=_HTJ2K),
    has_free_precision=False,
    opened_by="OHIF (newer), pydicom, dicom-rs; few others yet",
    few_readers="OHIF, pydicom, dicom-rs",
)

_END = b"\xff\xd9"  # EOC (ISO/IEC 15444-1 A.4); in packets FF has at most 8F behind it (B.10.1)
_reader = partial(Reader, marks=(_START, _END), undoes_colours=True)

READERS = (
    _reader(LOSSLESS.transfer_syntax, _PYLIBJPEG, LOSSLESS.decode, _OPENJPEG, _read_with_openjpeg),
    *(
        _reader(uid, _PYLIBJPEG, HIGH_THROUGHPUT.decode, _OPENJPH, _read_with_openjph)
        for uid in (HIGH_THROUGHPUT.transfer_syntax, "1.2.840.10008.1.2.4.202")
    ),
)
