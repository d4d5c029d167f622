"""What lies around an entry: folders of programs and of images, and where a disc begins that lies in a folder."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from repack.bundles.names import folded
from repack.classify.rulefile import LoadedRule
from repack.model import Entry, Facts

Candidate = tuple[LoadedRule, tuple[str, ...], bool]
"""A rule; globs of which one must match, if there are any; whether it is for what lies below a program alone."""

#: What lies beside the folder of a disc without being of the disc: a Mac's own files, and our record.
_BESIDE_DISCS = frozenset({"__macosx", "repack"})
_LEFT_BEHIND = (".", "thumbs.db", "desktop.ini")
_AUTORUN = "autorun.inf"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the neighbourhood of an entry says; paths are folded."""

    program_folders: frozenset[str] = frozenset()
    image_folders: frozenset[str] = frozenset()
    tops: frozenset[str] = frozenset()  # folders in which a disc begins, the root of the bundle left out
    has_images: bool = False  # in DICOM, with pixels
    launched: frozenset[int] = frozenset()
    paths: frozenset[str] = frozenset()
    alike: Mapping[str, int] = field(default_factory=dict)  # folder -> languages beside each other with the same names
    language_sets: Mapping[tuple[str, str], frozenset[str]] | None = None  # None: not yet known
    shortlists: dict[tuple[int, str, str, str], tuple[Sequence[LoadedRule], list[Candidate]]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def counts_as_program(self, folder: str) -> bool:
        """Does a program lie in a folder, and is it none in which a disc begins? There all sorts of things lie."""
        return folder in self.program_folders and folder != "" and folder not in self.tops


def ancestors(path: str) -> list[str]:
    """The folders above a path, the root ("") last."""
    found = []
    while "/" in path:
        path = path.rpartition("/")[0]
        found.append(path)
    return [*found, ""]


def find_tops(entries: Sequence[Entry], facts: Sequence[Facts], image_folders: Collection[str]) -> frozenset[str]:
    """Folders in which a disc begins: those of a DICOMDIR, and the one folder that holds the whole disc."""
    files = [folded(entry.path) for entry in entries if not entry.is_directory]
    directories = (e for e, fact in zip(entries, facts, strict=True) if fact.dicom and fact.dicom.is_directory)
    found = {folded(entry.path).rpartition("/")[0] for entry in directories}
    common = _find_common(files)
    if common in image_folders or f"{common}/{_AUTORUN}" in files:
        found.add(common)
    return frozenset(found - {""})


def _find_common(files: Sequence[str]) -> str:
    """The deepest folder that holds all files, but for what a Mac or we ourselves lay beside it."""
    folders = (folder.split("/") for folder in _of_disc(files))
    return "/".join(names[0] for names in takewhile(lambda names: len(set(names)) == 1, zip(*folders, strict=False)))


def _of_disc(files: Sequence[str]) -> Iterator[str]:
    for path in files:
        folder, _, name = path.rpartition("/")
        if folder.partition("/")[0] not in _BESIDE_DISCS and (folder or not name.startswith(_LEFT_BEHIND)):
            yield folder
