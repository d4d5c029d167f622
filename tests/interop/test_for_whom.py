"""Each `--for` with the tool of its world: DCMTK knows the profiles of CD and USB, Orthanc takes in the zips."""

import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.fileset import FileSet

from fixtures.disc import write_zip
from tests.commands import repack
from tests.discs import write_small_disc
from tests.interop.orthanc import GDCM_PLUGIN, Orthanc, running
from tests.interop.programs import call, find
from tests.test_split import DISC as SPLIT
from tests.test_split import IMAGES

pytestmark = pytest.mark.interop

SLICES = 4
CD, USB_J2K = "-Pgp", "-Pf2"  # STD-GEN-CD/DVD-RAM; STD-GEN-USB/MMC/CF/SD-J2K
FRAMES = [f"DICOM/I{number:07}" for number in range(1, SLICES + 1)]


@pytest.fixture(scope="module")
def disc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_disc(tmp_path_factory.mktemp("disc") / "scan.zip", SLICES)


def repacked(disc: Path, target: Path, *words: str) -> Path:
    repack(disc, "-o", target, "-q", *words)
    return target


def unzip(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder


def accepted(profile: str, disc: Path, made: Path) -> tuple[list[str], str]:
    """The files that DCMTK takes into a new index of this profile, and what it says."""
    words = [find("dcmmkdir"), profile, "+I", "+D", str(made), "+id", str(disc), "+r", "DICOM"]
    done = subprocess.run(words, cwd=disc, capture_output=True, check=False, timeout=60)
    taken = dcmread(made).DirectoryRecordSequence if made.exists() else []
    files = ["/".join(record.ReferencedFileID) for record in taken if "ReferencedFileID" in record]
    return sorted(files), (done.stdout + done.stderr).decode("utf-8", "replace")


@pytest.mark.parametrize(("purpose", "profile"), [("cd", CD), ("usb", USB_J2K)])
def test_dcmtk_takes_every_image_into_an_index_of_the_profile(
    purpose: str, profile: str, disc: Path, tmp_path: Path, open_file_set: Callable[[Path], FileSet]
):
    new = unzip(repacked(disc, tmp_path / "new.zip", "--for", purpose), tmp_path / "new")
    files, said = accepted(profile, new, tmp_path / "made")
    assert files == FRAMES
    assert "expected but" not in said
    assert len(open_file_set(new / "DICOMDIR")) == SLICES
    assert "DirectoryRecordSequence" in call("dcmdump", new / "DICOMDIR", is_silent=True)


@pytest.mark.parametrize(
    ("words", "profile"),
    [((), CD), ((), USB_J2K), (("--for", "usb"), CD), (("--for", "zip-mail"), USB_J2K), (("--for", "portal"), CD)],
)
def test_dcmtk_refuses_what_the_profile_does_not_list(words: tuple[str, ...], profile: str, disc: Path, tmp_path: Path):
    new = unzip(repacked(disc, tmp_path / "new.zip", *words), tmp_path / "new")
    files, said = accepted(profile, new, tmp_path / "made")
    assert files == []
    assert "expected but" in said


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with running(tmp_path_factory.mktemp("orthanc") / "server", GDCM_PLUGIN) as one:
        yield one


def shown(server: Orthanc, *contents: bytes) -> dict[str, list[str]]:
    try:
        return {instance: server.render(instance) for content in contents for instance in server.take_in(content)}
    finally:
        server.remove_all()


@pytest.mark.parametrize("purpose", ["zip-mail", "portal", "usb", "cd", "viewer"])
def test_a_server_takes_the_zip_in_and_shows_the_frames_of_the_disc(
    purpose: str, disc: Path, server: Orthanc, tmp_path: Path
):
    name = "DICOM.ZIP" if purpose == "zip-mail" else "new.zip"
    new = repacked(disc, tmp_path / name, "--for", purpose)
    with zipfile.ZipFile(disc) as archive:
        before = shown(server, *(archive.read(frame) for frame in FRAMES))
    assert len(before) == SLICES
    assert shown(server, new.read_bytes()) == before


@pytest.mark.parametrize("purpose", ["zip-mail", "portal"])
def test_the_index_lies_at_the_top_and_names_every_image(
    purpose: str, disc: Path, tmp_path: Path, open_file_set: Callable[[Path], FileSet]
):
    new = unzip(repacked(disc, tmp_path / "new.zip", "--for", purpose), tmp_path / "new")
    assert sorted("/".join(one.ReferencedFileID) for one in open_file_set(new / "DICOMDIR")) == FRAMES


def test_nothing_in_a_zip_for_a_portal_is_a_program(disc: Path, tmp_path: Path):
    new = unzip(repacked(disc, tmp_path / "new.zip", "--for", "portal"), tmp_path / "new")
    kinds = [call("file", "-b", path) for path in new.rglob("*") if path.is_file()]
    assert len(kinds) > SLICES
    assert not [kind for kind in kinds if "executable" in kind or "script" in kind]


def test_each_study_of_a_split_disc_is_read_by_dcmtk_pydicom_and_the_server(
    server: Orthanc, tmp_path: Path, open_file_set: Callable[[Path], FileSet]
):
    write_zip(tmp_path / "scan.zip", SPLIT)
    repacked(tmp_path / "scan.zip", tmp_path / "new.zip", "--split", "study", "--for", "portal")
    originals = {file.path: file.content for file in IMAGES}
    for number in (1, 2, 3):
        part = tmp_path / f"new.study{number}of3.zip"
        folder = unzip(part, tmp_path / f"part{number}")
        mine = sorted(path for path in originals if path.startswith(f"DICOM/S{number}"))
        call("dcmdump", folder / "DICOMDIR", is_silent=True)
        found = open_file_set(folder / "DICOMDIR")
        assert sorted("/".join(one.ReferencedFileID) for one in found) == mine
        assert len({one.load().StudyInstanceUID for one in found}) == 1
        assert accepted("-Nxc", folder, tmp_path / f"made{number}")[0] == mine  # JPEG-LS is in no profile
        assert shown(server, part.read_bytes()) == shown(server, *(originals[path] for path in mine))
