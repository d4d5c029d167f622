"""What a run would save, told in seconds from the directory of a bundle and a sample of its images.

The sampled entries really are transcoded and proven. What the directory tells exactly (entries that are dropped or
carried over as compressed bytes) is added up; all else of the zip is composed as in a run (`weighing`). A small disc is
measured as a whole. Nothing is written.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from repack import lots, outcomes, piecewise
from repack.bundles.places import Unreadable
from repack.bundles.zipped import ZipPlace
from repack.course import Course
from repack.errors import BundleUnreadable
from repack.following import is_index
from repack.model import STORED, Action, KeptAsIs, Lost, Outcome, Packed, Placed, Plan, Planned, Raw, Transcoded
from repack.moving import Past
from repack.outcomes import Task
from repack.planning import large, nested, sampling
from repack.planning.large import Told
from repack.planning.sampling import Block, Item
from repack.planning.weighing import Scales, Weighed, is_unreadable, known_length
from repack.processes.workers import Crashed, Pool
from repack.progress import NoProgress, Progress

_WHOLE_ITEMS, _WHOLE_BYTES = 1.5, 16 << 20  # up to so many samples' worth of items, or so many bytes, all are measured
_NO_FILE = Path()
_ROUGHLY = 3  # parts of a stratum's key that small strata still have in common

#: What was tried of a bundle, kept from one plan to the next: tasks, without what tells one such plan from another.
Memo = dict[Task, Told]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How many images to try of each bundle (about), and the seed of the draw: the same seed, the same answer."""

    count: int = 48
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """Bytes of a bundle and of the zip it would become: of a hundred such estimates, 95 are within `error` bytes.

    The error is that of the sample. An image that is unlike all others (damaged, say) may not be in it.
    """

    before: int
    after: int
    error: int
    images: int  # to be transcoded
    sampled: int  # of them, tried
    notes: tuple[str, ...] = ()  # on archives within the bundle, which are not opened

    @property
    def saved(self) -> int:
        """Bytes saved; negative where the zip would be larger."""
        return self.before - self.after


def add_up(estimates: Iterable[Estimate]) -> Estimate:
    """Many bundles together. Each has a sample of its own, so their errors add up as squares."""
    all_ = list(estimates)
    return Estimate(
        before=sum(one.before for one in all_),
        after=sum(one.after for one in all_),
        error=math.ceil(math.sqrt(sum(one.error**2 for one in all_))),
        images=sum(one.images for one in all_),
        sampled=sum(one.sampled for one in all_),
    )


def estimate_plan(
    plan: Plan,
    past: Past | None,
    pool: Pool,
    how: Sampling = Sampling(),
    progress: Progress | None = None,
    memo: Memo | None = None,
) -> Estimate:
    """What carrying out a plan would save. Raises BundleUnreadable where an entry is known not to be readable.

    A zip that repack made, and that other options would change, is measured as a whole. With a `memo` nothing is tried
    twice in several plans of one bundle that repack never saw, which differ in codecs and in what is dropped.
    """
    _refuse_unreadable(plan)
    before = _size(plan)
    if past is not None and plan.is_idle:
        return Estimate(before, before, 0, 0, 0, nested.remark_of_plan(plan))
    lines = {line.entry.index: line for line in plan.lines if not is_index(line)}
    blocks = _draw(
        [line for line in lines.values() if past or known_length(line, plan.wishes) is None], how, is_whole=bool(past)
    )
    drawn = {item.number for block in blocks for item in block.drawn}
    scales, memo = Scales(plan, past), {} if past or memo is None else memo
    chosen = [line for number, line in lines.items() if number in drawn]
    tried: dict[int, Weighed] = {}
    errors: dict[int, int] = {}
    for line, outcome, error in try_lines(scales.course, chosen, pool, progress or NoProgress(), memo):
        tried[line.entry.index], errors[line.entry.index] = scales.put(line, outcome), error
    found = sampling.extrapolate(blocks, {number: one.length for number, one in tried.items()})
    likenesses = {item.number: tried[block.drawn[0].number] for block in blocks for item in block.members}
    for number, line in lines.items():
        if number not in likenesses:
            scales.put_known(line, known_length(line, plan.wishes) or 0)
        elif number not in drawn:
            scales.put_alike(line, likenesses[number], found.sizes[number])
    indexes = [line for line in plan.lines if is_index(line)]
    for line, outcome, _error in try_lines(scales.course, indexes, pool, NoProgress(), memo):
        scales.put_index(line, outcome)
    after, unsure = scales.read()
    images = [number for number, line in lines.items() if line.decision.action is Action.TRANSCODE]
    unsure += math.ceil(_add_up_errors(blocks, errors))
    tried_images = len(drawn.intersection(images))
    return Estimate(before, after, found.error + unsure, len(images), tried_images, nested.remark_of_plan(plan))


def _add_up_errors(blocks: Iterable[Block], errors: Mapping[int, int]) -> float:
    """Of images that were tried in part; each stands for its share of a block."""
    shares = ((block, len(block.members) / len(block.drawn)) for block in blocks)
    return math.hypot(*(share * errors[item.number] for block, share in shares for item in block.drawn))


def _refuse_unreadable(plan: Plan) -> None:
    for line in plan.lines:
        if isinstance(line.entry.place, Unreadable) and line.decision.action is not Action.DROP:
            raise _unreadable(plan, line, line.entry.place.problem)


def _unreadable(plan: Plan, line: Planned, problem: str) -> BundleUnreadable:
    path = line.entry.path
    advice = f"get a better copy, or give this entry up with --drop-path '{path}'"
    return BundleUnreadable(plan.bundle.path.name, f"{path}: {problem}", advice)


def _size(plan: Plan) -> int:
    """Of the file, or of all files of a folder: what the last line of a run compares with."""
    if plan.bundle.size is not None:
        return plan.bundle.size
    return sum(line.entry.size for line in plan.lines if not line.entry.is_directory)


def _draw(lines: Sequence[Planned], how: Sampling, *, is_whole: bool) -> tuple[Block, ...]:
    """What to try of the images and of what has to be packed anew: of few all, else some of each series and size."""
    groups: dict[tuple[Action, bool], list[Item]] = {}
    for line in lines:
        group = groups.setdefault((line.decision.action, is_unreadable(line)), [])
        group.append(Item(line.entry.index, stratum_of(line), _told(line)))
    return tuple(
        block
        for (_action, is_trouble), items in groups.items()
        for block in draw_of(items, how, is_whole=is_whole or is_trouble)
    )


def draw_of(items: Sequence[Item], how: Sampling, *, is_whole: bool = False) -> tuple[Block, ...]:
    """What to try of some items: of few all, else of each stratum some."""
    total = sum(item.known for item in items)
    if is_whole or len(items) <= _WHOLE_ITEMS * how.count or total <= _WHOLE_BYTES:
        return tuple(Block(item.stratum, (item,), (item,)) for item in items)
    return sampling.draw(_merge_small(items, total / how.count), how.count, how.seed)


def _told(line: Planned) -> int:
    """What the directory tells of an entry's size: best as somebody has deflated it already."""
    return line.entry.stored if _is_deflated(line) else line.entry.size


def _is_deflated(line: Planned) -> bool:
    return isinstance(line.entry.place, ZipPlace) and line.entry.place.method != STORED


def stratum_of(line: Planned) -> tuple[Hashable, ...]:
    """What compresses alike: first what also holds for small strata together, then what tells them apart."""
    size, dicom = line.entry.size.bit_length(), line.facts.dicom
    if line.decision.action is not Action.TRANSCODE or dicom is None:
        return (line.decision.action, _is_deflated(line), size, line.verdict.category)
    return (line.decision.action, _is_deflated(line), size, dicom.transfer_syntax, dicom.modality, dicom.series_uid)


def _merge_small(items: Sequence[Item], least: float) -> list[Item]:
    """Strata that are too small to deserve a sample of their own go together with others of their size."""
    sums: dict[Hashable, int] = {}
    for item in items:
        sums[item.stratum] = sums.get(item.stratum, 0) + item.known
    return [item if sums[item.stratum] >= least else replace(item, stratum=item.stratum[:_ROUGHLY]) for item in items]


def try_lines(
    course: Course, lines: Sequence[Planned], pool: Pool, progress: Progress, memo: Memo
) -> Iterator[tuple[Planned, Outcome, int]]:
    """The outcome of each line, as in a run, and by how many bytes it may be off.

    Raises BundleUnreadable where the bytes of a line cannot be had.
    """
    keys = [_task_key(outcomes.make_task(line, course.plan.wishes)) for line in lines]
    new = [line for line, key in zip(lines, keys, strict=True) if key not in memo]
    if new:
        progress.begin("Trying a sample", sum(line.entry.size for line in new), len(new))
    found = _work(course, new, pool)
    for line, key in zip(lines, keys, strict=True):
        if key not in memo:
            memo[key] = next(found)
            progress.advance(line.entry.size)
        told = memo[key]
        if isinstance(told.outcome, Lost):
            raise _unreadable(course.plan, line, told.outcome.reason)
        yield line, told.outcome, told.error


def _work(course: Course, lines: Sequence[Planned], pool: Pool) -> Iterator[Told]:
    """What becomes of lines, in order; of an image that all workers would share, some frames are tried."""
    for is_large, group in groupby(lines, lambda line: course.past is None and piecewise.is_for_pieces(line)):
        tasks: Iterator[tuple[Task, ...]] = ((course.start(line),) for line in group)
        work: Callable[[tuple[Task, ...]], Sequence[Told | Outcome | Lost]] = large.work if is_large else outcomes.work
        for results in pool.run(work, tasks, lots.allow):
            result = _keep(results) if isinstance(results, Crashed) else results[0]
            told = result if isinstance(result, Told) else Told(result)
            yield replace(told, outcome=_weightless(told.outcome))


def _keep(crashed: Crashed[tuple[Task, ...]]) -> Outcome | Lost:
    return outcomes.keep_after_crash(*crashed.task, is_memory=crashed.is_memory, is_late=crashed.is_late)


def _task_key(task: Task) -> Task:
    """What the outcome of a task depends on: not on what else is dropped. (A place need not be hashable.)"""
    return replace(task, place=None, wishes=replace(task.wishes, keep_locales=(), drop_redist=False, drop=()))


def _weightless(outcome: Outcome | Lost) -> Outcome | Lost:
    """An outcome without the bytes that would go into the zip, of which only the number counts here."""
    match outcome:
        case Transcoded(packed=Packed() as packed):
            placed = Placed(0, packed.method, packed.crc, packed.size, packed.length, packed.around)
            return replace(outcome, packed=placed)
        case KeptAsIs(content=Packed() as content):
            raw = Raw(_NO_FILE, 0, content.length, content.method, content.crc, content.size)
            return replace(outcome, content=raw)
        case _:
            return outcome
