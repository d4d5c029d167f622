"""One file needs another: the kinds of need, and the names of a bundle in which they are looked up."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from repack.bundles.names import folded
from repack.model import Entry


class Need(StrEnum):
    """How one file needs another, as the reason will say it."""

    IMPORTS = "imports it"
    NAMES = "starts or shows it"  # in a launch chain: something starts or opens the file that names it
    MENTIONS = "names it"  # outside of a launch chain, as far as can be told
    LISTS = "lists it"
    PAIRED = "describes it"
    LOADED_WITH = "is not loaded without it"
    RUNS_ON = "runs on it"
    MAY_LOAD = "may load it"  # by its name, which its imports do not tell
    INSTALLS_WITH = "may not install without it"
    CHOOSES = "chooses it"  # a settings file names the language


@dataclass(frozen=True, slots=True)
class Reference:
    """`by` needs `of` (indices of entries)."""

    by: int
    of: int
    need: Need


@dataclass(frozen=True, slots=True)
class Names:
    """The files of a bundle by their names; folders and base names are folded."""

    by_path: dict[str, int] = field(default_factory=dict)
    by_base: dict[str, list[int]] = field(default_factory=dict)
    by_folder: dict[str, list[int]] = field(default_factory=dict)
    folders: dict[int, str] = field(default_factory=dict)  # index -> its folder


def index_names(entries: Iterable[Entry]) -> Names:
    """Look-up tables of all files."""
    entries = tuple(entries)
    names = Names(by_path=index_paths(entries))
    for entry in entries:
        if not entry.is_directory:
            folder, _, base = folded(entry.path).rpartition("/")
            names.by_base.setdefault(base, []).append(entry.index)
            names.by_folder.setdefault(folder, []).append(entry.index)
            names.folders[entry.index] = folder
            if "\\" in entry.path:  # half a letter of a code page that could not be told, or what Windows wrote
                names.by_path.setdefault(folded(entry.path).replace("\\", "/"), entry.index)
    return names


def index_paths(entries: Iterable[Entry]) -> dict[str, int]:
    """Files by their path as it is spelled, of duplicates the last (as unzip leaves it), and by their folded path."""
    files = [entry for entry in entries if not entry.is_directory]
    by_path = {entry.path: entry.index for entry in files}
    for entry in files:
        by_path.setdefault(folded(entry.path), entry.index)
    return by_path
