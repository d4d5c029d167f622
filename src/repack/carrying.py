"""Plan -> outcomes -> zip -> proof: carry out every line of a plan, write it, read it back."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from repack import lots, outcomes, piecewise
from repack.bundles.places import Unreadable
from repack.course import Course, Ended
from repack.dicom.image import NotDone
from repack.errors import BundleUnreadable, ProofFailed
from repack.following import Images, follow, is_index
from repack.model import (
    RESTORE_NAME,
    Action,
    Lost,
    Outcome,
    Plan,
    Planned,
    Raw,
)
from repack.moving import FirstPlace, Past
from repack.output import proving, readback
from repack.output.archive import Draft, Written
from repack.output.proving import EarlyProof
from repack.output.readback import make_checks
from repack.processes.workers import Crashed, Pool
from repack.progress import Progress
from repack.record import recording
from repack.record.manifest import EntryRecord, Manifest
from repack.record.restoredata import RestoreWriter

_CARRIED_FASTER = 8  # than compressed: some 700 MB/s against 90


class Carried(NamedTuple):
    """What was written: the manifest's lines, the damaged entries among them, and what is read back already."""

    records: list[EntryRecord]
    damaged: dict[int, Raw]
    early: EarlyProof


def carry_out(plan: Plan, past: Past | None, draft: Draft, pool: Pool, progress: Progress) -> Carried:
    """Write every entry as its outcome comes in. DICOMDIRs come last, when the images that they list are done."""
    progress.begin("Repacking", sum(map(_weigh, plan.lines)), len(plan.lines))
    carrier = _Carrier(draft, Course(plan, past), RestoreWriter(), {}, {}, EarlyProof(draft, pool))
    images = Images(plan, past)
    for line, outcome in _outcomes(carrier, sorted(plan.lines, key=is_index), pool, progress):
        if is_index(line):
            carrier.begin_proof()
            carrier.write(line, follow(images, line, carrier.course.entry(line), outcome))
        else:
            ended = carrier.write(line, outcome)
            images.note(line, ended.transfer_syntax, ended.sop_instance)
    carrier.begin_proof()
    if carrier.restore.records:
        draft.add_ours(RESTORE_NAME, carrier.restore.finish())
    records = recording.merge(past.finished.manifest if past else None, carrier.lines)
    return Carried(records, carrier.damaged, carrier.early)


def _weigh(line: Planned) -> int:
    """The bytes of an entry as progress counts them: what is only carried over takes a fraction of the time."""
    return line.entry.size if line.decision.action is Action.TRANSCODE else line.entry.size // _CARRIED_FASTER


@dataclass(frozen=True, slots=True)
class _Carrier:
    """Where the outcomes go: into the draft, the restore data and the manifest's lines (by number)."""

    draft: Draft
    course: Course
    restore: RestoreWriter
    lines: dict[int, EntryRecord]
    damaged: dict[int, Raw]
    early: EarlyProof  # of all that is written, but for what is damaged

    def write(self, line: Planned, outcome: Outcome) -> Ended:
        """Put one outcome into the draft; its bytes are not kept in memory after that."""
        ended = self.course.end(line, outcome)
        number = self.course.number(line.entry.index)
        if ended.content is not None:
            written = self.draft.add(line.entry, ended.content)
            if ended.line.damaged and isinstance(ended.content, Raw):
                self.damaged[number] = ended.content
            else:
                self.early.add(make_checks(number, written, ended.line.after.sha256 if ended.line.after else None))
        if ended.restorable is not None:
            self.restore.add(number, ended.restorable)
        self.lines[number] = ended.line
        return Ended(ended.line, None, None, ended.sop_instance)

    def begin_proof(self) -> None:
        """Begin to read it back, unless it may yet be too large: Windows deletes none that is being read."""
        if self.course.plan.wishes.max_size is None:
            self.early.catch_up()


def _outcomes(
    carrier: _Carrier, lines: Sequence[Planned], pool: Pool, progress: Progress
) -> Iterator[tuple[Planned, Outcome]]:
    """The outcome of every line, in order. Raises BundleUnreadable where an entry's bytes cannot be had at all."""
    for is_shared, group in groupby(lines, piecewise.is_for_pieces):
        if is_shared:
            for line in group:
                yield line, _share_out(carrier, line, pool, progress)
            continue
        some = list(group)
        some_lots = lots.make_lots(carrier.course.start(line) for line in some)
        for line, outcome in zip(some, _work(some_lots, pool, lends=True), strict=True):
            yield line, _had(carrier, line, outcome)
            progress.advance(_weigh(line))


def _share_out(carrier: _Carrier, line: Planned, pool: Pool, progress: Progress) -> Outcome:
    """The outcome of a large image, which all workers work at."""
    told = 0

    def tell(done: int) -> None:
        nonlocal told
        progress.advance(max(0, done - told), 0)
        told = max(told, done)

    task = carrier.course.start(line)
    outcome: Outcome | Lost | NotDone | None = None
    if not isinstance(task.place, FirstPlace):  # that has to be decoded first, and only workers decode
        outcome = piecewise.transcode(task, line.entry, carrier.draft, pool, tell)
    if isinstance(outcome, NotDone):  # kept as any other entry is: deflated where the bundle did not do it
        task = replace(task, action=Action.COPY, reason=outcome.reason)
        outcome = None
    if outcome is None:
        (outcome,) = _work([(task,)], pool)
    progress.advance(line.entry.size - told)
    return _had(carrier, line, outcome)


def _had(carrier: _Carrier, line: Planned, outcome: Outcome | Lost) -> Outcome:
    if isinstance(outcome, Lost):
        raise _unreadable(carrier.course.plan, line, outcome.reason)
    return outcome


def _unreadable(plan: Plan, line: Planned, reason: str) -> BundleUnreadable:
    """The error that names an entry which cannot be had, and says how many more are known to be like it."""
    path = line.entry.path
    others = sum(
        isinstance(one.entry.place, Unreadable) and one.decision.action is not Action.DROP
        for one in plan.lines
        if one is not line
    )
    more = f" (and {others:,} more cannot be read)" if others else ""
    give_up = "them up with --drop-path" if others else "this entry up with --drop-path"
    force = " --force-drop" if line.facts.dicom is not None or line.decision.guard else ""  # else a guard keeps it
    return BundleUnreadable(
        plan.bundle.path.name, f"{path}: {reason}{more}", f"get a better copy, or give {give_up} '{path}'{force}"
    )


def _work(
    some_lots: Iterable[tuple[outcomes.Task, ...]], pool: Pool, *, lends: bool = False
) -> Iterator[Outcome | Lost]:
    """The outcome of every task, in order; of a lot that killed its worker, each task is tried alone.

    With `lends`, the bytes of an outcome may have to be used before the next one is asked for.
    """
    for results in pool.run(outcomes.work, some_lots, lots.allow, lends=lends):
        if not isinstance(results, Crashed):
            yield from results
        elif len(results.task) > 1:
            yield from _work([(task,) for task in results.task], pool)
        else:
            yield outcomes.keep_after_crash(*results.task, is_memory=results.is_memory, is_late=results.is_late)


def prove(draft: Draft, written: Sequence[Written], record: Manifest, carried: Carried, progress: Progress) -> None:
    """Re-open the draft: its directory by another reader, every content by its SHA-256. Raises ProofFailed."""
    readback.check_directory(draft.path, draft.target, written, draft.comment)
    held = [(n, entry.after.sha256) for n, entry in enumerate(record.entries) if entry.after is not None]
    if len(written) != len(held) + len(record.own) + 1:  # the manifest does not name itself
        raise ProofFailed(draft.target.name, "its directory", "does not list what the manifest names")
    progress.begin("Checking", sum(w.place.size for w in written), len(held))
    lies = [(number, one, sha256) for (number, sha256), one in zip(held, written, strict=False)]
    names = [entry.path for entry in record.entries]
    for ours in written[len(held) :]:
        lies.append((len(names), ours, ours.sha256 or ""))  # one without is a fault
        names.append(ours.name.raw.decode("ascii"))
    named = dict(enumerate(names))
    checks = proving.make_checks(draft, lies, carried.damaged, named)
    proving.prove_entries(carried.early, checks, named, progress.advance)
