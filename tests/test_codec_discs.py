"""A whole small disc through the command line with every codec: it opens, DICOMDIR agrees, and the words are there."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from repack.codecs import NAMES
from repack.dicom.transcode import Rewritten, expand, invert
from repack.record.restoredata import read_records
from tests.commands import contents, flat, repack
from tests.discs import small_disc, write_small_disc

SLICES = 2
DISC = {file.path: file.content for file in small_disc(SLICES, 128)}
IMAGES = [path for path in DISC if path.startswith("DICOM/")]
MOST = 2
pytestmark = pytest.mark.usefixtures("inline")


def remade(source: Path, *options: str) -> dict[str, bytes]:
    """The content of the new zip."""
    target = source.with_suffix(".new.zip")
    repack(source, "-o", target, "--overwrite", *options)
    return contents(target)


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    return write_small_disc(tmp_path / "disc.zip", SLICES, 128)


def options_for(codec: str) -> list[str]:
    return ["--codec", codec, *(["--max-error", str(MOST)] if codec == "jpegls-near" else [])]


def read(content: bytes) -> Dataset:
    return dcmread(io.BytesIO(content))


def check_references(new: dict[str, bytes]) -> None:
    records = [r for r in read(new["DICOMDIR"]).DirectoryRecordSequence if "ReferencedFileID" in r]
    assert len(records) == SLICES
    for record in records:
        image = read(new["/".join(record.ReferencedFileID)])
        assert record.ReferencedTransferSyntaxUIDInFile == image.file_meta.TransferSyntaxUID
        assert record.ReferencedSOPInstanceUIDInFile == image.SOPInstanceUID
        assert record.ReferencedSOPInstanceUIDInFile == image.file_meta.MediaStorageSOPInstanceUID


@pytest.mark.lengthy
@pytest.mark.parametrize("codec", [name for name in NAMES if name not in {"none", "jpegls-near"}])
def test_lossless_codec_gives_a_disc_that_leads_back(disc: Path, capsys: pytest.CaptureFixture[str], codec: str):
    new = remade(disc, *options_for(codec))
    assert f"{SLICES} images compressed without loss and proven" in flat(capsys.readouterr().out)
    entries = json.loads(new["REPACK/manifest.json"])["entries"]
    assert [entry["proof"] for entry in entries if entry["path"] in IMAGES] == ["exact"] * SLICES
    check_references(new)
    for number, restorable in read_records(io.BytesIO(new["REPACK/restore.xz"])):
        path = entries[number]["path"]
        assert invert(new[path], restorable) == DISC[path]
    for path in IMAGES:
        native = expand(new[path])
        assert isinstance(native, Rewritten)
        assert read(native.data).PixelData == read(DISC[path]).PixelData


def test_near_lossless_disc_keeps_its_bound_and_its_index(disc: Path, capsys: pytest.CaptureFixture[str]):
    new = remade(disc, *options_for("jpegls-near"))
    said = flat(capsys.readouterr().out)
    assert f"{SLICES} images compressed with a loss: no sample differs by more than {MOST}" in said
    assert "without loss" not in said
    assert "do not find it any more" in said
    check_references(new)
    entries = {entry["path"]: entry for entry in json.loads(new["REPACK/manifest.json"])["entries"]}
    for path in IMAGES:
        assert entries[path]["proof"] == "bounded"
        was, now = (read(content).pixel_array.astype(int) for content in (DISC[path], new[path]))
        assert 0 < np.abs(was - now).max() <= MOST
        assert read(new[path]).SOPInstanceUID != read(DISC[path]).SOPInstanceUID
    assert "2.25." not in new["REPACK/manifest.json"].decode()  # a header value
    restored = dict(read_records(io.BytesIO(new["REPACK/restore.xz"])))
    assert len(restored) == 1  # DICOMDIR


def test_disc_without_compression_comes_from_any_other(disc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    compressed = remade(disc, "--codec", "rle")
    path = tmp_path / "rle.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in compressed.items():
            if not name.startswith("REPACK/"):
                archive.writestr(name, content)
    capsys.readouterr()
    new = remade(path, "--codec", "none")
    assert f"{SLICES} images stored without compression and proven" in flat(capsys.readouterr().out)
    assert {name: new[name] for name in [*IMAGES, "DICOMDIR"]} == {name: DISC[name] for name in [*IMAGES, "DICOMDIR"]}
    kept = remade(path, "--codec", "none", "--exact-only")
    assert {name: kept[name] for name in IMAGES} == {name: compressed[name] for name in IMAGES}


def test_program_hidden_in_an_image_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("I1", b"MZ" + DISC[IMAGES[0]][2:])
    new = remade(path)
    assert "I1 begins as a program does" in flat(capsys.readouterr().out)
    manifest = json.loads(new["REPACK/manifest.json"])
    assert manifest["warnings"][0].startswith("I1 begins as a program does")
    assert new["I1"].startswith(b"MZ")
    assert manifest["entries"][0]["proof"] == "exact"
