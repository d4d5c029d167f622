"""What a Windows program says of itself: kind, machine, version-info, imports, what is appended (Microsoft PE format).

Only headers, tables and names are read, never the whole file; every count and length of the file is bounded before it
is believed, because programs on a disc are somebody else's and may be made for it.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from repack.classify import dotnet, versioninfo
from repack.model import PeFacts

Span = tuple[int, int]  # offset in the file, length in bytes
_NOTHING: Span = (0, 0)
Fetch = Callable[[Sequence[Span]], list[bytes]]
"""Gives some spans of a file at once; a span behind the end of the file is shorter or empty."""

_MACHINES = {0x014C: "x86", 0x8664: "x64", 0xAA64: "arm64", 0x01C4: "arm"}
_DLL = 0x2000  # IMAGE_FILE_DLL
_MAGIC_32, _MAGIC_64 = 0x10B, 0x20B
_IMPORT, _RESOURCE, _SECURITY, _DELAY_IMPORT, _DOTNET = 1, 2, 4, 13, 14  # data directories
_FARTHEST_HEADER = 1 << 16
_HEADER_LENGTH = 24 + 240 + 96 * 40  # PE header, optional header, the most sections that Windows loads
_MOST_LIBRARIES = 1_000
_LONGEST_NAME = 260
_LARGEST_TREE, _LARGEST_RESOURCE, _LARGEST_METADATA = 1 << 18, 1 << 16, 16 << 20
_APPENDED_START = 2_048  # bytes behind the program that tell what is appended
_HEADERS_DAMAGED = "its headers are damaged"
#: What stands at the beginning of appended data -> what it is.
_APPENDED = (
    (b"PK\x03\x04", "zip"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"MSCF", "cab"), (b"Rar!", "rar"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Section:
    name: str
    address: int
    length: int  # in memory
    offset: int
    stored: int  # in the file


@dataclass(frozen=True, slots=True)
class _Headers:
    machine: str
    is_dll: bool
    image_base: int
    tables: tuple[Span, ...]  # data directories: address and size
    sections: tuple[_Section, ...]

    def offset_of(self, address: int) -> int | None:
        """Where an address of the loaded program lies in the file."""
        for section in self.sections:
            if section.address <= address < section.address + max(section.length, section.stored):
                inside = address - section.address
                return section.offset + inside if inside < section.stored else None
        return None

    def left_at(self, offset: int) -> int:
        """Bytes of the section from here to its end."""
        return max((s.offset + s.stored - offset for s in self.sections if s.offset <= offset), default=0)

    @property
    def end(self) -> int:
        """Where the program ends and appended data begin."""
        return max((section.offset + section.stored for section in self.sections if section.stored), default=0)


def read_facts(fetch: Fetch, size: int) -> PeFacts | None:
    """Version-info and imports of a PE file of `size` bytes; None where it is none, and a part where it is broken."""
    try:
        headers = _read_headers(fetch)
    except struct.error:
        return None
    if headers is None:
        return None
    try:
        return _read_tables(fetch, headers, size)
    except (struct.error, ValueError, IndexError, OverflowError):
        return PeFacts(headers.is_dll, headers.machine, {}, (), problem=_HEADERS_DAMAGED)


def from_bytes(data: bytes) -> Fetch:
    """The fetch of a file whose bytes lie in memory."""
    return lambda spans: [data[offset : offset + length] for offset, length in spans]


def _read_headers(fetch: Fetch) -> _Headers | None:
    (start,) = fetch([(0, 64)])
    if start[:2] != b"MZ" or len(start) < 64:
        return None
    (at,) = struct.unpack_from("<I", start, 60)
    if at > _FARTHEST_HEADER:
        return None
    (head,) = fetch([(at, _HEADER_LENGTH)])
    if head[:4] != b"PE\0\0":
        return None
    machine, count, _time, _symbols, _count, optional_size, flags = struct.unpack_from("<2H3I2H", head, 4)
    (magic,) = struct.unpack_from("<H", head, 24)
    if magic not in {_MAGIC_32, _MAGIC_64}:
        return None
    is_64 = magic == _MAGIC_64
    (image_base,) = struct.unpack_from("<Q" if is_64 else "<I", head, 24 + (24 if is_64 else 28))
    tables_at = 24 + (112 if is_64 else 96)
    (table_count,) = struct.unpack_from("<I", head, tables_at - 4)
    room = max(0, 24 + optional_size - tables_at) // 8
    tables = [struct.unpack_from("<2I", head, tables_at + 8 * n) for n in range(min(table_count, room, 16))]
    sections = tuple(_read_section(head, 24 + optional_size + 40 * n) for n in range(min(count, 96)))
    return _Headers(
        _MACHINES.get(machine, "other"), bool(flags & _DLL), image_base, tuple((a, s) for a, s in tables), sections
    )


def _read_section(head: bytes, at: int) -> _Section:
    name, length, address, stored, offset = struct.unpack_from("<8s4I", head, at)
    # Windows rounds the offset down (PE format, PointerToRawData and FileAlignment).
    return _Section(name.rstrip(b"\0").decode("latin-1"), address, length, offset & ~0x1FF, stored)


def _read_tables(fetch: Fetch, headers: _Headers, size: int) -> PeFacts:
    """The tables first, then what they point to: whoever reads from a stream has to read it only twice."""
    wanted: list[Span] = [
        _span(headers, _IMPORT, 20 * _MOST_LIBRARIES),
        _span(headers, _DELAY_IMPORT, 32 * _MOST_LIBRARIES),
        _span(headers, _RESOURCE, _LARGEST_TREE),
        _span(headers, _DOTNET, 16),
        (headers.end, _APPENDED_START) if headers.end < size and not headers.is_dll else _NOTHING,
    ]
    imports, delayed, tree, dotnet_header, appended = fetch(wanted)
    names = [*_library_names(imports), *_delayed_names(delayed, headers.image_base)]
    spans = [_at(headers, address, _LONGEST_NAME) for address in names]
    resources = [versioninfo.find_resource(tree, kind) for kind in (versioninfo.VERSION, versioninfo.MANIFEST)]
    spans += [_at(headers, found[0], min(found[1], _LARGEST_RESOURCE)) if found else _NOTHING for found in resources]
    spans.append(_metadata_span(headers, dotnet_header))
    *read, version, manifest, metadata = fetch(spans)
    managed, is_damaged = _managed_names(metadata)
    libraries = dict.fromkeys((*_plain_names(read), *managed))
    is_cut = is_damaged or any(b"\0" not in text for text in read)
    texts = versioninfo.read_texts(version)
    has_signature_alone = _is_signature(headers)
    kind = "" if has_signature_alone else _appended(appended)
    return PeFacts(
        headers.is_dll,
        headers.machine,
        texts,
        tuple(libraries),
        installer=_installer(headers, texts, manifest, appended),
        appended=kind,
        problem=_HEADERS_DAMAGED if is_cut else "",
    )


def _span(headers: _Headers, table: int, most: int) -> Span:
    address = headers.tables[table][0] if table < len(headers.tables) else 0
    return _at(headers, address, most)


def _at(headers: _Headers, address: int, length: int) -> Span:
    offset = headers.offset_of(address) if address else None
    return (offset, min(length, headers.left_at(offset))) if offset is not None else _NOTHING


def _library_names(table: bytes) -> list[int]:
    """Addresses of the names in an import table, which ends with an empty row."""
    found = []
    for at in range(0, len(table) - 19, 20):
        (name,) = struct.unpack_from("<I", table, at + 12)
        if not name:
            break
        found.append(name)
    return found


def _delayed_names(table: bytes, image_base: int) -> list[int]:
    """The same of libraries that are loaded late; old linkers wrote addresses of memory instead of relative ones."""
    found = []
    for at in range(0, len(table) - 31, 32):
        attributes, name = struct.unpack_from("<2I", table, at)
        if not name:
            break
        found.append(name if attributes & 1 else name - image_base)
    return found


def _plain_names(read: Iterable[bytes]) -> Iterable[str]:
    """DLL names in lower case."""
    for text in read:
        name = text.partition(b"\0")[0].decode("ascii", "replace").lower()
        if name and b"\0" in text and name.isprintable():
            yield name


def _metadata_span(headers: _Headers, dotnet_header: bytes) -> Span:
    """Where the metadata of a .NET program lie (ECMA-335 II.25.3.3)."""
    if len(dotnet_header) < 16:
        return _NOTHING
    address, size = struct.unpack_from("<2I", dotnet_header, 8)
    return _at(headers, address, min(size, _LARGEST_METADATA))


def _managed_names(metadata: bytes) -> tuple[tuple[str, ...], bool]:
    """What a .NET program refers to, and whether that is damaged."""
    if not metadata:
        return (), False
    try:
        return dotnet.read_references(metadata), False
    except (struct.error, ValueError, IndexError):
        return (), True


def _is_signature(headers: _Headers) -> bool:
    """Behind a signed program its signature follows (data directory 4 holds an offset, not an address)."""
    tables = headers.tables
    return len(tables) > _SECURITY and tables[_SECURITY][1] > 0 and abs(tables[_SECURITY][0] - headers.end) < 16


def _appended(start: bytes) -> str:
    plain = start.lstrip(b"\0")
    return next((name for magic, name in _APPENDED if plain.startswith(magic)), "other" if plain else "")


def _installer(headers: _Headers, texts: dict[str, str], manifest: bytes, appended: bytes) -> str:
    """What built an installer, or nothing (media knowledge, section 2.4)."""
    sections = {section.name for section in headers.sections}
    said = " ".join(texts.values()).lower()
    for name, is_so in (
        ("nsis", b"\xef\xbe\xad\xdeNullsoftInst" in appended or b"Nullsoft.NSIS.exehead" in manifest),
        ("nsis", ".ndata" in sections),
        ("inno", "built with inno setup" in texts.get("comments", "").lower() or b"JR.Inno.Setup" in manifest),
        ("burn", ".wixburn" in sections),
        ("squirrel", "squirrel-based application" in said),
        ("installshield", "installshield" in said),
        ("iexpress", "wextract" in said),
        ("7z-sfx", b";!@Install@!UTF-8!" in appended or appended.startswith(b"7z\xbc\xaf\x27\x1c")),
        ("7z-sfx", "7z sfx" in said or "7z setup sfx" in said),
    ):
        if is_so:
            return name
    return ""
