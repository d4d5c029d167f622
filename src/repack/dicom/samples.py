"""Stored words: what the bits of the samples say, and their order within a frame (PS3.5 8.1, PS3.3 C.7.6.3.1).

numpy is loaded when words are first looked at: a listing of a disc does not need it.
"""

from repack.codecs.frames import FrameLayout
from repack.dicom.image import Image


def choose_precision(image: Image, data: bytes) -> int:
    """How many bits per sample the stream should declare (PS3.5 8.2.3, table 8.2.3-1).

    Bits Stored only for unsigned 16-bit words whose higher bits are all zero and whose Bits Stored is above 8;
    else whole cells, because readers differ on anything smaller (dicom.md T2, T4 to T7).
    """
    if image.layout.width == 1:
        return 8
    if image.is_signed or not 8 < image.bits_stored < 16 or image.high_bit != image.bits_stored - 1:
        return 16
    return 16 if _has_higher_bits(image, data) else image.bits_stored


def may_show_otherwise(image: Image, data: bytes) -> bool:
    """Do the words hold more than a sample of Bits Stored bits?

    Readers mask the bits above, or extend the sign, of a native image; some do not do it for a compressed one
    (pydicom 3.0 with pyjpegls or GDCM). The stored words are the same, the picture may not be.
    """
    if image.bits_stored == 8 * image.layout.width:
        return False
    if image.high_bit != image.bits_stored - 1:
        return True
    return _is_not_sign_extended(image, data) if image.is_signed else _has_higher_bits(image, data)


def _has_higher_bits(image: Image, data: bytes) -> bool:
    import numpy as np  # noqa: PLC0415  see above

    start, width = image.pixel_data.value, image.layout.width
    words = np.frombuffer(data, f"<u{width}", (image.frames_end - start) // width, start)
    return bool(int(np.bitwise_or.reduce(words)) >> image.bits_stored)


def _is_not_sign_extended(image: Image, data: bytes) -> bool:
    import numpy as np  # noqa: PLC0415  see above

    start, width = image.pixel_data.value, image.layout.width
    words = np.frombuffer(data, f"<i{width}", (image.frames_end - start) // width, start)
    limit = 1 << (image.bits_stored - 1)
    return bool(words.size and (int(words.min()) < -limit or int(words.max()) >= limit))


def by_pixel(frame: bytes, layout: FrameLayout) -> bytes:
    """RRR GGG BBB -> RGB RGB RGB (PS3.3 C.7.6.3.1.3)."""
    import numpy as np  # noqa: PLC0415  see above

    return np.frombuffer(frame, f"<u{layout.width}").reshape(layout.samples, -1).T.tobytes()


def by_plane(frame: bytes, layout: FrameLayout) -> bytes:
    """RGB RGB RGB -> RRR GGG BBB, the inverse of `by_pixel`."""
    import numpy as np  # noqa: PLC0415  see above

    return np.frombuffer(frame, f"<u{layout.width}").reshape(-1, layout.samples).T.tobytes()
