import gettext
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from pydicom import dcmread
from pydicom.fileset import FileSet

from fixtures.__main__ import main
from fixtures.disc import DiscFile, dental_disc, dress, image_path, write_folder, write_zip
from fixtures.locales import ENGLISH_NAMES, SATELLITE_TAGS

OpenFileSet = Callable[[Path], FileSet]


@pytest.fixture(scope="module")
def disc() -> dict[str, bytes]:
    files = list(dental_disc(3, size=32))
    assert len({file.path.lower() for file in files}) == len(files)
    return {file.path: file.content for file in files}


def digest(files: dict[str, bytes]) -> str:
    return sha256(b"".join(path.encode() + content for path, content in files.items())).hexdigest()


def test_same_arguments_give_the_same_disc(disc: dict[str, bytes]) -> None:
    again = {file.path: file.content for file in dental_disc(3, size=32)}
    assert digest(again) == digest(disc)


def test_more_than_a_hundred_languages(disc: dict[str, bytes]) -> None:
    satellites = [path for path in disc if path.endswith("/Ez3DViewer.resources.dll")]
    assert len(satellites) == len(set(SATELLITE_TAGS)) > 110
    assert {"ky", "ky-KG", "ar-YE", "en", "en-GB", "es", "es-MX", "zh-Hans", "sr-Latn"} < set(SATELLITE_TAGS)
    assert len({disc[path] for path in satellites}) == len(satellites)
    assert len(set(ENGLISH_NAMES)) >= 25
    assert {"Kyrgyz", "Arabic (Yemen)", "Spanish", "English", "Portuguese (Brazil)"} < set(ENGLISH_NAMES)


def test_launcher_is_what_windows_expects(disc: dict[str, bytes]) -> None:
    lines = disc["autorun.inf"].decode("cp1252").split("\r\n")
    assert lines[:3] == ["[autorun]", r"open=Viewer\Ez3DViewer.exe /cd", r"icon=Viewer\viewer.ico,0"]
    assert {"Viewer/Ez3DViewer.exe", "Viewer/viewer.ico"} < set(disc)


def test_small_files_are_what_their_names_say(disc: dict[str, bytes]) -> None:
    spanish = gettext.GNUTranslations(BytesIO(disc["Viewer/locale/es/LC_MESSAGES/viewer.mo"]))
    assert spanish.gettext("Message 0007").startswith("es ")
    assert disc["Viewer/translations/qt_es.qm"].startswith(b"\x3c\xb8\x64\x18")
    assert disc["Manual.pdf"].startswith(b"%PDF-1.4")
    start = int(disc["Manual.pdf"].rsplit(b"startxref\n", 1)[1].split()[0])
    assert disc["Manual.pdf"][start:].startswith(b"xref\n")
    assert 5_000_000 < sum(len(content) for path, content in disc.items() if path[:6] == "Viewer") < 8_000_000


def test_scale_multiplies_the_padding() -> None:
    sizes = [
        sum(len(file.content) for file in dental_disc(0, viewer_scale=scale) if file.path.startswith("Viewer"))
        for scale in (1, 2)
    ]
    assert 1.9 < sizes[1] / sizes[0] < 2.1


@pytest.mark.parametrize("implicit", [False, True])
def test_dicomdir_names_every_image(tmp_path: Path, open_file_set: OpenFileSet, *, implicit: bool) -> None:
    write_folder(tmp_path, dental_disc(4, size=32, implicit=implicit))
    file_set = open_file_set(tmp_path / "DICOMDIR")
    assert [Path(instance.path) for instance in file_set] == [tmp_path / image_path(n) for n in range(4)]
    for instance in file_set:
        header = dcmread(instance.path)
        assert header.file_meta.TransferSyntaxUID == instance.ReferencedTransferSyntaxUIDInFile


def test_dressing_keeps_the_images_byte_for_byte(disc: dict[str, bytes]) -> None:
    images = [(f"{name}.dcm", disc[image_path(n)]) for n, name in enumerate(("c", "b", "a"))]
    dressed = {file.path: file.content for file in dress(images)}
    assert digest(dressed) == digest(disc)


@pytest.mark.parametrize("method", ["deflated", "stored"])
def test_zip_depends_on_nothing_but_its_files(tmp_path: Path, method: str) -> None:
    files = [DiscFile("a/b.txt", b"b" * 1000), DiscFile("c", b"")]
    for name in ("one.zip", "two.zip"):
        write_zip(tmp_path / name, files, method=method)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with ZipFile(tmp_path / "one.zip") as archive:
        assert archive.read("a/b.txt") == b"b" * 1000
        assert {entry.date_time for entry in archive.infolist()} == {(2024, 3, 15, 10, 30, 0)}


def test_folder_has_a_fixed_time(tmp_path: Path) -> None:
    write_folder(tmp_path, [DiscFile("a/b.txt", b"b")])
    assert (tmp_path / "a" / "b.txt").stat().st_mtime == 1710498600


def test_command_line_dresses_a_folder(tmp_path: Path, disc: dict[str, bytes]) -> None:
    source = tmp_path / "source"
    write_folder(source, [DiscFile("b", disc["DICOM/I0000001"]), DiscFile("readme.txt", b"no image")])
    main(["--images", str(source), "--out", str(tmp_path / "out.zip"), "--stored"])
    with ZipFile(tmp_path / "out.zip") as archive:
        assert archive.read("DICOM/I0000001") == disc["DICOM/I0000001"]
        assert "DICOM/I0000002" not in archive.namelist()
