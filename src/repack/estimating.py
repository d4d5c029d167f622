"""How large a zip will be, before it is written: a sample of its entries is really encoded, the rest is reckoned."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from repack import outcomes
from repack.model import Action, KeptAsIs, Plan, Planned, Restorable, Transcoded
from repack.processes.workers import Crashed, Pool
from repack.progress import Progress
from repack.record.restoredata import RestoreWriter

_SAMPLE = 8  # entries of a group that are encoded
_LARGEST = 128 << 20  # bytes; encoding a larger one for an estimate alone would take too long
_PER_ENTRY = 76 + 110  # bytes: the two headers of a zip (APPNOTE 4.3.7, 4.3.12), a line of the manifest, deflated
_OF_OUR_OWN = 8_000  # bytes: the rest of the manifest, and the leaflet
_GUESS = 0.5  # what is left of an image that could not be sampled

Group = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Bytes of the new zip; `is_sure` where nothing had to be guessed without a sample."""

    size: int
    is_sure: bool


@dataclass(slots=True)
class Measured:
    """What samples gave, kept from one plan to the next: the share of its size that a group takes, its restore data."""

    shares: dict[Group, float] = field(default_factory=dict)
    restoring: dict[Group, tuple[int, int]] = field(default_factory=dict)  # of the first entry; of each one more


def estimate(plan: Plan, measured: Measured, pool: Pool, progress: Progress) -> Estimate:
    """Bytes that the zip of a plan will take, within some percent. What is sampled is remembered in `measured`."""
    groups: dict[Group, list[Planned]] = {}
    size = _OF_OUR_OWN
    for line in plan.lines:
        if line.decision.action is Action.DROP:
            size += _PER_ENTRY // 2  # only its line of the manifest
            continue
        size += _PER_ENTRY + 2 * len(line.entry.name.raw) + 2 * len(line.entry.stamp.extra)
        group = _find_group(line, plan)
        if group is None:
            size += line.entry.stored
        else:
            groups.setdefault(group, []).append(line)
    _measure(plan, groups, measured, pool, progress)
    is_sure = True
    for group, lines in groups.items():
        is_sure = is_sure and group in measured.shares
        size += int(measured.shares.get(group, _GUESS) * sum(line.entry.size for line in lines))
        first, more = measured.restoring.get(group, (0, 0))
        size += first + more * (len(lines) - 1)
    return Estimate(size, is_sure)


def _find_group(line: Planned, plan: Plan) -> Group | None:
    """Entries that pack alike; None where the bytes of the bundle are carried over as they are."""
    dicom = line.facts.dicom
    if line.decision.action is Action.TRANSCODE and dicom is not None:
        how = (plan.wishes.codec, str(plan.wishes.effort), str(plan.wishes.max_error))
        return (*how, dicom.series_uid, dicom.transfer_syntax or "")
    if plan.wishes.squeeze and line.decision.action is Action.COPY and line.entry.size:
        return ("squeeze", str(line.verdict.category), line.entry.path.rpartition(".")[2].lower())
    if line.entry.stored < line.entry.size or not line.entry.size:
        return None
    is_kept_stored = plan.bundle.kind == "zip" and dicom is None
    return None if is_kept_stored else (str(line.verdict.category), line.entry.path.rpartition(".")[2].lower())


def _measure(
    plan: Plan, groups: dict[Group, list[Planned]], measured: Measured, pool: Pool, progress: Progress
) -> None:
    """Encode a sample of each group that was not measured before."""
    samples = {group: _choose(lines) for group, lines in groups.items() if group not in measured.shares}
    chosen = [(group, line) for group, lines in samples.items() for line in lines]
    if not chosen:
        return
    progress.begin("Trying on a sample", sum(line.entry.size for _group, line in chosen), len(chosen))
    tasks = [(outcomes.make_task(line, plan.wishes),) for _group, line in chosen]
    sizes: dict[Group, list[int]] = {}
    heads: dict[Group, list[Restorable]] = {}
    for (group, line), results in zip(chosen, pool.run(outcomes.work, tasks), strict=True):
        result = None if isinstance(results, Crashed) else results[0]
        if isinstance(result, Transcoded):
            after = result.packed.length
            heads.setdefault(group, []).extend([result.restorable] if result.restorable else [])
        else:
            after = result.content.length if isinstance(result, KeptAsIs) and result.content else line.entry.size
        sizes.setdefault(group, []).extend((after, line.entry.size))
        progress.advance(line.entry.size)
    for group, found in sizes.items():
        measured.shares[group] = sum(found[::2]) / max(1, sum(found[1::2]))
    for group, restorables in heads.items():
        measured.restoring[group] = _weigh(restorables)


def _choose(lines: Sequence[Planned]) -> list[Planned]:
    """Some of a group, spread evenly over it: slices at its ends are emptier than those in its middle."""
    fitting = [line for line in lines if line.entry.size <= _LARGEST]
    step = max(1.0, len(fitting) / _SAMPLE)
    return [fitting[int(step * n + step / 2)] for n in range(min(_SAMPLE, len(fitting)))]


def _weigh(restorables: Sequence[Restorable]) -> tuple[int, int]:
    """Bytes that the restore data of the first of a group takes, and of each one more."""
    if not restorables:
        return 0, 0
    first, every = _length(restorables[:1]), _length(restorables)
    return first, (every - first) // max(1, len(restorables) - 1)


def _length(restorables: Iterable[Restorable]) -> int:
    writer = RestoreWriter()
    for number, restorable in enumerate(restorables):
        writer.add(number, restorable)
    return len(writer.finish())


def upper_bound(plan: Plan) -> int:
    """Bytes that the zip cannot exceed as long as nothing grows: everything as it lies in the bundle."""
    return sum(_bounds(plan), _OF_OUR_OWN)


def _bounds(plan: Plan) -> Iterator[int]:
    for line in plan.lines:
        kept = 0 if line.decision.action is Action.DROP else line.entry.stored
        yield kept + _PER_ENTRY * 2 + 2 * len(line.entry.name.raw)
