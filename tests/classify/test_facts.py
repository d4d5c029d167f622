"""What is read off an entry: magic by content, DICOM of every kind, programs, launch files."""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repack.bundles import open_bundle
from repack.classify import facts
from repack.model import Entry, EntryUnreadable, Facts
from tests.bundles.handmade import Made, make_zip
from tests.classify.synthetic import dental_files, exe, make_entry
from tests.raw_dicom import element, sequence, text

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
DEFLATED, BIG = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
PREAMBLE = bytes(128) + b"DICM"


def meta(syntax: str) -> bytes:
    rest = text(0x0002_0002, "UI", CT) + text(0x0002_0010, "UI", syntax)
    return element(0x0002_0000, "UL", len(rest).to_bytes(4, "little")) + rest


def data_set(*, explicit: bool = True, before: bytes = b"", pixels: bytes = bytes(32)) -> bytes:
    return b"".join(
        [
            text(0x0008_0005, "CS", "ISO_IR 100", explicit=explicit),
            text(0x0008_0016, "UI", CT, explicit=explicit),
            text(0x0008_0018, "UI", "1.2.3", explicit=explicit),
            text(0x0008_0060, "CS", "MR", explicit=explicit),
            text(0x0008_103E, "LO", "T1 axial", explicit=explicit),
            before,
            text(0x0020_000D, "UI", "1.2", explicit=explicit),
            text(0x0020_000E, "UI", "1.2.4", explicit=explicit),
            text(0x0028_0008, "IS", "2", explicit=explicit),
            element(0x7FE0_0010, "OW", pixels, explicit=explicit) if pixels else b"",
        ]
    )


def swap(tag: int, vr: str, value: bytes) -> bytes:
    """An element in Explicit VR Big Endian."""
    head = (tag >> 16).to_bytes(2, "big") + (tag & 0xFFFF).to_bytes(2, "big") + vr.encode()
    if vr == "OW":
        return head + b"\0\0" + len(value).to_bytes(4, "big") + value
    return head + len(value).to_bytes(2, "big") + value


def gather(content: bytes, path: str = "I0000001") -> Facts:
    return facts.gather([make_entry(path, content)])[0]


def assert_is_the_image(found: Facts, syntax: str | None) -> None:
    assert found.magic == "dicom"
    assert found.problem == ""
    assert found.dicom is not None
    assert found.dicom.transfer_syntax == syntax
    assert (found.dicom.sop_class, found.dicom.modality, found.dicom.frames) == (CT, "MR", 2)
    assert (found.dicom.study_uid, found.dicom.series_uid) == ("1.2", "1.2.4")
    assert found.dicom.series_description == "T1 axial"
    assert (found.dicom.has_pixels, found.dicom.is_directory) == (True, False)


@pytest.mark.parametrize("path", ["I0000001", "a.dcm", "a.exe", "a.html", "no/ext.en/sion"])
def test_an_image_is_told_by_its_content(path: str):
    assert_is_the_image(gather(PREAMBLE + meta(EXPLICIT) + data_set(), path), EXPLICIT)


def test_implicit_and_big_endian():
    assert_is_the_image(gather(PREAMBLE + meta(IMPLICIT) + data_set(explicit=False)), IMPLICIT)
    big = b"".join(
        [
            swap(0x0008_0016, "UI", CT.encode() + b"\0" * (len(CT) % 2)),
            swap(0x0008_0060, "CS", b"MR"),
            swap(0x0008_103E, "LO", b"T1 axial"),
            swap(0x0020_000D, "UI", b"1.2\0"),
            swap(0x0020_000E, "UI", b"1.2.4\0"),
            swap(0x0028_0008, "IS", b"2 "),
            swap(0x7FE0_0010, "OW", bytes(32)),
        ]
    )
    assert_is_the_image(gather(PREAMBLE + meta(BIG) + big), BIG)
    assert_is_the_image(gather(big), None)


def test_an_image_without_preamble_and_a_bare_data_set():
    assert_is_the_image(gather(meta(EXPLICIT) + data_set()), EXPLICIT)
    assert_is_the_image(gather(data_set()), None)
    assert_is_the_image(gather(data_set(explicit=False)), None)


@pytest.mark.parametrize("size", [10, 50_000, 3_000_000])
def test_a_deflated_image(size: int):
    packer = zlib.compressobj(wbits=-15)
    noise = bytes((n * n // 7) % 251 for n in range(size))
    whole = packer.compress(data_set(pixels=noise + b"\0" * (size % 2))) + packer.flush()
    assert_is_the_image(gather(PREAMBLE + meta(DEFLATED) + whole), DEFLATED)


@dataclass(slots=True)
class Counted:
    """A place that notes how much is read of it."""

    data: bytes
    reads: list[int] = field(default_factory=list)

    def read(self) -> bytes:
        return self.read_start(len(self.data))

    def read_start(self, length: int) -> bytes:
        self.reads.append(length)
        return self.data[:length]


@dataclass(slots=True)
class Streamed(Counted):
    """A place that notes how much of its stream is taken."""

    streamed: int = 0

    def chunks(self) -> Iterator[bytes]:
        for at in range(0, len(self.data), 1 << 20):
            self.streamed += len(self.data[at : at + (1 << 20)])
            yield self.data[at : at + (1 << 20)]


def through(place: object, size: int) -> Facts:
    return facts.gather([replace(make_entry("x", size), place=place)])[0]


@pytest.mark.parametrize("length", [20_000, 70_000, 2_000_000])
@pytest.mark.parametrize("explicit", [True, False])
def test_a_header_longer_than_the_first_read(length: int, *, explicit: bool):
    private = element(0x0009_1001, "OB", bytes(length), explicit=explicit)
    nested = sequence(0x0009_1002, [element(0x0009_1003, "OB", bytes(length), explicit=explicit)], explicit=explicit)
    content = meta(EXPLICIT if explicit else IMPLICIT) + data_set(explicit=explicit, before=private + nested)
    whole = PREAMBLE + content + bytes(5_000_000)
    place = Counted(whole)
    assert_is_the_image(through(place, len(whole)), EXPLICIT if explicit else IMPLICIT)
    assert max(place.reads) < 2 * (2 * length + 40_000), "no more of the file than its header"


def test_the_pixels_of_an_image_are_not_read():
    place = Counted(PREAMBLE + meta(EXPLICIT) + data_set(pixels=bytes(4_000_000)))
    assert_is_the_image(through(place, len(place.data)), EXPLICIT)
    assert sum(place.reads) < 100_000


def test_an_image_that_ends_early_says_so():
    whole = PREAMBLE + meta(EXPLICIT) + data_set(pixels=b"")
    assert gather(whole).problem == ""
    assert gather(whole).dicom.has_pixels is False
    for length in (140, 160, 250, 300, len(whole) - 1):
        found = gather(whole[:length])
        assert found.magic == "dicom"
        assert found.problem, length
        assert found.dicom is not None


def test_a_directory_lists_its_files():
    found = gather(dict(dental_files())["DICOMDIR"], "somewhere")
    assert found.dicom is not None
    assert found.dicom.is_directory
    assert found.mentions == ("DICOM/I0000001", "DICOM/I0000002", "DICOM/I0000003")


NO_DICOM = [
    b"",
    b"D",
    b"DICM",
    b"DICOM is a standard",
    b"\x08\x00",
    b"\x08\x00\x05\x00CS",
    b"\x02\x00 hello, this is a text\r\n" * 20,
    b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100 and then nothing but text, text, text",
    b"\x08\x00" * 600,
    b"\x08\x00\x00\x00\x04\x00\x00\x00" * 100,  # the same element again and again
    bytes(1000),
    text(0x0010_0010, "PN", "A") * 3,
    b"(0008,0005) CS [ISO_IR 100]\r\n(0008,0016) UI =CTImageStorage\r\n",
    b" " * 128 + b"DICN" + data_set(),
    text(0x0008_0060, "CS", "MR") + text(0x0008_0016, "UI", CT) + text(0x0008_0018, "UI", "1.2"),  # not ascending
]


@pytest.mark.parametrize("content", NO_DICOM)
def test_what_only_begins_like_an_image_is_none(content: bytes):
    found = gather(content)
    assert found.magic == ("unknown" if content else "empty")
    assert found.dicom is None


@pytest.mark.parametrize("path", ["a.dcm", "DICOM/I0000001", "DICOMDIR"])
def test_a_name_makes_no_image(path: str):
    assert gather(b"just text", path) == Facts("unknown")


@pytest.mark.parametrize(("start", "name"), facts.MAGICS)
def test_magic_is_told_by_content(start: bytes, name: str):
    assert facts.magic_of(start + b" and more") == name
    assert facts.magic_of(b" " + start) != name
    assert gather(start, "x.txt").magic == name


def test_a_program_gives_its_facts():
    found = gather(exe("a.dll", ProductName="Viewer"), "x.dat")
    assert found.magic == "pe"
    assert found.pe is not None
    assert (found.pe.imports, found.pe.version) == (("a.dll",), {"product": "Viewer"})
    broken = gather(b"MZ broken", "x.exe")
    assert (broken.magic, broken.pe) == ("pe", None)


def far_program() -> bytes:
    """A program whose tables lie 6 MiB behind its beginning, and 9 MiB before its end."""
    whole = exe("a.dll", ProductName="Viewer")
    at = whole.index(b"PE\0\0") + 24 + 96 + 8 * 16 + 40  # the second section of a 32-bit program: imports
    far, shift = bytearray(whole), 6 << 20
    for section in range(2):  # .rdata and .rsrc move back, as in a program with much code
        (offset,) = struct.unpack_from("<I", far, at + 40 * section + 20)
        struct.pack_into("<I", far, at + 40 * section + 20, offset + shift)
    (first,) = struct.unpack_from("<I", whole, at + 20)
    return bytes(far[:first]) + bytes(shift) + bytes(far[first:]) + bytes(9 << 20)


def test_a_program_behind_much_else_is_read_in_pieces():
    place = Streamed(far_program())
    found = through(place, len(place.data))
    assert found.pe is not None
    assert (found.pe.imports, found.pe.version) == (("a.dll",), {"product": "Viewer"})
    assert max(place.reads) <= 4 << 20
    assert place.streamed < 2 * (8 << 20), "no further than its tables"


def in_zip(path: Path, data: bytes, method: int, crc: int | None = None) -> Entry:
    path.write_bytes(make_zip([Made(name=b"Viewer.exe", data=data, method=method, crc=crc)]))
    return open_bundle(path).entries[0]


@pytest.mark.parametrize("method", [0, 8])
def test_a_program_that_is_read_far_is_hashed_in_the_same_go(tmp_path: Path, method: int):
    program = far_program()
    entry = in_zip(tmp_path / "a.zip", program, method)
    assert facts.takes_long(entry)
    (found,) = facts.gather([entry], digests=True)
    (plain,) = facts.gather([entry])
    assert found.digest is not None
    assert found.digest.content == hashlib.sha256(program).hexdigest()
    assert plain.digest is None
    assert replace(found, digest=None) == plain
    assert found.pe is not None
    assert found.pe.imports == ("a.dll",)


def test_a_program_that_is_damaged_behind_its_tables_has_facts_but_no_digest(tmp_path: Path):
    entry = in_zip(tmp_path / "a.zip", far_program(), 8, crc=1)
    (found,) = facts.gather([entry], digests=True)
    assert (found.digest, found.problem) == (None, "")
    assert found.pe is not None
    assert found.pe.imports == ("a.dll",)


def test_a_database_of_windows_installer():
    assert gather(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.MSI").installer == "msi"
    assert gather(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.doc").installer == ""
    assert gather(exe(Comments="This installation was built with Inno Setup."), "a.exe").installer == "inno"


def test_settings_give_the_language_that_they_choose():
    assert gather(b"Language=de\r\n", "V/v.ini").languages == ("de",)
    assert gather(b"\x89PNG\r\nLanguage=de\r\n", "V/v.ini").languages == ()


def test_a_launch_file_gives_the_names_in_it():
    assert "Viewer/a.exe" in gather(b"open=Viewer\\a.exe", "AUTORUN.INF").mentions
    assert gather(b"open=Viewer\\a.exe", "notes.txt").mentions == ()
    page = gather(b"<?xml version='1.0'?><a href='b.htm'>", "index.html")
    assert page.magic == "xml"
    assert "b.htm" in page.mentions


class Broken:
    """A place on a scratched disc."""

    def read_start(self, length: int) -> bytes:
        raise EntryUnreadable(f"bad sector within {length} bytes")


def test_what_cannot_be_read_or_is_no_file():
    found = through(Broken(), 10)
    assert found.magic == "unreadable"
    assert "bad sector" in found.problem
    assert facts.gather([make_entry("a/")]) == (Facts("directory"),)
    assert facts.gather([replace(make_entry("link"), place=None)]) == (Facts("nothing"),)


@pytest.mark.parametrize("content", [PREAMBLE + meta(EXPLICIT) + data_set(), b"Language=de\r\n"])
def test_a_fault_of_ours_costs_one_file_its_facts(content: bytes, monkeypatch: pytest.MonkeyPatch):
    def fail(*_given: object) -> None:
        raise AttributeError("a name")

    monkeypatch.setattr(facts.header, "read", fail)
    monkeypatch.setattr(facts.mentions, "read", fail)
    found = gather(content, "V/v.ini")
    assert "a fault in repack (AttributeError)" in found.problem
    assert (found.dicom is not None) == (found.magic == "dicom")


def test_facts_come_in_the_order_of_the_entries():
    found = facts.gather([make_entry("a", b"%PDF"), make_entry("b", b"MZ"), make_entry("c", b"PK\3\4")])
    assert [fact.magic for fact in found] == ["pdf", "pe", "zip"]


STARTS = [b"", PREAMBLE, PREAMBLE + meta(EXPLICIT), PREAMBLE + meta(DEFLATED), meta(IMPLICIT), data_set()[:60], b"MZ"]
DIRECTORY_HEAD = PREAMBLE + text(0x0002_0002, "UI", "1.2.840.10008.1.3.10") + text(0x0002_0010, "UI", EXPLICIT)


@given(st.sampled_from([*STARTS, DIRECTORY_HEAD]), st.binary(max_size=300), st.sampled_from(["a", "a.htm", "a.inf"]))
def test_random_bytes_never_raise(start: bytes, rest: bytes, path: str):
    assert gather(start + rest, path).magic


@given(st.integers(0, 400), st.integers(0, 255), st.booleans())
def test_an_image_with_a_changed_byte_never_raises(at: int, value: int, has_meta: bool):  # noqa: FBT001
    whole = bytearray((PREAMBLE + meta(EXPLICIT) if has_meta else b"") + data_set())
    whole[at % len(whole)] = value
    assert gather(bytes(whole)).magic
