"""What a codec is given and what it is: frames in, frames out. A codec never sees a data set."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """The shape of one frame of stored words: unsigned, little endian, colour by pixel.

    `width` is bytes per sample (1 or 2); `precision` the number of bits that a codec should declare per sample.
    Signed words travel as they lie in the file, in two's complement, so their precision is the whole cell
    (8 * width). `is_signed` is for codecs whose streams know a sign (JPEG 2000); the others take the raw words.
    """

    rows: int
    columns: int
    samples: int
    width: int
    precision: int
    is_signed: bool = False

    @property
    def size(self) -> int:
        """Bytes of a frame."""
        return self.rows * self.columns * self.samples * self.width


class CodecFailed(Exception):
    """A codec refused a frame or a stream, or gave back another shape than asked for."""


_LARGE, _LARGEST_RATIO = 1 << 26, 1000


def refuse_claim(stream: bytes, layout: FrameLayout, codec: str) -> None:
    """Raise CodecFailed where a few bytes claim a huge image, before a decoder takes memory for it.

    Real images of over 64 MB do not shrink to a thousandth; smaller ones may be blank, and cost little.
    """
    if layout.size > max(_LARGE, _LARGEST_RATIO * len(stream)):
        raise CodecFailed(f"the {codec} stream is too short for an image of this size")


_FILLING = b"\0\xff "  # what is met behind the end of streams; a blank in files of pylibjpeg's test data

Encode = Callable[[bytes, FrameLayout], bytes]
Decode = Callable[[bytes, FrameLayout], bytes]


def take_every_layout(_layout: FrameLayout) -> str:
    """The answer of a codec that writes frames of 8 or 16 bits, of 1 or 3 samples and of any size."""
    return ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A Python package that encodes or decodes, and the library in it that does the work."""

    package: str
    library: str

    def __str__(self) -> str:
        return self.package if self.library == self.package else f"{self.library} in {self.package}"


@dataclass(frozen=True, slots=True)
class Unpacker:
    """A program of others that makes the image A into an uncompressed one, B: `command A B`."""

    command: str
    kit: str  # the tool kit that it belongs to


GDCM = Unpacker("gdcmconv --raw", "GDCM")


@dataclass(frozen=True, slots=True)
class Codec:
    """One way to write frames. `encode` and `decode` come from different libraries: each checks the other.

    Both raise CodecFailed. `decode` looks at the shape that a stream announces before it takes memory; it needs
    `rows`, `columns`, `samples` and `width` of a layout, not precision and sign.
    """

    name: str
    transfer_syntax: str
    writer: Tool
    checker: Tool
    encode: Encode
    decode: Decode
    has_free_precision: bool  # else the stream declares Bits Allocated, whatever the layout says
    refuse: Callable[[FrameLayout], str] = take_every_layout  # the reason why it does not write this; "" where it does
    max_error: int = 0  # by how much a decoded word may differ; 0: lossless
    opened_by: str = ""  # which programs show it, in short
    few_readers: str = ""  # where current viewers do not open it: names of those programs that do, in no language
    unpackers: tuple[Unpacker, ...] = ()  # those of which every image comes back with its words as they were

    @property
    def shared_code(self) -> str:
        """The library that both writes and checks, where there is no independent one: the check is weaker then."""
        return self.writer.library if self.writer.library == self.checker.library else ""


@dataclass(frozen=True, slots=True)
class Reader:
    """One way to read frames that others compressed without loss, and a second opinion where there is one.

    Both raise CodecFailed. Words of a stream with 8 bits or fewer come back in cells of the layout's width. Colour
    comes back as the decoder gives it: a stream with a reversible colour transform (JPEG 2000) is already RGB.
    """

    transfer_syntax: str
    tool: Tool
    decode: Decode
    second_tool: Tool | None = None
    second_decode: Decode | None = None  # to be asked only where `decode` succeeded: it may be less robust
    marks: tuple[bytes, bytes] | None = None  # how a stream begins and how it ends: bytes that are nowhere else in it
    undoes_colours: bool = False  # the decoder gives RGB where a stream holds YBR_RCT

    def holds_one_image(self, stream: bytes) -> bool:
        """Is there nothing in a stream but one image and what fills it up? A decoder stops at the first.

        A mark inside a table or a comment counts as one more image: better to leave a file than to lose a frame.
        """
        if self.marks is None:
            return True
        begin, end = self.marks
        return stream.count(begin) == stream.count(end) == 1 and stream.rstrip(_FILLING).endswith(end)

    @property
    def shared_code(self) -> str:
        """As for a codec: the library that gives both opinions."""
        return self.tool.library if self.second_tool is None or self.tool.library == self.second_tool.library else ""
