"""What repack writes, read by Info-ZIP and 7-Zip; what Info-ZIP and 7-Zip write, read by repack."""

import calendar
import hashlib
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from repack.bundles import open_bundle
from repack.errors import BundleUnreadable
from repack.model import STORED, Packed, Stamp
from repack.output.archive import drafting
from tests.entries import Content, make_entry, unix_time
from tests.interop.programs import call, find

pytestmark = pytest.mark.interop

NOISE = hashlib.shake_128(b"noise").digest(200_000)
MOMENT = calendar.timegm((2023, 11, 14, 22, 13, 21))  # odd: a DOS time cannot say it
DOS_WORDS = (2001 - 1980) << 9 | 2 << 5 | 3, 4 << 11  # another time altogether

NTFS_TICKS = (MOMENT + 11_644_473_600) * 10_000_000
NTFS = b"\x0a\0\x20\0\0\0\0\0\x01\0\x18\0" + NTFS_TICKS.to_bytes(8, "little") * 3

SOME = [
    make_entry(b"DICOMDIR", b"index" * 99),
    make_entry(b"DICOM/", b"", index=1, method=STORED, attributes=0o40755 << 16 | 0x10),
    make_entry(b"DICOM/I1", NOISE, index=2, method=STORED),
    make_entry("DICOM/Größe 表".encode(), b"text" * 5_000, index=3),
    make_entry(b"run.sh", b"#!/bin/sh\n", index=4, attributes=0o100755 << 16),
    make_entry(b"unix time", index=5, stamp=Stamp(*DOS_WORDS, unix_time(MOMENT))),
    make_entry(b"ntfs time", index=6, stamp=Stamp(*DOS_WORDS, NTFS)),
    make_entry(b"no calendar has this time", index=7, stamp=Stamp(0, 0xFFFF)),
    make_entry(b"empty", b"", index=8, method=STORED),
    make_entry(b"by DOS", index=9, attributes=0x20, made_by=20),
]


def write(target: Path, contents: Sequence[Content]) -> Path:
    with drafting(target, overwrite=False) as draft:
        for content in contents:
            draft.add(content.entry, content.packed)
        draft.finish()
        draft.publish(overwrite=False)
    return target


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return write(tmp_path / "made.zip", [*SOME[1:], SOME[0]])  # a DICOMDIR is written last, and listed first


def test_unzip_finds_no_fault(made: Path) -> None:
    assert f"No errors detected in compressed data of {made}" in call("unzip", "-t", made)
    call("zip", "-T", made)


def test_7z_finds_no_fault_and_no_warning(made: Path) -> None:
    told = call("7z", "t", "-scsUTF-8", made)
    assert "Everything is Ok" in told
    assert "arning" not in told


@pytest.mark.parametrize("tool", ["unzip", "7z"])
def test_content_names_times_and_modes_arrive(made: Path, tmp_path: Path, tool: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    call(tool, *(["-q"] if tool == "unzip" else ["x", "-bd"]), made, cwd=out)
    for content in SOME:
        path = out / content.entry.path
        assert path.is_dir() if content.entry.is_directory else path.read_bytes() == content.data
    assert (out / "run.sh").stat().st_mode & 0o111
    assert not (out / "DICOMDIR").stat().st_mode & 0o111
    assert (out / "unix time").stat().st_mtime == MOMENT
    if tool == "7z":  # unzip on Unix does not read this field
        assert (out / "ntfs time").stat().st_mtime == MOMENT


@pytest.mark.parametrize("tool", ["unzip", "7z"])
def test_more_entries_than_16_bits_can_count(tmp_path: Path, tool: str) -> None:
    target = tmp_path / "many.zip"
    with drafting(target, overwrite=False) as draft:
        for number in range(65_600):
            draft.add(make_entry(b"%d" % number, b"", index=number).entry, Packed(b"", STORED, 0, 0))
        draft.finish()
        draft.publish(overwrite=False)
    told = call(tool, *(["-tqq"] if tool == "unzip" else ["t", "-bd"]), target)
    assert "65600" in told or tool == "unzip"


@pytest.mark.slow
def test_an_entry_behind_4_gib(tmp_path: Path) -> None:
    """The hole is sparse: it takes no room where the file system knows holes."""
    unzip, seven = find("unzip"), find("7z")
    target = tmp_path / "far.zip"
    with drafting(target, overwrite=False) as draft:
        draft.add(SOME[0].entry, SOME[0].packed)
        draft._file.seek((4 << 30) + 5)  # as if 4 GiB had been written in between
        draft.add(SOME[2].entry, SOME[2].packed)
        draft.finish()
        if draft.path.stat().st_blocks > 100_000:
            pytest.skip("this file system knows no holes")
        draft.publish(overwrite=False)
    assert hashlib.sha256(NOISE).digest() == hashlib.sha256(read_all(unzip, target)).digest()
    assert "Everything is Ok" in call(seven, "t", "-bd", target, "DICOM/I1")
    assert [entry.size for entry in open_bundle(target).entries] == [495, 200_000]


def read_all(unzip: str, target: Path) -> bytes:
    return subprocess.run([unzip, "-p", target, "DICOM/I1"], capture_output=True, check=True).stdout


# --- the other way round ---


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    root = tmp_path / "disc"
    for name, data in (("DICOM/I1", NOISE), ("DICOM/I2", b"text" * 9_999), ("Größe.txt", b""), ("run.sh", b"#!")):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        os.utime(file, (MOMENT, MOMENT))
    (root / "run.sh").chmod(0o755)
    (root / "empty").mkdir()
    return root


@pytest.mark.parametrize(
    "words",
    [
        ["zip", "-qr", "OUT", "."],
        ["zip", "-qr0", "OUT", "."],
        ["zip", "-qr", "-fz", "OUT", "."],
        ["zip", "-qr", "-fd", "OUT", "."],
        ["7z", "a", "-bd", "-tzip", "OUT", "."],
        ["7z", "a", "-bd", "-tzip", "-mcu=on", "-mtc=on", "OUT", "."],
    ],
    ids=["zip", "stored", "zip64", "data descriptors", "7z", "7z with UTF-8 names and NTFS times"],
)
def test_archives_of_other_programs(disc: Path, tmp_path: Path, words: list[str]) -> None:
    made = tmp_path / "made.zip"
    call(words[0], *(made if word == "OUT" else word for word in words[1:]), cwd=disc)
    entries = {entry.path: entry for entry in open_bundle(made).entries}
    files = {path: entry for path, entry in entries.items() if not entry.is_directory}
    assert set(files) == {"DICOM/I1", "DICOM/I2", "Größe.txt", "run.sh"}
    assert entries["empty"].is_directory
    for path, entry in files.items():
        assert entry.place is not None
        assert entry.place.read() == (disc / path).read_bytes()
        assert entry.notes == ()
    assert files["run.sh"].attributes >> 16 == 0o100755
    again = write_again(tmp_path / "again.zip", made)
    assert "Everything is Ok" in call("7z", "t", again)
    out = tmp_path / "out"
    call("unzip", "-q", again, "-d", out)
    assert (out / "DICOM" / "I1").read_bytes() == NOISE
    if words[0] == "zip":  # 7z writes local DOS time alone unless asked
        assert (out / "run.sh").stat().st_mtime == MOMENT
    assert (out / "run.sh").stat().st_mode & 0o777 == 0o755


def write_again(target: Path, source: Path) -> Path:
    """Every entry of a zip carried over as compressed bytes."""
    with drafting(target, overwrite=False) as draft:
        for entry in open_bundle(source).entries:
            raw = entry.place.raw() if entry.place else None
            draft.add(entry, raw or Packed(b"", STORED, 0, 0))
        draft.finish()
        draft.publish(overwrite=False)
    return target


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["zip", "-qr", "-P", "secret", "OUT", "."], "4 of .* entries are encrypted"),
        (["7z", "a", "-bd", "-tzip", "-psecret", "-mem=AES256", "OUT", "."], "entries are encrypted"),
        (["7z", "a", "-bd", "-tzip", "-mm=PPMd", "OUT", "."], "PPMd"),
        (["7z", "a", "-bd", "-t7z", "OUT", "."], "it is a 7z archive"),
    ],
    ids=["ZipCrypto", "AES", "PPMd", "7z"],
)
def test_archives_that_cannot_be_read_are_named(disc: Path, tmp_path: Path, words: list[str], problem: str) -> None:
    made = tmp_path / "made.zip"
    call(words[0], *(made if word == "OUT" else word for word in words[1:]), cwd=disc)
    with pytest.raises(BundleUnreadable, match=problem):
        open_bundle(made)


def test_a_self_extracting_archive(disc: Path, tmp_path: Path) -> None:
    plain, made = tmp_path / "plain.zip", tmp_path / "made.exe"
    call("zip", "-qr", plain, ".", cwd=disc)
    made.write_bytes(b"MZ" + bytes(5_000) + plain.read_bytes())
    places = [entry.place for entry in open_bundle(made).entries if entry.path == "DICOM/I1"]
    assert places[0] is not None
    assert places[0].read() == NOISE
