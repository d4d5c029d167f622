"""Whole discs of real images, through the command line: everything proven, everything given back, nothing lost.

The originals come back here from the new zip alone: manifest, new files and REPACK/restore.xz.
"""

import hashlib
import io
import shutil
import subprocess
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pydicom
import pytest

from fixtures.disc import dress, write_zip
from repack.dicom.transcode import invert
from repack.record.restoredata import read_records
from tests.commands import contents, entries_of, manifest_of, repack

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
IMAGES = SHARED / "dicom"
SERIES = SHARED / "ct-series" / "S2030"


def give_back(target: Path) -> dict[str, bytes]:
    """The original content of every entry that is still in the zip, by path."""
    held, entries = contents(target), manifest_of(target)["entries"]
    originals = {e["path"]: held[e["path"]] for e in entries if e["action"] == "copied"}
    if "REPACK/restore.xz" in held:
        for number, restorable in read_records(io.BytesIO(held["REPACK/restore.xz"])):
            path = entries[number]["path"]
            originals[path] = invert(held[path], restorable)
    return originals


def same_samples(old: bytes, new: bytes) -> bool:
    """By pydicom's own decoders, colours as they are stored."""
    shown = []
    for content in (old, new):
        data_set = pydicom.dcmread(io.BytesIO(content), force=True)
        data_set.pixel_array_options(raw=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about values of the files
            shown.append(data_set.pixel_array)
    return np.array_equal(*shown)


def assert_nothing_lost(source: Path, target: Path) -> Counter[str]:
    """Every entry of the source is given back byte for byte or was dropped by a wish; counts of proofs."""
    originals = give_back(target)
    new, entries = contents(target), entries_of(target)
    proofs: Counter[str] = Counter()
    with zipfile.ZipFile(source) as archive:
        assert sorted(archive.namelist()) == sorted(entries)
        for path, entry in entries.items():
            if entry["action"] == "dropped":
                assert entry["wish"], f"{path} was dropped by nobody's wish"
                continue
            data = archive.read(path)
            if entry["proof"] == "samples":  # its words come back, not its bytes
                assert path not in originals
                assert same_samples(data, new[path]), path
            else:
                assert originals[path] == data, path
            assert hashlib.sha256(data).hexdigest() == entry["before"]["sha256"]
            proofs[entry["proof"]] += 1
    return proofs


def assert_references_resolve(target: Path, images: int) -> None:
    """Every record of DICOMDIR names a file that is there and has the transfer syntax that the record states."""
    with zipfile.ZipFile(target) as archive:
        directory = pydicom.dcmread(io.BytesIO(archive.read("DICOMDIR")))
        records = [r for r in directory.DirectoryRecordSequence if "ReferencedFileID" in r]
        assert len(records) == images
        for record in records:
            file = pydicom.dcmread(io.BytesIO(archive.read("/".join(record.ReferencedFileID))), stop_before_pixels=True)
            assert record.ReferencedTransferSyntaxUIDInFile == file.file_meta.TransferSyntaxUID
            assert record.ReferencedSOPInstanceUIDInFile == file.SOPInstanceUID


@pytest.mark.slow
@pytest.mark.skipif(not SERIES.is_dir(), reason="the real CT series is not on this computer (../shared/data)")
def test_a_real_ct_series_dressed_as_a_disc(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = sorted(path for path in SERIES.iterdir() if path.is_file())
    source, target = tmp_path / "scan.zip", tmp_path / "scan.repacked.zip"
    write_zip(source, dress([(path.name, path.read_bytes()) for path in files]))
    repack(source, "--keep-locales", "en,es", "--drop-redist")
    said = " ".join(capsys.readouterr().out.split())
    assert f"{len(files)} images compressed without loss and proven" in said
    proofs = assert_nothing_lost(source, target)
    assert proofs["exact"] == len(files) + 1  # and DICOMDIR
    assert_references_resolve(target, len(files))
    dropped = Counter(e["category"] for e in manifest_of(target)["entries"] if e["action"] == "dropped")
    assert dropped == {"locale": 194, "redistributable": 2}
    assert target.stat().st_size < 0.75 * source.stat().st_size
    with zipfile.ZipFile(target) as archive:
        restore = archive.getinfo("REPACK/restore.xz").compress_size
    assert restore < 0.01 * target.stat().st_size
    if shutil.which("unzip"):
        done = subprocess.run(["unzip", "-tq", str(target)], capture_output=True, text=True, check=True)
        assert "No errors detected" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not IMAGES.is_dir(), reason="the real DICOM files are not on this computer (../shared/data)")
def test_every_kind_of_real_file_in_one_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "all.zip", tmp_path / "all.repacked.zip"
    files = sorted(path for path in IMAGES.rglob("*") if path.is_file())
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(IMAGES).as_posix())
    repack(source)
    proofs = assert_nothing_lost(source, target)
    assert sum(proofs.values()) == len(files)
    entries = manifest_of(target)["entries"]
    table = Counter(
        (entry["action"], "" if entry["action"] == "transcoded" else entry["reason"])
        for entry in entries
        if entry["category"] in {"dicom", "dicomdir"}
    )
    with capsys.disabled():  # the table of reasons is for people to read
        print()  # noqa: T201
        for (action, reason), count in table.most_common():
            print(f"{count:4}  {action:10}  {reason}")  # noqa: T201
    assert proofs["exact"] >= 80
    assert proofs["samples"] >= 5
    for _action, reason in table:
        assert "Error" not in reason
        assert "None" not in reason
