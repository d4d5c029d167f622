"""DCMTK's dcmmkdir takes a disc under a profile if and only if we say that the disc is fit for it.

dcmmkdir makes an index of the files that it takes and leaves the others out; it has no STD-GEN-ZIP-MAIL. What it does
not look at (whether the disc's own DICOMDIR lists everything) is tested without it.
"""

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.encaps import encapsulate

from fixtures.dicom import dicomdir
from repack.conformance import file_set, profiles
from repack.conformance.disc import Disc, as_found
from repack.conformance.profiles import CD, J2K, JPEG
from repack.dicom.syntaxes import SYNTAXES, Kind
from repack.model import Result
from repack.record import manifest
from tests.classify.synthetic import lay_out
from tests.commands import repack
from tests.conformance.discs import image
from tests.discs import write_small_disc
from tests.interop.programs import find, output_of

pytestmark = pytest.mark.interop

#: What dcmmkdir calls each profile -> the row of ours.
PROFILES = {
    "-Pgp": CD,  # STD-GEN-CD, STD-GEN-DVD-RAM
    "-Pdv": JPEG,  # STD-GEN-DVD-JPEG
    "-Pfl": JPEG,  # STD-GEN-USB/MMC/CF/SD-JPEG
    "-Pbd": JPEG,  # STD-GEN-BD-JPEG
    "-Pd2": J2K,  # STD-GEN-DVD-J2K
    "-Pf2": J2K,  # STD-GEN-USB/MMC/CF/SD-J2K
    "-Pb2": J2K,  # STD-GEN-BD-J2K
}
#: Syntaxes of images that DCMTK of Debian 12 knows.
KNOWN = [
    uid
    for uid, row in SYNTAXES.items()
    if row.kind in {Kind.NATIVE, Kind.LOSSLESS, Kind.LOSSY}
    and not uid.startswith(("1.2.840.10008.1.2.4.1", "1.2.840.10008.1.2.4.2", "1.2.840.10008.1.2.8"))
    and not uid.endswith(".98")
]


def taken(folder: Path, option: str, made: Path) -> set[str]:
    """The files that dcmmkdir puts into an index under a profile."""
    made.unlink(missing_ok=True)
    output_of(find("dcmmkdir"), option, "+I", "-W", "+D", made, "+id", folder, "+r")
    if not made.exists():
        return set()
    named = [record.get("ReferencedFileID", "") for record in dcmread(made).DirectoryRecordSequence]
    return {name if isinstance(name, str) else "/".join(name) for name in named} - {""}


def write(folder: Path, files: dict[str, bytes]) -> Disc:
    """The files with an index of them: on the disk for dcmmkdir (without the index), and as we see them."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    index = dicomdir(files.items())
    return as_found(lay_out({"DICOMDIR": index, **files}).plan())


def file_in(syntax: str, number: int) -> bytes:
    """An image that is written as its syntax asks for, but for its compressed stream, which nobody looks at here."""
    found = dcmread(BytesIO(image(number)))
    found.file_meta.TransferSyntaxUID = syntax
    if SYNTAXES[syntax].kind is not Kind.NATIVE:
        found.PixelData = encapsulate([b"stream"])
        found["PixelData"].is_undefined_length = True
        found["PixelData"].VR = "OB"
    written = BytesIO()
    dcmwrite(written, found, force_encoding=False)
    return written.getvalue()


@pytest.mark.parametrize("option", PROFILES)
@pytest.mark.parametrize("syntax", KNOWN, ids=lambda uid: SYNTAXES[uid].name)
def test_a_transfer_syntax_is_allowed_where_dcmmkdir_allows_it(syntax: str, option: str, tmp_path: Path) -> None:
    files = {"DICOM/I1": file_in(syntax, 0), "DICOM/I2": file_in(syntax, 1)}
    disc = write(tmp_path / "disc", files)
    accepted = taken(tmp_path / "disc", option, tmp_path / "DICOMDIR")
    assert accepted in (set(), set(files))
    assert (profiles.fits(PROFILES[option], disc).result is Result.MET) == (accepted == set(files))


@pytest.fixture(scope="module", params=["jpegls", "j2k", "rle", "none"])
def repacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A disc as repack writes it with a codec, unzipped; its images and nothing else."""
    folder = tmp_path_factory.mktemp("disc")
    source = write_small_disc(folder / "disc.zip", 3)
    repack(source, "-o", folder / "new.zip", "-q", "--codec", request.param)
    with zipfile.ZipFile(folder / "new.zip") as archive:
        archive.extractall(folder / "new", [name for name in archive.namelist() if name.startswith("DICOM/")])
        archive.extract("REPACK/manifest.json", folder)
    return str(request.param), folder


@pytest.mark.parametrize("option", PROFILES)
def test_the_manifest_names_the_profiles_under_which_dcmmkdir_takes_the_new_disc(
    repacked: tuple[str, Path], option: str, tmp_path: Path
) -> None:
    _codec, folder = repacked
    record = manifest.decode((folder / "REPACK" / "manifest.json").read_bytes())
    ids = {CD: "profile-cd", JPEG: "profile-jpeg", J2K: "profile-j2k"}
    (found,) = (one.after.result for one in record.conformance if one.id == ids[PROFILES[option]])
    accepted = taken(folder / "new", option, tmp_path / "DICOMDIR")
    assert len(accepted) in {0, 3}
    assert (found is Result.MET) == (len(accepted) == 3)


@pytest.mark.parametrize(
    ("name", "is_right"),
    [
        ("I1", True),
        ("DICOM/A_9/ABCDEFGH", True),
        ("A/B/C/D/E/F/G/H", True),
        ("A/B/C/D/E/F/G/H/I", False),
        ("DICOM/ABCDEFGHI", False),
        ("DICOMFILES/I1", False),
        ("DICOM/i1", False),
        ("dicom/I1", False),
        ("DICOM/I-1", False),
        ("DICOM/I1.DCM", False),
        ("DICOM/I 1", False),
    ],
)
def test_a_name_is_right_where_dcmmkdir_takes_it(name: str, is_right: bool, tmp_path: Path) -> None:  # noqa: FBT001
    path = tmp_path / "disc" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(image())
    disc = as_found(lay_out({name: image()}).plan())
    assert (file_set.file_ids_are_short(disc).result is Result.MET) == is_right
    assert (taken(tmp_path / "disc", "-Pgp", tmp_path / "DICOMDIR") == {name}) == is_right


@pytest.mark.parametrize(
    ("content", "is_right"),
    [(image(), True), (image()[132:], False), (image()[324:], False)],
    ids=["whole", "without preamble", "without file meta"],
)
def test_a_file_begins_rightly_where_dcmftest_says_so(content: bytes, is_right: bool, tmp_path: Path) -> None:  # noqa: FBT001
    (tmp_path / "I1").write_bytes(content)
    disc = as_found(lay_out({"I1": content, "I2": image(1)}).plan())
    assert (file_set.files_are_part10(disc).result is Result.MET) == is_right
    assert output_of(find("dcmftest"), tmp_path / "I1").startswith("yes" if is_right else "no")
