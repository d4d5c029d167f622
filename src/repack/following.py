"""What a DICOMDIR must say once its images are written anew: it is finished last, in the main process."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from repack import deflate
from repack.bundles import digests
from repack.dicom import assemble, dicomdir, header, part10, subset
from repack.dicom.image import NotDone
from repack.model import Content, Entry, EntryUnreadable, KeptAsIs, Place, Proof, Restorable, Transcoded


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
        return replace(kept, reason=f"{directory.reason}; the transfer syntaxes that it states are stale")
    if left is not None:
        directory = subset.keep_only(directory, left)
        if isinstance(directory, NotDone):
            return replace(kept, reason=f"{directory.reason}; it lists images of other studies, too")
    patched = dicomdir.patch(directory, syntaxes_by_file_id, instances_by_file_id)
    if isinstance(patched, NotDone):
        return replace(kept, reason=patched.reason)
    if patched.data == original:
        return kept
    packed = deflate.pack(patched.data)
    what = "transfer syntax and SOP Instance UID" if instances_by_file_id else "transfer syntax"
    follow = "follow" if instances_by_file_id else "follows"
    reason = f"the {what} of {patched.changed} records {follow} the images, and every record offset with it"
    after = Content(packed.size, packed.length, digests.sha256(patched.data), kept.before.transfer_syntax)
    restorable = Restorable(original, has_frames=False)
    if left is not None:
        reason = f"the records of other studies are left out; {reason}"
    note = f"; {patched.note}" if patched.note else ""
    return Transcoded(entry.index, reason + note, kept.before, after, packed, Proof.EXACT, restorable)
