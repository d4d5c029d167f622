"""What a Windows program says of itself: kind, machine, version-info, imports, what is appended (Microsoft PE format).

pefile reads it, through a window: only headers, tables and names are fetched, never the whole file, and all that is
looked at is bounded, because programs on a disc are somebody else's and may be made for it.
"""

import struct
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import Any, TypeAlias

from repack.classify import dotnet
from repack.classify.window import Fetch, OverBudget, Span, Window
from repack.model import PeFacts

_Program: TypeAlias = Any  # and whatever it is made of: pefile publishes no types
_NOTHING: Span = (0, 0)
_MACHINES = {0x014C: "x86", 0x8664: "x64", 0xAA64: "arm64", 0x01C4: "arm"}
_DLL = 0x2000  # IMAGE_FILE_DLL
_IMPORT, _RESOURCE, _SECURITY, _DELAY_IMPORT, _DOTNET = 1, 2, 4, 13, 14  # data directories
_VERSION, _MANIFEST = 16, 24  # RT_VERSION, RT_MANIFEST
_STRINGS = {
    b"companyname": "company",
    b"productname": "product",
    b"filedescription": "description",
    b"originalfilename": "original_filename",
    b"internalname": "internal_name",
    b"comments": "comments",
}
_FARTHEST_HEADER = 1 << 16
_MOST_SECTIONS = 96  # that Windows XP loads
_MOST_ENTRIES = 256  # of one level of the resources that are looked at
_LONGEST_NAME = 260
_TABLE = 1 << 15  # bytes that hold most tables with their names
_LARGEST_RESOURCE, _LARGEST_METADATA = 1 << 16, 16 << 20
_APPENDED_START = 2_048  # bytes behind the program that tell what is appended
_HEADERS_DAMAGED = "its headers are damaged"
#: What stands at the beginning of appended data -> what it is.
_APPENDED = (
    (b"PK\x03\x04", "zip"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"MSCF", "cab"), (b"Rar!", "rar"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
)  # fmt: skip
#: What pefile lets out beside its own error, where numbers of a damaged file contradict each other.
_DAMAGE = (struct.error, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, OverBudget)


def read_facts(fetch: Fetch, size: int) -> PeFacts | None:
    """Version-info and imports of a PE file of `size` bytes; None where it is none, and a part where it is broken."""
    window = Window(fetch, size)
    try:
        return _read(window)
    finally:
        window.forget()  # sections and program of pefile hold each other until the next collection of garbage


def from_bytes(data: bytes) -> Fetch:
    """The fetch of a file whose bytes lie in memory."""
    return lambda spans: [data[offset : offset + length] for offset, length in spans]


def _read(window: Window) -> PeFacts | None:
    start = window.read(0, 64)
    if start[:2] != b"MZ" or len(start) < 64:
        return None
    (at,) = struct.unpack_from("<I", start, 60)
    if at > _FARTHEST_HEADER or window.read(at, 4) != b"PE\0\0":
        return None
    program_class = _program_class()
    try:
        program = program_class(window)
    except program_class.damage:
        return None
    if program.PE_TYPE is None:
        return None
    try:
        return _read_tables(program, window)
    except program_class.damage:
        return PeFacts(*_kind(program), {}, _tidy(program.libraries), problem=_HEADERS_DAMAGED)


@cache
def _program_class() -> _Program:
    """The reader of pefile, without what is not asked for."""
    import pefile  # noqa: PLC0415  most runs of the command line read no program

    class Program(pefile.PE):  # type: ignore[misc]  # publishes no types
        """Reads which libraries are needed, but not which functions of them; notes the names and whether one is cut."""

        damage = (pefile.PEFormatError, *_DAMAGE)

        def __init__(self, window: Window) -> None:
            self.window = window
            self.libraries: list[str] = []
            self.is_cut = False
            super().__init__(data=window, fast_load=True)

        def close(self) -> None:
            """Nothing is open; the collection of garbage that pefile starts here takes longer than all the reading."""

        def is_driver(self) -> bool:
            """Asked for a warning alone, which costs a reading of the imports."""
            return False

        def parse_imports(self, *_: object, **__: object) -> list[Any]:
            """One function without a name, since pefile passes over a library of which it finds none."""
            return [pefile.ImportData(name=b"")]

        def get_string_at_rva(self, rva: int, max_length: int = _LONGEST_NAME) -> bytes:
            """The name of a library: the one text that pefile looks up in this way here. No name ends the table."""
            if not rva:
                raise EOFError
            try:
                text, end, _ = self.get_data(rva, min(max_length, _LONGEST_NAME)).partition(b"\0")
            except pefile.PEFormatError:
                text = end = b""
            if end:
                self.libraries.append(text.decode("ascii", "replace").lower())
            self.is_cut |= not end
            return bytes(text)

        def get_word_from_data(self, data: bytes, offset: int) -> int | None:
            """Counts, because the length that a translation of the version-info states is not checked."""
            self.window.step()
            word: int | None = super().get_word_from_data(data, offset)
            return word

    return Program


def _kind(program: _Program) -> tuple[bool, str]:
    """Whether it is a library, and for which machine."""
    header = program.FILE_HEADER
    return bool(header.Characteristics & _DLL), _MACHINES.get(header.Machine, "other")


def _read_tables(program: _Program, window: Window) -> PeFacts:
    """What the headers point to, fetched in two goes: the tables, then what stands in the resources and in .NET."""
    is_dll, machine = _kind(program)
    is_damaged = len(program.sections) > _MOST_SECTIONS
    del program.sections[_MOST_SECTIONS:]
    end = max((s.get_PointerToRawData_adj() + s.SizeOfRawData for s in program.sections if s.SizeOfRawData), default=0)
    behind = (end, _APPENDED_START) if end < len(window) and not is_dll else _NOTHING
    dotnet_at = _span(program, _table(program, _DOTNET)[0], 16)
    tables = [_span(program, _table(program, number)[0], _TABLE) for number in (_IMPORT, _DELAY_IMPORT, _RESOURCE)]
    window.prime([*tables, dotnet_at, behind])
    is_damaged |= _read_imports(program)
    entries = [_find_resource(program, kind) for kind in (_VERSION, _MANIFEST)]
    resources = [_span(program, entry.OffsetToData, entry.Size) if entry else _NOTHING for entry in entries]
    metadata_at = _metadata_span(program, window.read(*dotnet_at))
    window.prime([*resources, metadata_at])
    managed, is_managed_damaged = _managed_names(window.read(*metadata_at))
    manifest, appended = window.read(*resources[1]), window.read(*behind)
    texts = _read_texts(program, entries[0])
    return PeFacts(
        is_dll,
        machine,
        texts,
        _tidy((*program.libraries, *managed)),
        installer=_installer({_section_name(section) for section in program.sections}, texts, manifest, appended),
        appended="" if _is_signature(program, end) else _appended(appended),
        problem=_HEADERS_DAMAGED if is_damaged or is_managed_damaged else "",
    )


def _tidy(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name and name.isprintable()))


def _table(program: _Program, number: int) -> Span:
    """Address and size of a data directory."""
    tables = program.OPTIONAL_HEADER.DATA_DIRECTORY
    return (tables[number].VirtualAddress, tables[number].Size) if number < len(tables) else _NOTHING


def _span(program: _Program, address: int, length: int) -> Span:
    """Where so many bytes of the loaded program lie in the file, at most to the end of their section."""
    section = program.get_section_by_rva(address) if address else None
    if section is None:
        return _NOTHING
    offset = section.get_offset_from_rva(address)
    left = section.get_PointerToRawData_adj() + section.SizeOfRawData - offset
    return (offset, min(length, _LARGEST_METADATA, left)) if left > 0 and offset >= 0 else _NOTHING


def _read_imports(program: _Program) -> bool:
    """Have pefile note the needed libraries, those that are loaded late too; whether that is damaged."""
    warnings = len(program.get_warnings())
    for number, parse in (
        (_IMPORT, program.parse_import_directory),
        (_DELAY_IMPORT, program.parse_delay_import_directory),
    ):
        address, size = _table(program, number)
        try:
            if address:
                parse(address, size)
        except EOFError:
            continue
        except OverBudget:
            return True
    return bool(program.is_cut) or len(program.get_warnings()) > warnings


def _find_resource(program: _Program, kind: int) -> _Program | None:
    """The first resource of a kind (levels: type, name, language), without reading all others as pefile would."""
    base, _ = _table(program, _RESOURCE)
    try:
        return _walk(program, base, kind) if base else None
    except program.damage:
        return None


def _walk(program: _Program, base: int, kind: int) -> _Program | None:
    at = base
    for level in range(3):
        named, numbered = struct.unpack("<2H", program.get_data(at + 12, 4).ljust(4, b"\0"))
        rows = range(min(named + numbered, _MOST_ENTRIES)) if level == 0 else range(min(named + numbered, 1))
        entries = (program.parse_resource_entry(at + 16 + 8 * row) for row in rows)
        found = next((entry for entry in entries if entry is None or level or entry.Name == kind), None)
        if found is None:
            return None
        at = base + found.OffsetToDirectory
    found = program.parse_resource_data_entry(at)
    if found is not None:
        found.Size = min(found.Size, _LARGEST_RESOURCE)
    return found


def _read_texts(program: _Program, entry: _Program | None) -> dict[str, str]:
    """The texts that rules know, of the first language that states them, stripped: some writers pad with blanks.

    Where the fixed part of the version-info is left out, pefile finds no texts; letters outside the Basic Multilingual
    Plane come as escapes.
    """
    found: dict[str, str] = {}
    if entry is None:
        return found
    with suppress(*program.damage):  # what was read before is as true as it was
        program.parse_version_information(entry)
    for structure in program.__structures__:  # FileInfo lacks everything where the last of it is damaged
        for key, value in getattr(structure, "entries", {}).items():
            name = _STRINGS.get(key.lower())
            if name and name not in found:
                found[name] = value.decode("utf-8", "replace").strip(" \0\t\r\n")
    return found


def _metadata_span(program: _Program, dotnet_header: bytes) -> Span:
    """Where the metadata of a .NET program lie (ECMA-335 II.25.3.3)."""
    if len(dotnet_header) < 16:
        return _NOTHING
    return _span(program, *struct.unpack_from("<2I", dotnet_header, 8))


def _managed_names(metadata: bytes) -> tuple[tuple[str, ...], bool]:
    """What a .NET program refers to, and whether that is damaged."""
    if not metadata:
        return (), False
    try:
        return dotnet.read_references(metadata), False
    except (struct.error, ValueError, IndexError):
        return (), True


def _section_name(section: _Program) -> str:
    return str(section.Name.rstrip(b"\0").decode("latin-1"))


def _is_signature(program: _Program, end: int) -> bool:
    """Behind a signed program its signature follows (data directory 4 holds an offset, not an address)."""
    offset, size = _table(program, _SECURITY)
    return size > 0 and abs(offset - end) < 16


def _appended(start: bytes) -> str:
    plain = start.lstrip(b"\0")
    return next((name for magic, name in _APPENDED if plain.startswith(magic)), "other" if plain else "")


def _installer(sections: Iterable[str], texts: dict[str, str], manifest: bytes, appended: bytes) -> str:
    """What built an installer, or nothing (media knowledge, section 2.4)."""
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
