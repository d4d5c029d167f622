"""Resources of a Windows program: the texts of its version-info, its manifest ([MS] PE format, VS_VERSIONINFO)."""

import struct
from collections.abc import Iterator

VERSION, MANIFEST = 16, 24  # RT_VERSION, RT_MANIFEST
_STRINGS = {
    "companyname": "company",
    "productname": "product",
    "filedescription": "description",
    "originalfilename": "original_filename",
    "internalname": "internal_name",
    "comments": "comments",
}
_MOST_ENTRIES = 256  # of one level that are looked at
_DEEPEST = 3  # VS_VERSIONINFO > StringFileInfo > StringTable > String
_MOST_BLOCKS = 2_000


def find_resource(tree: bytes, kind: int) -> tuple[int, int] | None:
    """Address and size of the first resource of a kind (type, name, language), in a resource section's beginning."""
    at: int | None = 0
    for level in range(3):
        at = _child(tree, at or 0, kind if level == 0 else None)
        if at is None:
            return None
    if at is None or at + 16 > len(tree):
        return None
    address, size = struct.unpack_from("<2I", tree, at)
    return address, size


def _child(tree: bytes, at: int, wanted: int | None) -> int | None:
    """Where the wanted (or first) entry of a directory leads."""
    if at + 16 > len(tree):
        return None
    named, numbered = struct.unpack_from("<2H", tree, at + 12)
    for number in range(min(named + numbered, _MOST_ENTRIES)):
        here = at + 16 + 8 * number
        if here + 8 > len(tree):
            return None
        key, offset = struct.unpack_from("<2I", tree, here)
        if wanted is None or key == wanted:
            return int(offset & 0x7FFFFFFF)
    return None


def read_texts(block: bytes) -> dict[str, str]:
    """The texts that rules know, of the first language that states them, stripped: some writers pad with blanks."""
    found: dict[str, str] = {}
    budget = [_MOST_BLOCKS]
    for key, value in _texts(block, 0, len(block), 0, budget):
        name = _STRINGS.get(key.lower())
        if name and name not in found:
            found[name] = value.strip(" \0\t\r\n")
    return found


def _texts(block: bytes, at: int, end: int, depth: int, budget: list[int]) -> Iterator[tuple[str, str]]:
    """Key and value of every String in a run of blocks: length, value length, type, key, padding, value, children."""
    while at + 6 <= end and budget[0]:
        budget[0] -= 1
        length, value_length, kind = struct.unpack_from("<3H", block, at)
        stop = min(at + length, end)
        if length < 6:
            return
        key, value_at = _read_key(block, at + 6, stop)
        if depth == _DEEPEST:
            size = value_length * 2 if kind == 1 else value_length  # in letters where it is a text
            yield key, block[value_at : min(value_at + size, stop)].decode("utf-16-le", "replace").split("\0", 1)[0]
        elif depth or key == "VS_VERSION_INFO":
            inside = value_at + (value_length if depth == 0 else 0)
            yield from _texts(block, _round_up(inside), stop, depth + 1, budget)
        at = _round_up(at + length)


def _read_key(block: bytes, at: int, stop: int) -> tuple[str, int]:
    """The key, and where what follows it begins."""
    end = at
    while end + 2 <= stop and block[end : end + 2] != b"\0\0":
        end += 2
    return block[at:end].decode("utf-16-le", "replace"), _round_up(end + 2)


def _round_up(at: int) -> int:
    return at + 3 & ~3
