"""Checks as rows for people: yes, no, not known; what was before stands in the note where it differs."""

from repack.model import Finding, Grade, Result
from repack.record.manifest import CheckRecord
from repack.report import conformance

MET, LOST = Finding(Result.MET), Finding(Result.NOT_MET, "3 of 4 DICOM files are RLE Lossless")


def record(before: Finding, after: Finding, grade: Grade = Grade.STANDARD) -> CheckRecord:
    return CheckRecord("file-ids", "Names are short", "PS3.10 8.2", grade, before, after)


def test_a_row_has_five_texts() -> None:
    (row,) = conformance.rows([record(MET, LOST)])
    assert row._fields == ("check", "source", "before", "after", "note")
    assert row == ("Names are short", "PS3.10 8.2", "yes", "no", "3 of 4 DICOM files are RLE Lossless")


def test_what_was_before_is_noted_where_it_differs() -> None:
    more = Finding(Result.NOT_MET, "all 4")
    unknown, never = Finding(Result.NOT_KNOWN, "unread"), Finding(Result.NOT_APPLICABLE, "no DICOM")
    notes = [row.note for row in conformance.rows([record(LOST, LOST), record(LOST, MET), record(LOST, more)])]
    assert notes == [LOST.note, f"before: {LOST.note}", f"all 4 (before: {LOST.note})"]
    (row,) = conformance.rows([record(unknown, never)])
    assert (row.before, row.after, row.note) == ("?", "-", "no DICOM (before: unread)")


def test_a_hint_says_so() -> None:
    (row,) = conformance.rows([record(MET, MET, Grade.HINT)])
    assert row == ("Names are short (hint)", "PS3.10 8.2", "yes", "yes", "")
