"""Who needs whom: autorun.inf, start pages and scripts name files, programs import libraries, DICOMDIR lists images."""

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote

from repack.bundles.names import folded
from repack.model import Entry, Facts

#: Files whose text may start a program or open a page (media knowledge, section 5).
LAUNCH_EXTENSIONS = frozenset("inf bat cmd hta htm html sh command vbs vbe wsf ps1".split())
LARGEST_TEXT = 1 << 20  # bytes of a launch file that are looked at
_WITH_BARE_VALUES = frozenset("inf bat cmd".split())  # "open=My Viewer\start.exe /cd"
_PROGRAMS = (".exe", ".com", ".bat", ".cmd", ".hta", ".jar", ".msi")
#: Where a text is no UTF-8: code pages of discs seen, and that in which names of unknown code page are shown.
_CODE_PAGES = ("cp1252", "cp932", "cp1251", "cp1250", "cp949", "cp936", "cp437")
# Quotes may overlap ("Patient's disc"), so each one is tried as a beginning.
_QUOTED = re.compile(r"""(?=("[^"\r\n]{1,300}"|'[^'\r\n]{1,300}'))""")
_WORD = re.compile(r"""[^\s"'<>|*?=,;()\[\]]{1,300}""")
_VALUE = re.compile(r"=[ \t]*([^\r\n]{1,300})")
_END = re.compile(r"\.[a-z0-9]{1,10}(?!\w|[.-]\w)", re.IGNORECASE)  # of a file name; arguments may follow
_HERE = re.compile(r"(?:file:/*|%~dp0|%cd%|\$\{?pwd\}?|\./|/)+")  # before a path: from this folder, or the root
# Side-by-side assemblies of Visual C++ 2005 and 2008 (media knowledge, section 2.2).
_ASSEMBLY = re.compile(r"microsoft\.vc[89]0\..+\.manifest")
_ASSEMBLY_LIBRARY = re.compile(r"(msvc[rpm]|mfcm?|atl|vcomp)[89]0\w*\.dll")


class Need(StrEnum):
    """How one file needs another, as the reason will say it."""

    IMPORTS = "imports it"
    NAMES = "starts or shows it"
    LISTS = "lists it"
    PAIRED = "describes it"
    LOADED_WITH = "is not loaded without it"


@dataclass(frozen=True, slots=True)
class Reference:
    """`by` needs `of` (indices of entries)."""

    by: int
    of: int
    need: Need


@dataclass(frozen=True, slots=True)
class _Names:
    """The files of a bundle by their folded names."""

    by_path: dict[str, int] = field(default_factory=dict)
    by_base: dict[str, list[int]] = field(default_factory=dict)
    assemblies: dict[str, list[int]] = field(default_factory=dict)  # folder -> manifests of Visual C++
    assembly_libraries: dict[str, list[int]] = field(default_factory=dict)


# --- what a launch file says ---


def mentions(path: str, data: bytes) -> tuple[str, ...]:
    """The file names that a launch file names, with slashes, in order, each once; rather too many than too few."""
    extension = path.rpartition(".")[2].lower()
    if extension not in LAUNCH_EXTENSIONS:
        return ()
    found: dict[str, None] = {}
    for text in _decode(data[:LARGEST_TEXT]):
        lines = text.splitlines()
        if extension == "inf":
            lines = [line for line in lines if not line.lstrip().startswith(";")]  # Windows skips comments
        for name in _find_names("\n".join(lines), has_bare_values=extension in _WITH_BARE_VALUES):
            found[name] = None
    return tuple(found)


def _find_names(text: str, *, has_bare_values: bool) -> Iterator[str]:
    """Everything that may be a file name: quoted, a single word, or the value of a key with blanks in it."""
    written = [match[1].strip("\"'") for match in _QUOTED.finditer(text)]
    if has_bare_values:
        written += [match[1].strip("\"'") for match in _VALUE.finditer(text)]
    written += _WORD.findall(text)
    for candidate in dict.fromkeys(written):
        plain = html.unescape(unquote(candidate)) if "%" in candidate or "&" in candidate else candidate
        for spelling in dict.fromkeys((candidate, plain)):
            for end in _END.finditer(spelling):
                yield spelling[: end.end()].replace("\\", "/").strip()


def _decode(data: bytes) -> Iterator[str]:
    """The text, in every code page that it may be written in where that cannot be told."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield data.decode("utf-16", "replace")
        return
    if data[1:2] == b"\0":
        yield data.decode("utf-16-le", "replace")
        return
    try:
        yield data.decode("utf-8-sig")
    except UnicodeDecodeError:
        yield data.decode(_CODE_PAGES[0], "replace")
        foreign = b"\n".join(line for line in data.splitlines() if not line.isascii())
        yield from (foreign.decode(page, "replace") for page in _CODE_PAGES[1:])


# --- needs between entries ---


def relate(entries: Sequence[Entry], facts: Sequence[Facts]) -> tuple[Reference, ...]:
    """All needs between the entries of one bundle, resolved against their names without regard to case."""
    names = _index(entries)
    found: dict[Reference, None] = {}
    for entry, fact in zip(entries, facts, strict=True):
        for index, need in _needs(entry, fact, entries, names):
            if index != entry.index:
                found[Reference(entry.index, index, need)] = None
    return tuple(found)


def _index(entries: Sequence[Entry]) -> _Names:
    names = _Names(by_path=index_paths(entries))
    for entry in entries:
        if not entry.is_directory:
            path = folded(entry.path)
            folder, _, base = path.rpartition("/")
            names.by_base.setdefault(base, []).append(entry.index)
            if _ASSEMBLY.fullmatch(base):
                names.assemblies.setdefault(folder, []).append(entry.index)
            elif _ASSEMBLY_LIBRARY.fullmatch(base):
                names.assembly_libraries.setdefault(folder, []).append(entry.index)
    return names


def _needs(entry: Entry, fact: Facts, entries: Sequence[Entry], names: _Names) -> Iterator[tuple[int, Need]]:
    folder = folded(entry.path).rpartition("/")[0]
    if fact.dicom is not None and fact.dicom.is_directory:
        listed = (find_listed(entry.path, mention, names.by_path) for mention in fact.mentions)
        yield from ((index, Need.LISTS) for index in listed if index is not None)
        return
    for mention in fact.mentions:
        yield from ((index, Need.NAMES) for index in _find_named(folder, mention, names))
    for library in fact.pe.imports if fact.pe is not None else ():
        same = {
            index: folded(entries[index].path).rpartition("/")[0] for index in names.by_base.get(folded(library), ())
        }
        yield from ((index, Need.IMPORTS) for index in _find_imported(folder, same))
    yield from _find_pairs(folded(entry.path), names)


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


def _find_pairs(path: str, names: _Names) -> Iterator[tuple[int, Need]]:
    """Manifests and what they describe: neither is loaded without the other (error 14001).

    Nothing needs a program because its manifest is there, so that direction is left out.
    """
    folder, _, base = path.rpartition("/")
    if base.endswith(".manifest"):
        described = path.removesuffix(".manifest").removesuffix(".dll") + ".dll"
        pairs = [names.by_path[described]] if described in names.by_path else []
        pairs += names.assembly_libraries.get(folder, ()) if _ASSEMBLY.fullmatch(base) else ()
        yield from ((index, Need.PAIRED) for index in pairs)
    elif base.endswith((".exe", ".dll")):
        own = (f"{path}.manifest", f"{path.removesuffix('.dll')}.manifest")
        manifests = [names.by_path[name] for name in own if name in names.by_path]
        manifests += names.assemblies.get(folder, ()) if _ASSEMBLY_LIBRARY.fullmatch(base) else ()
        yield from ((index, Need.LOADED_WITH) for index in manifests)


def index_paths(entries: Iterable[Entry]) -> dict[str, int]:
    """Files by their path as it is spelled, of duplicates the last (as unzip leaves it), and by their folded path."""
    files = [entry for entry in entries if not entry.is_directory]
    by_path = {entry.path: entry.index for entry in files}
    for entry in files:
        by_path.setdefault(folded(entry.path), entry.index)
    return by_path


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


def _find_named(folder: str, mention: str, names: _Names) -> Iterator[int]:
    """Relative to the file that names it, else to the root, else by a base name; of programs all that have it."""
    name = folded(mention)
    name = name.removeprefix(here[0]) if (here := _HERE.match(name)) else name
    resolved: list[str] = []
    for part in (f"{folder}/{name}" if folder else name).split("/"):
        if part == "..":
            del resolved[-1:]
        elif part not in {"", "."}:
            resolved.append(part)
    for candidate in ("/".join(resolved), name):
        if candidate in names.by_path:
            yield names.by_path[candidate]
            return
    base = name.rpartition("/")[2]
    same = names.by_base.get(base, ())
    if len(same) == 1 or base.endswith(_PROGRAMS):
        yield from same
