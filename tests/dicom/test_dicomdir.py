"""A patched DICOMDIR: byte for byte what a writer would have made with the new transfer syntaxes."""

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.fileset import FileSet

from fixtures.dicom import dicomdir, image_file
from fixtures.header import SeriesHeader
from repack.dicom.dicomdir import Directory, Patched, patch, read_directory
from repack.dicom.image import NotDone
from tests.raw_dicom import (
    EXPLICIT_LE,
    IMPLICIT_LE,
    JPEG_LS,
    UNDEFINED,
    element,
    file_meta,
    group_length,
    item,
    number,
    text,
)
from tests.shared_data import shared_files

DIRECTORY = "1.2.840.10008.1.3.10"
BIG = "1.2.840.10008.1.2.2"
PREAMBLE = bytes(128) + b"DICM"


# --- a second writer of DICOMDIRs ---


@dataclass(frozen=True, slots=True)
class RawDirectory:
    """One patient, study and series, and its images; every image's syntax by its file ID.

    `shift` is added to every offset; `wrong` replaces single ones (record number -> offset of the next record).
    """

    syntaxes: Mapping[str, str]
    explicit: bool = True
    defined_items: bool = True
    defined_sequence: bool = True
    has_lengths: bool = False
    has_private: bool = False
    shift: int = 0
    behind: bytes = b""
    wrong: Mapping[int, int] = field(default_factory=dict)
    syntax_vr: str = "UI"
    states_syntax: bool = True
    instances: Mapping[str, str] = field(default_factory=dict)

    def _uint(self, tag: int, value: int) -> bytes:
        return element(tag, "UL", max(value, 0).to_bytes(4, "little"), explicit=self.explicit)

    def _record(self, kind: str, next_record: int, lower: int, file_id: str = "") -> bytes:
        e = self.explicit
        parts = [
            self._uint(0x0004_1400, next_record),
            number(0x0004_1410, 0xFFFF, explicit=e),
            self._uint(0x0004_1420, lower),
            text(0x0004_1430, "CS", kind, explicit=e),
        ]
        if file_id:
            uid = text(0x0004_1512, "UI", self.syntaxes[file_id], explicit=e)
            if self.syntax_vr != "UI":
                uid = element(0x0004_1512, self.syntax_vr, uid[8:], explicit=e)
            parts += [
                text(0x0004_1500, "CS", file_id.replace("/", "\\"), explicit=e),
                text(0x0004_1510, "UI", "1.2.840.10008.5.1.4.1.1.2", explicit=e),
                text(0x0004_1511, "UI", self.instances.get(file_id, "1.2.3"), explicit=e),
                uid if self.states_syntax else b"",
            ]
        group_4 = b"".join(parts)
        if self.has_lengths:
            group_4 = group_length(4, group_4, explicit=e) + group_4
        rest = element(0x0010_0010, "PN", b"M\xfcller^\xff ", explicit=e)
        if self.has_private:
            rest = (
                element(0x0009_0010, "LO", b"NOBODY", explicit=e)
                + element(0x0009_1001, "UN", b"\0\1\2", explicit=e)
                + rest
            )
        return item(group_4 + rest, defined=self.defined_items)

    def _records(self, at: int) -> list[bytes]:
        """The records, of which the first starts at `at`; 0 as long as that is not known."""
        names = ["", "", "", *self.syntaxes]
        kinds = ["PATIENT", "STUDY", "SERIES", *("IMAGE" for _ in self.syntaxes)]

        def build(starts: list[int]) -> list[bytes]:
            records = []
            for n, (kind, name) in enumerate(zip(kinds, names, strict=True)):
                is_image = bool(name)
                following = starts[n + 1] + self.shift if is_image and n + 1 < len(names) else 0
                lower = starts[n + 1] + self.shift if not is_image and n + 1 < len(names) else 0
                records.append(self._record(kind, self.wrong.get(n, following), lower, name))
            return records

        draft = build([0] * len(names))
        starts = [at + sum(map(len, draft[:n])) for n in range(len(draft))]
        return build(starts)

    @property
    def content(self) -> bytes:
        e = self.explicit
        meta = PREAMBLE + file_meta(EXPLICIT_LE if e else IMPLICIT_LE, sop_class=DIRECTORY)
        file_set = text(0x0004_1130, "CS", "SET", explicit=e)
        before = 12 * self.has_lengths + len(file_set) + 12 + 12 + 10  # the elements in front of the sequence
        first = len(meta) + before + (12 if e else 8)
        body = b"".join(self._records(first))
        if self.defined_sequence:
            directory = element(0x0004_1220, "SQ", body, explicit=e)
        else:
            directory = element(0x0004_1220, "SQ", body + b"\xfe\xff\xdd\xe0\0\0\0\0", explicit=e, length=UNDEFINED)
        group_4 = b"".join(
            (
                file_set,
                self._uint(0x0004_1200, first + self.shift),
                self._uint(0x0004_1202, first + self.shift),
                number(0x0004_1212, 0, explicit=e),
            )
        )
        length = group_length(4, group_4 + directory, explicit=e) if self.has_lengths else b""
        content = meta + length + group_4 + directory + self.behind
        assert content[first : first + 4] == b"\xfe\xff\x00\xe0"
        return content


_FILES = {"DICOM/I1": EXPLICIT_LE, "DICOM/I2": EXPLICIT_LE, "DICOM/SUB/I3": IMPLICIT_LE}
PLAIN = RawDirectory(_FILES)


def read(content: bytes) -> Directory:
    found = read_directory(content)
    assert isinstance(found, Directory), found
    return found


def patch_content(content: bytes, syntaxes: Mapping[str, str]) -> Patched:
    patched = patch(read(content), syntaxes)
    assert isinstance(patched, Patched), patched
    return patched


def reason_of(content: bytes, syntaxes: Mapping[str, str]) -> str:
    found = read_directory(content)
    if isinstance(found, Directory):
        patched = patch(found, syntaxes)
        assert isinstance(patched, NotDone), patched
        return patched.reason
    return found.reason


# --- properties ---

_UIDS = st.sampled_from([IMPLICIT_LE, EXPLICIT_LE, JPEG_LS, "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.100.1"])


_INSTANCES = st.sampled_from(["1.2.3", "1.2.3.4", "2.25.159415489220730363476105063908436292012"])


@st.composite
def directories(draw: st.DrawFn) -> RawDirectory:
    count = draw(st.integers(0, 4))
    flags = [draw(st.booleans()) for _ in range(5)]
    explicit = flags[0]
    return RawDirectory(
        {f"DICOM/I{n}": draw(_UIDS) for n in range(count)},
        explicit=explicit,
        defined_items=flags[1],
        defined_sequence=flags[2],
        has_lengths=flags[3],
        has_private=flags[4],
        behind=draw(st.sampled_from([b"", element(0xFFFC_FFFC, "OB", bytes(6), explicit=explicit)])),
    )


@settings(max_examples=150)
@given(directories(), st.data())
def test_patched_is_what_a_writer_would_have_made(directory: RawDirectory, draws: st.DataObject):
    new = {name: draws.draw(_UIDS) for name in directory.syntaxes if draws.draw(st.booleans())}
    wanted = replace(directory, syntaxes={**directory.syntaxes, **new})
    patched = patch_content(directory.content, new)
    assert patched.data == wanted.content
    assert patched.changed == sum(uid != directory.syntaxes[name] for name, uid in new.items())
    assert patched.note == ""


@settings(max_examples=100)
@given(directories(), st.data())
def test_new_instance_uids_are_followed_too(directory: RawDirectory, draws: st.DataObject):
    syntaxes = dict.fromkeys(directory.syntaxes, "1.2.840.10008.1.2.4.81")
    new = {name: draws.draw(_INSTANCES) for name in directory.syntaxes if draws.draw(st.booleans())}
    patched = patch(read(directory.content), syntaxes, new)
    assert isinstance(patched, Patched)
    assert patched.data == replace(directory, syntaxes=syntaxes, instances=new).content


@settings(max_examples=60)
@given(directories(), st.integers(1, 300))
def test_offsets_that_are_all_wrong_by_one_shift_come_out_right(directory: RawDirectory, shift: int):
    shift = -shift if shift % 2 else shift
    new = dict.fromkeys(directory.syntaxes, JPEG_LS)
    patched = patch_content(replace(directory, shift=shift).content, new)
    assert patched.data == replace(directory, syntaxes=new).content
    assert patched.note == "its record offsets were wrong and are right now"


@settings(max_examples=100)
@given(directories(), st.data())
def test_damaged_directories_never_raise(directory: RawDirectory, draws: st.DataObject):
    content = bytearray(directory.content)
    for _ in range(draws.draw(st.integers(1, 2))):
        content[draws.draw(st.integers(132, len(content) - 1))] = draws.draw(st.integers(0, 255))
    found = read_directory(bytes(content))
    if isinstance(found, Directory):
        found = patch(found, dict.fromkeys(directory.syntaxes, JPEG_LS))  # type: ignore[assignment]
    if isinstance(found, NotDone):
        assert found.reason


# --- records ---


def test_records_and_their_files():
    directory = read(PLAIN.content)
    assert [record.file_id for record in directory.records] == ["", "", "", "DICOM/I1", "DICOM/I2", "DICOM/SUB/I3"]


def test_file_id_padding_is_left_out():
    content = replace(PLAIN, syntaxes={"DICOM/ODD": EXPLICIT_LE}).content
    assert b"DICOM\\ODD " in content
    assert read(content).records[-1].file_id == "DICOM/ODD"
    spaced = content.replace(b"DICOM\\ODD ", b"DICOM \\OD\0")
    assert read(spaced).records[-1].file_id == "DICOM/OD"


def test_other_files_change_nothing():
    for syntaxes in ({}, {"DICOM/I9": JPEG_LS}, {"dicom/i1": JPEG_LS}, {"": JPEG_LS}):
        patched = patch_content(PLAIN.content, syntaxes)
        assert (patched.data, patched.changed) == (PLAIN.content, 0)


def test_record_without_transfer_syntax_stays_without():
    without = replace(PLAIN, states_syntax=False)
    patched = patch_content(without.content, dict.fromkeys(_FILES, JPEG_LS))
    assert (patched.data, patched.changed) == (without.content, 0)


def test_group_length_behind_the_transfer_syntax_is_found():
    content = replace(PLAIN, has_lengths=True).content
    record = read(content).records[3]
    body = content[record.start : record.end]
    moved = body[:8] + body[20 : body.index(b"\x10\0\x10\0PN")] + body[8:20] + body[body.index(b"\x10\0\x10\0PN") :]
    odd = content.replace(body, moved)
    patched = patch_content(odd, {"DICOM/I1": JPEG_LS}).data
    grown = len(text(0x0004_1512, "UI", JPEG_LS)) - len(text(0x0004_1512, "UI", EXPLICIT_LE))
    at = patched.index(b"\x04\0\0\0UL", record.start) + 8
    assert int.from_bytes(patched[at : at + 4], "little") == int.from_bytes(body[16:20], "little") + grown


@pytest.mark.parametrize("count", [1, 8, 700])
@pytest.mark.parametrize("explicit", [True, False])
def test_zeros_that_fill_a_sector_are_carried_along(count: int, *, explicit: bool):
    content = replace(PLAIN, explicit=explicit).content
    patched = patch_content(content, dict.fromkeys(_FILES, JPEG_LS))
    padded = patch_content(content + bytes(count), dict.fromkeys(_FILES, JPEG_LS))
    assert (padded.data, padded.changed) == (patched.data + bytes(count), len(_FILES))


@pytest.mark.parametrize(("stated", "syntax"), [(b"\0\0\0\0", "1.2"), (b"\xff\xff\xff\xff", JPEG_LS)])
def test_a_false_group_length_of_a_record_ends_no_run(stated: bytes, syntax: str):
    content = replace(PLAIN, has_lengths=True).content
    record = read(content).records[3]
    at = content.index(b"\x04\0\0\0UL", record.start) + 8
    patched = patch_content(content[:at] + stated + content[at + 4 :], {"DICOM/I1": syntax})
    assert patched.changed == 1


# --- left, with the reason ---


def test_a_uid_without_a_length_is_left():
    stated = text(0x0004_1512, "UI", EXPLICIT_LE)
    endless = element(0x0004_1512, "UN", item(b"") + b"\xfe\xff\xdd\xe0\0\0\0\0", length=UNDEFINED)
    assert len(endless) == len(stated)
    content = replace(PLAIN, defined_items=False, defined_sequence=False).content.replace(stated, endless)
    assert "states no length" in reason_of(content, {"DICOM/I1": JPEG_LS})


def test_inconsistent_offsets_are_left():
    content = replace(PLAIN, wrong={3: 12_345}).content
    assert "record offsets are inconsistent" in reason_of(content, {"DICOM/I1": JPEG_LS})


def test_a_shift_that_could_be_another_is_left():
    """Records of one length, of which not all are named: two shifts fit, and one of them links the wrong patients."""
    orphans = replace(PLAIN, syntaxes={f"I{n}": EXPLICIT_LE for n in range(3)})
    first = read(orphans.content).records
    assert len({record.end - record.start for record in first[3:]}) == 1
    content = bytearray(orphans.content)
    for record in first[:5]:
        for found, behind in record.elements:
            if found.tag in {0x0004_1400, 0x0004_1420}:
                content[found.value : behind] = bytes(4)
    for tag in (b"\x04\0\0\x12UL\4\0", b"\x04\0\2\x12UL\4\0"):
        at = content.index(tag) + 8
        content[at : at + 4] = (first[3].start - 7).to_bytes(4, "little")
    assert "record offsets are inconsistent" in reason_of(bytes(content), {"I1": JPEG_LS})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be read as a DICOMDIR"),
        (b"no DICOM", "cannot be read as a DICOMDIR"),
        (PREAMBLE + file_meta(EXPLICIT_LE), "no sequence of directory records"),
        (PREAMBLE + file_meta(BIG, sop_class=DIRECTORY), "big-endian"),
        (PLAIN.content[:-1], "cannot be read as a DICOMDIR"),
        (PLAIN.content + b"junk", "cannot be read as a DICOMDIR"),
        (replace(PLAIN, defined_sequence=False).content[:-8], "cannot be read as a DICOMDIR"),
        (
            b"".join(text(tag, "CS", "X") for tag in (0x0008_0005, 0x0008_0008, 0x0008_0060)),
            "no file meta information",
        ),
    ],
    ids=["empty", "other", "no sequence", "big-endian", "cut", "junk", "no delimiter", "bare"],
)
def test_what_is_no_directory_is_left(content: bytes, words: str):
    assert words in reason_of(content, {"DICOM/I1": JPEG_LS})


@pytest.mark.parametrize("vr", ["UN", "LO"])
def test_transfer_syntax_of_an_odd_type_follows_or_is_left(vr: str):
    odd = replace(PLAIN, syntax_vr=vr)
    new = dict.fromkeys(_FILES, JPEG_LS)
    assert patch_content(odd.content, new).data == replace(odd, syntaxes=new).content


def test_bytes_behind_the_last_record_inside_the_sequence_stay():
    early_end = b"\xfe\xff\xdd\xe0\0\0\0\0"
    content = PLAIN.content + early_end
    at = content.index(b"\x04\0\x20\x12SQ") + 8
    content = content[:at] + (len(content) - at - 4).to_bytes(4, "little") + content[at + 4 :]
    new = dict.fromkeys(_FILES, JPEG_LS)
    patched = patch_content(content, new).data
    wanted = replace(PLAIN, syntaxes=new).content + early_end
    assert patched == wanted[:at] + (len(wanted) - at - 4).to_bytes(4, "little") + wanted[at + 4 :]


# --- other readers ---

WORDS = np.arange(64 * 48, dtype=np.uint16).reshape(64, 48)


def two_patients() -> dict[str, bytes]:
    all_series = [SeriesHeader(), SeriesHeader(patient_id="PH-0002", study_number=3), SeriesHeader(series_number=2)]
    return {
        f"DICOM/S{number}/I{index}": image_file(WORDS, index=index, count=3, series=series)
        for number, series in enumerate(all_series)
        for index in range(3)
    }


def visit(content: bytes) -> list[int]:
    """The offsets of the records in the order in which the references lead to them."""
    directory = dcmread(BytesIO(content))
    records = {record.seq_item_tell: record for record in directory.DirectoryRecordSequence}
    seen: list[int] = []

    def follow(offset: int) -> int:
        last = 0
        while offset:
            seen.append(offset)
            follow(records[offset].OffsetOfReferencedLowerLevelDirectoryEntity)
            offset, last = records[offset].OffsetOfTheNextDirectoryRecord, offset
        return last

    last = follow(directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity)
    assert last == directory.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity
    assert set(seen) <= set(records)
    return seen


def test_file_set_of_pydicom_reads_the_patched_one(tmp_path: Path, open_file_set: Callable[[Path], FileSet]):
    files = two_patients()
    original = dicomdir(files.items())
    patched = patch_content(original, dict.fromkeys(files, JPEG_LS))
    assert patched.changed == len(files)
    assert len(visit(patched.data)) == len(visit(original))
    (tmp_path / "DICOMDIR").write_bytes(patched.data)
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    file_set = open_file_set(tmp_path / "DICOMDIR")
    assert len(file_set) == len(files)
    assert {instance.ReferencedTransferSyntaxUIDInFile for instance in file_set} == {JPEG_LS}
    for instance in file_set:
        assert instance.load().SOPInstanceUID == instance.ReferencedSOPInstanceUIDInFile


@pytest.mark.interop
@pytest.mark.skipif(shutil.which("dcmdump") is None, reason="DCMTK's dcmdump is not installed")
def test_dcmdump_reads_the_patched_one(tmp_path: Path):
    files = two_patients()
    original = dicomdir(files.items())
    moving = re.compile(r"\s*(#|\(0004,(1200|1202|1220|1400|1420|1512)\)|\(fffe)")
    shown = []
    for name, content in (("old", original), ("new", patch_content(original, dict.fromkeys(files, JPEG_LS)).data)):
        (tmp_path / name).write_bytes(content)
        done = subprocess.run(["dcmdump", tmp_path / name], capture_output=True, text=True, check=True)
        assert done.stderr == ""
        assert done.stdout.count("=JPEGLSLossless") == (len(files) if name == "new" else 0)
        shown.append([line for line in done.stdout.splitlines() if not moving.match(line)])
    assert shown[0] == shown[1]
    assert len(shown[0]) > 100


def links(content: bytes) -> list[tuple[int | None, int | None]]:
    """For each record the numbers of the next and of the first lower one; None where the offset meets no record."""
    records = list(dcmread(BytesIO(content)).DirectoryRecordSequence)
    numbers = {0: 0} | {record.seq_item_tell: n for n, record in enumerate(records, 1)}
    return [
        (
            numbers.get(record.OffsetOfTheNextDirectoryRecord),
            numbers.get(record.OffsetOfReferencedLowerLevelDirectoryEntity),
        )
        for record in records
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [path for path in shared_files("dicom/dicomdir") if path.name.startswith("DICOMDIR")], ids=lambda p: p.name
)
def test_real_directories_follow(path: Path):
    content = path.read_bytes()
    directory = read_directory(content)
    if isinstance(directory, NotDone):
        assert path.name in {"DICOMDIR-bigEnd", "DICOMDIR-nooffset"}  # the other's last record is longer than the file
        return
    files = [record.file_id for record in directory.records if record.file_id]
    patched = patch(directory, dict.fromkeys(files, JPEG_LS))
    assert isinstance(patched, Patched), patched
    again = read(patched.data)
    assert [record.file_id for record in again.records] == [record.file_id for record in directory.records]
    assert links(patched.data) == links(content)
    assert patched.changed == len(files)
    back = patch(again, {name: _stated(directory, name) for name in files})
    assert isinstance(back, Patched)
    assert back.data == content


def _stated(directory: Directory, file_id: str) -> str:
    record = next(record for record in directory.records if record.file_id == file_id)
    found, behind = next(pair for pair in record.elements if pair[0].tag == 0x0004_1512)
    return directory.data[found.value : behind].rstrip(b"\0 ").decode()
