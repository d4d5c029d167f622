"""Who needs whom: autorun.inf, start pages and scripts name files, programs import libraries, DICOMDIR lists images."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from repack.bundles.names import folded
from repack.model import Entry, Facts

#: Files whose text may start a program or open a page (media knowledge, section 5).
LAUNCH_EXTENSIONS = frozenset("inf bat cmd hta htm html sh command".split())
_LARGEST_TEXT = 1 << 20
_PATH = re.compile(
    r"""["']([^"'<>|*?\r\n]{1,200}?\.[a-z0-9]{1,10})["'\s,]?"""  # quoted, blanks allowed
    r"""|([^\s"'<>|*?=,;()\[\]]{1,200}\.[a-z0-9]{1,10})""",
    re.IGNORECASE,
)


class Need(StrEnum):
    """How one file needs another, as the reason will say it."""

    IMPORTS = "imports it"
    NAMES = "starts or shows it"
    LISTS = "lists it"
    PAIRED = "describes it"


@dataclass(frozen=True, slots=True)
class Reference:
    """`by` needs `of` (indices of entries)."""

    by: int
    of: int
    need: Need


def mentions(path: str, data: bytes) -> tuple[str, ...]:
    """The file names that a launch file names, with slashes, in order, each once."""
    extension = path.rpartition(".")[2].lower()
    if extension not in LAUNCH_EXTENSIONS or len(data) > _LARGEST_TEXT:
        return ()
    text = _decode(data)
    found: dict[str, None] = {}
    for quoted, bare in _PATH.findall(text):
        for name in {quoted, bare, *bare.split("/")[-1:]} - {""}:
            found[name.replace("\\", "/")] = None
    for line in text.splitlines():  # a value with blanks and without quotes: "open=My Viewer\start.exe /cd"
        value = line.partition("=")[2].strip().strip('"')
        if match := re.match(r"(.{1,200}?\.(?:exe|com|bat|cmd|hta|html?|ico|cab))\b", value, re.IGNORECASE):
            found[match[1].replace("\\", "/")] = None
    return tuple(found)


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def relate(entries: Sequence[Entry], facts: Sequence[Facts]) -> tuple[Reference, ...]:
    """All needs between the entries of one bundle, resolved against their names without regard to case."""
    by_path: dict[str, int] = {}
    by_base: dict[str, list[int]] = {}
    for entry in entries:
        if not entry.is_directory:
            key = folded(entry.path)
            by_path.setdefault(key, entry.index)
            by_base.setdefault(key.rpartition("/")[2], []).append(entry.index)
    found: dict[Reference, None] = {}
    for entry, fact in zip(entries, facts, strict=True):
        for index, need in _needs(entry, fact, entries, by_path, by_base):
            if index != entry.index:
                found[Reference(entry.index, index, need)] = None
    return tuple(found)


def _needs(
    entry: Entry,
    fact: Facts,
    entries: Sequence[Entry],
    by_path: Mapping[str, int],
    by_base: Mapping[str, Sequence[int]],
) -> Iterator[tuple[int, Need]]:
    folder = folded(entry.path).rpartition("/")[0]
    if fact.dicom is not None and fact.dicom.is_directory:
        listed = (find_listed(folder, mention, by_path) for mention in fact.mentions)
        yield from ((index, Need.LISTS) for index in listed if index is not None)
        return
    for mention in fact.mentions:
        yield from ((index, Need.NAMES) for index in _find_named(folder, mention, by_path, by_base))
    for library in fact.pe.imports if fact.pe is not None else ():
        for index in by_base.get(folded(library), ()):
            if folded(entries[index].path).startswith(f"{folder}/" if folder else ""):
                yield index, Need.IMPORTS
    yield from ((index, Need.PAIRED) for index in _find_described(folded(entry.path), by_path))


def _find_described(path: str, by_path: Mapping[str, int]) -> Iterator[int]:
    """The program or library that a side-by-side manifest describes."""
    target = path.removesuffix(".manifest")
    if target != path:
        yield from (by_path[name] for name in (target, f"{target}.dll", f"{target}.exe") if name in by_path)


def find_listed(folder: str, file_id: str, by_path: Mapping[str, int]) -> int | None:
    """The entry that a file ID of a DICOMDIR in `folder` means: any case, an added `.dcm` allowed (D4)."""
    path = folded(f"{folder}/{file_id}" if folder else file_id)
    for candidate in (path, f"{path}.dcm", f"{path}."):
        if candidate in by_path:
            return by_path[candidate]
    return None


def _find_named(
    folder: str, mention: str, by_path: Mapping[str, int], by_base: Mapping[str, Sequence[int]]
) -> Iterator[int]:
    """Relative to the file that names it, else to the root, else by a base name that only one file has."""
    name = folded(mention.strip()).removeprefix("file:///").lstrip("/")
    while name.startswith("./"):
        name = name[2:]
    parts = [part for part in (f"{folder}/{name}" if folder else name).split("/") if part not in {"", "."}]
    resolved: list[str] = []
    for part in parts:
        if part == "..":
            del resolved[-1:]
        else:
            resolved.append(part)
    for candidate in ("/".join(resolved), name):
        if candidate in by_path:
            yield by_path[candidate]
            return
    same = by_base.get(name.rpartition("/")[2], ())
    if len(same) == 1:
        yield same[0]
