"""Stored words -> what the eye sees: grey through rescale and window (PS3.3 C.11), colour (PS3.3 C.7.6.3)."""

from typing import TYPE_CHECKING, Any

from repack.dicom.showing import Display, Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DARKEST, _BRIGHTEST = 1.0, 99.5  # percentiles shown as black and white where no window is stated
_TOO_FEW_GREYS = 0.02  # a window under which nearly all is black or white shows nothing
#: YBR_FULL -> RGB (PS3.3 C.7.6.3.1.2, full range of ITU-R BT.601).
_FROM_YBR = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))


def read_values(frame: bytes, shape: Shape) -> "NDArray[Any]":
    """The stored values of a frame: the bits of each word that count, with their sign (PS3.5 8.1.1)."""
    import numpy as np  # noqa: PLC0415  heavy, and needed with the first picture only

    words = np.frombuffer(frame, f"<u{shape.allocated // 8}", shape.rows * shape.columns * shape.samples)
    wide: type[np.signedinteger[Any]] = np.int32 if shape.allocated <= 16 else np.int64  # a frame may have 256 MB
    values: NDArray[Any] = words.astype(wide)
    low = shape.high_bit + 1 - shape.stored
    if 0 < low < shape.allocated:
        values >>= low
    values &= (1 << shape.stored) - 1
    if shape.is_signed:
        half = 1 << (shape.stored - 1)
        values = (values ^ half) - half
    dimensions = (shape.rows, shape.columns, shape.samples)
    return values.reshape(dimensions if shape.samples > 1 else dimensions[:2])


def is_colour(shape: Shape, display: Display) -> bool:
    """Is the picture in colours?"""
    return shape.samples == 3 or display.palette is not None


def colours(values: "NDArray[Any]", shape: Shape, display: Display) -> "NDArray[Any]":
    """Red, green and blue of each pixel, 0 to 255."""
    import numpy as np  # noqa: PLC0415  as above

    if display.palette is not None and shape.samples == 1:
        palette = display.palette
        index = np.clip(values - palette.first, 0, len(palette.red) - 1)
        tables = [np.frombuffer(table, "u1") for table in (palette.red, palette.green, palette.blue)]
        looked_up = [table[np.minimum(index, table.size - 1)] for table in tables]
        mapped: NDArray[Any] = np.stack(looked_up, axis=-1)
        return mapped.astype(np.float32)
    found: NDArray[Any] = values.astype(np.float32) * (255 / ((1 << shape.stored) - 1))
    if shape.photometric.startswith("YBR_FULL"):
        found = (found - np.array([0, 128, 128], np.float32)) @ np.array(_FROM_YBR, np.float32).T
    shown: NDArray[Any] = np.clip(found, 0, 255)
    return shown


def rescaled(values: "NDArray[Any]", display: Display) -> "NDArray[Any]":
    """The values that a window speaks of, e.g. Hounsfield units; padding becomes the smallest of the others."""
    import numpy as np  # noqa: PLC0415  as above

    found: NDArray[Any] = values.astype(np.float32) * display.slope + display.intercept
    if display.padding is not None:
        padded = values == display.padding
        if padded.any() and not padded.all():
            found[padded] = found[~padded].min()
    return found


def greys(values: "NDArray[Any]", display: Display, photometric: str) -> "NDArray[Any]":
    """Bytes of grey: through the stated window where it shows something, else from a dark to a bright percentile.

    MONOCHROME1 means that the smallest value is white.
    """
    import numpy as np  # noqa: PLC0415  as above

    shown = _through(values, display.window)
    if shown is None or np.mean((shown > 0) & (shown < 1)) < _TOO_FEW_GREYS:
        low, high = (float(edge) for edge in np.percentile(values, (_DARKEST, _BRIGHTEST)))
        shown = np.clip((values - low) / max(high - low, 1e-6), 0, 1)
    if photometric == "MONOCHROME1":
        shown = 1 - shown
    return (shown * 255 + 0.5).astype(np.uint8)


def _through(values: "NDArray[Any]", window: tuple[float, float] | None) -> "NDArray[Any] | None":
    """PS3.3 C.11.2.1.2.1, linear; 0 to 1."""
    import numpy as np  # noqa: PLC0415  as above

    if window is None:
        return None
    center, width = window
    found: NDArray[Any] = np.clip((values - (center - 0.5)) / max(width - 1, 1) + 0.5, 0, 1)
    return found
