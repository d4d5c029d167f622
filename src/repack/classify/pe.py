"""What a Windows program says of itself: kind, machine, version-info, imports (Microsoft PE format)."""

import struct

import pefile

from repack.model import PeFacts

_STRINGS = {
    b"CompanyName": "company",
    b"ProductName": "product",
    b"FileDescription": "description",
    b"OriginalFilename": "original_filename",
    b"InternalName": "internal_name",
    b"Comments": "comments",
}
_MACHINES = {0x014C: "x86", 0x8664: "x64", 0xAA64: "arm64", 0x01C4: "arm"}
_WANTED = [pefile.DIRECTORY_ENTRY[f"IMAGE_DIRECTORY_ENTRY_{name}"] for name in ("IMPORT", "DELAY_IMPORT", "RESOURCE")]
#: What pefile lets through on crafted or cut files, besides its own error.
_BROKEN = (
    pefile.PEFormatError, struct.error, ValueError, IndexError, KeyError, AttributeError, TypeError, OverflowError,
)  # fmt: skip


def read_facts(data: bytes) -> PeFacts | None:
    """Version-info and imports of a PE file; None where it is none. A broken one gives what could be read."""
    try:
        program = pefile.PE(data=data, fast_load=True)
    except _BROKEN:
        return None
    machine = _MACHINES.get(program.FILE_HEADER.Machine, "other")
    is_dll = bool(program.is_dll())
    try:
        program.parse_data_directories(directories=_WANTED)
        return PeFacts(is_dll, machine, _version(program), _imports(program))
    except _BROKEN:
        return PeFacts(is_dll, machine, {}, (), "its headers are damaged")


def _version(program: pefile.PE) -> dict[str, str]:
    """The strings of the first language, stripped: some writers pad them with blanks."""
    found: dict[str, str] = {}
    for block in getattr(program, "FileInfo", []):
        for info in block:
            for table in getattr(info, "StringTable", []):
                for key, value in table.entries.items():
                    name = _STRINGS.get(key)
                    if name and name not in found:
                        found[name] = value.decode("utf-8", "replace").strip(" \0")
    return found


def _imports(program: pefile.PE) -> tuple[str, ...]:
    """DLL names in lower case, those that are loaded late included."""
    names = [
        library.dll.decode("ascii", "replace").lower()
        for attribute in ("DIRECTORY_ENTRY_IMPORT", "DIRECTORY_ENTRY_DELAY_IMPORT")
        for library in getattr(program, attribute, [])
        if library.dll
    ]
    return tuple(dict.fromkeys(names))
