"""What a Windows program says of itself; broken ones say less, and never stop anything."""

import random
import struct

import pefile
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.pe import program
from repack.classify import pe
from repack.model import PeFacts

VERSION = {
    "CompanyName": "Synthetic Imaging",
    "ProductName": "Viewer",
    "FileDescription": "Zeigt Bilder für Ärzte",
    "OriginalFilename": "Viewer.exe",
    "InternalName": "viewer",
    "Comments": "none",
    "FileVersion": "1.2.3.4",
}


def build(**changes: object) -> bytes:
    given_ = {"is_dll": False, "machine": "x86", "version": {}, "imports": {}} | changes
    return program(**given_)


WHOLE = build(version=VERSION, imports={"KERNEL32.dll": ["f"], "Core.DLL": ["g"]}, delay_imports={"Late.dll": ["h"]})


def read(data: bytes) -> PeFacts:
    found = read_any(data)
    assert found is not None
    return found


def read_any(data: bytes) -> PeFacts | None:
    return pe.read_facts(pe.from_bytes(data), len(data))


def test_version_info_is_read():
    assert read(WHOLE).version == {
        "company": "Synthetic Imaging",
        "product": "Viewer",
        "description": "Zeigt Bilder für Ärzte",
        "original_filename": "Viewer.exe",
        "internal_name": "viewer",
        "comments": "none",
    }


def test_padded_texts_are_stripped():
    version = {"CompanyName": "Padded" + " " * 60, "ProductName": "  Both  ", "Comments": ""}
    found = read(build(version=version)).version
    assert found["company"] == "Padded"
    assert found["product"] == "Both"


def test_a_program_without_version_info_says_nothing():
    assert read(build()).version == {}


@pytest.mark.parametrize("machine", ["x86", "x64"])
@pytest.mark.parametrize("is_dll", [True, False])
def test_kind_and_machine(machine: str, *, is_dll: bool):
    found = read(build(machine=machine, is_dll=is_dll, version=VERSION, imports={"a.dll": ["f"]}))
    assert (found.machine, found.is_dll, found.imports, found.problem) == (machine, is_dll, ("a.dll",), "")
    assert found.version["product"] == "Viewer"


@pytest.mark.parametrize(("number", "machine"), [(0xAA64, "arm64"), (0x01C4, "arm"), (0x0200, "other")])
def test_other_machines(number: int, machine: str):
    data = bytearray(build())
    at = data.index(b"PE\0\0") + 4
    data[at : at + 2] = number.to_bytes(2, "little")
    assert read(bytes(data)).machine == machine


def test_imports_are_in_lower_case_each_once_and_the_late_ones_too():
    assert read(WHOLE).imports == ("kernel32.dll", "core.dll", "late.dll")
    both = build(imports={"a.dll": ["f"]}, delay_imports={"A.DLL": ["g"], "b.dll": ["h"]})
    assert read(both).imports == ("a.dll", "b.dll")
    assert read(build(delay_imports={"only.dll": ["f"]})).imports == ("only.dll",)


@pytest.mark.parametrize(
    "data", [b"", b"MZ", b"no program", b"MZ" + bytes(62), b"MZ" + b"\xff" * 4000, b"\x7fELF" * 99]
)
def test_what_is_no_program(data: bytes):
    assert read_any(data) is None


def test_a_program_cut_behind_its_headers_still_says_its_kind():
    found = read(WHOLE[:0x400])
    assert (found.is_dll, found.machine, found.version) == (False, "x86", {})


@pytest.mark.parametrize("length", range(0, len(WHOLE), 97))
def test_a_cut_program_never_raises(length: int):
    found = read_any(WHOLE[:length])
    assert found is None or set(found.imports) <= {"kernel32.dll", "core.dll", "late.dll", ""}


@given(st.binary(max_size=600), st.booleans())
def test_random_bytes_never_raise(data: bytes, is_behind_headers: bool):  # noqa: FBT001  hypothesis names it
    read_any((WHOLE[:0x400] if is_behind_headers else b"MZ") + data)


@given(st.data())
def test_a_program_with_changed_bytes_never_raises(data: st.DataObject):
    broken = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.one_of(st.integers(0, 0x400), st.integers(0, len(WHOLE) - 4)))
        value = data.draw(st.sampled_from([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 0x1000]))
        broken[at : at + 4] = struct.pack("<I", value)
    read_any(bytes(broken[: len(WHOLE)]))


@pytest.mark.parametrize("machine", ["x86", "x64"])
def test_another_reader_of_programs_reads_the_same(machine: str):
    data = build(
        machine=machine, version=VERSION, imports={"A.dll": ["f"], "b.dll": ["g"]}, delay_imports={"c.dll": "h"}
    )
    other = pefile.PE(data=data)
    tables = (*other.DIRECTORY_ENTRY_IMPORT, *other.DIRECTORY_ENTRY_DELAY_IMPORT)
    assert read(data).imports == tuple(library.dll.decode().lower() for library in tables)
    strings = other.FileInfo[0][0].StringTable[0].entries
    assert read(data).version["description"] == strings[b"FileDescription"].decode()


INSTALLERS = [
    ({"Comments": "This installation was built with Inno Setup." + " " * 60}, b"", "inno", ""),
    ({"ProductName": "Squirrel-based application"}, b"", "squirrel", ""),
    ({"FileDescription": "InstallShield (R) Setup Launcher"}, b"", "installshield", ""),
    ({"InternalName": "Wextract"}, b"", "iexpress", ""),
    ({"FileDescription": "7z Setup SFX"}, b"", "7z-sfx", ""),
    ({}, b"\0\0\0\0\xef\xbe\xad\xdeNullsoftInst" + bytes(99), "nsis", "other"),
    ({}, b";!@Install@!UTF-8!\r\nRunProgram=a.exe\r\n;!@InstallEnd@!7z\xbc\xaf\x27\x1c", "7z-sfx", "other"),
    ({}, b"PK\3\4" + bytes(99), "", "zip"),
    ({}, b"MSCF" + bytes(99), "", "cab"),
    ({}, bytes(99), "", ""),
    ({"FileDescription": "Inno Setup Compiler", "Comments": "Inno Setup home page"}, b"", "", ""),
]


@pytest.mark.parametrize(("version", "appended", "installer", "kind"), INSTALLERS)
def test_what_built_an_installer(version: dict[str, str], appended: bytes, installer: str, kind: str):
    found = read(build(version=version) + appended)
    assert (found.installer, found.appended) == (installer, kind)


def rename_section(data: bytes, old: bytes, new: bytes) -> bytes:
    return data.replace(old.ljust(8, b"\0"), new.ljust(8, b"\0"), 1)


@pytest.mark.parametrize(("section", "installer"), [(b".wixburn", "burn"), (b".ndata", "nsis"), (b".other", "")])
def test_a_section_tells_the_installer(section: bytes, installer: str):
    assert read(rename_section(build(version=VERSION), b".text", section)).installer == installer


def test_a_signature_is_no_appended_data():
    data = bytearray(build())
    at = data.index(b"PE\0\0") + 24 + 96 + 8 * 4  # data directory 4 of a 32-bit program holds a place in the file
    struct.pack_into("<2I", data, at, len(data), 64)
    assert read(bytes(data) + b"\x40\0\0\0" + b"\x30\x82" * 30).appended == ""
    struct.pack_into("<2I", data, at, len(data) + 4096, 64)
    assert read(bytes(data) + b"PK\3\4" + bytes(4092 + 64)).appended == "zip"


def test_only_what_is_needed_is_asked_for():
    asked: list[int] = []

    def fetch(spans: list[tuple[int, int]]) -> list[bytes]:
        asked.append(sum(length for _, length in spans))
        return pe.from_bytes(large)(spans)

    large = build(version=VERSION, imports={"a.dll": ["f"]}, size=3_000_000)
    found = pe.read_facts(fetch, len(large))
    assert found == read(large)
    assert found.imports == ("a.dll",)
    assert len(asked) == 4
    assert sum(asked) < 400_000


def test_many_programs_with_changed_bytes_never_raise():
    chance = random.Random(7)  # noqa: S311  nothing secret
    for _ in range(200):
        broken = bytearray(WHOLE)
        for _ in range(chance.randint(1, 30)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        read_any(bytes(broken))
