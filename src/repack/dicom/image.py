"""The image in a DICOM file: where its frames lie, what shape they have, and why some are left alone.

The order of the questions is that of the knowledge base: structure first, then attributes, then lengths; no memory is
taken on the word of a header.
"""

from dataclasses import dataclass
from typing import Literal

from repack.codecs.frames import FrameLayout
from repack.dicom import header, part10, syntaxes
from repack.dicom.header import Header
from repack.dicom.part10 import Element, FileMeta

SAMPLES_PER_PIXEL = 0x0028_0002
PHOTOMETRIC_INTERPRETATION = 0x0028_0004
PLANAR_CONFIGURATION = 0x0028_0006
ROWS, COLUMNS = 0x0028_0010, 0x0028_0011
BITS_ALLOCATED, BITS_STORED, HIGH_BIT = 0x0028_0100, 0x0028_0101, 0x0028_0102
PIXEL_REPRESENTATION = 0x0028_0103
FLOAT_PIXEL_DATA, DOUBLE_PIXEL_DATA = 0x7FE0_0008, 0x7FE0_0009
MAC_PARAMETERS, DIGITAL_SIGNATURES = 0x4FFE_0001, 0xFFFA_FFFA

#: By samples per pixel. YBR_RCT is RGB once it is decoded (PS3.3 C.7.6.3.1.2, PS3.5 8.2.4).
_COLOURS = {
    1: frozenset({"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"}),
    3: frozenset({"RGB", "YBR_FULL", "YBR_RCT"}),
}
#: First bytes -> byte order, bytes of an offset, of a count of entries and of an entry (TIFF 6.0 section 2; BigTIFF).
_TIFFS: dict[bytes, tuple[Literal["little", "big"], int, int, int]] = {
    b"II*\0": ("little", 4, 2, 12),
    b"MM\0*": ("big", 4, 2, 12),
    b"II+\0": ("little", 8, 8, 20),
    b"MM\0+": ("big", 8, 8, 20),
}
_MANY_TAGS = 4096  # of an image directory; real ones have dozens


@dataclass(frozen=True, slots=True)
class NotDone:
    """Why a file is kept as it is, in words for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class Cells:
    """What a word of a frame holds (PS3.5 8.1.1): which of its bits are the sample."""

    layout: FrameLayout
    is_signed: bool
    bits_stored: int
    high_bit: int


@dataclass(frozen=True, slots=True)
class Image:
    """The shape of an image that repack can deal with, and where its Pixel Data element lies.

    `behind` is the offset behind that element; `layout.precision` is not yet narrowed by a look at the words.
    """

    header: Header
    meta: FileMeta
    pixel_data: Element
    behind: int
    layout: FrameLayout
    frames: int
    is_planar: bool
    is_signed: bool
    bits_stored: int
    high_bit: int
    photometric: str

    @property
    def cells(self) -> Cells:
        """What a word of its frames holds."""
        return Cells(self.layout, self.is_signed, self.bits_stored, self.high_bit)


def refuse_content(data: bytes, top: Header, leave: str) -> str:
    """The reason why a file without an image for us is left alone, or nothing; `leave` speaks of its syntax."""
    if top.meta is None:
        return "it has no file meta information, so it does not say how its image is stored"
    if header.MEDIA_STORAGE_SOP_CLASS in top.meta.elements and (
        _meta_text(data, top.meta, header.MEDIA_STORAGE_SOP_CLASS) == syntaxes.MEDIA_STORAGE_DIRECTORY
    ):
        return "it is a DICOMDIR, an index of other files"
    if leave and (top.pixel_data or top.problem):
        return f"{syntaxes.find(top.meta.transfer_syntax).name}: {leave}"
    if top.problem:
        return f"its header cannot be read ({top.problem})"
    if top.pixel_data is None:
        if FLOAT_PIXEL_DATA in top.elements or DOUBLE_PIXEL_DATA in top.elements:
            return "its image holds floating-point numbers, which no lossless image codec takes"
        return "it holds no image (no Pixel Data element)"
    return ""


def read_shape(data: bytes, top: Header, behind: int) -> Image | NotDone:
    """The image of a file whose Pixel Data element ends before `behind`, or why it is left alone."""
    if top.pixel_data is None or top.meta is None:
        return NotDone("it holds no image (no Pixel Data element)")
    leave = _refuse_tail(data, top, behind)
    if leave:
        return NotDone(leave)
    return _read_attributes(top, top.meta, top.pixel_data, behind)


def refuse_any_change(data: bytes, top: Header) -> str:
    """The reason why a file is left alone whatever its image looks like, or nothing."""
    if MAC_PARAMETERS in top.elements:
        return "it carries a digital signature, which any change would break"
    if _is_tiff(data):
        return "it is a TIFF file as well, whose offsets any change would break"
    return ""


def _is_tiff(data: bytes) -> bool:
    """Does the preamble lead to an image directory in this file (PS3.10 7.1)? Most such preambles lead nowhere."""
    order, offset_size, count_size, entry_size = _TIFFS.get(data[:4], ("little", 0, 0, 0))
    if not offset_size:
        return False
    at = int.from_bytes(data[offset_size : 2 * offset_size], order)
    first = at + count_size
    count = int.from_bytes(data[at:first], order)
    if not 0 < count <= (len(data) - first) // entry_size:
        return False
    places = range(first, first + entry_size * min(count, _MANY_TAGS), entry_size)
    tags = [int.from_bytes(data[place : place + 2], order) for place in places]
    return tags == sorted(tags)


def _refuse_tail(data: bytes, top: Header, behind: int) -> str:
    """What follows Pixel Data must read as elements or be zeros, and be no second image and no signature."""
    if not any(data[behind:]):
        return ""
    try:
        tags = {e.tag for e, _ in part10.walk(data, behind, len(data), top.encoding)}
    except part10.Unparseable:
        return "bytes behind its image cannot be read as DICOM"
    if part10.ITEM_END in tags:  # where the walk stopped
        return "bytes behind its image cannot be read as DICOM"
    if part10.PIXEL_DATA in tags:
        return "it holds Pixel Data twice"
    if DIGITAL_SIGNATURES in tags:
        return "it carries a digital signature, which any change would break"
    return ""


def _read_attributes(top: Header, meta: FileMeta, pixel_data: Element, behind: int) -> Image | NotDone:
    numbers = {
        tag: top.number(tag)
        for tag in (ROWS, COLUMNS, SAMPLES_PER_PIXEL, BITS_ALLOCATED, BITS_STORED, PIXEL_REPRESENTATION)
    }
    if None in numbers.values() or top.frames is None:
        return NotDone("its header does not say the shape of its image (rows, columns, bits, frames)")
    rows, columns, samples, allocated, stored, sign = (number or 0 for number in numbers.values())
    high_bit = top.number(HIGH_BIT)
    photometric = top.ascii(PHOTOMETRIC_INTERPRETATION)
    planar = top.number(PLANAR_CONFIGURATION) if samples > 1 else 0
    reason = _refuse_shape(rows * columns, samples, allocated, stored, photometric)
    if not reason and (sign > 1 or planar not in {0, 1}):
        reason = "its header does not say the shape of its image (sign, order of colours)"
    if reason:
        return NotDone(reason)
    return Image(
        header=top,
        meta=meta,
        pixel_data=pixel_data,
        behind=behind,
        layout=FrameLayout(rows, columns, samples, allocated // 8, allocated, is_signed=sign == 1),
        frames=top.frames,
        is_planar=planar == 1,
        is_signed=sign == 1,
        bits_stored=stored,
        high_bit=stored - 1 if high_bit is None else high_bit,
        photometric=photometric,
    )


def _refuse_shape(pixels: int, samples: int, allocated: int, stored: int, photometric: str) -> str:
    if not pixels:
        return "its image has no pixels (0 rows or columns)"
    if allocated not in {8, 16}:
        bits = "1 bit" if allocated == 1 else f"{allocated} bits"
        return f"its samples take {bits} each; the lossless codecs take 8 or 16"
    if not 0 < stored <= allocated:
        return "its header contradicts itself (Bits Stored and Bits Allocated)"
    if samples not in _COLOURS or photometric not in _COLOURS[samples]:
        shown = photometric if photometric.replace("_", "").replace(" ", "").isalnum() else "unnamed"
        return f"its colours are stored in a way that is left alone ({samples} x {shown[:16]})"
    return ""


def _meta_text(data: bytes, meta: FileMeta, tag: int) -> str:
    element = meta.elements[tag]
    return data[element.value : element.end].rstrip(b"\0 ").decode("ascii", "replace")
