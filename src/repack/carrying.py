"""Plan -> outcomes -> zip -> proof: carry out every line of a plan, write it, read it back."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from repack import outcomes
from repack.bundles.places import Unreadable
from repack.bundles.zipped import ZipPlace
from repack.classify import references
from repack.course import Course, Ended
from repack.errors import BundleUnreadable, ProofFailed
from repack.model import (
    RESTORE_NAME,
    Action,
    KeptAsIs,
    Lost,
    Outcome,
    Plan,
    Planned,
    Raw,
)
from repack.moving import Past
from repack.output import archive
from repack.output.archive import Draft, Written
from repack.processes.workers import Crashed, Pool
from repack.progress import Progress
from repack.record import recording
from repack.record.manifest import EntryRecord, Manifest
from repack.record.restoredata import RestoreWriter

_LOT_ENTRIES, _LOT_BYTES = 32, 4 << 20  # small entries travel together


def carry_out(
    plan: Plan, past: Past | None, draft: Draft, pool: Pool, progress: Progress
) -> tuple[list[EntryRecord], dict[int, Raw]]:
    """Write every entry as its outcome comes in; the manifest's lines, and the damaged entries that were carried over.

    DICOMDIRs come last, when the images that they list are done.
    """
    progress.begin("Repacking", sum(line.entry.size for line in plan.lines), len(plan.lines))
    carrier = _Carrier(draft, Course(plan, past), RestoreWriter(), {}, {})
    new_syntaxes: dict[int, str] = {}
    new_instances: dict[int, str] = {}
    for line, outcome in _outcomes(carrier.course, [line for line in plan.lines if not _is_index(line)], pool):
        ended = carrier.write(line, outcome)
        if ended.transfer_syntax:
            new_syntaxes[line.entry.index] = ended.transfer_syntax
        if ended.sop_instance:
            new_instances[line.entry.index] = ended.sop_instance
        progress.advance(line.entry.size)
    for line, outcome in _outcomes(carrier.course, [line for line in plan.lines if _is_index(line)], pool):
        followed = outcome
        if isinstance(outcome, KeptAsIs):
            syntaxes, instances = (_listed(plan, line, new) for new in (new_syntaxes, new_instances))
            left = _left(plan, line) if _is_part(plan, past) else None
            followed = outcomes.follow_images(carrier.course.entry(line), outcome, syntaxes, instances, left)
        carrier.write(line, followed)
        progress.advance(line.entry.size)
    if carrier.restore.records:
        draft.add_ours(RESTORE_NAME, carrier.restore.finish())
    return recording.merge(past.finished.manifest if past else None, carrier.lines), carrier.damaged


def _is_index(line: Planned) -> bool:
    return line.facts.dicom is not None and line.facts.dicom.is_directory  # whatever a rule calls it


@dataclass(frozen=True, slots=True)
class _Carrier:
    """Where the outcomes go: into the draft, the restore data and the manifest's lines (by number)."""

    draft: Draft
    course: Course
    restore: RestoreWriter
    lines: dict[int, EntryRecord]
    damaged: dict[int, Raw]

    def write(self, line: Planned, outcome: Outcome) -> Ended:
        """Put one outcome into the draft; its bytes are not kept in memory after that."""
        ended = self.course.end(line, outcome)
        number = self.course.number(line.entry.index)
        if ended.content is not None:
            self.draft.add(line.entry, ended.content)
        if ended.restorable is not None:
            self.restore.add(number, ended.restorable)
        if ended.line.damaged and isinstance(ended.content, Raw):
            self.damaged[number] = ended.content
        self.lines[number] = ended.line
        return Ended(ended.line, None, None, ended.sop_instance)


def _outcomes(course: Course, lines: Sequence[Planned], pool: Pool) -> Iterator[tuple[Planned, Outcome]]:
    """The outcome of every line, in order. Raises BundleUnreadable where an entry's bytes cannot be had at all."""
    lots = _make_lots(course.start(line) for line in lines)
    for line, outcome in zip(lines, _work(lots, pool), strict=True):
        if isinstance(outcome, Lost):
            raise _unreadable(course.plan, line, outcome.reason)
        yield line, outcome


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
    return BundleUnreadable(
        plan.bundle.path.name, f"{path}: {reason}{more}", f"get a better copy, or give {give_up} '{path}'"
    )


def _work(lots: Iterable[tuple[outcomes.Task, ...]], pool: Pool) -> Iterator[Outcome | Lost]:
    """The outcome of every task, in order; of a lot that killed its worker, each task is tried alone."""
    for results in pool.run(outcomes.work, lots):
        if not isinstance(results, Crashed):
            yield from results
        elif len(results.task) > 1:
            yield from _work([(task,) for task in results.task], pool)
        else:
            yield outcomes.keep_after_crash(*results.task, is_memory=results.is_memory)


def _make_lots(tasks: Iterable[outcomes.Task]) -> Iterator[tuple[outcomes.Task, ...]]:
    """Neighbours that are small travel together; an image of size travels alone."""
    lot: list[outcomes.Task] = []
    size = 0
    for task in tasks:
        weight = task.size * (8 if task.action is Action.TRANSCODE else 1)
        if lot and (len(lot) >= _LOT_ENTRIES or size + weight > _LOT_BYTES):
            yield tuple(lot)
            lot, size = [], 0
        lot.append(task)
        size += weight
    if lot:
        yield tuple(lot)


def _listed(plan: Plan, directory: Planned, new_uids: dict[int, str]) -> dict[str, str]:
    """File ID -> new transfer syntax or SOP Instance UID, for the images that a DICOMDIR lists."""
    by_path = references.index_paths(plan.bundle.entries)
    found: dict[str, str] = {}
    for file_id in directory.facts.mentions:
        index = references.find_listed(directory.entry.path, file_id, by_path)
        if index is not None and index in new_uids:
            found[file_id] = new_uids[index]
    return found


def _is_part(plan: Plan, past: Past | None) -> bool:
    """Is this one study of several, or was the zip that is repacked?"""
    rounds = past.finished.manifest.history if past else ()
    return plan.wishes.part is not None or any(one.options.part for one in rounds)


def _left(plan: Plan, directory: Planned) -> set[str]:
    """The file IDs of a DICOMDIR whose files are in the new zip."""
    entries = [line.entry for line in plan.lines]
    kept = {line.entry.index for line in plan.lines if line.decision.action is not Action.DROP}
    by_path = references.index_paths(entries)
    path, file_ids = directory.entry.path, directory.facts.mentions
    return {file_id for file_id in file_ids if references.find_listed(path, file_id, by_path) in kept}


def prove(
    draft: Draft, written: Sequence[Written], record: Manifest, damaged: dict[int, Raw], pool: Pool, progress: Progress
) -> None:
    """Re-open the draft: its directory by another reader, every content by its SHA-256. Raises ProofFailed."""
    archive.check_directory(draft.path, draft.target, written, draft.comment)
    in_zip = [(n, entry) for n, entry in enumerate(record.entries) if entry.after is not None]
    if len(written) != len(in_zip) + len(record.own) + 1:  # the manifest does not name itself
        raise ProofFailed(draft.target.name, "its directory", "does not list what the manifest names")
    progress.begin("Checking", sum(w.place.size for w in written), len(in_zip))
    checks: list[tuple[int, ZipPlace, str]] = []
    for (number, entry), lies in zip(in_zip, written, strict=False):
        if number in damaged:
            if not archive.same_bytes(lies.place, damaged[number]):
                raise ProofFailed(draft.target.name, entry.path, "was not carried over as it is")
        elif entry.after is not None and entry.after.sha256 is not None:
            checks.append((number, lies.place, entry.after.sha256))
    names = [entry.path for entry in record.entries]
    for ours in written[len(in_zip) :]:
        checks.append((len(names), ours.place, ours.sha256 or ""))
        names.append(ours.name.raw.decode("ascii"))
    lots = [tuple(checks[n : n + _LOT_ENTRIES]) for n in range(0, len(checks), _LOT_ENTRIES)]
    for lot, found in zip(lots, pool.run(archive.check_contents, lots), strict=True):
        wrong = archive.check_contents(lot) if isinstance(found, Crashed) else found
        if wrong is not None:
            raise ProofFailed(draft.target.name, names[wrong], "reads back differently")
        progress.advance(sum(place.size for _n, place, _s in lot), len(lot))
