"""What was read off an entry, and what the rules make of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from repack.model.bundle import Digest
from repack.model.kinds import Action, Category


@dataclass(frozen=True, slots=True)
class DicomFacts:
    """What the header of a DICOM file says. Texts are for the screen only; they never reach the manifest."""

    transfer_syntax: str | None
    sop_class: str
    modality: str
    study_uid: str
    series_uid: str
    series_description: str
    frames: int
    has_pixels: bool
    is_directory: bool  # a DICOMDIR
    is_program: bool = False  # its preamble begins as a program does
    lacks: str = ""  # of what a DICOM file on media begins with (PS3.10 7.1)


@dataclass(frozen=True, slots=True)
class DirectoryFacts:
    """What a DICOMDIR says of its files (PS3.3 F.3): each file ID with the transfer syntax stated for it.

    File IDs have slashes between their components; `patients` counts the records of patients.
    """

    listed: tuple[tuple[str, str], ...] = ()
    patients: int = 0
    has_stray_offsets: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PeFacts:
    """What a Windows program says of itself (Microsoft PE format): version-info strings, imports."""

    is_dll: bool
    machine: str
    version: Mapping[str, str]
    imports: tuple[str, ...]  # names of DLLs, lower case, delay-loaded ones too
    installer: str = ""  # what built it, where it is an installer
    appended: str = ""  # the kind of data behind the program, its signature not counted: zip, 7z, cab... or other
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read off one entry without judging it."""

    magic: str = "unknown"
    dicom: DicomFacts | None = None
    pe: PeFacts | None = None
    directory: DirectoryFacts | None = None  # of a DICOMDIR
    mentions: tuple[str, ...] = ()  # file names that a launch script, page or settings file names
    languages: tuple[str, ...] = ()  # tags of the languages that a settings file chooses
    installer: str = ""  # what built it, where it is an installer: nsis, inno, burn, msi...
    problem: str = ""
    digest: Digest | None = None  # where the facts lay so deep that the whole content was read for them


@dataclass(frozen=True, slots=True)
class LocaleName:
    """The language of an entry, and the set of siblings that it belongs to."""

    tag: str
    text: str
    group: str
    is_fallback: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The category of an entry, the rule that said so, and its reason."""

    category: Category
    rule: str
    why: str
    matched: tuple[str, ...] = ()
    locale: LocaleName | None = None
    action: Action | None = None  # what the rule itself asks for
