"""Folder bundles: all plain files in order, nothing else opened, and no file that changed meanwhile."""

import calendar
import hashlib
import os
import re
import socket
import subprocess
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from repack import deflate
from repack.bundles import folder, open_bundle
from repack.errors import BundleUnreadable, ExitCode
from repack.model import Bundle, Entry, EntryName, EntryUnreadable, Wishes
from repack.output import archive
from repack.pipeline import Request, run
from repack.processes.workers import Pool
from repack.progress import NoProgress
from repack.survey import View, survey
from tests.commands import entries_of, one_line, run_without_rights
from tests.discs import symlink

MOMENT = calendar.timegm((2024, 3, 15, 10, 30, 58))


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    root = tmp_path / "disc"
    for name in ("b.txt", "DICOM/I2", "DICOM/I10", "a/deep/er/x", "Z"):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode() * 50)
        os.utime(file, (MOMENT, MOMENT))
    (root / "empty" / "inner").mkdir(parents=True)
    return root


def by_path(bundle: Bundle) -> dict[str, Entry]:
    return {entry.path: entry for entry in bundle.entries}


def read(entry: Entry) -> bytes:
    assert entry.place is not None
    return entry.place.read()


def test_files_and_empty_folders_in_order(disc: Path) -> None:
    bundle = open_bundle(disc)
    assert (bundle.kind, bundle.size, bundle.path) == ("folder", None, disc.resolve())
    assert [(e.index, e.path, e.is_directory, e.size) for e in bundle.entries] == [
        (0, "DICOM/I10", False, 450),
        (1, "DICOM/I2", False, 400),
        (2, "Z", False, 50),
        (3, "a/deep/er/x", False, 550),
        (4, "b.txt", False, 250),
        (5, "empty/inner", True, 0),
    ]
    assert bundle.entries[5].name.raw == b"empty/inner/"
    for entry in bundle.entries[:5]:
        assert read(entry) == entry.path.encode() * 50
        assert entry.place is not None
        assert entry.place.read_start(7) == (entry.path.encode() * 7)[:7]
        assert entry.place.raw() is None


def test_time_stamps_are_utc_and_exact(disc: Path) -> None:
    stamp = by_path(open_bundle(disc))["Z"].stamp
    assert stamp.date == (2024 - 1980) << 9 | 3 << 5 | 15
    assert stamp.time == 10 << 11 | 30 << 5 | 58 // 2
    assert stamp.extra == b"UT\x05\x00\x01" + MOMENT.to_bytes(4, "little")


@pytest.mark.parametrize(("zone", "offset"), [("Asia/Kathmandu", "+0545"), ("UTC", "+0000")])
def test_time_stamps_do_not_depend_on_the_time_zone(disc: Path, zone: str, offset: str) -> None:
    code = (
        "import sys, time; from pathlib import Path; from repack.bundles import open_bundle; "
        "print(time.strftime('%z'), [e.stamp for e in open_bundle(Path(sys.argv[1])).entries if not e.is_directory])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, disc], env=os.environ | {"TZ": zone}, capture_output=True, text=True, check=True
    ).stdout
    expected = [entry.stamp for entry in open_bundle(disc).entries if not entry.is_directory]
    assert told.partition(" ")[2].strip() == repr(expected)
    assert told.startswith(offset) or not hasattr(time, "tzset")


@pytest.mark.parametrize(
    ("moment", "date", "is_exact"),
    [
        (0, (1980, 1, 1), True),
        (-86_400, (1980, 1, 1), True),
        (2**31 - 1, (2038, 1, 19), True),
        (2**31, (2038, 1, 19), False),
        (2**33, (2107, 12, 31), False),
    ],
)
def test_times_that_a_zip_cannot_say(disc: Path, moment: int, date: tuple[int, int, int], *, is_exact: bool) -> None:
    os.utime(disc / "Z", (moment, moment))
    if (disc / "Z").stat().st_mtime != moment:
        pytest.skip("this file system does not hold such times")
    stamp = by_path(open_bundle(disc))["Z"].stamp
    year, month, day = date
    assert stamp.date == (year - 1980) << 9 | month << 5 | day
    assert stamp.extra == (b"UT\x05\x00\x01" + moment.to_bytes(4, "little", signed=True) if is_exact else b"")


@pytest.mark.skipif(os.name == "nt", reason="mode bits of Unix")
def test_mode_bits_are_kept(disc: Path) -> None:
    (disc / "Z").chmod(0o751)
    entry = by_path(open_bundle(disc))["Z"]
    assert (entry.attributes, entry.made_by) == (0o100751 << 16, 3 << 8 | 20)


# --- links, devices ---


def test_a_link_inside_the_bundle_is_read_as_the_file_it_leads_to(disc: Path) -> None:
    symlink(disc / "link", "DICOM/I2")
    entries = by_path(open_bundle(disc))
    link, file = entries["link"], entries["DICOM/I2"]
    assert read(link) == read(file)
    assert (link.size, link.attributes, link.stamp, link.notes) == (file.size, file.attributes, file.stamp, ())


@pytest.mark.parametrize("target", ["../outside", "../disc-evil/secret", "nowhere", "empty", "circle", "/etc/passwd"])
def test_a_link_that_leads_elsewhere_is_reported_and_not_followed(disc: Path, target: str) -> None:
    (disc.parent / "outside").write_bytes(b"secret")
    (disc.parent / "disc-evil").mkdir()
    (disc.parent / "disc-evil" / "secret").write_bytes(b"secret")
    symlink(disc / "circle", "circle2")
    symlink(disc / "circle2", "circle")
    symlink(disc / "link", target)
    link = by_path(open_bundle(disc))["link"]
    assert link.place is None
    assert not link.is_directory
    assert "not followed" in link.notes[0]


def test_a_link_to_a_folder_inside_does_not_lead_out(disc: Path) -> None:
    symlink(disc / "again", "DICOM")
    link = by_path(open_bundle(disc))["again"]
    assert link.place is None
    assert link.notes == ("a link to a folder of this bundle, whose files are there once; it was not followed",)


def test_a_link_to_a_folder_is_not_walked(disc: Path) -> None:
    symlink(disc / "loop", ".")
    paths = [entry.path for entry in open_bundle(disc).entries]
    assert "loop" in paths
    assert not any(path.startswith("loop/") for path in paths)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_reported_and_never_opened(disc: Path) -> None:
    os.mkfifo(disc / "pipe")
    symlink(disc / "link to pipe", "pipe")
    entries = by_path(open_bundle(disc))  # would wait for ever if it opened the pipe
    assert entries["pipe"].place is None
    assert "not opened" in entries["pipe"].notes[0]
    assert entries["link to pipe"].place is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_what_cannot_be_read_is_left_out_of_the_new_zip_with_its_reason(disc: Path, tmp_path: Path) -> None:
    os.mkfifo(disc / "pipe")
    symlink(disc / "outside", "/etc/passwd")
    symlink(disc / "inside", "Z")
    done = run(Request(disc, tmp_path / "out.zip", Wishes(codec="jpegls")))
    records = {record.path: record for record in done.manifest.entries}
    assert (records["pipe"].action, records["outside"].action) == ("dropped", "dropped")
    assert "not opened" in records["pipe"].reason
    assert "not followed" in records["outside"].reason
    assert records["inside"].before.sha256 == records["Z"].before.sha256


# --- changes while reading ---


def test_a_file_that_grew_is_refused(disc: Path) -> None:
    entry = by_path(open_bundle(disc))["Z"]
    with (disc / "Z").open("ab") as file:
        file.write(b"more")
    with pytest.raises(EntryUnreadable, match="changed while"):
        read(entry)


def test_a_file_that_was_touched_is_refused(disc: Path) -> None:
    entry = by_path(open_bundle(disc))["Z"]
    os.utime(disc / "Z", (MOMENT + 2, MOMENT + 2))
    with pytest.raises(EntryUnreadable, match="changed while"):
        read(entry)


def test_a_file_that_changes_between_two_pieces_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "disc" / "big"
    file.parent.mkdir()
    file.write_bytes(bytes(3_000_000))
    os.utime(file, (MOMENT, MOMENT))
    place = open_bundle(file.parent).entries[0].place
    assert place is not None
    pieces = place.chunks()
    assert len(next(pieces)) <= 1 << 20
    with file.open("r+b") as other:
        other.seek(2_500_000)
        other.write(b"changed")
    with pytest.raises(EntryUnreadable, match="changed while"):
        list(pieces)


def test_a_file_that_vanished_is_unreadable(disc: Path) -> None:
    place = by_path(open_bundle(disc))["Z"].place
    assert place is not None
    (disc / "Z").unlink()
    for reading in (place.read, lambda: place.read_start(5), lambda: list(place.chunks())):
        with pytest.raises(EntryUnreadable, match="No such file"):
            reading()


def test_a_folder_that_cannot_be_listed_stops_the_run(disc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really_scan = os.scandir

    def scan(path: Path) -> object:
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied")
        return really_scan(path)

    monkeypatch.setattr(os, "scandir", scan)
    with pytest.raises(BundleUnreadable, match="a/deep: Permission denied; check its permissions"):
        open_bundle(disc)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_file_that_became_a_pipe_does_not_hold_the_run_up(disc: Path) -> None:
    entry = by_path(open_bundle(disc))["Z"]
    (disc / "Z").unlink()
    os.mkfifo(disc / "Z")
    with pytest.raises(EntryUnreadable, match="changed while"):
        read(entry)


def test_a_file_that_changed_is_refused_before_it_is_read(disc: Path) -> None:
    place = by_path(open_bundle(disc))["Z"].place
    assert place is not None
    (disc / "Z").write_bytes(b"another content")
    with pytest.raises(EntryUnreadable, match="changed while"):
        next(iter(place.chunks()))


def test_a_read_error_costs_one_entry_and_not_the_others(disc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a scratched disc."""
    bundle = open_bundle(disc)
    really_open = folder._open

    def refuse(file: Path) -> object:
        if file.name == "Z":
            raise OSError(5, "Input/output error")
        return really_open(file)

    monkeypatch.setattr(folder, "_open", refuse)
    for entry in bundle.entries:
        if entry.path == "Z":
            with pytest.raises(EntryUnreadable, match="Input/output error"):
                read(entry)
        elif entry.place is not None:
            assert read(entry)


@pytest.mark.lengthy
def test_a_file_without_permission(disc: Path, tmp_path: Path) -> None:
    (disc / "Z").chmod(0)
    target = tmp_path / "out.zip"
    refused = run_without_rights(disc, "-o", target)
    assert refused.returncode == ExitCode.UNREADABLE
    assert re.search(r"Z: Permission denied.*--drop-path 'Z'", one_line(refused.stderr))
    assert run_without_rights(disc, "-o", target, "--drop-path", "Z").returncode == 0
    assert entries_of(target)["Z"]["action"] == "dropped"


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no sockets in folders here")
def test_a_socket_is_reported_and_never_opened(disc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(disc)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        entry = by_path(open_bundle(disc))["socket"]
    assert entry.place is None
    assert "not opened" in entry.notes[0]


# --- large files ---


@pytest.mark.lengthy
def test_a_large_file_is_packed_without_being_held_in_memory(tmp_path: Path) -> None:
    root = tmp_path / "disc"
    root.mkdir()
    text, noise = b"all work and no play " * 3_500_000, hashlib.shake_128(b"noise").digest(65 << 20)
    (root / "large.log").write_bytes(text)
    (root / "large.bin").write_bytes(noise)
    (root / "small").write_bytes(b"x")
    outcomes_of = {entry.path: entry for entry in open_bundle(root).entries}
    place = outcomes_of["large.log"].place
    assert place is not None
    tracemalloc.start()
    try:
        streamed = deflate.pack_streamed(place, lambda _piece: None)
        length = sum(map(len, deflate.pack_again(streamed)))
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (streamed.size, streamed.length) == (len(text), length)
    assert peak < 8 << 20
    done = run(Request(root, tmp_path / "out.zip"))
    stored = {entry.path: entry.after.stored for entry in done.manifest.entries if entry.after}
    assert stored["large.log"] == length
    assert stored["large.bin"] == len(noise)
    with zipfile.ZipFile(tmp_path / "out.zip") as new:
        assert new.read("large.log") == text
        assert new.read("large.bin") == noise


def test_a_large_file_that_changes_between_counting_and_writing_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "disc"
    root.mkdir()
    (root / "large").write_bytes(b"first content " * 1_000)
    os.utime(root / "large", (MOMENT, MOMENT))
    place = open_bundle(root).entries[0].place
    assert place is not None
    streamed = deflate.pack_streamed(place, lambda _piece: None)
    (root / "large").write_bytes(b"other content " * 1_000)
    os.utime(root / "large", (MOMENT, MOMENT))  # even where size and time are the same
    with pytest.raises(EntryUnreadable, match="changed while"):
        list(deflate.pack_again(streamed))


# --- names, the output inside ---


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are not UTF-8")
def test_names_that_are_not_utf8_keep_their_bytes(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path / "disc")
    os.mkdir(root)  # noqa: PTH102  pathlib cannot say such names
    for name in (b"\xe9", "Größe".encode()):
        with open(root + b"/" + name, "wb") as file:  # noqa: PTH123  as above
            file.write(name)
    first, second = open_bundle(tmp_path / "disc").entries
    assert (first.path, first.name) == ("Größe", EntryName("Größe".encode(), is_utf8=True))
    assert second.name == EntryName(b"\xe9", is_utf8=False)
    assert second.notes
    assert read(second) == b"\xe9"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are not UTF-8")
def test_names_in_an_old_code_page_are_recovered(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path / "disc")
    os.mkdir(root)  # noqa: PTH102  as above
    for name in ("患者.txt", "画像.dcm"):
        with open(root + b"/" + name.encode("cp932"), "wb") as file:  # noqa: PTH123  as above
            file.write(name.encode())
    entries = open_bundle(tmp_path / "disc").entries
    assert {entry.path for entry in entries} == {"患者.txt", "画像.dcm"}
    assert all(read(entry) == entry.path.encode() and "old code page" in entry.notes[0] for entry in entries)


def test_the_output_and_its_drafts_are_left_out_of_the_bundle(disc: Path) -> None:
    target = disc / "DICOM" / "disc.repacked.zip"
    target.write_bytes(deflate.pack(b"x").data)
    (disc / "DICOM" / f".disc.zip.0123{archive.DRAFT_SUFFIX}").write_bytes(b"x")
    with Pool(1) as pool:
        found = survey(disc, (), pool, NoProgress(), View(without=target))
        everything = survey(disc, (), pool, NoProgress(), View(without=disc.parent / "elsewhere.zip"))
    assert [entry.index for entry in found.bundle.entries] == list(range(6))
    assert not any("repack" in entry.path for entry in found.bundle.entries)
    assert sum("repack" in entry.path for entry in everything.bundle.entries) == 2
