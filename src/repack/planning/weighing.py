"""How large a new zip would be: every entry is put on the scales as its outcome, and nothing is written.

Headers, DICOMDIR, leaflet and manifest are made as in a run, with made-up hashes where nothing was hashed. The restore
data of images that were not tried is told from that of the others.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from repack import deflate
from repack.bundles.zipped import ZipPlace
from repack.conformance.review import review
from repack.course import Course, Ended
from repack.following import Images, follow
from repack.model import (
    LEAFLET_NAME,
    MANIFEST_NAME,
    RESTORE_NAME,
    STORED,
    Action,
    Content,
    Dropped,
    Entry,
    EntryName,
    EntryUnreadable,
    KeptAsIs,
    Outcome,
    Plan,
    Planned,
    Raw,
    Stamp,
    Wishes,
)
from repack.moving import Past
from repack.output import zipformat
from repack.record import leaflet, manifest, recording
from repack.record.manifest import EntryRecord, OwnFile, State
from repack.record.restoredata import RestoreWriter

_NO_FILE = Path()
_OVERHEAD = (100_000, 10_000, 10_000)  # as long as the numbers usually are
_EARLIEST = Stamp(0x21, 0)
#: How little is known of what is composed with made-up values: restore data of images that were not tried (neighbours
#: share more than images that lie apart), and the manifest.
_RESTORE_DOUBT, _MANIFEST_DOUBT, _LEAST_DOUBT = 0.5, 0.01, 64


def is_unreadable(line: Planned) -> bool:
    """Could not even its first bytes be read? Such an entry may stop the run."""
    return line.facts.magic == "unreadable"


def known_length(line: Planned, wishes: Wishes) -> int | None:
    """Bytes of an entry in the new zip, where the directory of the bundle alone tells them; else None."""
    entry = line.entry
    if line.decision.action is Action.DROP or entry.place is None:
        return 0
    if line.decision.action is Action.TRANSCODE or is_unreadable(line) or not isinstance(entry.place, ZipPlace):
        return None
    is_carried = (entry.place.method != STORED or line.facts.dicom is None) and not wishes.squeeze
    return entry.stored if is_carried else None


@dataclass(frozen=True, slots=True)
class Weighed:
    """An entry that was put on the scales; `length` is what it takes in the zip, headers not counted."""

    ended: Ended
    length: int


class Scales:
    """Adds up the zip that a plan makes. Entries are put on in the order of the plan, the DICOMDIRs last."""

    def __init__(self, plan: Plan, past: Past | None) -> None:
        self.course = Course(plan, past)
        self._plan, self._past = plan, past
        self._lines: dict[int, EntryRecord] = {}
        self._length = self._directory = self._count = 0
        self._restore, self._firsts = RestoreWriter(), RestoreWriter()
        self._series: set[str] = set()
        self._likened = 0
        self._images = Images(plan, past)

    def put(self, line: Planned, outcome: Outcome) -> Weighed:
        """An entry as its outcome, which was made or made up."""
        ended = self.course.end(line, outcome)
        number = self.course.number(line.entry.index)
        length = ended.content.length if ended.content is not None else 0
        if ended.content is not None:
            self._add(line, Raw(_NO_FILE, 0, length, ended.content.method, 0, ended.content.size))
        if ended.restorable is not None:
            self._restore.add(number, ended.restorable)
            series = line.facts.dicom.series_uid if line.facts.dicom else ""
            if series not in self._series:
                self._series.add(series)
                self._firsts.add(number, ended.restorable)
        self._note(line, ended, ended.line)
        return Weighed(replace(ended, content=None), length)

    def put_index(self, line: Planned, outcome: Outcome) -> None:
        """A DICOMDIR, which follows the images that are on the scales already."""
        self.put(line, follow(self._images, line, self.course.entry(line), outcome))

    def put_known(self, line: Planned, length: int) -> None:
        """An entry that nobody has to read to know what becomes of it."""
        entry, reason = line.entry, line.decision.reason
        is_folder = entry.place is None
        syntax = line.facts.dicom.transfer_syntax if line.facts.dicom else None
        state = Content(entry.size, entry.stored, None if is_folder else _hash_of(entry), syntax)
        if line.decision.action is Action.DROP:
            self.put(line, Dropped(entry.index, reason, state))
        else:
            self.put(line, KeptAsIs(entry.index, reason, state, Raw(_NO_FILE, 0, length, STORED, 0, entry.size)))

    def put_alike(self, line: Planned, other: Weighed, length: int) -> None:
        """An entry to which the same happens as to another one, and which then takes `length` bytes."""
        entry, like = line.entry, other.ended.line
        before = State(entry.size, entry.stored, _hash_of(entry), like.before.transfer_syntax)
        after = State(entry.size, length, before.sha256, before.transfer_syntax)
        if like.action == "transcoded" and like.after is not None:
            after = State(length, length, _make_hash("new", entry.index), like.after.transfer_syntax)
        record = recording.of_alike(like, entry.path, before, after)
        self._add(line, Raw(_NO_FILE, 0, length, STORED, 0, entry.size))
        self._likened += other.ended.restorable is not None
        self._note(line, other.ended, record)

    def _add(self, line: Planned, content: Raw) -> None:
        entry = line.entry
        self._add_named(entry.name, entry.stamp, content)

    def _add_named(self, name: EntryName, stamp: Stamp, content: Raw) -> None:
        directory_line = zipformat.central_header(name, stamp, content, self._length, 0, 0)
        self._length += len(zipformat.local_header(name, stamp, content)) + content.length
        self._directory += len(directory_line)
        self._count += 1

    def _note(self, line: Planned, ended: Ended, record: EntryRecord) -> None:
        self._lines[self.course.number(line.entry.index)] = record
        self._images.note(line, ended.transfer_syntax, ended.sop_instance)

    def read(self) -> tuple[int, int]:
        """Bytes of the whole zip, and by how many the parts that were composed here may be off."""
        bundle, past = self._plan.bundle, self._past.finished.manifest if self._past else None
        restore, unsure = self._weigh_restore()
        own = [(RESTORE_NAME, restore)] if self._restore.records else []
        records = recording.merge(past, self._lines)
        source = None if bundle.size is None else _make_hash("source")
        record = recording.compose(self._plan, records, source, (), past)
        text = leaflet.compose(records, self._plan.wishes.keep_locales, manifest.find_part(record))
        own.append((LEAFLET_NAME, deflate.pack(text).length))
        files = [OwnFile(name, length, _make_hash(name)) for name, length in own]
        names = (*(name for name, _length in own), MANIFEST_NAME)
        checked = review(self._plan, past, records, names, _read_nothing_back)
        sealed = recording.seal(record, files, _make_hash("directory"), _OVERHEAD, checked)
        own.append((MANIFEST_NAME, deflate.pack_text(manifest.encode_in_pieces(sealed)).length))
        for name, length in own:
            packed = Raw(_NO_FILE, 0, length, STORED, 0, length)
            self._add_named(EntryName(name.encode("ascii"), is_utf8=False), _EARLIEST, packed)
        end = zipformat.end_records(self._count, self._directory, self._length, bundle.comment)
        doubt = round(_MANIFEST_DOUBT * own[-1][1]) + _LEAST_DOUBT
        return self._length + self._directory + len(end), unsure + doubt

    def _weigh_restore(self) -> tuple[int, int]:
        """Bytes of the restore data, and by how many they may be off.

        What one more image of a series adds is the same for those that were not tried.
        """
        length, count = len(self._restore.finish()), self._restore.records
        more = count - self._firsts.records
        if not self._likened:
            return length, 0
        each = (length - len(self._firsts.finish())) / more if more else length / max(1, count)
        return length + round(each * self._likened), round(_RESTORE_DOUBT * each * self._likened)


def _read_nothing_back(_index: int) -> bytes:
    raise EntryUnreadable("nothing was written")


def _hash_of(entry: Entry) -> str:
    """Entries that are the same (a zip tells by size and CRC) have the same hash, which the manifest then repeats."""
    return _make_hash(
        "content", *((entry.size, entry.place.crc) if isinstance(entry.place, ZipPlace) else (entry.index,))
    )


def _make_hash(what: str, *numbers: int) -> str:
    """A SHA-256 that stands for one that nobody computed: as long, and as little compressible."""
    return hashlib.sha256(f"{what} {numbers}".encode()).hexdigest()
