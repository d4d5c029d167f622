"""What a header says of how an image is shown: shape, place in space, window, colours (PS3.3 C.7.6, C.11).

Values are taken as they are written and doubted: whatever is missing or makes no sense is None, never an error.
"""

import math
from dataclasses import dataclass

from repack.dicom import image
from repack.dicom.groups import Groups
from repack.dicom.header import Header

IMAGE_TYPE, SOP_CLASS_UID = 0x0008_0008, 0x0008_0016
BURNED_IN_ANNOTATION = 0x0028_0301
INSTANCE_NUMBER, POSITION, ORIENTATION = 0x0020_0013, 0x0020_0032, 0x0020_0037
PIXEL_SPACING, IMAGER_SPACING, ASPECT_RATIO = 0x0028_0030, 0x0018_1164, 0x0028_0034
THICKNESS, GAP = 0x0018_0050, 0x0018_0088
WINDOW_CENTER, WINDOW_WIDTH, INTERCEPT, SLOPE = 0x0028_1050, 0x0028_1051, 0x0028_1052, 0x0028_1053
PADDING_VALUE = 0x0028_0120
#: Macros of functional groups (PS3.3 C.7.6.16.2).
PLANE_POSITION, PLANE_ORIENTATION, PIXEL_MEASURES = 0x0020_9113, 0x0020_9116, 0x0028_9110
FRAME_WINDOW, FRAME_RESCALE = 0x0028_9132, 0x0028_9145
_PALETTE = ((0x0028_1101, 0x0028_1201), (0x0028_1102, 0x0028_1202), (0x0028_1103, 0x0028_1203))

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of the frames: bits as PS3.5 8.1.1 counts them."""

    rows: int
    columns: int
    samples: int
    allocated: int
    stored: int
    high_bit: int
    is_signed: bool
    is_planar: bool
    photometric: str
    frames: int

    @property
    def size(self) -> int:
        """Bytes of a frame."""
        return self.rows * self.columns * self.samples * self.allocated // 8


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a frame lies in the patient (PS3.3 C.7.6.2): mm; `along` and `down` are the directions of its edges."""

    position: Vector
    along: Vector  # a row, from left to right
    down: Vector  # a column, from top to bottom


@dataclass(frozen=True, slots=True)
class Palette:
    """Red, green and blue for the stored values from `first` on, each 0 to 255 (PS3.3 C.7.6.3.1.5)."""

    first: int
    red: bytes
    green: bytes
    blue: bytes


@dataclass(frozen=True, slots=True)
class Display:
    """From stored values to grey: first slope and intercept, then the window (PS3.3 C.11.1, C.11.2)."""

    slope: float = 1.0
    intercept: float = 0.0
    window: tuple[float, float] | None = None  # centre, width
    padding: int | None = None
    palette: Palette | None = None


def read_shape(top: Header) -> Shape | None:
    """The shape of an image of whole pixels, None where the header does not say it."""
    rows, columns = top.number(image.ROWS), top.number(image.COLUMNS)
    samples, allocated = top.number(image.SAMPLES_PER_PIXEL) or 1, top.number(image.BITS_ALLOCATED)
    if not rows or not columns or not allocated or top.frames is None:
        return None
    stored = top.number(image.BITS_STORED) or allocated
    high_bit = top.number(image.HIGH_BIT)
    return Shape(
        rows=rows,
        columns=columns,
        samples=samples,
        allocated=allocated,
        stored=min(stored, allocated),
        high_bit=stored - 1 if high_bit is None else high_bit,
        is_signed=top.number(image.PIXEL_REPRESENTATION) == 1,
        is_planar=samples > 1 and top.number(image.PLANAR_CONFIGURATION) == 1,
        photometric=top.ascii(image.PHOTOMETRIC_INTERPRETATION),
        frames=top.frames,
    )


def numbers(top: Header | None, tag: int, count: int) -> tuple[float, ...] | None:
    """The first `count` numbers of a decimal string (DS), finite ones; else None."""
    parts = top.ascii(tag).split("\\")[:count] if top is not None else []
    try:
        found = tuple(float(part) for part in parts)
    except ValueError:
        return None
    return found if len(found) == count and all(math.isfinite(value) for value in found) else None


def read_instance(top: Header) -> int:
    """Instance Number, 0 where it is none."""
    stated = numbers(top, INSTANCE_NUMBER, 1)
    return int(stated[0]) if stated else 0


def read_placement(top: Header, found: Groups, frame: int) -> Placement | None:
    """Where a frame lies, None where it is not said or its edges are not at right angles."""
    where = found.find(frame, PLANE_POSITION, POSITION) or top
    turned = found.find(frame, PLANE_ORIENTATION, ORIENTATION) or top
    position, edges = numbers(where, POSITION, 3), numbers(turned, ORIENTATION, 6)
    if position is None or edges is None:
        return None
    along, down = edges[:3], edges[3:]
    if not (_is_unit(along) and _is_unit(down)) or abs(sum(a * d for a, d in zip(along, down, strict=True))) > 0.01:
        return None
    return Placement(_vector(position), _vector(along), _vector(down))


def _vector(parts: tuple[float, ...]) -> Vector:
    return parts[0], parts[1], parts[2]


def _is_unit(parts: tuple[float, ...]) -> bool:
    return abs(math.hypot(*parts) - 1) < 0.01


def read_spacing(top: Header, found: Groups) -> tuple[float, float]:
    """The distance of rows and of columns, in mm or else in proportion; 1 and 1 where it is not said."""
    measures = found.find(0, PIXEL_MEASURES, PIXEL_SPACING) or top
    for source, tag in ((measures, PIXEL_SPACING), (top, IMAGER_SPACING), (top, ASPECT_RATIO)):
        stated = numbers(source, tag, 2)
        if stated is not None and stated[0] > 0 and stated[1] > 0 and 0.05 < stated[0] / stated[1] < 20:
            return stated[0], stated[1]
    return 1.0, 1.0


def read_gap(top: Header, found: Groups) -> float | None:
    """The distance of slices as it is stated, in mm: that between slices, else their thickness."""
    for tag in (GAP, THICKNESS):
        for source in (found.find(0, PIXEL_MEASURES, tag), top):
            stated = numbers(source, tag, 1)
            if stated is not None and stated[0] > 0:
                return stated[0]
    return None


def read_display(top: Header, found: Groups, frame: int, shape: Shape) -> Display:
    """How a frame is shown."""
    scale = found.find(frame, FRAME_RESCALE, SLOPE) or top
    voi = found.find(frame, FRAME_WINDOW, WINDOW_CENTER) or top
    slope, intercept = numbers(scale, SLOPE, 1), numbers(scale, INTERCEPT, 1)
    center, width = numbers(voi, WINDOW_CENTER, 1), numbers(voi, WINDOW_WIDTH, 1)
    padding = top.number(PADDING_VALUE)
    if padding is not None and shape.is_signed and padding >= 0x8000:
        padding -= 0x1_0000
    return Display(
        slope=slope[0] if slope and slope[0] else 1.0,
        intercept=intercept[0] if intercept else 0.0,
        window=(center[0], width[0]) if center and width and width[0] >= 1 else None,
        padding=padding,
        palette=_read_palette(top) if shape.photometric == "PALETTE COLOR" else None,
    )


def _read_palette(top: Header) -> Palette | None:
    """The colour tables; None where they are missing or segmented."""
    tables, first = [], 0
    for describing, holding in _PALETTE:
        stated, data = top.value(describing), top.value(holding)
        if stated is None or len(stated) != 6 or data is None:
            return None
        count, first, bits = (int.from_bytes(stated[n : n + 2], top.encoding.order) for n in (0, 2, 4))
        count = count or 0x1_0000
        if bits == 16 or len(data) >= 2 * count:  # 8 bits in words of 16 are common, too
            pairs = [data[n : n + 2] for n in range(0, 2 * count, 2)]
            values = [int.from_bytes(pair, top.encoding.order) for pair in pairs]
            data = bytes(value >> 8 for value in values) if max(values, default=0) > 255 else bytes(values)
        if len(data) < count:
            return None
        tables.append(data[:count])
    return Palette(first, *tables)
