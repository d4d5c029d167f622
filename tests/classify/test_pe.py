"""What a Windows program says of itself; broken ones say less, and never stop anything."""

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.pe import program
from repack.classify import pe, window
from repack.model import EntryUnreadable, PeFacts

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
def test_names_and_texts_are_kept_as_they_are(machine: str):
    found = read(
        build(
            machine=machine,
            version={"ProductName": "Röntgen-Viewer", "Comments": "前歯"},
            imports={"My Library.dll": ["f"], "b+[1].drv": ["g"], "x": ["h"]},
            delay_imports={"c d.dll": "h"},
        )
    )
    assert found.imports == ("my library.dll", "b+[1].drv", "x", "c d.dll")
    assert found.version == {"product": "Röntgen-Viewer", "comments": "前歯"}
    assert found.problem == ""


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
    assert len(asked) <= 4, "whoever reads from a stream reads it that often"
    assert sum(asked) < 400_000


def test_many_programs_with_changed_bytes_never_raise():
    chance = random.Random(7)  # noqa: S311  nothing secret
    for _ in range(200):
        broken = bytearray(WHOLE)
        for _ in range(chance.randint(1, 30)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        read_any(bytes(broken))


def rows(data: bytes, directory: int) -> int:
    """Where the table of a data directory of a 32-bit program lies in the file; its section begins at it."""
    headers = data.index(b"PE\0\0")
    (address,) = struct.unpack_from("<I", data, headers + 24 + 96 + 8 * directory)
    count, size = struct.unpack_from("<H", data, headers + 6)[0], struct.unpack_from("<H", data, headers + 20)[0]
    for number in range(count):
        _, start, length, offset = struct.unpack_from("<4I", data, headers + 24 + size + 40 * number + 8)
        if start <= address < start + length:
            return address - start + offset
    raise AssertionError


IMPORT, RESOURCE, DELAY_IMPORT = 1, 2, 13


def test_a_row_without_a_name_ends_the_libraries():
    data = bytearray(WHOLE)
    at = rows(WHOLE, IMPORT) + 2 * 20
    struct.pack_into("<5I", data, at, 1, 1, 1, 0, 1)
    assert read(bytes(data)).imports == ("kernel32.dll", "core.dll", "late.dll")
    assert read(bytes(data)).problem == ""


@pytest.mark.parametrize("address", [0x1000 + 10, 0x7FFF_0000, 0xFFFF_FFFF])
def test_a_library_without_a_readable_name_is_damage_and_the_others_stay(address: int):
    data = bytearray(WHOLE)
    struct.pack_into("<I", data, rows(WHOLE, IMPORT) + 12, address)
    found = read(bytes(data))
    assert found.imports[-2:] == ("core.dll", "late.dll")
    assert address == 0x1000 + 10 or found.problem == "its headers are damaged"


def test_a_program_cut_within_its_libraries_says_so():
    data = WHOLE[: rows(WHOLE, IMPORT) + 30]
    assert read(data).problem == "its headers are damaged"
    data = WHOLE[: WHOLE.index(b"Core.DLL") + 4]
    assert read(data).imports == ("kernel32.dll",)
    assert read(data).problem == "its headers are damaged"


def test_damaged_version_info_leaves_the_libraries_and_what_came_before():
    data = bytearray(WHOLE)
    struct.pack_into("<H", data, data.index("Translation".encode("utf-16-le")) - 6, 0xFFFF)
    struct.pack_into("<H", data, data.index("VarFileInfo".encode("utf-16-le")) - 6, 0xFFFF)
    assert read(bytes(data)) == read(WHOLE)
    struct.pack_into("<I", data, rows(WHOLE, RESOURCE) + 20, 0xFFFF_FFFF)
    assert (read(bytes(data)).version, read(bytes(data)).imports) == ({}, read(WHOLE).imports)


def endless(directory: int, row: bytes) -> bytes:
    """A program whose table goes on to the end of a large last section."""
    data = bytearray(build(version=VERSION, size=30_000))
    headers = data.index(b"PE\0\0")
    last = headers + 24 + 224 + 40 * (struct.unpack_from("<H", data, headers + 6)[0] - 1)
    start = struct.unpack_from("<I", data, last + 12)[0]
    struct.pack_into("<2I", data, headers + 24 + 96 + 8 * directory, start + 0x2000, 20)
    content = row * (3_000_000 // len(row))
    struct.pack_into("<3I", data, last + 8, len(content) + 0x2000, start, len(content) + 0x2000)
    begin = struct.unpack_from("<I", data, last + 20)[0]
    return bytes(data[:begin] + data[begin:].ljust(0x2000, b"\0")[:0x2000]) + content


@pytest.mark.parametrize(
    ("directory", "row"),
    [
        (IMPORT, struct.pack("<5I", 1, 1, 1, 0x40, 1)),
        (DELAY_IMPORT, struct.pack("<8I", 1, 0x40, 1, 1, 1, 1, 1, 1)),
    ],
)
def test_a_table_without_end_is_left(directory: int, row: bytes):
    asked: list[int] = []

    def fetch(spans: list[tuple[int, int]]) -> list[bytes]:
        asked.append(sum(length for _, length in spans))
        return pe.from_bytes(data)(spans)

    data = endless(directory, row)
    found = pe.read_facts(fetch, len(data))
    assert found is not None
    assert found.problem == "its headers are damaged"
    assert len(asked) < 8
    assert sum(asked) < 1_000_000


def texts_without_end(block: bytes) -> bytes:
    """The program with a version-info of these blocks alone."""
    head = WHOLE.index("VS_VERSION_INFO".encode("utf-16-le")) - 6
    fixed = WHOLE[head : head + 40 + 52]
    return endless(RESOURCE, b"\0")[:-3_000_000] + resources(fixed + block * (200_000 // len(block)))


def resources(content: bytes) -> bytes:
    tree = b"".join(
        struct.pack("<12x2H2I", 0, 1, kind, where) for kind, where in ((16, 1 << 31 | 24), (1, 1 << 31 | 48), (1, 72))
    )
    data = endless(RESOURCE, b"\0")
    headers = data.index(b"PE\0\0")
    (start,) = struct.unpack_from("<I", data, headers + 24 + 96 + 8 * RESOURCE)
    return (tree + struct.pack("<4I", start + 88, 0x7FFF_FFFF, 0, 0) + content).ljust(3_000_000, b"\0")


def wide(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le")


FILE_INFO = struct.pack("<3H", 44, 0, 1) + wide("StringFileInfo")
ENDLESS_TEXTS = {
    "translations": struct.pack("<3H", 32, 0, 1) + wide("VarFileInfo") + bytes(2)
    + struct.pack("<3H", 36, 0xFFFF, 1) + wide("T") + bytes(2),
    "tables of one text each": FILE_INFO + struct.pack("<3H", 0xFFFF, 0, 1) + bytes(2),
    "long texts": struct.pack("<3H", 0xFFFF, 0, 1) + wide("StringFileInfo") + struct.pack("<3H", 0xFFFF, 0, 1)
    + wide("0") + bytes(2) + b"\1\1" * 90_000,
}  # fmt: skip


@pytest.mark.parametrize("kind", ENDLESS_TEXTS)
def test_version_info_made_to_be_read_for_ever_is_left(kind: str, monkeypatch: pytest.MonkeyPatch):
    steps, count = [0], window.Window.step

    def step(self: window.Window) -> None:
        steps[0] += 1
        count(self)

    monkeypatch.setattr(window.Window, "step", step)
    assert read(texts_without_end(ENDLESS_TEXTS[kind])).is_dll is False
    assert 200 < steps[0] < 6_000


def test_resources_that_lead_to_themselves_are_left():
    data = bytearray(WHOLE)
    struct.pack_into("<I", data, rows(WHOLE, RESOURCE) + 20, 1 << 31)
    found = read(bytes(data))
    assert (found.version, found.imports) == ({}, read(WHOLE).imports)


def test_more_sections_than_windows_loads_are_damage():
    data = bytearray(build(size=20_000))
    at = data.index(b"PE\0\0")
    struct.pack_into("<H", data, at + 6, 0xFFFF)
    for number in range(150):
        struct.pack_into("<8s4I", data, at + 24 + 224 + 40 * number, b".many", 0x10, 0x1000 * (number + 1), 0x10, 0x400)
    assert read(bytes(data)).problem == "its headers are damaged"


@pytest.mark.parametrize("readable", range(4))
def test_what_cannot_be_read_is_no_damage_of_the_program(readable: int):
    left = [readable]

    def fetch(spans: list[tuple[int, int]]) -> list[bytes]:
        left[0] -= 1
        if left[0] < 0:
            raise EntryUnreadable("bad sector")
        return pe.from_bytes(large)(spans)

    large = build(version=VERSION, imports={"a.dll": ["f"]}, size=3_000_000)
    if readable < 2:
        with pytest.raises(EntryUnreadable):
            pe.read_facts(fetch, len(large))
    else:
        assert pe.read_facts(fetch, len(large)) == read(large)
