from collections.abc import Sequence
from itertools import product
from zlib import compress

import pefile
import pytest

from fixtures.pe import Machine, program

VERSION = {
    "CompanyName": "Microsoft Corporation",
    "FileDescription": "Microsoft® C Runtime Library",
    "FileVersion": "14.44.35211.0",
    "OriginalFilename": "msvcp140.dll",
    "ProductName": "Microsoft® Visual Studio®",
}
IMPORTS = {"KERNEL32.dll": ["ExitProcess", "LoadLibraryW"], "MSVCP140.dll": ["?_Xbad_alloc@std@@YAXXZ"]}
DELAYED = {"HelpView.dll": ["ShowHelp", "HideHelp"], "Print.dll": ["Go"]}

Libraries = dict[str, list[str]]


def read_strings(image: pefile.PE) -> dict[str, str]:
    return {
        key.decode(): value.decode()
        for info in getattr(image, "FileInfo", [])
        for block in info
        if block.Key == b"StringFileInfo"
        for table in block.StringTable
        for key, value in table.entries.items()
    }


def read_imports(image: pefile.PE, directory: str) -> Libraries:
    found: Sequence[object] = getattr(image, directory, [])
    return {entry.dll.decode(): [item.name.decode() for item in entry.imports] for entry in found}


@pytest.mark.parametrize(
    ("is_dll", "machine", "version", "imports", "delayed"),
    list(product([True, False], ["x86", "x64"], [VERSION, {}], [IMPORTS, {}], [DELAYED, {}])),
)
def test_pefile_reads_back_what_was_put_in(
    *, is_dll: bool, machine: Machine, version: dict[str, str], imports: Libraries, delayed: Libraries
) -> None:
    content = program(
        is_dll=is_dll, machine=machine, version=version, imports=imports, delay_imports=delayed, size=20_000
    )
    image = pefile.PE(data=content)
    assert image.get_warnings() == []
    assert image.is_dll() == is_dll
    assert image.FILE_HEADER.Machine == {"x86": 0x14C, "x64": 0x8664}[machine]
    assert read_strings(image) == version
    assert read_imports(image, "DIRECTORY_ENTRY_IMPORT") == imports
    assert read_imports(image, "DIRECTORY_ENTRY_DELAY_IMPORT") == delayed
    assert image.get_overlay() is None
    assert 20_000 <= len(content) <= 20_512


def test_program_stops_at_its_first_instruction() -> None:
    image = pefile.PE(data=program(is_dll=False, machine="x64", version={}, imports=IMPORTS, size=9000))
    assert image.get_data(image.OPTIONAL_HEADER.AddressOfEntryPoint, 16) == b"\xcc" * 16


def test_fixed_version_follows_the_text() -> None:
    image = pefile.PE(data=program(is_dll=True, machine="x86", version=VERSION, imports={}))
    fixed = image.VS_FIXEDFILEINFO[0]
    assert (fixed.FileVersionMS, fixed.FileVersionLS) == (14 << 16 | 44, 35211 << 16)


@pytest.mark.parametrize(("is_packed", "least", "most"), [(False, 0.4, 0.8), (True, 0.98, 1.02)])
def test_padding_compresses_as_asked(*, is_packed: bool, least: float, most: float) -> None:
    content = program(is_dll=True, machine="x64", version=VERSION, imports={}, size=200_000, is_packed=is_packed)
    assert least < len(compress(content)) / len(content) < most


def test_same_arguments_give_the_same_bytes() -> None:
    images = [
        program(is_dll=True, machine="x64", version=VERSION, imports=IMPORTS, size=30_000, variant=variant)
        for variant in (1, 1, 2)
    ]
    assert images[0] == images[1]
    assert images[0] != images[2]
