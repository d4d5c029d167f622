"""No ordinary folder is taken for a language: over the names of real discs and packages; the counts are printed."""

import csv
import re
from collections.abc import Iterable
from itertools import product
from pathlib import Path

import pytest

from repack.classify import languages
from repack.model import Facts, PeFacts
from tests.classify.synthetic import DIRECTORY, IMAGE, Disc, classify, make_entry
from tests.shared_data import SHARED, require, shared_files

MATERIAL = SHARED / "knowledge" / "test-material.csv"
LAYOUTS = shared_files("disc-layouts", "*.tsv")
_KINDS = {"pdf": "pdf", "chm": "chm", "mo": "gettext", "qm": "qt", "zip": "zip", "jpg": "jpeg", "msi": "ole"}
_IMAGE_FOLDERS = ("DICOM/", "DCMDT/")
#: What a list of test material writes for "one of the languages".
_TAGS = ("ca@valencia", "de", "fa_IR", "gl_ES", "ko_KR", "zh_CN")
#: A path with a folder in it, as the descriptions of the packages hold them.
_PATH = re.compile(r"[\w.@+*<>{},…-]+(?:/[\w.@+*<>{},…-]+)+")
_BRACES = re.compile(r"\{([^{}]*)\}")


def pretend(path: str) -> Facts:
    """Facts as the name would have them: nobody has the contents."""
    if path.startswith(_IMAGE_FOLDERS):
        return Facts("dicom", dicom=IMAGE)
    if path == "DICOMDIR":
        return Facts("dicom", dicom=DIRECTORY)
    extension = path.rpartition(".")[2].lower()
    if extension in {"exe", "dll"}:
        return Facts("pe", pe=PeFacts(extension == "dll", "x86", {}, ()))
    return Facts(_KINDS.get(extension, "unknown"))


def lay_out_names(paths: Iterable[str]) -> Disc:
    entries = [make_entry(path, 100, index) for index, path in enumerate(dict.fromkeys(paths))]
    return classify(entries, [pretend(entry.path) for entry in entries])


def taken(disc: Disc) -> dict[str, str]:
    """Path -> the text that was taken for a language."""
    return {path: verdict.locale.text for path, verdict in disc.by_path.items() if verdict.locale}


def tempting(paths: Iterable[str]) -> set[str]:
    """Folders and stems that read as a language, whatever lies around them: what a careless rule would take."""
    parts = {part for path in paths for part in re.split(r"[/._-]", path)}
    return {part for part in parts if languages.read_tag(part)}


@pytest.mark.parametrize("file", LAYOUTS, ids=lambda file: file.stem)
def test_no_folder_of_a_real_disc_is_a_language(file: Path):
    paths = [line.partition("\t")[2] for line in file.read_text("utf-8").splitlines()[1:]]
    found = taken(lay_out_names(paths))
    print(f"{file.stem}: {len(paths)} paths, {len(tempting(paths))} tempting, {len(found)} taken")  # noqa: T201  asked for
    assert len(paths) > 100
    assert found == {}


def test_the_layouts_are_here():
    require(LAYOUTS)
    assert len(LAYOUTS) == 2


def read_material() -> list[str]:
    """Every path that the list of packages names, its braces and placeholders written out."""
    paths: list[str] = []
    with MATERIAL.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for column in ("redistributable_or_runtime", "locales", "other_facts"):
                for named in _PATH.findall(row[column] or ""):
                    paths += (f"{row['name']}/{path}" for path in _write_out(named.rstrip(".,")))
    return paths


def _write_out(named: str) -> Iterable[str]:
    pieces = _BRACES.split(named.replace("<tag>", "{" + ",".join(_TAGS) + "}").replace("*", "x"))
    for chosen in product(*(piece.split(",") if number % 2 else [piece] for number, piece in enumerate(pieces))):
        path = "".join(chosen)
        yield path if "." in path.rpartition("/")[2] else f"{path}/file.bin"


@pytest.mark.skipif(not MATERIAL.exists(), reason="the list of packages is not here")
def test_no_folder_of_the_test_material_is_a_language_but_those_that_are():
    paths = read_material()
    found = taken(lay_out_names(paths))
    print(f"{len(paths)} paths, {len(tempting(paths))} tempting, {len(found)} taken: {sorted(set(found.values()))}")  # noqa: T201
    assert len(paths) > 50
    assert {"file.bin" in path for path in paths if re.search(r"/(ie|tk)/", path)} == {True}, "the known traps"
    meant = re.compile(r"typescript/lib/|wxPython/wx/locale/|/locales/|node-notifier/.*\.lproj/")
    assert {path: text for path, text in found.items() if not meant.search(path)} == {}
    assert set(found.values()) >= {"pt-br", "zh-tw", "ca@valencia"}, "those that are languages were seen"


#: Folders of programs and archives that are named like languages, each with neighbours as they were found.
TRAPS = {
    "Unicode properties of Perl": ["lib/CE/Y.pl", "lib/PCM/Y.pl", "lib/SD/Y.pl"],
    "encodings of Perl": ["Encode/CN/CN.so", "Encode/JP/JP.so", "Encode/KR/KR.so"],
    "pywin32": ["scripts/ce/a.py", "axscript/Demos/client/ie/a.htm"],
    "VTK": ["vtkmodules/tk/a.py", "vtkmodules/qt/a.py", "vtkmodules/util/a.py"],
    "modalities": [f"{name}/IMG001" for name in ("MR", "PT", "SR", "SE", "CS", "PA")],
    "series": [f"ST000001/SE00000{n}/{m}" for n in range(4) for m in ("IT", "NO", "PT")],
    "processors": ["bin/arm/a.dll", "bin/ia/a.dll", "bin/x64/a.dll"],
    "numbers": ["1024/a.dat", "1025/b.dat", "2057/c.dat", "0001/a.dat", "2020/a.dat", "2021/a.dat"],
    "years": [f"{year}/a.txt" for year in range(1999, 2030)],
    "slices": [f"{number:04}/slice.raw" for number in range(1020, 1080)],
    "numbered folders": [f"IHE_PDI/{number}/index.htm" for number in range(1020, 1080)],
    "versions": ["opencv1025.dll", "opencv1026.dll"],
    "words": ["is/a.txt", "it/b.txt", "to/c.txt", "no/d.txt", "so/e.txt"],
    "initials of patients": ["AR/scan.pdf", "DE/scan.pdf", "FR/scan.pdf", "IT/scan.pdf", "DICOM/I1"],
}


@pytest.mark.parametrize("trap", TRAPS)
def test_no_trap_is_a_language(trap: str):
    assert taken(lay_out_names(TRAPS[trap])) == {}
