"""JPEG-LS (ISO/IEC 14495-1; PS3.5 A.4.3), lossless and near-lossless: one build of CharLS writes, another one checks.

The one in imagecodecs writes, called directly (charls.py), and pyjpegls checks, or GDCM where pyjpegls has no wheel
(Python 3.14). Where imagecodecs brings no library to call, pyjpegls writes and imagecodecs checks; without pyjpegls
imagecodecs writes with precision = Bits Allocated. In near-lossless mode (NEAR = n) no word differs by more than n.

The packages are loaded with the first frame: a listing of a disc does not need them.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from struct import unpack

from repack.codecs import arrays, charls, plugins
from repack.codecs.frames import GDCM, Codec, CodecFailed, Decode, FrameLayout, Reader, Tool, Unpacker, refuse_claim

LOSSLESS_SYNTAX, NEAR_SYNTAX = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"
LARGEST_ERROR = 255  # NEAR is one byte (ISO/IEC 14495-1 C.2.3)

_NAME = "JPEG-LS"
_ILV_NONE = 0  # one scan for each colour (ISO/IEC 14495-1 C.2.3); readers have to interleave them
_START, _FRAME_HEADER, _END = b"\xff\xd8", b"\xff\xf7", b"\xff\xd9"  # SOI, SOF55, EOI
_HAS_PYJPEGLS = importlib.util.find_spec("jpeg_ls") is not None


def _write_with_pyjpegls(frame: bytes, layout: FrameLayout, max_error: int = 0) -> bytes:
    import jpeg_ls  # noqa: PLC0415  see above

    # Planar Configuration 0 makes one scan, interleaved by sample: the only colour layout that every reader shows
    # rightly (horosproject/horos#795, nroduit/Weasis#623).
    try:
        stream = jpeg_ls.encode_pixel_data(
            frame,
            lossy_error=max_error,
            rows=layout.rows,
            columns=layout.columns,
            samples_per_pixel=layout.samples,
            bits_stored=layout.precision,
            planar_configuration=0,
        )
    except (RuntimeError, ValueError) as error:
        raise CodecFailed("the JPEG-LS encoder refused the image") from error
    return bytes(stream)


def _write_with_imagecodecs(frame: bytes, layout: FrameLayout, max_error: int = 0) -> bytes:
    import imagecodecs  # noqa: PLC0415  see above

    words = arrays.from_frame(frame, layout)
    try:
        return bytes(imagecodecs.jpegls_encode(words, level=max_error))
    except (RuntimeError, ValueError) as error:
        raise CodecFailed("the JPEG-LS encoder refused the image") from error


def _check_shape(stream: bytes, layout: FrameLayout) -> int:
    """The bits per sample that the frame header (ISO/IEC 14495-1 C.2.2) announces. Raises CodecFailed on other shapes.

    No reader is shown another one: GDCM aborts the whole process, and imagecodecs takes memory on the header's word.
    """
    # CharLS 2.4.3 may read for ever where a stream has no end. Behind it zero bytes are met, and ones of FF.
    if not stream.rstrip(b"\0\xff").endswith(_END):
        raise CodecFailed("the JPEG-LS stream is cut short")
    at = 2 if stream.startswith(_START) else len(stream)
    while (marker := stream[at : at + 2]) != _FRAME_HEADER:
        if len(marker) < 2 or marker[0] != 0xFF:
            raise CodecFailed("the JPEG-LS stream cannot be decoded")
        at += 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
    header = stream[at + 4 : at + 10].ljust(6, b"\0")
    bits, rows, columns, samples = unpack(">BHHB", header)
    if (rows, columns, samples) != (layout.rows, layout.columns, layout.samples) or not 2 <= bits <= 8 * layout.width:
        raise CodecFailed("the JPEG-LS stream holds an image of another shape")
    refuse_claim(stream, layout, _NAME)
    return int(bits)


def _read_with_imagecodecs(stream: bytes, layout: FrameLayout) -> bytes:
    import imagecodecs  # noqa: PLC0415  see above

    _check_shape(stream, layout)
    try:
        words = imagecodecs.jpegls_decode(stream)
    except (RuntimeError, ValueError) as error:
        raise CodecFailed("the JPEG-LS stream cannot be decoded") from error
    return arrays.to_frame(words, layout, _NAME)


def _read_with_pyjpegls(stream: bytes, layout: FrameLayout) -> bytes:
    bits = _check_shape(stream, layout)
    import jpeg_ls  # noqa: PLC0415  see above

    try:
        frame, described = jpeg_ls.decode_pixel_data(stream, version=2)
    except (RuntimeError, ValueError) as error:
        raise CodecFailed("the JPEG-LS stream cannot be decoded") from error
    words = arrays.widen(bytes(frame), layout, bits, _NAME)
    return arrays.by_pixel(words, layout) if described["interleave_mode"] == _ILV_NONE else words


def _read_with_gdcm(stream: bytes, layout: FrameLayout) -> bytes:
    bits = _check_shape(stream, layout)
    narrow = replace(layout, width=1 if bits <= 8 else 2)
    frame = plugins.decode(stream, narrow, LOSSLESS_SYNTAX, "gdcm", _NAME)
    return arrays.widen(frame, layout, bits, _NAME)


_PYJPEGLS, _IMAGECODECS, _GDCM = (Tool(package, "CharLS") for package in ("pyjpegls", "imagecodecs", "python-gdcm"))


_SECOND = (_PYJPEGLS, _read_with_pyjpegls) if _HAS_PYJPEGLS else (_GDCM, _read_with_gdcm)


def _choose_pair() -> tuple[Tool, Callable[..., bytes], Tool, Decode]:
    """Who writes and who checks: the fastest writer that is there, and another package's library."""
    if charls.load() is not None:
        return _IMAGECODECS, charls.encode, *_SECOND
    if _HAS_PYJPEGLS:
        return _PYJPEGLS, _write_with_pyjpegls, _IMAGECODECS, _read_with_imagecodecs
    return _IMAGECODECS, _write_with_imagecodecs, *_SECOND


_WRITER, _WRITE, _CHECKER, _READ = _choose_pair()
_HAS_FREE_PRECISION = _WRITE is not _write_with_imagecodecs

LOSSLESS = Codec(
    name="jpegls",
    transfer_syntax=LOSSLESS_SYNTAX,
    writer=_WRITER,
    checker=_CHECKER,
    encode=_WRITE,
    decode=_READ,
    has_free_precision=_HAS_FREE_PRECISION,
    opened_by="Weasis, OHIF, programs built on GDCM or DCMTK, dcm4che, Orthanc; not by viewers on older discs",
    unpackers=(GDCM, Unpacker("dcmdjpls", "DCMTK")),
)


def near(max_error: int) -> Codec:
    """JPEG-LS near-lossless: no stored word, read as unsigned, differs by more than `max_error` (1 to 255).

    Signed words may flip their sign, and a palette's entries their meaning: such images are not for it. The stream must
    declare the true precision, else a word may come back with a bit above Bits Stored.
    """
    return Codec(
        name="jpegls-near",
        transfer_syntax=NEAR_SYNTAX,
        writer=_WRITER,
        checker=_CHECKER,
        encode=partial(_WRITE, max_error=max_error),
        decode=_READ,
        has_free_precision=True,
        refuse=partial(_refuse_error, max_error=max_error),
        max_error=max_error,
        opened_by="as jpegls; some web viewers show 16-bit images wrongly",
    )


def _refuse_error(layout: FrameLayout, max_error: int) -> str:
    if not 0 < max_error <= min(LARGEST_ERROR, ((1 << layout.precision) - 1) // 2):
        return f"an error of {max_error} is not possible for samples of {layout.precision} bits"
    if not _HAS_FREE_PRECISION and layout.precision < 8 * layout.width:
        return f"near-lossless samples of {layout.precision} bits need the package pyjpegls, which is not installed"
    return ""


READERS = tuple(
    Reader(uid, _IMAGECODECS, _read_with_imagecodecs, *_SECOND, marks=(_START + b"\xff", _END))
    for uid in (LOSSLESS_SYNTAX, NEAR_SYNTAX)
)
