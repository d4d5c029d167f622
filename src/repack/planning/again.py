"""What a zip that repack made would take, repacked by other options: told from a sample of what is written anew.

What stays as it is keeps its length. The zip's own parts (restore data, manifest, headers) are counted as they are now,
and all of them count as doubt: they may as well come to nothing.
"""

from collections.abc import Iterator, Sequence

from repack import lots, outcomes
from repack.course import Course
from repack.following import is_index
from repack.model import Action, KeptAsIs, Lost, Outcome, Plan, Planned, Transcoded
from repack.moving import Past, Records, Step, choose_step
from repack.outcomes import Task
from repack.planning import sampling
from repack.planning.estimate import Estimate, Sampling, draw_of, stratum_of, task_key
from repack.planning.sampling import Item
from repack.processes.workers import Crashed, Pool
from repack.progress import Progress

#: Bytes in the new zip of what was tried, kept from one plan to the next of the same zip; None: it stays as it is.
Lengths = dict[Task, int | None]


def estimate_again(
    plan: Plan, past: Past, pool: Pool, how: Sampling, progress: Progress, tried: Lengths
) -> Estimate | None:
    """What carrying out the plan would make of a zip that repack made; None where only the run can tell.

    `after - error` is what it takes at least, as far as the sample tells. Raises BundleUnreadable.
    """
    size = plan.bundle.size
    if size is None or plan.bundle.kind != "zip" or plan.bundle.encrypted or plan.wishes.squeeze:
        return None  # then it is not known either what becomes of that which no image is
    if plan.is_idle:
        return Estimate(size, size, 0, 0, 0)
    now = {line.entry.index: _length_now(past, line) for line in plan.lines}
    kept = [line for line in plan.lines if line.decision.action is not Action.DROP and line.entry.place is not None]
    indexes = sum(now[line.entry.index] for line in kept if is_index(line))
    steps = {line.entry.index: _choose_step(plan, past, line) for line in kept if not is_index(line)}
    anew = [line for line in kept if line.entry.index in steps and _is_written(line, steps[line.entry.index])]
    blocks = draw_of([_item(line, steps[line.entry.index], now[line.entry.index]) for line in anew], how)
    drawn = {item.number for block in blocks for item in block.drawn}
    lengths = _try(plan, past, [line for line in anew if line.entry.index in drawn], pool, progress, tried)
    if lengths is None:
        return None
    measured = {number: now[number] if length is None else length for number, length in lengths.items()}
    found = sampling.extrapolate(blocks, measured)
    staying = sum(now[number] for number in steps) - sum(now[line.entry.index] for line in anew)
    own = size - sum(now.values()) + indexes
    after = staying + sum(found.sizes.values()) + own
    return Estimate(size, after, found.error + own, len(anew), len(drawn))


def _length_now(past: Past, line: Planned) -> int:
    held = past.line(line.entry.index)
    return held.after.stored if held.after else 0


def _choose_step(plan: Plan, past: Past, line: Planned) -> Step:
    return choose_step(line, past.line(line.entry.index), past.finished.manifest.options, plan.wishes)


def _is_written(line: Planned, step: Step) -> bool:
    """Is it written anew, or at least tried?"""
    return step is not Step.SETTLED and (step is not Step.FRESH or line.decision.action is Action.TRANSCODE)


def _item(line: Planned, step: Step, now: int) -> Item:
    """Its length goes with the one that it has now."""
    action, *others = stratum_of(line)
    return Item(line.entry.index, ((step, action), *others), now)


def _try(
    plan: Plan, past: Past, lines: Sequence[Planned], pool: Pool, progress: Progress, tried: Lengths
) -> dict[int, int | None] | None:
    """Bytes that each of these takes anew, or None for one that stays as it is; None at all where one is lost."""
    keys = {line.entry.index: task_key(outcomes.make_task(line, plan.wishes)) for line in lines}
    new = [line for line in lines if keys[line.entry.index] not in tried]
    if new:
        progress.begin("Trying a sample", sum(line.entry.size for line in new), len(new))
    for line, outcome in zip(new, _work(plan, past, new, pool), strict=True):
        if isinstance(outcome, Lost):
            return None
        tried[keys[line.entry.index]] = _read_length(outcome, line, _choose_step(plan, past, line))
        progress.advance(line.entry.size)
    return {number: tried[key] for number, key in keys.items()}


def _work(plan: Plan, past: Past, lines: Sequence[Planned], pool: Pool) -> Iterator[Outcome | Lost | None]:
    """The outcomes of lines, in order, each from where it goes on; None where it costs a worker its life."""
    wanted = {past.numbers[line.entry.index] for line in lines}
    stream = ((number, record) for number, record in past.finished.records() if number in wanted)
    course = Course(plan, past, Records(stream, plan.bundle.path.name))
    for results in pool.run(outcomes.work, ((course.start(line),) for line in lines), lots.allow):
        yield None if isinstance(results, Crashed) else results[0]


def _read_length(outcome: Outcome | None, line: Planned, step: Step) -> int | None:
    """Bytes of what was tried; None where it then stays as it is in the zip (`course`)."""
    gave_up = step is not Step.FRESH and line.decision.action is Action.TRANSCODE
    match outcome:
        case Transcoded():
            return outcome.packed.length
        case KeptAsIs(content=content) if content is not None and not gave_up:
            return content.length
        case _:
            return None
