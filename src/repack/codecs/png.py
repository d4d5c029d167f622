"""Writing PNG (ISO/IEC 15948): the small pictures of a report."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEVEL = 9  # of zlib; the pictures are small


def encode(pixels: "NDArray[Any]") -> bytes:
    """A picture of bytes, rows x columns (grey) or rows x columns x 3 (RGB), as a PNG file."""
    import imagecodecs  # noqa: PLC0415  heavy, and needed for reports only

    return bytes(imagecodecs.png_encode(pixels, level=_LEVEL))
