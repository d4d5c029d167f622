"""Who needs whom: launch files and pages name files, programs import libraries, DICOMDIR lists images."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from repack.bundles.names import folded
from repack.classify import mentions
from repack.classify.needs import Names, Need, Reference, index_names, index_paths
from repack.classify.units import find_units
from repack.model import Entry, Facts

__all__ = ["Need", "Reference", "find_listed", "index_paths", "relate"]

_PROGRAMS = (".exe", ".com", ".bat", ".cmd", ".hta", ".jar", ".msi")
_STARTED_WITHOUT = (".exe", ".com", ".bat", ".cmd", ".lnk")  # extensions that Windows adds, in its order
# Before a path: from this folder, from the root, or from wherever a variable or a drive of the maker's leads.
_HERE = re.compile(r"(?:file:/*|%~\w*0|%\w+%|\$\{?\w+\}?(?=/)|[a-z]:/|\./|/)+")
_SETTINGS_OF = re.compile(r"(?:\.l4j)?\.ini")  # of a program: under its name, with this in place of .exe


def relate(entries: Sequence[Entry], facts: Sequence[Facts]) -> tuple[Reference, ...]:
    """All needs between the entries of one bundle, resolved against their names without regard to case."""
    names = index_names(entries)
    found: dict[Reference, None] = {}
    for entry, fact in zip(entries, facts, strict=True):
        for index, need in _needs(entry, fact, names):
            found[Reference(entry.index, index, need)] = None
    found |= dict.fromkeys(find_units(entries, facts, names))
    return tuple(_follow_chains(entries, [reference for reference in found if reference.by != reference.of]))


def _needs(entry: Entry, fact: Facts, names: Names) -> Iterator[tuple[int, Need]]:
    folder = folded(entry.path).rpartition("/")[0]
    if fact.dicom is not None and fact.dicom.is_directory:
        listed = (find_listed(entry.path, mention, names.by_path) for mention in fact.mentions)
        yield from ((index, Need.LISTS) for index in listed if index is not None)
        return
    kind = Need.NAMES if mentions.extension_of(entry.path) in mentions.LAUNCH_EXTENSIONS else Need.MENTIONS
    for mention in fact.mentions:
        yield from ((index, kind) for index in _find_named(folder, mention, names))
    for imported in fact.pe.imports if fact.pe is not None else ():
        library = imported if "." in imported else f"{imported}.dll"  # as Windows adds it (LoadLibrary)
        same = {index: names.folders[index] for index in names.by_base.get(folded(library), ())}
        yield from ((index, Need.IMPORTS) for index in _find_imported(folder, same))


def _find_imported(folder: str, same: Mapping[int, str]) -> Iterable[int]:
    """Of the libraries with an imported name (index -> folder), those that Windows may load.

    A plug-in loads from the folder of the program above it, and a program may search folders below its own; where
    neither has the library, it may come from anywhere on the disc.
    """
    inside = f"{folder}/" if folder else ""
    near = [
        index
        for index, other in same.items()
        if f"{other}/".startswith(inside) or not other or folder.startswith(f"{other}/")
    ]
    return near or same


def _follow_chains(entries: Sequence[Entry], found: Sequence[Reference]) -> Iterator[Reference]:
    """Settings and scripts that a launch chain reaches are part of it: autorun -> page -> script -> what it names."""
    weak: dict[int, list[Reference]] = {}
    strong: list[int] = []
    settings: dict[int, list[int]] = {}
    for reference in found:
        if reference.need is Need.MENTIONS:
            weak.setdefault(reference.by, []).append(reference)
        elif reference.need is Need.NAMES:
            strong.append(reference.of)
        elif reference.need is Need.LOADED_WITH and _is_settings(entries[reference.of], entries[reference.by]):
            settings.setdefault(reference.by, []).append(reference.of)
    reached: set[int] = set()
    while strong:
        index = strong.pop()
        if index not in reached:
            reached.add(index)
            strong += (reference.of for reference in weak.get(index, ()))
            strong += settings.get(index, ())
    for reference in found:
        is_in_chain = reference.need is Need.MENTIONS and reference.by in reached
        yield Reference(reference.by, reference.of, Need.NAMES) if is_in_chain else reference


def _is_settings(settings: Entry, program: Entry) -> bool:
    stem = folded(program.path).removesuffix(".exe")
    return _SETTINGS_OF.fullmatch(folded(settings.path).removeprefix(stem)) is not None


def find_listed(directory: str, file_id: str, by_path: Mapping[str, int]) -> int | None:
    """The entry that a file ID of the DICOMDIR at this path means (`by_path` from `index_paths`).

    The exact spelling first, then any case, then an added `.dcm` (D4).
    """
    folder = directory.rpartition("/")[0]
    path = f"{folder}/{file_id}" if folder else file_id
    for candidate in (path, folded(path), f"{folded(path)}.dcm", f"{folded(path)}."):
        if candidate in by_path:
            return by_path[candidate]
    return None


def _find_named(folder: str, mention: str, names: Names) -> Iterator[int]:
    """Relative to the file that names it, else to the root, else by a base name; of programs all that have it."""
    name = folded(mention)
    name = name.removeprefix(here[0]) if (here := _HERE.match(name)) else name
    base = name.rpartition("/")[2]
    endings = ("",) if "." in base else ("", *_STARTED_WITHOUT)
    for candidate in (_resolve(f"{folder}/{name}"), _resolve(name)):
        for ending in endings:
            if candidate + ending in names.by_path:
                yield names.by_path[candidate + ending]
                return
    same = names.by_base.get(base, ()) if "." in base else ()
    if len(same) == 1 or base.endswith(_PROGRAMS):
        yield from same


def _resolve(path: str) -> str:
    """The path without `.` and `..`; above the root is the root."""
    resolved: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del resolved[-1:]
        elif part not in {"", "."}:
            resolved.append(part)
    return "/".join(resolved)
