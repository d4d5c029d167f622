"""Folders of languages beside each other that hold nearly the same files: `lib/{cs,de,...}/texts.json`."""

import re
from collections.abc import Collection, Iterable, Mapping

from repack.bundles.names import folded
from repack.classify import languages
from repack.model import Entry

_ALIKE = 0.6  # share of the names of two folders that both must have
_FEWEST_CLEAR = 2  # of the names beside each other that can hardly be anything but languages
_MOST_NAMES = 2_000  # of one folder that are compared
_MOST_FOLDERS = 400  # beside each other; CLDR knows fewer languages on any disc
_LONGEST_PATH = 1_024
_WORDS = re.compile(r"[-_. ()]+")
_DEEPEST_CAPITALS = 2  # how deep below the images' root two capital letters are rather a name of the writer's


def find_alike(entries: Iterable[Entry], image_folders: Collection[str]) -> dict[str, int]:
    """Folder (folded) -> how many languages, itself included, lie beside it with nearly the same names of files."""
    beside: dict[str, dict[str, set[str]]] = {}
    for entry in entries:
        if not entry.is_directory and len(entry.path) <= _LONGEST_PATH:
            for parent, name, below in _split(entry.path):
                if _may_be_language(parent, name, image_folders):
                    names = beside.setdefault(folded(parent), {}).setdefault(name, set())
                    if len(names) < _MOST_NAMES:
                        names.add(_without_language(folded(below), name))
    return {
        folded(f"{parent}/{name}" if parent else name): count
        for parent, children in beside.items()
        if 1 < len(children) <= _MOST_FOLDERS
        for name, count in _count_alike(children).items()
    }


def _split(path: str) -> Iterable[tuple[str, str, str]]:
    """Every folder above a file: its parent, its name, the path below it."""
    parts = path.split("/")
    for depth in range(len(parts) - 1):
        yield "/".join(parts[:depth]), parts[depth], "/".join(parts[depth + 1 :])


def _may_be_language(parent: str, name: str, image_folders: Collection[str]) -> bool:
    """Is it a language by its name, and neither does it hold images nor is it a short name beside them?"""
    if languages.read_tag(name) is None:
        return False
    if folded(f"{parent}/{name}" if parent else name) in image_folders:
        return False
    is_short = len(name) == 2 and name.isupper() and (parent.count("/") + 1 if parent else 0) < _DEEPEST_CAPITALS
    return not (is_short and folded(parent) in image_folders)


def _without_language(path: str, name: str) -> str:
    """A path below a folder of a language, without that language in it: "guide_de.pdf" is "guide.pdf"."""
    own = set(_WORDS.split(folded(name))) | {folded(name), (languages.read_tag(name) or "").partition("-")[0]}
    return "/".join(" ".join(word for word in _WORDS.split(part) if word not in own) for part in path.split("/"))


def _count_alike(children: Mapping[str, set[str]]) -> dict[str, int]:
    return {
        name: _count_languages([other for other, theirs in children.items() if _are_alike(mine, theirs)])
        for name, mine in children.items()
    }


def _count_languages(names: Collection[str]) -> int:
    """How many languages; none where nearly all are words or codes of something else (CE PCM SD, CN JP KR)."""
    clear = {languages.read_tag(name) for name in names if not languages.is_doubtful(name)}
    return len({languages.read_tag(name) for name in names}) if len(clear) >= _FEWEST_CLEAR else 0


def _are_alike(one: set[str], other: set[str]) -> bool:
    return len(one & other) >= _ALIKE * len(one | other)
