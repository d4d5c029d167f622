"""What a DICOMDIR must say once its images are written anew: it is finished last, in the main process."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from repack import deflate
from repack.bundles import digests
from repack.classify import references
from repack.dicom import assemble, dicomdir, header, part10, subset
from repack.dicom.image import NotDone
from repack.model import (
    Action,
    Content,
    Entry,
    EntryUnreadable,
    KeptAsIs,
    Outcome,
    Place,
    Plan,
    Planned,
    Proof,
    Restorable,
    Transcoded,
)
from repack.moving import Past
from repack.record.manifest import find_part

_STALE = "the transfer syntaxes that it states are stale"


@dataclass(frozen=True, slots=True)
class Images:
    """What the images of a plan have become so far, by the index of their entries."""

    plan: Plan
    past: Past | None
    syntaxes: dict[int, str] = field(default_factory=dict)  # the new transfer syntaxes
    instances: dict[int, str] = field(default_factory=dict)  # the new SOP Instance UIDs

    def note(self, line: Planned, transfer_syntax: str | None, sop_instance: str) -> None:
        """An image is done; the new UIDs are None and empty where it has none."""
        if transfer_syntax:
            self.syntaxes[line.entry.index] = transfer_syntax
        if sop_instance:
            self.instances[line.entry.index] = sop_instance


def is_index(line: Planned) -> bool:
    """Is it a DICOMDIR, whatever a rule calls it?"""
    return line.facts.dicom is not None and line.facts.dicom.is_directory


def follow(images: Images, line: Planned, entry: Entry, outcome: Outcome) -> Outcome:
    """The outcome of a DICOMDIR once its images are done: one that would be kept follows them.

    `entry` has the place from which the DICOMDIR was read.
    """
    if not isinstance(outcome, KeptAsIs):
        return outcome
    stated = line.facts.directory
    if stated is not None and stated.problem and (images.syntaxes or images.instances) and not outcome.is_damaged:
        return _leave_stale(outcome, stated.problem)
    listed = _find_listed(images.plan, line)
    syntaxes, instances = (
        {file_id: new[index] for file_id, index in listed.items() if index in new}
        for new in (images.syntaxes, images.instances)
    )
    left = _find_left(images.plan, listed) if _is_part(images.plan, images.past) else None
    return follow_images(entry, outcome, syntaxes, instances, left)


def _find_listed(plan: Plan, directory: Planned) -> dict[str, int]:
    """File ID -> the index of the entry that a DICOMDIR means by it."""
    by_path = references.index_paths(plan.bundle.entries)
    found = (
        (file_id, references.find_listed(directory.entry.path, file_id, by_path))
        for file_id in directory.facts.mentions
    )
    return {file_id: index for file_id, index in found if index is not None}


def _is_part(plan: Plan, past: Past | None) -> bool:
    """Is this one study of several, or was the zip that is repacked?"""
    return plan.wishes.part is not None or (past is not None and find_part(past.finished.manifest) is not None)


def _find_left(plan: Plan, listed: Mapping[str, int]) -> set[str]:
    """The file IDs of a DICOMDIR whose files are in the new zip."""
    kept = {line.entry.index for line in plan.lines if line.decision.action is not Action.DROP}
    return {file_id for file_id, index in listed.items() if index in kept}


def read_instance(place: Place) -> str:
    """The SOP Instance UID of an image. Raises EntryUnreadable."""
    try:
        return header.read(place.read()).ascii(assemble.SOP_INSTANCE_UID)
    except part10.Unparseable as error:
        raise EntryUnreadable("it is no DICOM file") from error


def find_undivided(entry: Entry) -> str:
    """Why the records of a DICOMDIR cannot be divided among parts; empty where they can."""
    try:
        directory = dicomdir.read_directory(entry.place.read() if entry.place else b"")
    except EntryUnreadable as error:
        return str(error)
    divided = directory if isinstance(directory, NotDone) else subset.keep_only(directory, ())
    return divided.reason if isinstance(divided, NotDone) else ""


def follow_images(
    entry: Entry,
    kept: KeptAsIs,
    syntaxes_by_file_id: Mapping[str, str],
    instances_by_file_id: Mapping[str, str] | None = None,
    left: Collection[str] | None = None,
) -> Transcoded | KeptAsIs:
    """The outcome of a DICOMDIR whose images were transcoded: patched, or kept with the reason why not.

    `left` are the file IDs that a part of the bundle still holds; None where it is whole.
    """
    if entry.place is None or not (syntaxes_by_file_id or left is not None) or kept.is_damaged:
        return kept
    try:
        original = entry.place.read()
    except EntryUnreadable:  # it could be read a moment ago; what was written down then still holds
        return kept
    directory = dicomdir.read_directory(original)
    if isinstance(directory, NotDone):
        return _leave_stale(kept, directory.reason)
    if left is not None:
        directory = subset.keep_only(directory, left)
        if isinstance(directory, NotDone):
            return replace(kept, reason=f"{directory.reason}; it lists images of other studies, too")
    patched = dicomdir.patch(directory, syntaxes_by_file_id, instances_by_file_id)
    if isinstance(patched, NotDone):
        return _leave_stale(kept, patched.reason)
    if patched.data == original:
        return kept
    return _followed(entry, kept, original, patched, instances_by_file_id, is_part=left is not None)


def _leave_stale(kept: KeptAsIs, problem: str) -> KeptAsIs:
    """Nothing is lost, but who goes by it is misled: that has to be seen."""
    reason = f"{problem}; {_STALE}"
    return replace(kept, reason=reason, notes=(reason,))


def _followed(
    entry: Entry,
    kept: KeptAsIs,
    original: bytes,
    patched: dicomdir.Patched,
    instances_by_file_id: Mapping[str, str] | None,
    *,
    is_part: bool,
) -> Transcoded:
    packed = deflate.pack(patched.data)
    what = "transfer syntax and SOP Instance UID" if instances_by_file_id else "transfer syntax"
    follow = "follow" if instances_by_file_id else "follows"
    reason = f"the {what} of {patched.changed} records {follow} the images, and every record offset with it"
    after = Content(packed.size, packed.length, digests.sha256(patched.data), kept.before.transfer_syntax)
    restorable = Restorable(original, has_frames=False)
    if is_part:
        reason = f"the records of other studies are left out; {reason}"
    note = f"; {patched.note}" if patched.note else ""
    return Transcoded(entry.index, reason + note, kept.before, after, packed, Proof.EXACT, restorable)
