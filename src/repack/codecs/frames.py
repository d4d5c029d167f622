"""What a codec is given and what it is: frames in, frames out. A codec never sees a data set."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """The shape of one frame of stored words, colour by pixel, little endian.

    `width` is bytes per sample (1 or 2); `precision` the number of bits that a codec should declare per sample.
    """

    rows: int
    columns: int
    samples: int
    width: int
    precision: int

    @property
    def size(self) -> int:
        """Bytes of a frame."""
        return self.rows * self.columns * self.samples * self.width


class CodecFailed(Exception):
    """A codec refused a frame or a stream, or gave back another shape than asked for."""


@dataclass(frozen=True, slots=True)
class Codec:
    """One way to write frames. `encode` and `decode` come from different libraries: each checks the other."""

    name: str
    transfer_syntax: str
    writer: str
    checker: str
    encode: Callable[[bytes, FrameLayout], bytes]
    decode: Callable[[bytes, FrameLayout], bytes]
    has_free_precision: bool  # else the stream declares Bits Allocated, whatever the layout says
