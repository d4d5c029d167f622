"""Frames as numpy arrays and back. numpy is loaded with the first frame: a listing of a disc does not need it."""

from typing import TYPE_CHECKING, Any

from repack.codecs.frames import CodecFailed, FrameLayout

if TYPE_CHECKING:
    from numpy.typing import NDArray


def from_frame(frame: bytes, layout: FrameLayout, kind: str = "u") -> "NDArray[Any]":
    """The words of a frame, rows x columns (x samples); `kind` is "u" or, for words with a sign, "i".

    Raises CodecFailed where the sizes disagree.
    """
    import numpy as np  # noqa: PLC0415  see above

    if len(frame) != layout.size:
        raise CodecFailed("the frame is not as large as its layout says")
    shape = (layout.rows, layout.columns, layout.samples)
    return np.frombuffer(frame, f"<{kind}{layout.width}").reshape(shape if layout.samples > 1 else shape[:2])


def to_frame(words: "NDArray[Any]", layout: FrameLayout, codec: str) -> bytes:
    """The frame that a decoder's array holds; raises CodecFailed where it has another shape than asked for.

    Narrower words are widened to the layout's cells, signed ones with their sign.
    """
    shape = (layout.rows, layout.columns, layout.samples)
    fits = words.shape == shape or (layout.samples == 1 and words.shape == shape[:2])
    if not fits or words.dtype.kind not in "iu" or words.dtype.itemsize > layout.width:
        raise CodecFailed(f"the {codec} stream holds an image of another shape")
    return bytes(words.astype(f"<{words.dtype.kind}{layout.width}", copy=False).tobytes())


def widen(frame: bytes, layout: FrameLayout, bits: int, codec: str, *, is_signed: bool = False) -> bytes:
    """The frame of a decoder that gives bytes, in the layout's cells; `bits` is what the stream declares per sample.

    Raises CodecFailed where it is not as large as it must be.
    """
    import numpy as np  # noqa: PLC0415  see above

    width = 1 if bits <= 8 else 2
    if len(frame) != layout.size // layout.width * width or width > layout.width:
        raise CodecFailed(f"the {codec} stream holds an image of another shape")
    if width == layout.width:
        return bytes(frame)
    return np.frombuffer(frame, "i1" if is_signed else "u1").astype("<i2" if is_signed else "<u2").tobytes()


def by_pixel(planes: bytes, layout: FrameLayout) -> bytes:
    """RRR GGG BBB -> RGB RGB RGB (PS3.3 C.7.6.3.1.3)."""
    import numpy as np  # noqa: PLC0415  see above

    if layout.samples == 1:
        return planes
    return np.frombuffer(planes, f"<u{layout.width}").reshape(layout.samples, -1).T.tobytes()
