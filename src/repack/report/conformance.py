"""What standards ask of a disc, as rows: for `inspect`, for a finished run, for a report to look at."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from repack.conformance.checks import CHECKS
from repack.model import Finding, Grade, Result
from repack.record.manifest import CheckRecord, Manifest
from repack.report.tables import Column, Sheet

_SHOWN = {Result.MET: "yes", Result.NOT_MET: "no", Result.NOT_APPLICABLE: "-", Result.NOT_KNOWN: "?"}
_KEY = "? not known, - does not apply"
_NEVER = Result.NOT_APPLICABLE


class Row(NamedTuple):
    """One check for people: what it says, where that stands, whether it held before and holds now, and how far."""

    check: str
    source: str
    before: str
    after: str
    note: str


def rows(records: Iterable[CheckRecord]) -> tuple[Row, ...]:
    """Every check of a finished run, in the order of the table; the note is that of the new zip where it has one."""
    return tuple(
        Row(
            _marked(record.says, record.grade),
            record.source,
            _SHOWN[record.before.result],
            _SHOWN[record.after.result],
            _note(record),
        )
        for record in records
    )


def _marked(says: str, grade: Grade) -> str:
    return f"{says} (hint)" if grade is Grade.HINT else says


def _note(record: CheckRecord) -> str:
    was, now = record.before.note, record.after.note
    if was == now or not was:
        return now
    return f"{now} (before: {was})" if now else f"before: {was}"


def for_report(manifest: Manifest) -> tuple[Row, ...]:
    """As `rows`, but for what never applied."""
    return rows(r for r in manifest.conformance if r.before.result is not _NEVER or _applies_now(r))


def of_bundle(found: Mapping[str, Finding]) -> tuple[Row, ...]:
    """What holds of a bundle that was only looked at: there is no "after"."""
    return tuple(Row(says, source, met, "", note) for says, source, met, note in inspected(found).rows)


def compared(manifest: Manifest) -> Sheet:
    """The whole table of a finished run, but for what never applied."""
    columns = (Column("Rule", ratio=4), Column("Where"), Column("Before"), Column("Now"), Column("Note", ratio=3))
    return Sheet(f"Standards, before and after ({_KEY})", columns, for_report(manifest))


def _applies_now(record: CheckRecord) -> bool:
    return record.after.result is not _NEVER


def inspected(found: Mapping[str, Finding]) -> Sheet:
    """What holds of a bundle as it is; what does not apply is left out."""
    shown = tuple(
        (_marked(check.says, check.grade), check.source, _SHOWN[finding.result], finding.note)
        for check in CHECKS
        if (finding := found[check.id]).result is not _NEVER
    )
    columns = (Column("Rule", ratio=4), Column("Where"), Column("Met"), Column("Note", ratio=3))
    return Sheet(f"Standards for discs ({_KEY})", columns, shown)


def as_json(found: Mapping[str, Finding]) -> list[dict[str, str]]:
    """The same for programs, all of it."""
    return [
        {
            "id": check.id,
            "says": check.says,
            "source": check.source,
            "grade": check.grade,
            "result": found[check.id].result,
            "note": found[check.id].note,
        }
        for check in CHECKS
    ]


def changed(manifest: Manifest) -> Sheet:
    """What a reader of the disc has to know: the rules of standards that hold no more, or hold now."""
    return Sheet("What changes for whoever imports it", lines=tuple(_changes(manifest.conformance)))


def _changes(records: Sequence[CheckRecord]) -> Iterator[str]:
    firm = [record for record in records if record.grade is Grade.STANDARD]
    lost = [record for record in firm if _is_change(record, Result.MET, Result.NOT_MET)]
    for note in dict.fromkeys(record.after.note for record in lost):
        yield f"no longer: {_cite(record for record in lost if record.after.note == note)}, because {note}"
    won = [record for record in firm if _is_change(record, Result.NOT_MET, Result.MET)]
    if won:
        yield f"now: {_cite(won)}"
    ids = {record.id for record in lost}
    still = [record for record in firm if record.id == "profile-zip-mail" and record.after.result is Result.MET]
    if still and any(one.startswith("profile-") for one in ids):
        yield f"still: {_cite(still)}"
    if "profile-cd" in ids:
        yield "where a CD must conform, burn the original, or repack it with --for cd"


def _is_change(record: CheckRecord, before: Result, after: Result) -> bool:
    return record.before.result is before and record.after.result is after


def _cite(records: Iterable[CheckRecord]) -> str:
    """What some rules say, each with the place where it stands."""
    return "; ".join(f"{record.says} [{record.source}]" for record in records)
