"""The headers of a series, looked through by a worker process: shape, order, which slices are worth a picture."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from repack.dicom import groups, showing, syntaxes
from repack.dicom.groups import Groups
from repack.dicom.header import MODALITY, Header
from repack.dicom.showing import Placement, Shape
from repack.dicom.syntaxes import Kind
from repack.thumbnails import opening, person, planes
from repack.thumbnails.drawing import File, PlanesTask, SliceTask, Task
from repack.thumbnails.opening import Undrawable
from repack.thumbnails.person import NOBODY, Person
from repack.thumbnails.planes import Slice, Stack

_MOST_HEADERS = 3000  # of one series; of a longer one as many, evenly spread
_MOST_FRAMES = 5000  # of one file
_MOST_SLICES = {True: 96, False: 48}  # of a stack, natively stored or compressed: decoding takes its time
_MOST_HELD = 256 << 20  # bytes of frames that one task may hold
#: Frames of these without a place of their own are slices at the stated distance; of others they may be a film.
_OF_SLICES = frozenset({"CT", "MR", "PT"})


@dataclass(frozen=True, slots=True)
class SeriesTask:
    """The files of a series, and whether the report may show whose they are."""

    files: tuple[File, ...]
    with_patient: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """What the headers of a series say: the sizes of its frames, what to draw, or why there is nothing to draw."""

    sizes: tuple[tuple[int, int], ...] = ()  # columns and rows, the most frequent first
    tasks: tuple[Task, ...] = ()
    withheld: str = ""
    person: Person = NOBODY
    hidden_words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Read:
    """What the first readable header of a series decides for all."""

    top: Header
    found: Groups
    shape: Shape


def look_through(task: SeriesTask) -> Overview:
    """The overview of a series; pure, so that a worker process can do it."""
    try:
        return _look_through(task)
    except MemoryError:  # the same again alone, and then not at all: `workers`
        raise
    except Exception as error:  # noqa: BLE001  the one boundary: a series must not cost the report
        return Overview(withheld=f"a fault in repack ({type(error).__name__})")


def _look_through(task: SeriesTask) -> Overview:
    slices: list[Slice] = []
    first: _Read | None = None
    refused, words = "", frozenset[str]()
    for number in _spread(len(task.files), _MOST_HEADERS):
        file = task.files[number]
        try:
            top = opening.read_top(file.place, file.size)
        except Undrawable as error:
            refused = refused or str(error)
            continue
        words |= person.words_to_hide(top) if first is None else frozenset()
        shape = showing.read_shape(top)
        if shape is None or top.pixel_data is None:
            refused = refused or "it holds no pixels that can be drawn"
            continue
        if not task.with_patient and (why := person.refuse_picture(top)):
            return Overview(_sizes([*slices, *_slices(number, top, shape)]), withheld=why, hidden_words=words)
        first = first or _Read(top, groups.read(top), shape)
        slices += _slices(number, top, shape)
    if first is None:
        return Overview(withheld=refused or "it holds no pixels that can be drawn", hidden_words=words)
    syntax = first.top.meta.transfer_syntax if first.top.meta else None
    kind = syntaxes.find(syntax).kind
    told = Overview(_sizes(slices), person=person.read(first.top) if task.with_patient else NOBODY, hidden_words=words)
    if kind is Kind.VIDEO:
        return replace(told, withheld="it is a video")
    return replace(told, tasks=tuple(_choose(task, planes.in_order(slices), first, is_native=kind is Kind.NATIVE)))


def _spread(count: int, most: int) -> Sequence[int]:
    """All numbers below `count`, or so many of them evenly spread, the first and the last among them."""
    if count <= most:
        return range(count)
    return [n * (count - 1) // (most - 1) for n in range(most)]


def _sizes(slices: Sequence[Slice]) -> tuple[tuple[int, int], ...]:
    counts = Counter((one.columns, one.rows) for one in slices)
    return tuple(size for size, _ in counts.most_common())


def _slices(number: int, top: Header, shape: Shape) -> Iterator[Slice]:
    """The frames of one file."""
    stated = showing.read_instance(top)
    found = groups.read(top)
    same = showing.read_placement(top, Groups(None, ()), 0) if not found.by_frame else None
    gap = showing.read_gap(top, found) if top.ascii(MODALITY) in _OF_SLICES else None
    for frame in _spread(shape.frames, _MOST_FRAMES):
        place = showing.read_placement(top, found, frame) if found.by_frame or not frame else None
        if frame and same is not None and gap is not None:
            place = _further(same, frame * gap)
        yield Slice(number, frame, shape.rows, shape.columns, stated, place)


def _further(where: Placement, distance: float) -> Placement:
    """The same frame so many mm further across (frames of one file without places of their own)."""
    across = planes.cross(where.along, where.down)
    x, y, z = (part + distance * step for part, step in zip(where.position, across, strict=True))
    return replace(where, position=(x, y, z))


def _choose(task: SeriesTask, ordered: tuple[Slice, ...], first: _Read, *, is_native: bool) -> Iterator[Task]:
    """First, middle and last, and two planes through what is a volume."""
    count = len(ordered)
    is_all = len(task.files) <= _MOST_HEADERS and first.shape.frames <= _MOST_FRAMES
    names = {count - 1: "last image", count // 2: "image in the middle", 0: "first image"}  # fewer for one or two
    for at in sorted(names):
        one = ordered[at]
        caption = f"image {at + 1:,} of {count:,}" if is_all else names[at]
        yield SliceTask(task.files[one.file], one.frame, caption if count > 1 else "")
    stack = planes.find_stack(ordered)
    if stack is None or first.shape.samples != 1:
        return
    most = min(_MOST_SLICES[is_native], _MOST_HELD // first.shape.size)
    if most < planes.FEWEST:
        return
    chosen = [stack.slices[n] for n in _spread(len(stack.slices), most)]
    numbers = {old: new for new, old in enumerate(dict.fromkeys(one.file for one in chosen))}
    thinned = Stack(
        tuple(replace(one, file=numbers[one.file]) for one in chosen),
        stack.gap * len(stack.slices) / len(chosen),
        stack.across,
    )
    files = tuple(task.files[old] for old in numbers)
    yield PlanesTask(files, thinned, showing.read_spacing(first.top, first.found))
