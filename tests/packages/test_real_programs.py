"""Real programs and libraries say what is known of them: linkers of Microsoft and Borland, .NET, x86 and x64."""

import tarfile
import zipfile

import pytest

from repack.classify import pe
from repack.model import PeFacts
from tests.packages.downloads import Package, fetch
from tests.packages.test_real_packages import PACKAGES

pytestmark = [pytest.mark.slow, pytest.mark.packages]

BY_NAME = {package.name: package for package in PACKAGES}
# fmt: off
#: Package, the end of a path in it -> its facts; the imports are those that llvm-readobj lists, and those of .NET.
KNOWN = {
    ("intel-openmp", "/bin/libiompstubs5md.dll"): PeFacts(
        is_dll=True,
        machine="x64",
        version={
            "company": "Intel Corporation",
            "product": "Intel(R) OpenMP* Runtime Library",
            "description": "Intel(R) OpenMP* Runtime Library",
            "original_filename": "libiompstubs5md.dll",
            "internal_name": "libiompstubs5md.dll",
            "comments": "Intel(R) OpenMP* Stub Library version 5.0.20180609 for Intel(R) 64 architecture "
            "built on 2018-06-09 10:33:19 UTC.",
        },
        imports=("kernel32.dll",),
    ),
    ("pywin32", "pythonwin/win32ui.pyd"): PeFacts(
        is_dll=True,
        machine="x86",
        version={},
        imports=(
            "mfc90.dll", "msvcr90.dll", "kernel32.dll", "user32.dll", "gdi32.dll", "winspool.drv", "shell32.dll",
            "oleaut32.dll", "python27.dll", "pywintypes27.dll",
        ),
    ),
    ("electron-winstaller", "/vendor/Squirrel.com"): PeFacts(
        is_dll=False,
        machine="x86",
        version={
            "company": "Microsoft Corporation",
            "product": "Microsoft® Visual Studio® 2013",
            "description": "Microsoft Visual Studio Command Line",
            "original_filename": "DEVENV.COM",
            "internal_name": "DEVENV.COM",
        },
        imports=("kernel32.dll", "user32.dll"),
    ),
    ("electron-winstaller", "/vendor/Setup.exe"): PeFacts(
        is_dll=False,
        machine="x86",
        version={
            "product": "Squirrel-based application",
            "description": "Installer for Squirrel-based applications",
            "original_filename": "Setup.exe",
            "internal_name": "Setup.exe",
        },
        imports=(
            "kernel32.dll", "shlwapi.dll", "comctl32.dll", "user32.dll", "advapi32.dll", "shell32.dll", "ole32.dll",
            "oleaut32.dll", "urlmon.dll",
        ),
        installer="squirrel",
    ),
    ("electron-winstaller", "/vendor/wconsole.dll"): PeFacts(
        is_dll=True,
        machine="x86",
        version={
            "company": "Outercurve Foundation",
            "product": "Windows Installer XML Toolset",
            "description": "Windows Installer XML Console Interface",
            "original_filename": "wconsole.dll",
            "internal_name": "wconsole.dll",
            "comments": "",
        },
        imports=("mscoree.dll", "mscorlib.dll", "system.dll"),
    ),
    ("innosetup-compiler", "/bin/SetupLdr.e32"): PeFacts(
        is_dll=False,
        machine="x86",
        version={
            "company": "",
            "product": "",
            "description": "",
            "original_filename": "",
            "comments": "This installation was built with Inno Setup.",
        },
        imports=("kernel32.dll", "comctl32.dll", "user32.dll", "oleaut32.dll", "advapi32.dll"),
        installer="inno",
    ),
}
# fmt: on


def contents(package: Package) -> dict[str, bytes]:
    """Path -> bytes of the programs of a package."""
    file = fetch(package)
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as archive:
            found = {name: archive.read(name) for name in archive.namelist()}
    else:
        with tarfile.open(file) as archive:
            found = {member.name: read(archive, member) for member in archive if member.isfile()}
    return {path: data for path, data in found.items() if data.startswith(b"MZ")}


def read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    assert stream is not None
    return stream.read()


@pytest.mark.parametrize(("name", "end"), KNOWN)
def test_a_real_program_says_what_is_known_of_it(name: str, end: str):
    (data,) = (data for path, data in contents(BY_NAME[name]).items() if path.endswith(end))
    assert pe.read_facts(pe.from_bytes(data), len(data)) == KNOWN[name, end]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_no_real_program_is_damaged_and_few_bytes_of_it_are_read(package: Package):
    for path, data in contents(package).items():
        asked: list[int] = []

        def fetch_spans(spans: list[tuple[int, int]], data: bytes = data, asked: list[int] = asked) -> list[bytes]:
            asked.append(sum(length for _, length in spans))
            return pe.from_bytes(data)(spans)

        found = pe.read_facts(fetch_spans, len(data))
        assert found is not None, path
        assert found.problem == "", path
        assert found.imports or found.is_dll, path
        assert len(asked) <= 5, path
        assert sum(asked) < 1_500_000, path
