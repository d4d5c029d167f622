"""Zip bundles: every entry as it lies there, every odd name and time kept, every lie noticed."""

import hashlib
import io
import os
import re
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repack.bundles import open_bundle
from repack.errors import BundleUnreadable
from repack.model import Bundle, Entry, EntryName, EntryUnreadable, Raw, Stamp
from tests.bundles.handmade import DESCRIPTOR, DOS, ENCRYPTED, UNIX, UTF8, Made, make_zip

NOISE = hashlib.shake_128(b"noise").digest(300_000)
TEXT = b"all work and no play " * 20_000
OpenMade = Callable[..., Bundle]


@pytest.fixture
def open_made(tmp_path: Path) -> OpenMade:
    def open_one(*entries: Made, prefix: bytes = b"", comment: bytes = b"") -> Bundle:
        path = tmp_path / "made.zip"
        path.write_bytes(make_zip(entries, prefix=prefix, comment=comment))
        return open_bundle(path)

    return open_one


def read(entry: Entry) -> bytes:
    assert entry.place is not None
    return entry.place.read()


def raw(entry: Entry) -> Raw:
    assert entry.place is not None
    found = entry.place.raw()
    assert found is not None
    return found


def raw_bytes(entry: Entry) -> bytes:
    run = raw(entry)
    return run.file.read_bytes()[run.offset :][: run.length]


# --- content ---


@pytest.mark.parametrize("method", [0, 8])
@pytest.mark.parametrize("flags", [0, DESCRIPTOR])
@pytest.mark.parametrize("prefix", [b"", b"MZ this is a self-extractor" * 99])
def test_content_comes_out_whatever_surrounds_it(open_made: OpenMade, method: int, flags: int, prefix: bytes) -> None:
    made = [Made(f"{n}".encode(), data, method, flags) for n, data in enumerate((TEXT, NOISE, b"", b"x"))]
    bundle = open_made(*made, prefix=prefix, comment=b"made by hand")
    assert (bundle.kind, bundle.size) == ("zip", bundle.path.stat().st_size)
    for index, (entry, one) in enumerate(zip(bundle.entries, made, strict=True)):
        assert (entry.index, entry.path, entry.is_directory, entry.notes) == (index, str(index), False, ())
        assert (entry.size, entry.stored) == (len(one.data), len(one.compressed))
        assert read(entry) == one.data
        assert raw_bytes(entry) == one.compressed
        run = raw(entry)
        assert (run.method, run.crc, run.size) == (method, zlib.crc32(one.data), len(one.data))


@pytest.mark.parametrize("method", [0, 8])
@pytest.mark.parametrize("data", [TEXT, NOISE, b"", b"xyz"])
@pytest.mark.parametrize("length", [1, 2, 4_096])
def test_the_start_of_an_entry(open_made: OpenMade, method: int, data: bytes, length: int) -> None:
    place = open_made(Made(data=data, method=method)).entries[0].place
    assert place is not None
    assert place.read_start(length) == data[:length]


@pytest.mark.parametrize("method", [0, 8])
def test_pieces_are_bounded(open_made: OpenMade, method: int) -> None:
    data = bytes(30_000_000)
    place = open_made(Made(data=data, method=method)).entries[0].place
    assert place is not None
    lengths = [len(piece) for piece in place.chunks()]
    assert sum(lengths) == len(data)
    assert max(lengths) <= (8 << 20) + 1


def test_zip64_records(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (("a", TEXT), ("b", NOISE)):
            with archive.open(name, "w", force_zip64=True) as file:
                file.write(data)
    bundle = open_bundle(path)
    assert [read(entry) for entry in bundle.entries] == [TEXT, NOISE]


def test_a_zip64_directory_with_64_bit_numbers(tmp_path: Path) -> None:
    """Sizes and offset in the extra field 0x0001, as writers of large archives put them (APPNOTE 4.5.3)."""
    archive = bytearray(make_zip([Made(data=b"first"), Made(b"b", data=NOISE, central_extra=bytes(28))]))
    at = archive.rindex(b"PK\1\2")
    size, stored, offset = len(NOISE), len(NOISE), struct.unpack_from("<I", archive, at + 42)[0]
    struct.pack_into("<2I", archive, at + 20, 0xFFFF_FFFF, 0xFFFF_FFFF)
    struct.pack_into("<I", archive, at + 42, 0xFFFF_FFFF)
    struct.pack_into("<2H3Q", archive, at + 47, 1, 24, size, stored, offset)
    path = tmp_path / "wide.zip"
    path.write_bytes(archive)
    assert read(open_bundle(path).entries[1]) == NOISE


def test_directories_are_entries_without_content(open_made: OpenMade) -> None:
    bundle = open_made(Made(b"DICOM/", b"", attributes=0x10), Made(b"DICOM/I1"), Made(b"empty/", b"", method=8))
    assert [(e.path, e.is_directory, e.place is None) for e in bundle.entries] == [
        ("DICOM", True, True),
        ("DICOM/I1", False, False),
        ("empty", True, True),
    ]
    assert bundle.entries[0].name.raw == b"DICOM/"


def test_duplicates_are_all_carried_in_order(open_made: OpenMade) -> None:
    names = [b"A.DCM", b"a.dcm", b"A.DCM", b"A.DCM"]
    bundle = open_made(*(Made(name, f"content {n}".encode()) for n, name in enumerate(names)))
    assert [entry.name.raw for entry in bundle.entries] == names
    assert [read(entry) for entry in bundle.entries] == [b"content 0", b"content 1", b"content 2", b"content 3"]


# --- names ---


@pytest.mark.parametrize("flags", [0, UTF8])
def test_utf8_names_with_and_without_flag(open_made: OpenMade, flags: int) -> None:
    (entry,) = open_made(Made("Größe/表.dcm".encode(), flags=flags)).entries
    assert (entry.path, entry.notes) == ("Größe/表.dcm", ())
    assert entry.name == EntryName("Größe/表.dcm".encode(), is_utf8=True)


@pytest.mark.parametrize(
    "name", [bytes(range(0x80, 0x100)), "表.dcm".encode("cp932"), "Ä.txt".encode("cp850"), b"\xff\xfe", b"\xe9"]
)
def test_names_of_unknown_code_pages_keep_their_bytes(open_made: OpenMade, name: bytes) -> None:
    (entry,) = open_made(Made(name, system=DOS)).entries
    assert entry.name == EntryName(name, is_utf8=False)
    assert "code page" in entry.notes[0]


def test_a_false_utf8_flag_costs_nothing_but_a_note(open_made: OpenMade) -> None:
    names = [b"\xe9.dcm", "Größe".encode(), b"plain", b"\xff\xfe"]
    made = [Made(name, name * 3, flags=UTF8, comment=b"PK\1\2", central_extra=b"\x99\x99\x02\x00ab") for name in names]
    bundle = open_made(*made, prefix=b"MZ")
    assert [entry.name for entry in bundle.entries] == [
        EntryName(names[0], is_utf8=False),
        EntryName(names[1], is_utf8=True),
        EntryName(names[2], is_utf8=False),
        EntryName(names[3], is_utf8=False),
    ]
    assert [len(entry.notes) for entry in bundle.entries] == [1, 0, 0, 1]
    assert "the bytes" in bundle.entries[0].notes[0]
    assert [read(entry) for entry in bundle.entries] == [name * 3 for name in names]


@pytest.mark.parametrize(("system", "path"), [(DOS, "Viewer/x.dll"), (10, "Viewer/x.dll"), (UNIX, "Viewer\\x.dll")])
def test_backslashes_separate_where_windows_wrote_them(open_made: OpenMade, system: int, path: str) -> None:
    (entry,) = open_made(Made(b"Viewer\\x.dll", system=system)).entries
    assert (entry.path, entry.name.raw) == (path, path.encode())
    assert len(entry.notes) == (system != UNIX)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (b"../../x", "x"),
        (b"/etc/x", "etc/x"),
        (b"D:/x", "D_/x"),
        (b"photo.jpg\0.exe", "photo.jpg_.exe"),
    ],
)
def test_dangerous_names_get_safe_ones_and_keep_their_content(open_made: OpenMade, name: bytes, path: str) -> None:
    (entry,) = open_made(Made(name)).entries
    assert (entry.path, entry.name.raw, read(entry)) == (path, path.encode(), b"content")
    assert "safe" in entry.notes[0]


def test_a_local_header_with_another_name_costs_nothing(open_made: OpenMade) -> None:
    (entry,) = open_made(Made(b"central", local_name=b"quite another local name")).entries
    assert (entry.path, read(entry)) == ("central", b"content")


# --- times, attributes ---


@pytest.mark.parametrize("word", [0x0000, 0xFFFF, 0x0021, 0x586F])
def test_dos_times_stay_as_they_are_even_where_no_calendar_has_them(open_made: OpenMade, word: int) -> None:
    (entry,) = open_made(Made(date=word, time=word)).entries
    assert (entry.stamp.date, entry.stamp.time) == (word, word)


def test_only_the_extra_fields_that_tell_times_are_kept(open_made: OpenMade) -> None:
    unix_time = b"UT\x05\x00\x03" + struct.pack("<I", 1_700_000_000)
    user_id = b"ux\x0b\x00\x01\x04\xe8\x03\x00\x00\x04\xe8\x03\x00\x00"
    windows_time = b"\x0a\x00\x20\x00" + bytes(4) + b"\x01\x00\x18\x00" + bytes(range(24))
    (entry,) = open_made(Made(central_extra=user_id + unix_time + windows_time)).entries
    assert entry.stamp == Stamp(0x586F, 0x53C0, unix_time + windows_time)


@pytest.mark.parametrize("tail", [b"UT\x05\x00\x01", b"U", b"UT\xff\xff1234"])
def test_a_broken_extra_field_is_left_behind(open_made: OpenMade, tail: bytes) -> None:
    unix_time = b"UT\x05\x00\x01\x00\x00\x00\x00"
    try:
        (entry,) = open_made(Made(central_extra=unix_time + tail)).entries
    except BundleUnreadable:  # newer versions of zipfile refuse such a directory
        return
    assert entry.stamp.extra == unix_time


@pytest.mark.parametrize(
    ("system", "version", "attributes"), [(DOS, 20, 0x20), (UNIX, 30, 0o100755 << 16), (UNIX, 63, 0o120777 << 16)]
)
def test_attributes_and_maker_are_kept(open_made: OpenMade, system: int, version: int, attributes: int) -> None:
    (entry,) = open_made(Made(system=system, version=version, attributes=attributes)).entries
    assert (entry.attributes, entry.made_by) == (attributes, system << 8 | version)


# --- damage ---


def spoiled(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


DAMAGED = {
    "wrong CRC, stored": Made(data=TEXT, crc=1),
    "wrong CRC, deflated": Made(data=TEXT, method=8, crc=1),
    "size too large, stored": Made(data=TEXT, size=len(TEXT) + 1),
    "size too large, deflated": Made(data=TEXT, method=8, size=len(TEXT) + 1),
    "size too small, stored": Made(data=TEXT, size=len(TEXT) - 1),
    "size too small, deflated": Made(data=TEXT, method=8, size=len(TEXT) - 1),
    "size zero, deflated": Made(data=TEXT, method=8, size=0),
    "flipped bit, stored": Made(data=NOISE, stored=spoiled(NOISE, 150_000)),
    "flipped bit, deflated": Made(data=TEXT, method=8, stored=spoiled(Made(data=TEXT, method=8).compressed, 900)),
    "truncated stream": Made(data=TEXT, method=8, stored=Made(data=TEXT, method=8).compressed[:-9]),
    "no stream at all": Made(data=TEXT, method=8, stored=b""),
    "garbage": Made(data=TEXT, method=8, stored=b"\xff" * 500),
}


@pytest.mark.parametrize("made", DAMAGED.values(), ids=DAMAGED.keys())
def test_damage_is_noticed_and_the_compressed_bytes_can_still_be_had(open_made: OpenMade, made: Made) -> None:
    bundle = open_made(Made(b"before"), made, Made(b"behind"))
    with pytest.raises(EntryUnreadable) as caught:
        read(bundle.entries[1])
    assert str(caught.value)
    assert raw_bytes(bundle.entries[1]) == made.compressed
    assert [read(bundle.entries[n]) for n in (0, 2)] == [b"content"] * 2


def test_a_bomb_gives_no_more_than_it_announces(open_made: OpenMade) -> None:
    place = open_made(Made(data=bytes(50_000_000), method=8, size=1_000)).entries[0].place
    assert place is not None
    pieces: list[bytes] = []
    with pytest.raises(EntryUnreadable, match="more bytes than its directory announces"):
        pieces.extend(place.chunks())
    assert sum(map(len, pieces)) <= 1_001


def test_the_start_of_garbage_is_unreadable(open_made: OpenMade) -> None:
    place = open_made(DAMAGED["garbage"]).entries[0].place
    assert place is not None
    with pytest.raises(EntryUnreadable):
        place.read_start(100)


def test_an_entry_whose_local_header_is_gone_is_unreadable(open_made: OpenMade) -> None:
    bundle = open_made(Made(data=NOISE))
    bundle.path.write_bytes(b"QK" + bundle.path.read_bytes()[2:])
    with pytest.raises(EntryUnreadable, match="header"):
        raw(bundle.entries[0])


@pytest.mark.parametrize("left", [10, 40, 200_000])
def test_a_zip_cut_short_after_it_was_listed(open_made: OpenMade, left: int) -> None:
    bundle = open_made(Made(data=NOISE))
    bundle.path.write_bytes(bundle.path.read_bytes()[:left])
    with pytest.raises(EntryUnreadable):
        read(bundle.entries[0])


def test_a_zip_that_vanished_after_it_was_listed(open_made: OpenMade) -> None:
    bundle = open_made(Made())
    bundle.path.unlink()
    with pytest.raises(EntryUnreadable, match="No such file"):
        read(bundle.entries[0])


# --- what cannot be opened ---


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (Made(flags=ENCRYPTED), ["1 of 3 entries are encrypted", "--password-file FILE", "REPACK_PASSWORD"]),
        (Made(method=98), ["1 of 3 entries are packed", "(PPMd)", "unzip it with the program that made it"]),
        (Made(method=1), ["(Shrink)"]),
        (Made(method=77), ["(77)"]),
        (Made(method=99), ["(99)"]),  # AES without the field that says how
        (Made(flags=ENCRYPTED | 0x40), ["(strong encryption)"]),
    ],
)
def test_bytes_that_cannot_be_had_stop_the_run(open_made: OpenMade, bad: Made, words: list[str]) -> None:
    with pytest.raises(BundleUnreadable) as caught:
        open_made(Made(b"good"), bad, Made(b"fine"))
    assert all(word in str(caught.value) for word in ["made.zip", *words])


def cut_zip() -> bytes:
    return make_zip([Made(data=NOISE)])[:100_000]


STRANGERS = {
    "empty": (b"", "it is empty"),
    "text": (b"hello", "it is no zip"),
    "truncated": (cut_zip(), "the download may be incomplete"),
    "rar": (b"Rar!\x1a\x07\x01\x00" + NOISE, "RAR"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + NOISE, "7z"),
    "gzip": (b"\x1f\x8b\x08" + NOISE, "gzip"),
    "udf": (bytes(32_768) + b"\0BEA01\1".ljust(2048, b"\0") + b"\0NSR03\1".ljust(4096, b"\0"), "UDF image"),
    "raw sectors": (b"\0" + b"\xff" * 10 + b"\0" + NOISE, "raw disc image"),
    "nrg": (NOISE + b"NER5" + bytes(8), "Nero"),
    "old nrg": (NOISE + b"NERO" + bytes(4), "Nero"),
    "mds": (b"MEDIA DESCRIPTOR" + NOISE, "Alcohol"),
    "cue": (b'FILE "disc.bin" BINARY\n  TRACK 01 MODE1/2352\n', "raw disc image"),
    "dmg": (NOISE + b"koly" + bytes(508), "Apple disk image"),
}


@pytest.mark.parametrize(("content", "meaning"), STRANGERS.values(), ids=STRANGERS.keys())
def test_what_is_no_zip_is_named(tmp_path: Path, content: bytes, meaning: str) -> None:
    path = tmp_path / "thing.bin"
    path.write_bytes(content)
    with pytest.raises(BundleUnreadable) as caught:
        open_bundle(path)
    assert all(words in str(caught.value) for words in ("cannot read thing.bin: it", meaning))
    assert re.search(r"; (give|convert|copy|unpack|open|mount|fetch)", str(caught.value))


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BundleUnreadable, match="no such file"):
        open_bundle(tmp_path / "missing.zip")


def test_a_pipe_is_refused_without_being_opened(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BundleUnreadable, match="pipe"):
        open_bundle(tmp_path / "pipe")


def test_a_file_that_cannot_be_read_is_an_unreadable_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "scan.zip"
    path.write_bytes(b"PK")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(BundleUnreadable, match=r"scan\.zip: Permission denied; check its permissions"):
        open_bundle(path)


def test_an_empty_zip_has_no_entries(open_made: OpenMade) -> None:
    assert open_made().entries == ()


BASE = make_zip([Made(), Made("ü/b".encode(), TEXT[:500], method=8, flags=UTF8), Made(b"c\xff", flags=UTF8)])
DIRECTORY = BASE.index(b"PK\1\2")


@pytest.mark.lengthy
@given(st.integers(DIRECTORY, len(BASE) - 1), st.integers(1, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_a_damaged_directory_is_refused_or_read_but_never_a_crash(tmp_path: Path, at: int, change: int) -> None:
    broken = bytearray(BASE)
    broken[at] ^= change
    path = tmp_path / "broken.zip"
    path.write_bytes(broken)
    try:
        bundle = open_bundle(path)
    except BundleUnreadable:
        return
    for entry in bundle.entries:
        if entry.place is not None:
            try:
                data = entry.place.read()
            except EntryUnreadable:
                continue
            assert len(data) == entry.size


def test_thousands_of_entries_are_listed_fast(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for n in range(5_000):
            archive.writestr(zipfile.ZipInfo(f"{n}"), b"")
    path.write_bytes(buffer.getvalue())
    start = time.process_time()
    assert len(open_bundle(path).entries) == 5_000
    assert time.process_time() - start < 5


def test_what_holds_bytes_is_a_file_whatever_its_name(open_made: OpenMade) -> None:
    bundle = open_made(Made(b"a/x.txt", b"text"), Made(b"a/", b"bytes"), Made(b"b/", b""), Made(b"a.file", b"more"))
    assert [(e.path, e.is_directory, e.size) for e in bundle.entries] == [
        ("a/x.txt", False, 4), ("a_2.file", False, 5), ("b", True, 0), ("a.file", False, 4),
    ]  # fmt: skip
    assert "ended with a slash" in bundle.entries[1].notes[0]
    place = bundle.entries[1].place
    assert place is not None
    assert place.read() == b"bytes"
