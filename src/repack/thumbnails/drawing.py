"""The pictures of a report, one task each for a worker process: a slice, or the two planes through a stack of slices.

No task raises for a bad image: what cannot be drawn is a value that says why. A codec that crashes costs one picture.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from repack.codecs import png
from repack.dicom import groups, showing
from repack.dicom.showing import Display, Shape
from repack.model import Place
from repack.thumbnails import opening, planes, scaling, tones
from repack.thumbnails.opening import Undrawable
from repack.thumbnails.planes import Stack

if TYPE_CHECKING:
    from numpy.typing import NDArray

EDGE = 320  # pixels of the longer edge of a picture, at most
_NARROWEST = 40  # pixels of the shorter edge of a plane that is worth looking at


@dataclass(frozen=True, slots=True)
class File:
    """Where a file of a series lies, and its size in bytes."""

    place: Place
    size: int


@dataclass(frozen=True, slots=True)
class SliceTask:
    """One frame to be drawn, and what is written below it."""

    file: File
    frame: int
    caption: str


@dataclass(frozen=True, slots=True)
class PlanesTask:
    """Two planes through the middle of a stack; `middle` is the slice whose window counts for them."""

    files: tuple[File, ...]
    stack: Stack
    spacing: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished picture: a PNG file, its size in pixels, and what it shows."""

    png: bytes
    width: int
    height: int
    caption: str


@dataclass(frozen=True, slots=True)
class NoPicture:
    """Why there is no picture, to people."""

    reason: str


Task = SliceTask | PlanesTask


def draw(task: Task) -> tuple[Picture, ...] | NoPicture:
    """The pictures of a task; pure, so that a worker process can do it."""
    try:
        return _draw_slice(task) if isinstance(task, SliceTask) else _draw_planes(task)
    except Undrawable as error:
        return NoPicture(str(error))
    except MemoryError:  # the same again alone, and then not at all: `workers`
        raise
    except Exception as error:  # noqa: BLE001  the one boundary: a picture must not cost the report
        return NoPicture(f"a fault in repack ({type(error).__name__})")


def _draw_slice(task: SliceTask) -> tuple[Picture, ...]:
    top, shape, frames = opening.read_frames(task.file.place, task.file.size, (task.frame,))
    found = groups.read(top)
    display = showing.read_display(top, found, task.frame, shape)
    values = tones.read_values(frames[task.frame], shape)
    size = scaling.fit(shape.rows, shape.columns, showing.read_spacing(top, found), EDGE)
    if tones.is_colour(shape, display):
        coloured = tones.colours(values, shape, display)
        return (_finish(scaling.resize(coloured, *size), task.caption),)
    small = scaling.resize(tones.rescaled(values, display), *size)
    return (_finish(tones.greys(small, display, shape.photometric), task.caption),)


def _finish(pixels: "NDArray[Any]", caption: str) -> Picture:
    import numpy as np  # noqa: PLC0415  heavy, and needed with the first picture only

    whole = np.ascontiguousarray(np.clip(pixels, 0, 255).astype(np.uint8))
    return Picture(png.encode(whole), whole.shape[1], whole.shape[0], caption)


def _draw_planes(task: PlanesTask) -> tuple[Picture, ...]:
    import numpy as np  # noqa: PLC0415  as above

    wanted: dict[int, list[int]] = defaultdict(list)
    for one in task.stack.slices:
        wanted[one.file].append(one.frame)
    lines: dict[tuple[int, int], tuple[NDArray[Any], NDArray[Any]]] = {}
    middle = task.stack.slices[len(task.stack.slices) // 2]
    where = middle.placement
    if where is None:
        raise Undrawable("its place is not known")
    looks = Display(), ""
    for number, frames in wanted.items():
        file = task.files[number]
        top, shape, found = opening.read_frames(file.place, file.size, frames)
        _check_grey(shape, middle.rows, middle.columns)
        in_groups = groups.read(top)
        for frame in frames:
            display = showing.read_display(top, in_groups, frame, shape)
            values = tones.rescaled(tones.read_values(found[frame], shape), display)
            lines[number, frame] = values[shape.rows // 2].copy(), values[:, shape.columns // 2].copy()
            if (number, frame) == (middle.file, middle.frame):
                looks = display, shape.photometric
    stacked = [lines[one.file, one.frame] for one in task.stack.slices]
    across_columns = np.stack([line for line, _ in stacked])
    across_rows = np.stack([line for _, line in stacked])
    both = ((across_columns, where.along, task.spacing[1]), (across_rows, where.down, task.spacing[0]))
    return tuple(
        picture for plane, right, apart in both for picture in _draw_plane(plane, task.stack, (right, apart), looks)
    )


def _check_grey(shape: Shape, rows: int, columns: int) -> None:
    if shape.samples != 1 or (shape.rows, shape.columns) != (rows, columns):
        raise Undrawable("its slices differ")


def _draw_plane(
    plane: "NDArray[Any]",
    stack: Stack,
    edge: tuple[showing.Vector, float],
    looks: tuple[Display, str],
) -> Sequence[Picture]:
    """One plane the right way up; none where it lies too oblique."""
    right, apart = edge
    view = planes.find_view(stack.across, right)
    if view is None:
        return ()
    spacing = (stack.gap, apart)
    if view.is_transposed:
        plane, spacing = plane.T, (apart, stack.gap)
    plane = plane[::-1] if view.is_upside_down else plane
    plane = plane[:, ::-1] if view.is_mirrored else plane
    rows, columns = plane.shape
    height, width = rows * spacing[0], columns * spacing[1]
    scale = EDGE / max(height, width)
    size = round(height * scale), round(width * scale)
    if min(size) < _NARROWEST:
        return ()
    small = scaling.resize(plane, *size)
    display, photometric = looks
    return (_finish(tones.greys(small, display, photometric), f"{view.name} plane through the middle"),)
