"""What lies around an entry: programs, images, languages beside each other, and where a disc begins in a folder."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from repack.bundles.names import folded
from repack.classify import languages
from repack.classify.patterns import LocaleMatch
from repack.classify.rulefile import Conditions, LoadedRule
from repack.model import Entry, Facts

Candidate = tuple[LoadedRule, tuple[str, ...], bool]
"""A rule; globs of which one must match, if there are any; whether it is for what lies below a program alone."""

#: What lies beside the folder of a disc without being of the disc: a Mac's own files, and our record.
_BESIDE_DISCS = frozenset({"__macosx", "repack"})
_LEFT_BEHIND = (".", "thumbs.db", "desktop.ini")
_AUTORUN = "autorun.inf"


@dataclass(frozen=True, slots=True)
class LanguageSet:
    """The tags that a rule finds beside each other; `clear` are those whose names mean nothing else."""

    tags: frozenset[str] = frozenset()
    clear: frozenset[str] = frozenset()


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
    language_sets: Mapping[tuple[str, str], LanguageSet] | None = None  # None: not yet known
    shortlists: dict[tuple[int, str, str, str], tuple[Sequence[LoadedRule], list[Candidate]]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def counts_as_program(self, folder: str) -> bool:
        """Does a program lie in a folder, and is it none in which a disc begins? There all sorts of things lie."""
        return folder in self.program_folders and folder != "" and folder not in self.tops


def make_language_set(names: Mapping[str, str]) -> LanguageSet:
    """The set of some texts and the tags that they mean."""
    clear = frozenset(tag for text, tag in names.items() if not languages.is_doubtful(text))
    return LanguageSet(frozenset(names.values()), clear)


def refuse_image(found: LocaleMatch, around: Surroundings, *, is_image: bool) -> str:
    """Why a text that reads as a language is none here: images lie there (media knowledge, section 3.2)."""
    if is_image:
        return f"{found.text!r} could be a language, but this may be an image"
    if found.folder and folded(found.folder) in around.image_folders:
        return f"{found.text!r} could be a language, but images lie below it"
    return ""


def refuse_alone(rule: str, found: LocaleMatch, c: Conditions, around: Surroundings) -> str:
    """Why a text that reads as a language is none here: what a language has beside it is missing."""
    could = f"{found.text!r} could be a language, but"
    if c.has_base is not None and c.has_base != (folded(found.without) in around.paths):
        return f"{could} there is {'no' if c.has_base else 'a'} file of the same name without it"
    if c.alike_siblings is not None and around.alike.get(folded(found.folder), 0) < c.alike_siblings:
        return f"{could} has too few folders of languages with the same files beside it"
    if around.language_sets is None:
        return ""
    known = around.language_sets.get((rule, found.group), LanguageSet())
    is_clear = c.clear_siblings is None or len(known.clear) >= c.clear_siblings
    count = len(known.tags if is_clear else known.clear)  # without those, the others may all be something else
    if c.languages is not None and count < c.languages:
        return f"{could} has too few languages beside it"
    is_alone = not is_clear or (c.siblings is not None and count < c.siblings)
    if is_alone and languages.is_doubtful(found.text):
        return f"{could} is also a word, and has too few languages beside it"
    return ""


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
