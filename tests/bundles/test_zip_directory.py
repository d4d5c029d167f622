"""How far the archive around the directory is believed: overlaps, two views, wrapped numbers, comments."""

import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from repack.bundles import open_bundle
from repack.errors import BundleUnreadable
from repack.model import Bundle, Entry, EntryName, EntryUnreadable, Wishes
from repack.pipeline import Request, run
from tests.bundles.handmade import DESCRIPTOR, DOS, UTF8, Made, make_zip

OpenMade = Callable[..., Bundle]
TEXT = b"all work and no play " * 20_000


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


# --- local headers that say something else ---


@pytest.mark.parametrize(
    ("made", "what"),
    [(Made(local_name=b"other"), "name"), (Made(local_name=b"b.txt"), "name")],
)
def test_another_name_in_the_local_header_is_told(open_made: OpenMade, made: Made, what: str) -> None:
    (entry,) = open_made(made).entries
    assert (entry.path, read(entry)) == ("a.txt", b"content")
    assert entry.notes == (f"its own header in the zip gives another {what}; the directory was believed",)


@pytest.mark.parametrize(("offset", "what"), [(8, "method"), (14, "checksum"), (18, "size"), (22, "size")])
def test_other_numbers_in_the_local_header_are_told(tmp_path: Path, offset: int, what: str) -> None:
    data = bytearray(make_zip([Made()]))
    data[offset] ^= 1
    path = tmp_path / "made.zip"
    path.write_bytes(data)
    (entry,) = open_bundle(path).entries
    assert read(entry) == b"content"
    assert f"another {what};" in entry.notes[0]


def test_numbers_behind_the_data_are_no_disagreement(open_made: OpenMade) -> None:
    bundle = open_made(Made(flags=DESCRIPTOR), Made(b"b", TEXT, method=8, flags=DESCRIPTOR), prefix=b"MZ" * 99)
    assert all(entry.notes == () for entry in bundle.entries)


def test_what_was_streamed_is_written_with_its_sizes_in_front(tmp_path: Path) -> None:
    """Compressed bytes are carried over, but not the flag that says that their sizes come later (Z19)."""
    path, new = tmp_path / "made.zip", tmp_path / "out.zip"
    path.write_bytes(make_zip([Made(b"a.txt", TEXT, method=8, flags=DESCRIPTOR)]))
    run(Request(path, new))
    with zipfile.ZipFile(new) as archive:
        info = archive.getinfo("a.txt")
        assert archive.read(info) == TEXT
    flags, method, *_time, crc, stored, size = struct.unpack_from("<4H3I", new.read_bytes(), info.header_offset + 6)
    assert (flags & 8, method, crc, stored, size) == (0, 8, info.CRC, info.compress_size, len(TEXT))


@pytest.mark.lengthy
def test_both_views_go_into_the_manifest(tmp_path: Path) -> None:
    path = tmp_path / "made.zip"
    path.write_bytes(make_zip([Made(local_name=b"other")]))
    done = run(Request(path, tmp_path / "out.zip"))
    assert "the directory was believed" in done.manifest.entries[0].notes[0]
    with zipfile.ZipFile(tmp_path / "out.zip") as new:
        assert new.read("a.txt") == b"content"


# --- entries that share bytes ---


def quoted_overlap(count: int) -> bytes:
    """As D. Fifield's bomb: each entry's stream quotes the header of the next and goes on in its data."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    kernel = deflater.compress(bytes(1 << 20)) + deflater.flush()
    body, sizes = kernel, [1 << 20]
    headers = []
    for n in reversed(range(count)):
        name = b"%05d" % n
        header = b"PK\3\4" + struct.pack("<5H3I2H", 20, 0, 8, 0, 0x21, 0, len(body), sizes[-1], len(name), 0) + name
        headers.append((name, len(body), sizes[-1]))
        if n:
            length = len(header)
            quote = b"\0" + struct.pack("<2H", length, length ^ 0xFFFF)
            body, sizes = quote + header + body, [*sizes, sizes[-1] + length]
        else:
            body = header + body
    total = len(body)
    directory = b""
    for name, length, size in reversed(headers):
        directory += (
            b"PK\1\2"
            + struct.pack("<6H3I5H2I", 20, 20, 0, 8, 0, 0x21, 0, length, size, 5, 0, 0, 0, 0, 0, total - length - 35)
            + name
        )
    return body + directory + b"PK\5\6" + struct.pack("<4H2IH", 0, 0, count, count, len(directory), total, 0)


def test_the_bomb_of_overlapping_entries_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    path.write_bytes(quoted_overlap(200))
    bundle = open_bundle(path)
    for entry in bundle.entries:
        with pytest.raises(EntryUnreadable, match="shares its bytes with another entry"):
            read(entry)
    with pytest.raises(BundleUnreadable, match=r"00000: it shares its bytes") as caught:
        run(Request(path, tmp_path / "out.zip"))
    assert "\n" not in str(caught.value)
    assert {file.name for file in tmp_path.iterdir()} == {"bomb.zip"}


def test_only_the_entries_that_share_are_refused_and_can_be_given_up(tmp_path: Path) -> None:
    data = bytearray(make_zip([Made(b"good"), Made(b"one", TEXT), Made(b"two", TEXT)]))
    offset = data.rindex(b"PK\1\2") + 42
    struct.pack_into(
        "<I", data, offset, struct.unpack_from("<I", data, data.index(b"PK\1\2", data.index(b"PK\1\2") + 4) + 42)[0]
    )
    path = tmp_path / "made.zip"
    path.write_bytes(data)
    good, *bad = open_bundle(path).entries
    assert read(good) == b"content"
    for entry in bad:
        with pytest.raises(EntryUnreadable, match="shares"):
            read(entry)
    run(Request(path, tmp_path / "out.zip", Wishes(drop_path=("one", "two"))))
    with zipfile.ZipFile(tmp_path / "out.zip") as new:
        assert new.read("good") == b"content"


def test_neighbours_and_empty_entries_do_not_overlap(open_made: OpenMade) -> None:
    bundle = open_made(*(Made(b"%d" % n, TEXT if n % 3 else b"") for n in range(30)))
    assert [len(read(entry)) for entry in bundle.entries] == [len(TEXT) if n % 3 else 0 for n in range(30)]


# --- numbers that wrapped around ---


def wrapped(path: Path, *, is_sparse: bool = True) -> None:
    """As Archive Utility of macOS above 4 GB: sizes and offsets modulo 2^32, and no zip64."""
    first = make_zip([Made(b"a", b"x" * 100)])
    local, directory = first[: first.index(b"PK\1\2")], first[first.index(b"PK\1\2") : first.index(b"PK\5\6")]
    with path.open("wb") as file:
        file.write(local)
        file.seek((4 << 30) + 500 if is_sparse else 0, 1)
        start = file.tell()
        file.write(directory)
        file.write(b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 1, 1, len(directory), start % (1 << 32), 0))


def test_a_mac_archive_whose_numbers_wrapped_is_recognised(tmp_path: Path) -> None:
    """The hole is sparse: it takes no room where the file system knows holes."""
    path = tmp_path / "mac.zip"
    wrapped(path)
    if getattr(path.stat(), "st_blocks", 1 << 30) > 100_000:
        pytest.skip("this file system knows no holes")
    with pytest.raises(BundleUnreadable, match=r"a Mac made it, and above 4 GB its numbers wrapped around; .*ditto"):
        open_bundle(path)


def test_one_part_of_several_is_named(tmp_path: Path) -> None:
    data = bytearray(make_zip([Made()]))
    end = data.index(b"PK\5\6")
    struct.pack_into("<2H", data, end + 4, 2, 1)
    path = tmp_path / "part.zip"
    path.write_bytes(data)  # a writer that only counts oddly: everything is here
    assert read(open_bundle(path).entries[0]) == b"content"
    path.write_bytes(b"QK" + data[2:])
    with pytest.raises(BundleUnreadable, match="one part of a zip in several parts; join them"):
        open_bundle(path)


# --- names ---


def unicode_path(name: bytes, raw: bytes) -> bytes:
    value = b"\1" + struct.pack("<I", zlib.crc32(raw)) + name
    return struct.pack("<2H", 0x7075, len(value)) + value


def test_the_unicode_path_field_is_honoured(open_made: OpenMade) -> None:
    raw = "Ä.txt".encode("cp850")
    (entry,) = open_made(Made(raw, system=DOS, central_extra=unicode_path("Ä.txt".encode(), raw))).entries
    assert (entry.path, entry.name, entry.notes) == ("Ä.txt", EntryName("Ä.txt".encode(), is_utf8=True), ())


def test_a_unicode_path_field_of_another_name_is_not(open_made: OpenMade) -> None:
    field = unicode_path("Ü.txt".encode(), b"another name")
    (entry,) = open_made(Made(b"\x8e.txt", system=DOS, central_extra=field)).entries
    assert entry.name == EntryName(b"\x8e.txt", is_utf8=False)


def test_a_unicode_path_field_that_is_no_text_is_passed_over_or_refused_with_advice(open_made: OpenMade) -> None:
    made = Made(b"\x8e.txt", system=DOS, central_extra=unicode_path(b"\xff", b"\x8e.txt"))
    if sys.version_info < (3, 12):
        assert open_made(made).entries[0].name == EntryName(b"\x8e.txt", is_utf8=False)
    else:  # zipfile reads the field itself, and gives up
        with pytest.raises(BundleUnreadable, match="unzip it with another program and give the folder"):
            open_made(made)


def test_names_of_one_archive_tell_their_code_page(open_made: OpenMade) -> None:
    bundle = open_made(*(Made(name.encode("cp932"), system=DOS) for name in ("画像/表.dcm", "患者.txt")))
    assert [entry.path for entry in bundle.entries] == ["画像/表.dcm", "患者.txt"]
    assert bundle.entries[0].name == EntryName("画像/表.dcm".encode(), is_utf8=True)
    assert "old code page" in bundle.entries[0].notes[0]


def test_a_backslash_within_a_japanese_letter_is_no_separator(open_made: OpenMade) -> None:
    raw = "表\\患者.txt".encode("cp932")
    assert raw.count(b"\\") == 2
    (entry,) = open_made(Made(raw, system=DOS)).entries
    assert entry.path == "表/患者.txt"


@pytest.mark.lengthy
def test_duplicates_and_names_that_differ_in_case_are_reported(tmp_path: Path) -> None:
    names = [b"A.DCM", b"a.dcm", b"b", b"b", "Ü".encode(), "u\u0308".encode()]
    path = tmp_path / "made.zip"
    path.write_bytes(make_zip([Made(name, b"%d" % n, flags=UTF8) for n, name in enumerate(names)]))
    done = run(Request(path, tmp_path / "out.zip"))
    notes = [" ".join(entry.notes) for entry in done.manifest.entries]
    assert [bool(note) for note in notes] == [False, True, False, True, False, True]
    assert "only in case or accents" in notes[1]
    assert "same name; both are kept" in notes[3]
    with zipfile.ZipFile(tmp_path / "out.zip") as new:
        assert [info.orig_filename.encode() for info in new.infolist()][:6] == names
        assert [new.read(info) for info in new.infolist()][:6] == [b"%d" % n for n in range(6)]


def test_a_safe_name_never_meets_one_that_is_there(open_made: OpenMade) -> None:
    names = [b"../evil.txt", b"evil.txt", b"/evil.txt", b"EVIL_2.TXT", b"../dir/", b"dir/"]
    bundle = open_made(*(Made(name, b"" if name.endswith(b"/") else name) for name in names))
    assert [entry.path for entry in bundle.entries] == [
        "evil_3.txt", "evil.txt", "evil_4.txt", "EVIL_2.TXT", "dir_2", "dir",
    ]  # fmt: skip
    assert [read(entry) for entry in bundle.entries[:4]] == names[:4]
    assert "safe" in bundle.entries[0].notes[0]
    assert bundle.entries[4].name.raw == b"dir_2/"


@pytest.mark.parametrize("name", [b"CON", b"dir/aux.txt", b"NUL .tar.gz", b"name.", b"name ", b"dir./x"])
def test_names_that_windows_cannot_make_stay_and_are_noted(open_made: OpenMade, name: bytes) -> None:
    (entry,) = open_made(Made(name)).entries
    assert entry.name.raw == name
    assert "Windows cannot" in entry.notes[0]


# --- what surrounds the entries ---


def test_the_comment_is_carried_over(tmp_path: Path) -> None:
    path = tmp_path / "made.zip"
    path.write_bytes(make_zip([Made()], comment="Größe".encode()))
    run(Request(path, tmp_path / "out.zip"))
    with zipfile.ZipFile(tmp_path / "out.zip") as new:
        assert new.comment == "Größe".encode()


def test_a_comment_that_hides_another_end_is_refused(tmp_path: Path) -> None:
    """Two readers may take two ends for the real one."""
    data = make_zip([Made()])
    end = data.index(b"PK\5\6")
    hidden = b"PK\5\6 but no real end"
    path = tmp_path / "made.zip"
    path.write_bytes(data[: end + 20] + struct.pack("<H", len(hidden)) + hidden)
    with pytest.raises(BundleUnreadable, match="its end is missing"):
        open_bundle(path)


def test_a_zip_in_a_zip_is_named_and_not_opened(tmp_path: Path) -> None:
    inner = make_zip([Made(b"inner.txt", TEXT, method=8)])
    path = tmp_path / "made.zip"
    path.write_bytes(make_zip([Made(b"scan.zip", inner), Made(b"readme.txt")]))
    done = run(Request(path, tmp_path / "out.zip"))
    assert [warning for warning in done.plan.warnings if "scan.zip is an archive itself and was not opened" in warning]
    with zipfile.ZipFile(tmp_path / "out.zip") as new:
        assert new.read("scan.zip") == inner


def test_a_small_archive_among_many_files_is_no_news(tmp_path: Path) -> None:
    path = tmp_path / "made.zip"
    path.write_bytes(make_zip([Made(b"help.zip", make_zip([Made()])), Made(b"big", TEXT)]))
    done = run(Request(path, tmp_path / "out.zip"))
    assert not [warning for warning in done.plan.warnings if "archive itself" in warning]


def test_symbolic_links_stay_links(tmp_path: Path) -> None:
    path = tmp_path / "made.zip"
    path.write_bytes(make_zip([Made(b"link", b"../target", attributes=0o120777 << 16), Made(b"x")]))
    run(Request(path, tmp_path / "out.zip"))
    with zipfile.ZipFile(tmp_path / "out.zip") as new:
        info = new.getinfo("link")
        assert (info.external_attr >> 16, new.read(info)) == (0o120777, b"../target")


def test_one_damaged_entry_does_not_cost_the_others(tmp_path: Path) -> None:
    bad = replace(Made(b"bad", TEXT, method=8), crc=1)
    path = tmp_path / "made.zip"
    path.write_bytes(make_zip([Made(b"good"), bad, Made(b"fine")]))
    done = run(Request(path, tmp_path / "out.zip"))
    assert [entry.damaged for entry in done.manifest.entries] == [False, True, False]
    with zipfile.ZipFile(tmp_path / "out.zip") as new:
        assert (new.read("good"), new.read("fine")) == (b"content", b"content")
        assert (new.getinfo("bad").CRC, new.getinfo("bad").compress_size) == (1, len(bad.compressed))
        with pytest.raises(zipfile.BadZipFile, match="CRC"):
            new.read("bad")


def test_messages_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "cut.zip"
    path.write_bytes(make_zip([Made(data=TEXT)])[:200_000])
    with pytest.raises(BundleUnreadable) as caught:
        open_bundle(path)
    assert re.fullmatch(r"cannot read cut\.zip: [^\n]*may be incomplete; [^\n]*", str(caught.value))
