"""What a zip that repack made would take, repacked by other options: told from a sample of what is written anew.

What stays as it is keeps its length. The zip's own parts (restore data, manifest, headers) are counted as they are now,
and all of them count as doubt: they may as well come to nothing.
"""

from collections.abc import Sequence

from repack.course import Course
from repack.following import is_index
from repack.model import Action, KeptAsIs, Outcome, Plan, Planned, Transcoded
from repack.moving import Past, Records, Step, choose_step
from repack.planning import sampling
from repack.planning.estimate import Estimate, Memo, Sampling, draw_of, stratum_of, try_lines
from repack.planning.sampling import Item
from repack.processes.workers import Pool
from repack.progress import Progress


def estimate_again(
    plan: Plan, past: Past, pool: Pool, how: Sampling, progress: Progress, memo: Memo
) -> Estimate | None:
    """What carrying out the plan would make of a zip that repack made; None where only the run can tell.

    `after - error` is what it takes at least, as far as the sample tells. With one `memo` nothing is tried twice in
    several plans of the same zip. Raises BundleUnreadable.
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
    chosen = [line for line in anew if line.entry.index in drawn]
    measured: dict[int, int] = {}
    for line, outcome, _error in try_lines(_begin_course(plan, past, chosen), chosen, pool, progress, memo):
        length = _read_length(outcome, line, steps[line.entry.index])
        measured[line.entry.index] = now[line.entry.index] if length is None else length
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


def _begin_course(plan: Plan, past: Past, lines: Sequence[Planned]) -> Course:
    """The course of some lines, with their restore records only."""
    wanted = {past.numbers[line.entry.index] for line in lines}
    stream = ((number, record) for number, record in past.finished.records() if number in wanted)
    return Course(plan, past, Records(stream, plan.bundle.path.name))


def _read_length(outcome: Outcome, line: Planned, step: Step) -> int | None:
    """Bytes of what was tried; None where it then stays as it is in the zip (`course`)."""
    gave_up = step is not Step.FRESH and line.decision.action is Action.TRANSCODE
    match outcome:
        case Transcoded():
            return outcome.packed.length
        case KeptAsIs(content=content) if content is not None and not gave_up:
            return content.length
        case _:
            return None
