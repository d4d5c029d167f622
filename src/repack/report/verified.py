"""What `verify` has to say: what was checked and how, and every difference that was found."""

import msgspec

from repack.bundles.names import as_text
from repack.giveback.verify import Verified
from repack.report import words
from repack.report.tables import Column, Sheet


def sheets(done: Verified) -> list[Sheet]:
    """A row for each kind of check, and the differences below it."""
    columns = (Column("Checked"), Column("Number", is_number=True), Column("Of", is_number=True), Column("How"))
    rows = tuple((check.subject, f"{check.done:,}", f"{check.of:,}", check.how) for check in done.checks)
    found = tuple(f"{finding.where} {finding.problem}" for finding in done.findings)
    return [
        Sheet("What was checked", columns, rows),
        Sheet("Damaged in the original already", lines=_damaged(done)),
        Sheet("Differences", lines=found, is_whole=True),
    ]


def _damaged(done: Verified) -> tuple[str, ...]:
    lines = done.finished.manifest.entries
    return tuple(lines[n].path for n in sorted(done.finished.entries) if lines[n].damaged)


def tell_damaged(done: Verified) -> str:
    """What nobody can check, for where no list is shown; empty where there is no such file."""
    paths = _damaged(done)
    more = f" (and {len(paths) - 1:,} more)" if len(paths) > 1 else ""
    return f"{paths[0]} was damaged in the original already; no sum says what it held{more}" if paths else ""


def result(done: Verified) -> str:
    """The last line."""
    name = words.printable(done.finished.name)
    count = words.plural(len(done.findings), "difference")
    if not done.findings:
        damaged = len(_damaged(done))
        were = words.plural(damaged, "file was", "files were")
        apart = f"; {were} damaged in the original already" if damaged else ""
        return f"{name} is sound: no difference found{apart}"
    if is_unlike_original_only(done):
        return f"{name} is what its manifest says; the original given here is not: {count}"
    return f"{name} is not what its manifest says: {count}"


def is_unlike_original_only(done: Verified) -> bool:
    """Is all that was found about the bundle that the zip was compared with, and nothing about the zip?"""
    return bool(done.findings) and all(finding.is_of_original for finding in done.findings)


def advise(done: Verified) -> str:
    """What to do about the differences."""
    if is_unlike_original_only(done):
        return "the zip itself is sound; give --against the first original, unchanged"
    return "get a better copy of it"


def encode(done: Verified) -> bytes:
    """The same for programs."""
    document = {
        "schema": "repack-verification-1",
        "zip": as_text(done.finished.name),
        "sound": not done.findings,
        "damaged": [as_text(path) for path in _damaged(done)],
        "checks": [{"subject": c.subject, "checked": c.done, "of": c.of, "how": c.how} for c in done.checks],
        "differences": [
            {"where": found.where, "problem": found.problem, "in": "original" if found.is_of_original else "zip"}
            for found in done.findings
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"
