"""A disc as the checks see it: its files with their facts, and what its DICOMDIR lists; before and after a run.

Nothing is read here. Before is what the survey gathered. After is that, with what the manifest says of each entry and
with what the new DICOMDIRs themselves say.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from repack.bundles.names import folded
from repack.classify.references import find_listed
from repack.dicom import syntaxes
from repack.model import OUR_FOLDER, Category, DirectoryFacts, Facts, Plan, Planned
from repack.record.manifest import EntryRecord

INDEX_NAME = "DICOMDIR"


@dataclass(frozen=True, slots=True)
class File:
    """One file: its place among the entries of the bundle, and what is known of it."""

    number: int
    path: str
    facts: Facts
    category: Category = Category.UNKNOWN

    @property
    def is_index(self) -> bool:
        """Is it a DICOMDIR by its content?"""
        return self.facts.dicom is not None and self.facts.dicom.is_directory

    @property
    def is_dicom(self) -> bool:
        """Is it a DICOM file other than a DICOMDIR?"""
        return self.facts.dicom is not None and not self.facts.dicom.is_directory

    @property
    def is_ours(self) -> bool:
        """Did repack add it?"""
        return self.path.startswith(f"{OUR_FOLDER}/")

    @property
    def is_unreadable(self) -> bool:
        """Could its content not be had, so that nobody knows what it is?"""
        return self.facts.magic == "unreadable"


@dataclass(frozen=True, slots=True)
class Listed:
    """A file ID of the DICOMDIR, the transfer syntax stated for it, and the file that it means, where it is there."""

    file_id: str
    transfer_syntax: str
    file: File | None


@dataclass(frozen=True)
class Disc:
    """The files of a disc. `name` is that of the zip where it is known; `gone` are paths that earlier stood here."""

    kind: str  # zip, iso, folder
    files: tuple[File, ...]
    name: str = ""
    gone: frozenset[str] | None = None  # folded; None: nothing was dropped from this disc

    @cached_property
    def dicom(self) -> tuple[File, ...]:
        """The DICOM files, DICOMDIRs apart."""
        return tuple(file for file in self.files if file.is_dicom)

    @cached_property
    def unreadable(self) -> int:
        """How many files could not be read, some of which may be DICOM files."""
        return sum(file.is_unreadable for file in self.files)

    @cached_property
    def index(self) -> File | None:
        """The DICOMDIR at the root, whatever its content; else one that is a DICOMDIR by its content."""
        return self.at_root(INDEX_NAME) or next((file for file in self.files if file.is_index), None)

    @cached_property
    def by_name(self) -> Mapping[str, File]:
        """The files by their folded paths; where several differ in case alone, the first."""
        found: dict[str, File] = {}
        for file in self.files:
            found.setdefault(folded(file.path), file)
        return found

    @cached_property
    def listed(self) -> tuple[Listed, ...] | None:
        """What the DICOMDIR lists; None where there is none, or where that cannot be read."""
        index = self.index
        if index is None or index.facts.directory is None or index.facts.directory.problem:
            return None
        by_number = {file.number: file for file in self.files}
        by_path = {name: file.number for name, file in self.by_name.items()}
        by_path |= {file.path: file.number for file in self.files}
        found = []
        for file_id, syntax in index.facts.directory.listed:
            number = find_listed(index.path, file_id, by_path)
            found.append(Listed(file_id, syntax, None if number is None else by_number[number]))
        return tuple(found)

    def at_root(self, name: str) -> File | None:
        """The file of this name at the root, in capitals or not."""
        return self.by_name.get(folded(name))


def as_found(plan: Plan) -> Disc:
    """The bundle as it was handed in."""
    files = tuple(_file(line) for line in plan.lines if not line.entry.is_directory)
    return Disc(plan.bundle.kind, files, plan.bundle.path.name)


def as_written(
    plan: Plan, records: Sequence[EntryRecord], directories: Mapping[int, DirectoryFacts | None], own: Collection[str]
) -> Disc:
    """The new zip: `directories` are its DICOMDIRs by the index of their entry, `own` the names of repack's files."""
    numbers = plan.numbers or range(len(records))
    files = [
        _now(line, records[number], directories)
        for line, number in zip(plan.lines, numbers, strict=True)
        if not line.entry.is_directory and records[number].after is not None
    ]
    files += (File(-n, path, Facts()) for n, path in enumerate(own, start=1))
    gone = frozenset(folded(record.path) for record in records if record.after is None and not record.folder)
    return Disc("zip", tuple(files), gone=gone)


def _file(line: Planned) -> File:
    return File(line.entry.index, line.entry.path, line.facts, line.verdict.category)


def _now(line: Planned, record: EntryRecord, directories: Mapping[int, DirectoryFacts | None]) -> File:
    """A file as it is in the new zip: repack changes nothing that a check looks at but transfer syntaxes."""
    file = _file(line)
    facts, dicom = file.facts, file.facts.dicom
    if file.is_index:
        directory = directories.get(file.number, facts.directory)
        return replace(file, facts=replace(facts, directory=directory))
    if dicom is None or record.after is None:
        return file
    return replace(file, facts=replace(facts, dicom=replace(dicom, transfer_syntax=record.after.transfer_syntax)))


def name_syntax(uid: str | None) -> str:
    """What a transfer syntax is called in a note."""
    return syntaxes.find(uid).name
