"""Arrays made smaller or larger: the mean of the pixels that fall together, or a line between neighbours."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


def fit(rows: int, columns: int, spacing: tuple[float, float], most: int) -> tuple[int, int]:
    """Rows and columns of a picture with square pixels whose longer edge is `most` pixels or as many as there are.

    `spacing` is the distance of rows and of columns, in any one unit.
    """
    height, width = rows * spacing[0], columns * spacing[1]
    longer = min(most, max(rows, columns))
    scale = longer / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def resize(values: "NDArray[Any]", rows: int, columns: int) -> "NDArray[Any]":
    """An array of rows x columns (x samples) of another size, as 32-bit floating point."""
    import numpy as np  # noqa: PLC0415  heavy, and needed with the first picture only

    return _along(_along(values.astype(np.float32), 0, rows), 1, columns)


def _along(values: "NDArray[Any]", axis: int, count: int) -> "NDArray[Any]":
    import numpy as np  # noqa: PLC0415  as above

    have = values.shape[axis]
    if count == have:
        return values
    if count < have:
        edges = np.arange(count) * have // count
        sizes = np.diff(edges, append=have)
        shape = [1] * values.ndim
        shape[axis] = count
        mean: NDArray[Any] = np.add.reduceat(values, edges, axis=axis) / sizes.reshape(shape)
        return mean.astype(np.float32)
    at = np.clip((np.arange(count) + 0.5) * have / count - 0.5, 0, have - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, have - 1)
    shape = [1] * values.ndim
    shape[axis] = count
    share = (at - low).astype(np.float32).reshape(shape)
    between: NDArray[Any] = values.take(low, axis) * (1 - share) + values.take(high, axis) * share
    return between
