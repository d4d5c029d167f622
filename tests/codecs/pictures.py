"""Frames for the tests of the codecs: hypothesis strategies, and a plain one that is the same every time."""

import numpy as np
from hypothesis import strategies as st

from repack.codecs.frames import FrameLayout
from tests.strategies import stored_words


def ramp(layout: FrameLayout) -> bytes:
    """A smooth frame that uses every bit of the precision."""
    count = layout.rows * layout.columns * layout.samples
    words = np.arange(count) * 5 % (1 << layout.precision)
    return words.astype(f"<u{layout.width}").tobytes()


def noise(layout: FrameLayout) -> bytes:
    """A frame that nothing can make smaller."""
    words = np.random.default_rng(7).integers(0, 1 << layout.precision, layout.size // layout.width)
    return words.astype(f"<u{layout.width}").tobytes()


@st.composite
def layouts(draw: st.DrawFn) -> FrameLayout:
    """8 in 8, 9 to 16 in 16, signed ones too, grey and colour; thin, tiny and odd sizes."""
    width = draw(st.sampled_from([1, 2]))
    is_signed = draw(st.booleans())
    precision = 8 * width if is_signed or width == 1 else draw(st.integers(9, 16))
    side = st.one_of(st.integers(1, 5), st.integers(1, 70))
    return FrameLayout(draw(side), draw(side), draw(st.sampled_from([1, 3])), width, precision, is_signed)


@st.composite
def frames(draw: st.DrawFn, *, is_dirty: bool = False) -> tuple[bytes, FrameLayout]:
    """A frame and its layout; with `is_dirty` words may have bits above the precision."""
    layout = draw(layouts())
    count = layout.rows * layout.columns * layout.samples
    is_over = is_dirty and layout.precision < 8 * layout.width
    return draw(stored_words(count, 8 * layout.width, layout.precision, is_dirty=is_over)), layout


@st.composite
def damaged(draw: st.DrawFn, stream: bytes, first: int = 0) -> bytes:
    """A stream that was cut short or has other bytes from `first` on."""
    if draw(st.booleans()):
        return stream[: draw(st.integers(first, len(stream) - 1))]
    broken = bytearray(stream)
    for _ in range(draw(st.integers(1, 3))):
        broken[draw(st.integers(first, len(stream) - 1))] = draw(st.integers(0, 255))
    return bytes(broken)
