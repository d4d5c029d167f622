"""Decoders that pydicom brings itself or knows how to call (RLE; GDCM)."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from repack.codecs import arrays
from repack.codecs.frames import CodecFailed, FrameLayout


def decode(stream: bytes, layout: FrameLayout, transfer_syntax: str, plugin: str, codec: str) -> bytes:
    """One frame, colour by pixel, as that plugin of pydicom decodes it. Raises CodecFailed.

    The caller has looked at the announced shape: GDCM aborts the whole process where it is another one.
    """
    from pydicom.encaps import encapsulate  # noqa: PLC0415  heavy, and needed with the first frame only
    from pydicom.pixels.decoders.base import get_decoder  # noqa: PLC0415  as above
    from pydicom.uid import UID  # noqa: PLC0415  as above

    try:
        with _quiet():
            words, described = get_decoder(UID(transfer_syntax)).as_buffer(
                encapsulate([stream]),
                decoding_plugin=plugin,
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
    except (RuntimeError, ValueError, AttributeError, LookupError) as error:
        raise CodecFailed(f"the {codec} stream cannot be decoded") from error
    if len(words) != layout.size:
        raise CodecFailed(f"the {codec} stream holds an image of another shape")
    return arrays.by_pixel(bytes(words), layout) if described.get("planar_configuration") else bytes(words)


@contextmanager
def _quiet() -> Iterator[None]:
    """pydicom wonders aloud about padding, and about streams that are as long as their image."""
    log = logging.getLogger("pydicom")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
