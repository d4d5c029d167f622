"""What .NET programs refer to: assemblies and native libraries, out of their metadata."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.pe import program
from repack.classify import dotnet, pe

#: Table -> rows of zeros, with the bytes of one row where every index takes two bytes and where places in the heap of
#: strings take four (ECMA-335 II.22); how many of its columns are strings is the difference.
ROWS = {
    0x00: (1, 10, 12),
    0x01: (3, 6, 10),
    0x02: (2, 14, 18),
    0x04: (4, 6, 8),
    0x06: (5, 14, 16),
    0x08: (2, 6, 8),
    0x0A: (3, 6, 8),
    0x0C: (7, 6, 6),
    0x11: (1, 2, 2),
    0x17: (1, 6, 8),
    0x18: (2, 6, 6),
    0x1C: (2, 8, 10),
    0x20: (1, 22, 26),
}


def metadata(assemblies: list[str], modules: list[str], *, wide: bool = False) -> bytes:
    """The metadata of an assembly that refers to these."""
    strings = b"\0"
    places = {}
    for name in (*assemblies, *modules):
        places[name] = len(strings)
        strings += name.encode() + b"\0"
    place = "<I" if wide else "<H"
    rows = {table: (count, bytes(count * (large if wide else small))) for table, (count, small, large) in ROWS.items()}
    rows[0x1A] = len(modules), b"".join(struct.pack(place, places[name]) for name in modules)
    refs = (
        bytes(12) + b"\0\0" + struct.pack(place, places[name]) + bytes(4 if wide else 2) + b"\0\0"
        for name in assemblies
    )
    rows[0x23] = len(assemblies), b"".join(refs)
    rows = {table: found for table, found in sorted(rows.items()) if found[0]}
    tables = struct.pack("<I4BQQ", 0, 2, 0, int(wide), 1, sum(1 << table for table in rows), 0)
    tables += b"".join(struct.pack("<I", count) for count, _ in rows.values())
    tables += b"".join(content for _, content in rows.values())
    version = b"v4.0.30319\0\0"
    head = b"BSJB" + struct.pack("<2HII", 1, 1, 0, len(version)) + version + struct.pack("<2H", 0, 2)
    start = len(head) + 8 + 4 + 8 + 12
    head += struct.pack("<2I", start, len(tables)) + b"#~\0\0"
    head += struct.pack("<2I", start + len(tables), len(strings)) + b"#Strings\0\0\0\0"
    return head + tables + strings


NAMES = ["mscorlib", "Viewer.Core", "Wrapper.DLL"]


@pytest.mark.parametrize("wide", [True, False])
def test_assemblies_and_native_libraries_are_named(*, wide: bool):
    found = dotnet.read_references(metadata(NAMES, ["render", "KERNEL32.dll"], wide=wide))
    assert set(found) == {"mscorlib.dll", "viewer.core.dll", "wrapper.dll", "render.dll", "kernel32.dll"}


def managed(content: bytes) -> bytes:
    """A program with metadata in its first section."""
    data = bytearray(program(is_dll=False, machine="x86", version={}, imports={"mscoree.dll": ["f"]}, size=9000))
    tables = data.index(b"PE\0\0") + 24 + 96
    text_at, text = struct.unpack_from("<I", data, tables + 8 * 16 + 20)[0], 0x1000
    data[text_at + 0x100 : text_at + 0x110] = struct.pack("<I2H2I", 72, 2, 5, text + 0x200, len(content))
    data[text_at + 0x200 : text_at + 0x200 + len(content)] = content
    struct.pack_into("<2I", data, tables + 8 * 14, text + 0x100, 72)
    return bytes(data)


def test_what_a_program_refers_to_are_imports():
    found = pe.read_facts(pe.from_bytes(data := managed(metadata(NAMES, ["render"]))), len(data))
    assert found is not None
    assert set(found.imports) == {"mscoree.dll", "mscorlib.dll", "viewer.core.dll", "wrapper.dll", "render.dll"}
    assert found.problem == ""
    broken = pe.read_facts(pe.from_bytes(data := managed(b"BSJB" + bytes(60))), len(data))
    assert broken is not None
    assert (broken.imports, broken.problem) == (("mscoree.dll",), "its headers are damaged")


WHOLE = metadata(NAMES, ["render"])


@given(st.data())
def test_changed_metadata_raise_nothing_else(data: st.DataObject):
    broken = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(broken) - 4))
        value = data.draw(st.sampled_from([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 0x1000]))
        struct.pack_into("<I", broken, at, value)
    cut = data.draw(st.integers(0, len(broken)))
    program_of = managed(bytes(broken[:cut]))
    assert pe.read_facts(pe.from_bytes(program_of), len(program_of)) is not None
