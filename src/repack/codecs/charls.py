"""CharLS through its own interface in C: the copy of the library that travels in the wheels of imagecodecs.

Its encoder is an eighth faster than that of pyjpegls (`python -m tests.bench.codecs`), writes the same bytes, and
declares any precision, which imagecodecs itself does not offer. The wheels for Linux and macOS hold it as a shared
library, which is opened in a millisecond or two; where none is found (Windows, a build of one's own) others write. The
interface is stable within CharLS 2 (charls_jpegls_encoder.h).
"""

import ctypes
import importlib.util
from collections.abc import Iterator
from ctypes import c_char_p, c_int32, c_size_t, c_uint32, c_void_p
from functools import lru_cache
from pathlib import Path

from repack.codecs.frames import CodecFailed, FrameLayout

#: Where auditwheel (Linux) and delocate (macOS) put the libraries of a wheel, seen from its package.
_FOLDERS = ("../imagecodecs.libs", ".dylibs")
_BY_SAMPLE = 2  # charls_interleave_mode: RGB RGB RGB in one scan
_MAJOR = 2  # of the version whose interface this is


class _FrameInfo(ctypes.Structure):
    """charls_frame_info (public_types.h)."""

    _fields_ = (("width", c_uint32), ("height", c_uint32), ("bits", c_int32), ("components", c_int32))


@lru_cache(maxsize=1)
def load() -> ctypes.CDLL | None:
    """The library, with the signatures of what is used here; None where there is none of this version."""
    for file in _candidates():
        try:
            library = ctypes.CDLL(str(file))
            _declare(library)
        except (OSError, AttributeError):  # for another kind of computer; or not what its name says
            continue
        major = c_int32()
        library.charls_get_version_number(ctypes.byref(major), None, None)
        if major.value == _MAJOR:
            return library
    return None


def _candidates() -> Iterator[Path]:
    package = importlib.util.find_spec("imagecodecs")
    if package is None or package.origin is None:
        return
    for folder in _FOLDERS:
        yield from sorted((Path(package.origin).parent / folder).glob("libcharls*"))


def _declare(library: ctypes.CDLL) -> None:
    """Without this, ctypes would cut pointers to 32 bits. Raises AttributeError."""
    library.charls_get_version_number.restype = None
    library.charls_jpegls_encoder_create.restype = c_void_p
    library.charls_jpegls_encoder_create.argtypes = ()
    library.charls_jpegls_encoder_destroy.restype = None
    library.charls_jpegls_encoder_destroy.argtypes = (c_void_p,)
    for name, arguments in (
        ("set_frame_info", (c_void_p,)),
        ("set_near_lossless", (c_int32,)),
        ("set_interleave_mode", (c_int32,)),
        ("set_destination_buffer", (c_void_p, c_size_t)),
        ("encode_from_buffer", (c_char_p, c_size_t, c_uint32)),
        ("get_bytes_written", (c_void_p,)),
    ):
        function = getattr(library, f"charls_jpegls_encoder_{name}")
        function.restype, function.argtypes = c_int32, (c_void_p, *arguments)


def encode(frame: bytes, layout: FrameLayout, max_error: int = 0) -> bytes:
    """One frame as a JPEG-LS stream that declares the layout's precision; colour in one scan, by pixel.

    Raises CodecFailed where the library refuses it. `load` must have found one.
    """
    import numpy as np  # noqa: PLC0415  a listing of a disc does not need it

    library = load()
    if library is None:
        raise CodecFailed("imagecodecs brings no library of CharLS that can be called")
    if len(frame) != layout.size or layout.width != (1 if layout.precision <= 8 else 2):
        raise CodecFailed("the frame is not as large as its layout says")
    stream = np.empty(2 * layout.size + 4096, np.uint8)  # noise takes more room than its words
    info = _FrameInfo(layout.columns, layout.rows, layout.precision, layout.samples)
    written = c_size_t()
    encoder = library.charls_jpegls_encoder_create()
    try:
        failed = (
            not encoder
            or library.charls_jpegls_encoder_set_frame_info(encoder, ctypes.byref(info))
            or library.charls_jpegls_encoder_set_near_lossless(encoder, max_error)
            or library.charls_jpegls_encoder_set_interleave_mode(encoder, _BY_SAMPLE if layout.samples > 1 else 0)
            or library.charls_jpegls_encoder_set_destination_buffer(encoder, stream.ctypes.data, stream.size)
            or library.charls_jpegls_encoder_encode_from_buffer(encoder, frame, len(frame), 0)
            or library.charls_jpegls_encoder_get_bytes_written(encoder, ctypes.byref(written))
        )
    finally:
        library.charls_jpegls_encoder_destroy(encoder)
    if failed:
        raise CodecFailed("the JPEG-LS encoder refused the image")
    return stream[: written.value].tobytes()
