"""Which libraries a .NET program refers to: AssemblyRef and ModuleRef in its metadata (ECMA-335 II.22, II.24).

They are not in the import table, where a .NET program names mscoree.dll alone.
"""

import struct
from collections.abc import Sequence

_SIGNATURE = b"BSJB"
_MOST_STREAMS = 16
_MOST_ROWS = 2_000  # of libraries that one program refers to
_MODULE_REF, _ASSEMBLY_REF = 0x1A, 0x23
#: Columns: bytes; s, g, b a place in a heap; a number behind # a row of that table; a name a coded index (II.24.2.6).
_TABLES = (
    "2 s g g g", "ResolutionScope s s", "4 s s TypeDefOrRef #4 #6", "#4", "2 s b", "#6", "4 2 2 s b #8", "#8", "2 2 s",
    "#2 TypeDefOrRef", "MemberRefParent s b", "2 HasConstant b", "HasCustomAttribute CustomAttributeType b",
    "HasFieldMarshal b", "2 HasDeclSecurity b", "2 4 #2", "4 #4", "b", "#2 #20", "#20", "2 s TypeDefOrRef", "#2 #23",
    "#23", "2 s b", "2 #6 HasSemantics", "#2 MethodDefOrRef MethodDefOrRef", "s", "b", "2 MemberForwarded s #26",
    "4 #4", "4 4", "4", "4 2 2 2 2 4 b s s", "4", "4 4 4", "2 2 2 2 4 b s s b",
)  # fmt: skip
#: Coded index -> bits of its tag, and the tables that it may point to.
_CODED: dict[str, tuple[int, tuple[int, ...]]] = {
    "TypeDefOrRef": (2, (2, 1, 27)),
    "HasConstant": (2, (4, 8, 23)),
    "HasCustomAttribute": (5, (6, 4, 1, 2, 8, 9, 10, 0, 14, 23, 20, 17, 26, 27, 32, 35, 38, 39, 40, 42, 43, 44)),
    "HasFieldMarshal": (1, (4, 8)),
    "HasDeclSecurity": (2, (2, 6, 32)),
    "MemberRefParent": (3, (2, 1, 26, 6, 27)),
    "HasSemantics": (1, (20, 23)),
    "MethodDefOrRef": (1, (6, 10)),
    "MemberForwarded": (1, (4, 6)),
    "CustomAttributeType": (3, (6, 10)),
    "ResolutionScope": (2, (0, 26, 35, 1)),
}
_HEAP_FLAGS = {"s": 1, "g": 2, "b": 4}


def read_references(metadata: bytes) -> tuple[str, ...]:
    """File names in lower case. Raises struct.error, ValueError or IndexError where the metadata are damaged."""
    streams = _read_streams(metadata)
    tables, strings = streams.get("#~", b""), streams.get("#Strings", b"")
    heaps = tables[6]
    (valid,) = struct.unpack_from("<Q", tables, 8)
    present = [number for number in range(64) if valid >> number & 1]
    counts = dict(zip(present, struct.unpack_from(f"<{len(present)}I", tables, 24), strict=True))
    at = 24 + 4 * len(present)
    found: list[str] = []
    for number in present:
        if number >= len(_TABLES):
            break
        widths = [_width(column, counts, heaps) for column in _TABLES[number].split()]
        if number in {_MODULE_REF, _ASSEMBLY_REF}:
            name = 0 if number == _MODULE_REF else 6
            rows = min(counts[number], _MOST_ROWS)
            found += _names(
                tables, strings, [at + sum(widths) * row + sum(widths[:name]) for row in range(rows)], heaps
            )
        at += sum(widths) * counts[number]
    return tuple(dict.fromkeys(found))


def _read_streams(metadata: bytes) -> dict[str, bytes]:
    """The heaps and tables by name (II.24.2.1)."""
    if not metadata.startswith(_SIGNATURE):
        raise ValueError("no metadata")
    (length,) = struct.unpack_from("<I", metadata, 12)
    at = 16 + length
    (count,) = struct.unpack_from("<H", metadata, at + 2)
    at += 4
    streams: dict[str, bytes] = {}
    for _ in range(min(count, _MOST_STREAMS)):
        offset, size = struct.unpack_from("<2I", metadata, at)
        name = metadata[at + 8 : at + 40].partition(b"\0")[0]
        streams[name.decode("ascii", "replace")] = metadata[offset : offset + size]
        at += 8 + (len(name) + 4 & ~3)
    return streams


def _width(column: str, counts: dict[int, int], heaps: int) -> int:
    if column.isdigit():
        return int(column)
    if column in _HEAP_FLAGS:
        return 4 if heaps & _HEAP_FLAGS[column] else 2
    if column.startswith("#"):
        return 4 if counts.get(int(column[1:]), 0) > 0xFFFF else 2
    bits, targets = _CODED[column]
    return 4 if max(counts.get(target, 0) for target in targets) >= 1 << (16 - bits) else 2


def _names(tables: bytes, strings: bytes, places: Sequence[int], heaps: int) -> list[str]:
    found = []
    for place in places:
        (offset,) = struct.unpack_from("<I" if heaps & 1 else "<H", tables, place)
        name = strings[offset : offset + 260].partition(b"\0")[0].decode("utf-8", "replace").lower()
        if name and name.isprintable():
            found.append(name if name.endswith((".dll", ".exe")) else f"{name}.dll")
    return found
