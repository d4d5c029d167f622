"""ISO images made by hand (ECMA-119, Joliet), with everything that a damaged or clever disc may say."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

SECTOR = 2048
DATE = bytes((124, 3, 15, 10, 30, 58, 8))  # 2024-03-15 10:30:58, two hours east of Greenwich


@dataclass(frozen=True, slots=True)
class Extent:
    """Where a record says that its bytes lie, instead of where they do."""

    sector: int
    length: int


@dataclass
class _Folder:
    files: dict[bytes, bytes | Extent] = field(default_factory=dict)
    folders: dict[bytes, "_Folder"] = field(default_factory=dict)
    sector: int = 0
    above: "_Folder | None" = None


def both(value: int, size: str = "I") -> bytes:
    return struct.pack("<" + size, value) + struct.pack(">" + size, value)


def make_iso(
    files: Mapping[str, bytes | Extent],
    *,
    joliet: Mapping[str, bytes | Extent] | None = None,
    start: int = 0,
    split: int = 0,
    sectors: int | None = None,
    date: bytes = DATE,
) -> bytes:
    """The image of a disc, or of a session that begins at sector `start`.

    A file larger than `split` is written in several extents. `sectors` is what the volume says of its length. Names
    that end in "/" are empty folders.
    """
    trees = [_plant(files, "ascii")]
    if joliet is not None:
        trees.append(_plant(joliet, "utf-16-be"))
    at = start + 16 + len(trees) + 1
    body = bytearray()

    def put(data: bytes) -> int:
        nonlocal at
        sector = at
        padded = data + bytes(-len(data) % SECTOR)
        body.extend(padded)
        at += len(padded) // SECTOR
        return sector

    tables: list[tuple[int, int, int]] = []
    for tree in trees:
        for folder in _all(tree):
            folder.sector = put(bytes(SECTOR))
        little, big = _path_table(_all(tree), "<"), _path_table(_all(tree), ">")
        tables.append((len(little), put(little), put(big)))
    placed: dict[bytes, int] = {}
    for data in (data for tree in trees for folder in _all(tree) for data in folder.files.values()):
        if isinstance(data, bytes) and data and data not in placed:
            placed[data] = put(data)
    base = start + 16 + len(trees) + 1
    for tree in trees:
        for folder in _all(tree):
            begin = (folder.sector - base) * SECTOR
            body[begin : begin + SECTOR] = _listing(folder, placed, split, date)
    total = at if sectors is None else sectors
    head = b"".join(_descriptor(number, tree, tables[number], total, date) for number, tree in enumerate(trees))
    head += (b"\xffCD001\x01").ljust(SECTOR, b"\0")
    return bytes(16 * SECTOR) + head + bytes(body)


def _plant(files: Mapping[str, bytes | Extent], encoding: str) -> _Folder:
    root = _Folder()
    for path, data in files.items():
        *parts, name = path.split("/")
        folder = root
        for part in parts:
            folder = folder.folders.setdefault(part.encode(encoding), _Folder(above=folder))
        if name:
            folder.files[name.encode(encoding)] = data
    return root


def _all(root: _Folder) -> list[_Folder]:
    found = [root]
    for folder in found:
        found += [folder.folders[name] for name in sorted(folder.folders)]
    return found


def record(name: bytes, sector: int, length: int, flags: int, date: bytes) -> bytes:
    """A directory record (ECMA-119 9.1)."""
    size = 33 + len(name) + (len(name) + 1) % 2
    head = bytes((size, 0)) + both(sector) + both(length) + date + bytes((flags, 0, 0)) + both(1, "H")
    return (head + bytes((len(name),)) + name).ljust(size, b"\0")


def _records(folder: _Folder, placed: Mapping[bytes, int], split: int, date: bytes) -> list[bytes]:
    above = folder.above or folder
    found = [record(b"\0", folder.sector, SECTOR, 2, date), record(b"\1", above.sector, SECTOR, 2, date)]
    for name in sorted({*folder.files, *folder.folders}):
        if name in folder.folders:
            below = folder.folders[name]
            found.append(record(name, below.sector, SECTOR, 2, date))
            continue
        data = folder.files[name]
        sector, left = (data.sector, data.length) if isinstance(data, Extent) else (placed.get(data, 0), len(data))
        while split and left > split:
            found.append(record(name, sector, split, 0x80, date))
            sector, left = sector + split // SECTOR, left - split
        found.append(record(name, sector, left, 0, date))
    return found


def _listing(folder: _Folder, placed: Mapping[bytes, int], split: int, date: bytes) -> bytes:
    listing = b"".join(_records(folder, placed, split, date)).ljust(SECTOR, b"\0")
    assert len(listing) == SECTOR, "folders of more than one sector are not needed here"
    return listing


def _path_table(folders: list[_Folder], order: str) -> bytes:
    table = b""
    for folder in folders:
        above = folder.above or folder
        name = next((name for name, one in above.folders.items() if one is folder), b"\0")
        table += struct.pack(f"{order}BBIH", len(name), 0, folder.sector, folders.index(above) + 1) + name
        table += bytes(len(name) % 2)
    return table


def _descriptor(number: int, tree: _Folder, tables: tuple[int, int, int], sectors: int, date: bytes) -> bytes:
    """A primary or supplementary volume descriptor (ECMA-119 8.4, 8.5)."""
    size, little, big = tables
    root = record(b"\0", tree.sector, SECTOR, 2, date)
    blank = (b"\0 " if number else b" ") * 400
    data = bytes((number + 1,)) + b"CD001\x01\0" + blank[:32] + blank[:32] + bytes(8) + both(sectors)
    data += (b"%/E" if number else b"").ljust(32, b"\0") + both(1, "H") * 2 + both(SECTOR, "H") + both(size)
    data += struct.pack("<2I", little, 0) + struct.pack(">2I", big, 0) + root
    data += blank[:128] * 4 + blank[:37] * 3 + (b"0" * 16 + b"\0") * 4 + b"\x01\0"
    return data.ljust(SECTOR, b"\0")
