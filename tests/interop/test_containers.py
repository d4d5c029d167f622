"""Discs in the containers that other programs make: each repacked and restored, every file compared with the original.

Archives by Info-ZIP, 7-Zip and Python; images by xorriso, genisoimage and mkudffs; the new zip read by Info-ZIP.
"""

import calendar
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from fixtures.disc import write_folder
from repack.bundles import open_bundle
from repack.errors import BundleUnreadable
from repack.giveback import restore
from repack.model import Access
from repack.pipeline import Request, run
from repack.record.manifest import Manifest
from tests.discs import small_disc
from tests.interop.programs import find
from tests.packages.downloads import second_opinion

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("inline")]

MOMENT = calendar.timegm((2024, 3, 15, 10, 30, 58))
LONG = "a file whose name is a good deal longer than the sixty-four letters that Joliet keeps of a name.txt"
DEEP = "a/b/c/d/e/f/g/h/i/j/deep.txt"


def call(*words: str | Path, cwd: Path | None = None) -> None:
    done = subprocess.run([str(word) for word in words], capture_output=True, cwd=cwd, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")


@pytest.fixture(scope="module")
def disc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic disc with everything that names and folders can do to a container."""
    root = tmp_path_factory.mktemp("source") / "disc"
    write_folder(root, small_disc(3, 128))
    for name, data in (
        ("Größe 表.txt", b"text" * 9_999),
        (LONG, b"long"),
        (DEEP, b"deep"),
        ("no content", b""),
        ("noise.bin", hashlib.shake_128(b"noise").digest(200_000)),
    ):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        os.utime(file, (MOMENT, MOMENT))
    (root / "empty").mkdir()
    return root


def hashes(root: Path) -> dict[str, str]:
    return {
        file.relative_to(root).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in root.rglob("*")
        if file.is_file()
    }


def check(made: Path, wanted: Mapping[str, str], access: Access = Access()) -> Manifest:  # noqa: B008  it is frozen
    """There and back: every file was read as it is, what is no image comes out of Info-ZIP, and all out of restore."""
    target = made.with_name("out.zip")
    done = run(Request(made, target, access=access))
    found = {entry.path: entry.before.sha256 for entry in done.manifest.entries if not entry.folder}
    assert found == wanted
    assert sum(entry.action == "transcoded" and entry.category == "dicom" for entry in done.manifest.entries) == 3
    out = made.with_name("out")
    call(find("unzip"), "-q", target, "-d", out)
    kept = {entry.path for entry in done.manifest.entries if entry.action == "copied" and not entry.folder}
    assert {name: value for name, value in hashes(out).items() if name in kept} == {name: wanted[name] for name in kept}
    back = made.with_name("back")
    restored = restore.restore(restore.Request(target, back))
    assert (restored.problems, restored.unwritten, restored.skipped, restored.names) == ({}, {}, {}, {})
    assert hashes(back) == wanted
    return done.manifest


# --- archives ---

SEVEN = ["7z", "a", "-bd", "-tzip"]
ARCHIVES: dict[str, tuple[list[str], bytes | None]] = {
    "Info-ZIP": (["zip", "-qr", "OUT", "."], None),
    "Info-ZIP, stored": (["zip", "-qr0", "OUT", "."], None),
    "Info-ZIP, bzip2": (["zip", "-qr", "-Z", "bzip2", "OUT", "."], None),
    "Info-ZIP, zip64": (["zip", "-qr", "-fz", "OUT", "."], None),
    "Info-ZIP, data descriptors": (["zip", "-qr", "-fd", "OUT", "."], None),
    "Info-ZIP, encrypted": (["zip", "-qr", "-P", "secret", "OUT", "."], b"secret"),
    "7-Zip": ([*SEVEN, "OUT", "."], None),
    "7-Zip, Deflate64": ([*SEVEN, "-mm=Deflate64", "OUT", "."], None),
    "7-Zip, bzip2": ([*SEVEN, "-mm=BZip2", "OUT", "."], None),
    "7-Zip, LZMA": ([*SEVEN, "-mm=LZMA", "OUT", "."], None),
    "7-Zip, ZipCrypto": ([*SEVEN, "-psecret", "-mem=ZipCrypto", "OUT", "."], b"secret"),
    "7-Zip, AES-256": ([*SEVEN, "-psecret", "-mem=AES256", "OUT", "."], b"secret"),
    "7-Zip, AES-128 around Deflate64": ([*SEVEN, "-psecret", "-mem=AES128", "-mm=Deflate64", "OUT", "."], b"secret"),
    "7-Zip, UTF-8 names and NTFS times": ([*SEVEN, "-mcu=on", "-mtc=on", "OUT", "."], None),
}


@pytest.mark.parametrize(("words", "password"), ARCHIVES.values(), ids=ARCHIVES.keys())
def test_archives_of_other_programs(disc: Path, tmp_path: Path, words: list[str], password: bytes | None) -> None:
    made = tmp_path / "made.zip"
    call(find(words[0]), *(made if word == "OUT" else word for word in words[1:]), cwd=disc)
    manifest = check(made, hashes(disc), Access(password, decrypt=password is not None))
    assert all(not entry.notes for entry in manifest.entries)


def test_an_archive_with_a_comment(disc: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.zip"
    call(find("zip"), "-qr", made, ".", cwd=disc)
    subprocess.run([find("zip"), "-qz", made], input=b"from the clinic\n", check=True)
    check(made, hashes(disc))
    with zipfile.ZipFile(tmp_path / "out.zip") as new:
        assert b"from the clinic" in new.comment


def test_a_self_extracting_archive(disc: Path, tmp_path: Path) -> None:
    plain, made = tmp_path / "plain.zip", tmp_path / "made.exe"
    call(find("zip"), "-qr", plain, ".", cwd=disc)
    made.write_bytes(b"MZ" + bytes(9_000) + plain.read_bytes())
    check(made, hashes(disc))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_archives_of_python(disc: Path, tmp_path: Path, method: int) -> None:
    made = tmp_path / "made.zip"
    with zipfile.ZipFile(made, "w", method) as archive:
        for name in hashes(disc):
            archive.write(disc / name, name)
    check(made, hashes(disc))


class _Pipe(io.RawIOBase):
    """A file that cannot seek: zipfile then writes data descriptors."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        return self._file.write(data)  # type: ignore[call-overload, no-any-return]

    def close(self) -> None:
        self._file.close()
        super().close()


def test_an_archive_that_was_streamed(disc: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.zip"
    with _Pipe(made) as pipe, zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in hashes(disc):
            archive.write(disc / name, name)
    check(made, hashes(disc))


def test_deflate64_gives_what_a_second_reader_gives(disc: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.zip"
    call(find("7z"), "a", "-bd", "-tzip", "-mm=Deflate64", made, ".", cwd=disc)
    for entry in open_bundle(made).entries:
        if entry.place is not None:
            told = subprocess.run([find("7z"), "x", "-so", made, entry.path], capture_output=True, check=True).stdout
            assert entry.place.read() == told


_SECOND_OPINION = """
import hashlib, json, sys
sys.path.insert(0, sys.argv[1])
import zipfile, zipfile_deflate64
with zipfile.ZipFile(sys.argv[2]) as archive:
    files = [info for info in archive.infolist() if not info.is_dir()]
    assert any(info.compress_type == 9 for info in files)
    print(json.dumps({info.filename: hashlib.sha256(archive.read(info)).hexdigest() for info in files}))
"""


@pytest.mark.packages
def test_deflate64_gives_what_zipfile_deflate64_gives(disc: Path, tmp_path: Path) -> None:
    """Another implementation, in a process of its own: it changes zipfile for whoever imports it (Z1)."""
    made = tmp_path / "made.zip"
    call(find("7z"), *SEVEN[1:], "-mm=Deflate64", "-mcu=on", made, ".", cwd=disc)
    words = [sys.executable, "-c", _SECOND_OPINION, second_opinion(), made]
    done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    ours = {entry.path: entry.place.read() for entry in open_bundle(made).entries if entry.place is not None}
    assert {name: hashlib.sha256(data).hexdigest() for name, data in ours.items()} == json.loads(done.stdout)
    assert set(ours) == set(hashes(disc))


# --- folders ---


def test_a_folder(disc: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    shutil.copytree(disc, made)
    check(made, hashes(disc))


# --- images ---

XORRISO = ["xorriso", "-as", "mkisofs", "-quiet"]
GENISOIMAGE = ["genisoimage", "-quiet"]
IMAGES: dict[str, list[str]] = {
    "xorriso, Rock Ridge": [*XORRISO, "-R"],
    "xorriso, Joliet and Rock Ridge": [*XORRISO, "-J", "-joliet-long", "-R"],
    "genisoimage, Rock Ridge": [*GENISOIMAGE, "-R"],
    "genisoimage, Joliet": [*GENISOIMAGE, "-J", "-joliet-long", "-D"],
    "genisoimage, Joliet and Rock Ridge": [*GENISOIMAGE, "-J", "-joliet-long", "-R"],
    "genisoimage, UDF": [*GENISOIMAGE, "-udf", "-D"],
    "genisoimage, UDF, Joliet and Rock Ridge": [*GENISOIMAGE, "-udf", "-J", "-joliet-long", "-R"],
    "genisoimage, hybrid with a Mac": [*GENISOIMAGE, "-hfs", "-J", "-joliet-long", "-R"],
    "genisoimage, bootable": [*GENISOIMAGE, "-R", "-b", "noise.bin", "-no-emul-boot", "-c", "boot.cat"],
}


@pytest.mark.parametrize("words", IMAGES.values(), ids=IMAGES.keys())
def test_images_of_other_programs(disc: Path, tmp_path: Path, words: list[str]) -> None:
    made = tmp_path / "made.iso"
    copy = tmp_path / "copy"
    shutil.copytree(disc, copy)
    call(find(words[0]), *words[1:], "-o", made, copy)
    wanted = hashes(disc)
    if "-b" in words:  # the boot catalogue is made by genisoimage, and the boot file changed by it
        bundle = {entry.path: entry for entry in open_bundle(made).entries}
        assert set(wanted) <= set(bundle)
        place = bundle["noise.bin"].place
        assert place is not None
        assert len(place.read()) == 200_000
        return
    if "-J" in words and "-R" not in words:
        wanted = {cut(name): value for name, value in wanted.items()}
    manifest = check(made, wanted)
    assert manifest.source.kind == "iso"
    assert any(entry.folder and entry.path == "empty" for entry in manifest.entries)


def cut(name: str) -> str:
    """As genisoimage writes Joliet names: 103 letters with -joliet-long."""
    folder, slash, base = name.rpartition("/")
    return folder + slash + base[:103]


@pytest.mark.parametrize("words", [XORRISO, GENISOIMAGE], ids=["xorriso", "genisoimage"])
def test_plain_images_keep_their_short_names(disc: Path, tmp_path: Path, words: list[str]) -> None:
    made = tmp_path / "made.iso"
    extra = ["-D"] if words is GENISOIMAGE else ["--norock"]
    call(find(words[0]), *words[1:], *extra, "-o", made, disc)
    entries = [entry for entry in open_bundle(made).entries if not entry.is_directory]
    assert not any(";" in entry.path for entry in entries)
    found = sorted(hashlib.sha256(entry.place.read()).hexdigest() for entry in entries if entry.place is not None)
    assert found == sorted(hashes(disc).values())


def test_an_image_with_links_and_modes(disc: Path, tmp_path: Path) -> None:
    copy, made = tmp_path / "copy", tmp_path / "made.iso"
    shutil.copytree(disc, copy)
    (copy / "start.sh").write_bytes(b"#!/bin/sh\n")
    (copy / "start.sh").chmod(0o755)
    (copy / "link").symlink_to("noise.bin")
    call(find("xorriso"), "-as", "mkisofs", "-quiet", "-R", "-o", made, copy)
    entries = {entry.path: entry for entry in open_bundle(made).entries}
    assert entries["start.sh"].attributes >> 16 == 0o100755
    assert entries["link"].attributes >> 28 == 0o12
    place = entries["link"].place
    assert place is not None
    assert place.read() == b"noise.bin"
    assert entries["noise.bin"].stamp.extra == b"UT\x05\x00\x01" + MOMENT.to_bytes(4, "little")


def test_a_second_session(disc: Path, tmp_path: Path) -> None:
    first, second, made = tmp_path / "first", tmp_path / "second", tmp_path / "made.iso"
    shutil.copytree(disc, first)
    second.mkdir()
    (second / "added.txt").write_bytes(b"later")
    xorriso = find("xorriso")
    call(xorriso, "-outdev", made, "-joliet", "on", "-map", first, "/", "-commit_eject", "none")
    call(xorriso, "-dev", made, "-joliet", "on", "-map", second / "added.txt", "/added.txt", "-commit_eject", "none")
    check(made, hashes(disc) | {"added.txt": hashlib.sha256(b"later").hexdigest()})


def test_a_second_session_behind_the_first(disc: Path, tmp_path: Path) -> None:
    """As a ripped CD-R: the descriptors of the first session stay where they are."""
    first, second = tmp_path / "first.iso", tmp_path / "second.iso"
    added = tmp_path / "added"
    shutil.copytree(disc, added)
    (added / "added.txt").write_bytes(b"later")
    call(find("genisoimage"), "-quiet", "-R", "-o", first, disc)
    begin = -(-first.stat().st_size // 2048) + 150
    words = ["-quiet", "-R", "-M", first, "-C", f"0,{begin}", "-o", second, added]
    call(find("genisoimage"), *words)
    made = tmp_path / "made.iso"
    made.write_bytes(first.read_bytes().ljust(begin * 2048, b"\0") + second.read_bytes())
    manifest = check(made, hashes(added))
    assert any("2 sessions" in warning for warning in manifest.warnings)


def test_a_pure_udf_image_is_refused_with_advice(tmp_path: Path) -> None:
    made = tmp_path / "made.img"
    with made.open("wb") as file:
        file.truncate(8 << 20)
    call(find("mkudffs"), "--blocksize=2048", made)
    with pytest.raises(BundleUnreadable, match=r"UDF image without an ISO 9660 half; mount it"):
        open_bundle(made)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs sparse files")
def test_a_file_above_4_gib_in_an_image(tmp_path: Path) -> None:
    source, made = tmp_path / "source", tmp_path / "made.iso"
    source.mkdir()
    with (source / "large.raw").open("wb") as file:
        file.write(b"begin")
        file.seek((4 << 30) + 123_456)
        file.write(b"end")
    if (source / "large.raw").stat().st_blocks > 100_000 or shutil.disk_usage(tmp_path).free < 12 << 30:
        pytest.skip("this file system knows no holes or is too full")
    call(find("xorriso"), "-as", "mkisofs", "-quiet", "-iso-level", "3", "-R", "-o", made, source)
    (entry,) = open_bundle(made).entries
    assert entry.place is not None
    assert entry.size == (4 << 30) + 123_459
    size, last = 0, b""
    for piece in entry.place.chunks():
        size, last = size + len(piece), (last + piece)[-3:]
    assert (size, last) == (entry.size, b"end")
    assert entry.place.read_start(5) == b"begin"


def test_one_part_of_a_split_archive_is_named(disc: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.zip"
    call(find("zip"), "-qr0", "-s", "64k", made, ".", cwd=disc)
    with pytest.raises(BundleUnreadable, match="one part of a zip in several parts; join them"):
        open_bundle(made)
