"""How a check says what it found: counts, in a few words."""

from collections import Counter
from collections.abc import Iterable

from repack.model import Finding, Result

MET = Finding(Result.MET)


def not_met(note: str) -> Finding:
    """The rule is broken, and how."""
    return Finding(Result.NOT_MET, note)


def not_applicable(note: str) -> Finding:
    """The rule asks for nothing here, and why."""
    return Finding(Result.NOT_APPLICABLE, note)


def not_known(note: str) -> Finding:
    """It cannot be told, and why."""
    return Finding(Result.NOT_KNOWN, note)


def share(count: int, of: int, one: str = "DICOM file") -> str:
    """3 of 140 DICOM files, all 140 DICOM files, 1 of 1 DICOM file."""
    if count == of > 1:
        return f"all {of:,} {one}s"
    return f"{count:,} of {of:,} {one if of == 1 else one + 's'}"


def tally(kinds: Iterable[str]) -> str:
    """Kinds with their counts, the most frequent first: "138 RLE Lossless, 2 JPEG Baseline"."""
    counts = sorted(Counter(kinds).items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{count:,} {kind}" for kind, count in counts)


def unless_unreadable(finding: Finding, unreadable: int) -> Finding:
    """What is met only as far as the files could be read is not known to be met."""
    if finding.result is not Result.MET or not unreadable:
        return finding
    return not_known(f"{unreadable:,} {'file' if unreadable == 1 else 'files'} could not be read")
