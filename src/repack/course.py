"""The course of each entry through a run: where it starts, and what stands in the manifest at its end.

For a bundle that repack never saw that is plain: task, outcome, line. For a zip that it made, `moving` says from where
an entry goes on, and the line keeps what is known of the first original.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from repack import deflate, following, moving, outcomes
from repack.errors import BundleUnreadable
from repack.model import (
    Action,
    Entry,
    EntryUnreadable,
    KeptAsIs,
    Outcome,
    Packed,
    Placed,
    Plan,
    Planned,
    Proof,
    Raw,
    Restorable,
    Streamed,
    Transcoded,
)
from repack.moving import AGAIN, Past, Records, Step
from repack.outcomes import Task
from repack.output import archive
from repack.record import recording
from repack.record.manifest import EntryRecord


@dataclass(frozen=True, slots=True)
class Ended:
    """What goes into the new zip for one entry, and its line of the manifest."""

    line: EntryRecord
    content: Packed | Placed | Raw | Streamed | None
    restorable: Restorable | None = None
    sop_instance: str = ""

    @property
    def transfer_syntax(self) -> str | None:
        """The new transfer syntax of an image that was rewritten, in this round or before."""
        is_rewritten = self.line.action == "transcoded" and self.line.after is not None
        return self.line.after.transfer_syntax if is_rewritten and self.line.after else None


@dataclass(frozen=True, slots=True)
class _Start:
    """Where an entry under way started."""

    step: Step
    entry: Entry
    restorable: Restorable | None


@dataclass(slots=True)
class Course:
    """The courses of one run; `under_way` holds what is needed again when an outcome comes in."""

    plan: Plan
    past: Past | None
    records: Records | None = None
    under_way: dict[int, _Start] = field(default_factory=dict)

    def number(self, index: int) -> int:
        """The position of an entry in the manifest."""
        return self.past.numbers[index] if self.past else index

    def start(self, line: Planned) -> Task:
        """The task for one line of the plan."""
        task = outcomes.make_task(line, self.plan.wishes)
        if self.past is None:
            return task
        held = self.past.line(line.entry.index)
        step = moving.choose_step(line, held, self.past.finished.manifest.options, self.plan.wishes)
        needs_record = step is not Step.FRESH and held.proof is Proof.EXACT
        restorable = self._records().take(self.number(line.entry.index)) if needs_record else None
        task = _SETTERS[step](task, held, restorable)
        entry = replace(line.entry, place=task.place)
        self.under_way[line.entry.index] = _Start(step, entry, restorable)
        return task

    def _records(self) -> Records:
        if self.records is None and self.past is not None:
            self.records = Records(self.past.finished.records(), self.past.bundle.path.name)
        assert self.records is not None  # noqa: S101  only asked for where there is a past
        return self.records

    def entry(self, line: Planned) -> Entry:
        """The entry with the place from which it was read."""
        start = self.under_way.get(line.entry.index)
        return start.entry if start else line.entry

    def end(self, line: Planned, outcome: Outcome) -> Ended:
        """What comes of an outcome. Raises BundleUnreadable where the zip is no longer what its manifest says."""
        if self.past is None:
            return _end_fresh(line, outcome)
        start = self.under_way.pop(line.entry.index)
        held = self.past.line(line.entry.index)
        self._check(start.step, line, held, outcome)
        gave_up = start.step in {Step.FIRST, Step.SAMPLES} and line.decision.action is Action.TRANSCODE
        if isinstance(outcome, KeptAsIs) and (gave_up or start.step is Step.SETTLED):
            return _stay(line, held, start.restorable, None if gave_up else outcome.content)
        ended = _end_fresh(line, outcome)
        if held.carried is not None and ended.line.carried not in {None, held.carried}:
            raise self._changed(line)
        if start.step is Step.SAMPLES and ended.line.proof is Proof.EXACT:  # of what the zip held, not of the first
            return replace(ended, line=recording.of_first(ended.line, held, Proof.SAMPLES), restorable=None)
        return replace(ended, line=recording.of_first(ended.line, held, ended.line.proof))

    def _check(self, step: Step, line: Planned, held: EntryRecord, outcome: Outcome) -> None:
        is_now = step in {Step.SETTLED, Step.SAMPLES} or (held.action == "transcoded" and step is Step.FRESH)
        expected = (held.after or held.before).sha256 if is_now else held.before.sha256
        if expected is not None and outcome.before.sha256 != expected:
            raise self._changed(line)

    def _changed(self, line: Planned) -> BundleUnreadable:
        problem = f"{line.entry.path} is not what its manifest says"
        return BundleUnreadable(self.plan.bundle.path.name, problem, AGAIN)


def _fresh(task: Task, _held: EntryRecord, _restorable: Restorable | None) -> Task:
    return task


def _settled(task: Task, _held: EntryRecord, _restorable: Restorable | None) -> Task:
    return replace(task, action=Action.COPY, reason="it is as it should be already")


def _first(task: Task, held: EntryRecord, restorable: Restorable | None) -> Task:
    place = moving.first_place(task.index, held, task.place, restorable) if restorable and task.place else task.place
    return replace(task, place=place)


def _samples(task: Task, held: EntryRecord, _restorable: Restorable | None) -> Task:
    syntax = held.after.transfer_syntax if held.after else None
    return replace(task, wishes=replace(task.wishes, is_codec_named=True), transfer_syntax=syntax)


_SETTERS: dict[Step, Callable[[Task, EntryRecord, Restorable | None], Task]] = {
    Step.FRESH: _fresh,
    Step.SETTLED: _settled,
    Step.FIRST: _first,
    Step.SAMPLES: _samples,
}


def _end_fresh(line: Planned, outcome: Outcome) -> Ended:
    match outcome:
        case Transcoded():
            return Ended(recording.record(line, outcome), outcome.packed, outcome.restorable, outcome.sop_instance)
        case KeptAsIs(content=Raw() as content, is_damaged=True):
            return Ended(recording.record(line, outcome, archive.digest_raw(content)), content)
        case KeptAsIs():
            return Ended(recording.record(line, outcome), outcome.content)
        case _:
            return Ended(recording.record(line, outcome), None)


def _stay(
    line: Planned, held: EntryRecord, restorable: Restorable | None, content: Packed | Raw | Streamed | None
) -> Ended:
    """An entry that stays as it is in the zip, with its line and its restore record."""
    place = line.entry.place
    instance = ""
    if content is None or held.proof is Proof.BOUNDED:
        try:
            if place is not None and content is None:
                content = place.raw() or deflate.pack(place.read())
            if place is not None and held.proof is Proof.BOUNDED:
                instance = following.read_instance(place)
        except EntryUnreadable as error:
            raise BundleUnreadable(line.entry.path, str(error), AGAIN) from error
    return Ended(recording.of_same(held, line, content.length if content else 0), content, restorable, instance)
