"""JPEG-LS lossless (ISO/IEC 14495-1; PS3.5 A.4.3): pyjpegls writes, imagecodecs checks; two builds of CharLS.

Where pyjpegls has no wheel (Python 3.14) imagecodecs writes, with precision = Bits Allocated, and GDCM checks. The
libraries are loaded with the first frame: a listing of a disc does not need them.
"""

import importlib.util
import warnings
from struct import unpack

from repack.codecs.frames import Codec, CodecFailed, FrameLayout

_START, _FRAME_HEADER, _END = b"\xff\xd8", b"\xff\xf7", b"\xff\xd9"  # SOI, SOF55, EOI
_HAS_PYJPEGLS = importlib.util.find_spec("jpeg_ls") is not None


def _write_with_pyjpegls(frame: bytes, layout: FrameLayout) -> bytes:
    import jpeg_ls  # noqa: PLC0415  see above

    # Planar Configuration 0 makes one scan, interleaved by sample: the only colour layout that every reader shows
    # rightly (horosproject/horos#795, nroduit/Weasis#623).
    try:
        stream = jpeg_ls.encode_pixel_data(
            frame,
            rows=layout.rows,
            columns=layout.columns,
            samples_per_pixel=layout.samples,
            bits_stored=layout.precision,
            planar_configuration=0,
        )
    except (RuntimeError, ValueError) as error:
        raise CodecFailed("the JPEG-LS encoder refused the image") from error
    return bytes(stream)


def _write_with_imagecodecs(frame: bytes, layout: FrameLayout) -> bytes:
    import imagecodecs  # noqa: PLC0415  see above
    import numpy as np  # noqa: PLC0415  see above

    shape = (layout.rows, layout.columns, layout.samples)[: 2 if layout.samples == 1 else 3]
    try:
        return bytes(imagecodecs.jpegls_encode(np.frombuffer(frame, f"<u{layout.width}").reshape(shape)))
    except (RuntimeError, ValueError) as error:
        raise CodecFailed("the JPEG-LS encoder refused the image") from error


def _check_shape(stream: bytes, layout: FrameLayout) -> None:
    """Raise CodecFailed unless the stream's frame header (ISO/IEC 14495-1 C.2.2) announces this layout.

    No reader is shown another one: GDCM aborts the whole process, and imagecodecs takes memory on the header's word.
    """
    if not stream.rstrip(b"\0").endswith(_END):  # CharLS 2.4.3 may read for ever where a stream has no end
        raise CodecFailed("the JPEG-LS stream is cut short")
    at = 2 if stream.startswith(_START) else len(stream)
    while (marker := stream[at : at + 2]) != _FRAME_HEADER:
        if len(marker) < 2 or marker[0] != 0xFF:
            raise CodecFailed("the JPEG-LS stream cannot be decoded")
        at += 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
    header = stream[at + 4 : at + 10].ljust(6, b"\0")
    bits, rows, columns, samples = unpack(">BHHB", header)
    if (rows, columns, samples, (bits + 7) // 8) != (layout.rows, layout.columns, layout.samples, layout.width):
        raise CodecFailed("the JPEG-LS stream holds an image of another shape")


def _read_with_imagecodecs(stream: bytes, layout: FrameLayout) -> bytes:
    import imagecodecs  # noqa: PLC0415  see above

    _check_shape(stream, layout)
    try:
        words = imagecodecs.jpegls_decode(stream)
    except (RuntimeError, ValueError) as error:
        raise CodecFailed("the JPEG-LS stream cannot be decoded") from error
    if words.nbytes != layout.size or words.dtype.itemsize != layout.width or words.shape[0] != layout.rows:
        raise CodecFailed("the JPEG-LS stream holds an image of another shape")
    if words.dtype.itemsize > 1:
        words = words.astype("<u2", copy=False)
    return bytes(words.tobytes())


def _read_with_gdcm(stream: bytes, layout: FrameLayout) -> bytes:
    _check_shape(stream, layout)
    from pydicom.encaps import encapsulate  # noqa: PLC0415  heavy, and needed only where pyjpegls is missing
    from pydicom.pixels.decoders.base import get_decoder  # noqa: PLC0415  as above
    from pydicom.uid import UID  # noqa: PLC0415  as above

    decoder = get_decoder(UID(TRANSFER_SYNTAX))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom wonders about streams that are as long as their image
            words, _described = decoder.as_buffer(
                encapsulate([stream]),
                decoding_plugin="gdcm",
                rows=layout.rows,
                columns=layout.columns,
                samples_per_pixel=layout.samples,
                bits_allocated=8 * layout.width,
                bits_stored=8 * layout.width,
                number_of_frames=1,
                pixel_representation=0,
                planar_configuration=0,
                photometric_interpretation="MONOCHROME2" if layout.samples == 1 else "RGB",
                pixel_keyword="PixelData",
            )
    except (RuntimeError, ValueError, AttributeError) as error:
        raise CodecFailed("the JPEG-LS stream cannot be decoded") from error
    if len(words) != layout.size:
        raise CodecFailed("the JPEG-LS stream holds an image of another shape")
    return bytes(words)


TRANSFER_SYNTAX = "1.2.840.10008.1.2.4.80"

LOSSLESS = (
    Codec(
        name="jpegls",
        transfer_syntax=TRANSFER_SYNTAX,
        writer="pyjpegls",
        checker="imagecodecs",
        encode=_write_with_pyjpegls,
        decode=_read_with_imagecodecs,
        has_free_precision=True,
    )
    if _HAS_PYJPEGLS
    else Codec(
        name="jpegls",
        transfer_syntax=TRANSFER_SYNTAX,
        writer="imagecodecs",
        checker="python-gdcm",
        encode=_write_with_imagecodecs,
        decode=_read_with_gdcm,
        has_free_precision=False,
    )
)
