"""What the checks find before and after a run, as the manifest records it."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from repack.classify.facts import read_directory
from repack.conformance.checks import CHECKS, evaluate
from repack.conformance.disc import as_found, as_written
from repack.model import DirectoryFacts, EntryUnreadable, Finding, Plan, Result
from repack.record.manifest import CheckRecord, EntryRecord, Manifest

_NOT_SEEN = Finding(Result.NOT_KNOWN, "the version of repack that saw the original did not look")


def review(
    plan: Plan,
    past: Manifest | None,
    records: Sequence[EntryRecord],
    own: Iterable[str],
    read_back: Callable[[int], bytes],
) -> tuple[CheckRecord, ...]:
    """What holds of the first original and of the new zip, in the order of the table.

    `past` is the manifest of a zip that was repacked again, `own` are the names of what repack adds, and `read_back`
    gives the content of a written entry by its index; only a DICOMDIR that changed is asked for.
    """
    before = _remember(past) if past else evaluate(as_found(plan))
    after = evaluate(as_written(plan, records, _read_directories(plan, records, read_back), tuple(own)))
    return tuple(
        CheckRecord(check.id, check.says, check.source, check.grade, before.get(check.id, _NOT_SEEN), after[check.id])
        for check in CHECKS
    )


def _remember(past: Manifest) -> Mapping[str, Finding]:
    """What was found on the first original when its zip was made; nothing for a manifest without it."""
    return {record.id: record.before for record in past.conformance}


def _read_directories(
    plan: Plan, records: Sequence[EntryRecord], read_back: Callable[[int], bytes]
) -> dict[int, DirectoryFacts | None]:
    """The DICOMDIRs of the new zip, by the index of their entry, where they are not those of the bundle.

    None: it could not be read back, which `prove` will say aloud.
    """
    found: dict[int, DirectoryFacts | None] = {}
    numbers = plan.numbers or range(len(records))
    for line, number in zip(plan.lines, numbers, strict=True):
        record = records[number]
        is_same = plan.numbers is None and record.action == "copied"
        if line.facts.directory is None or record.after is None or record.damaged or is_same:
            continue
        try:
            found[line.entry.index] = read_directory(read_back(line.entry.index))
        except EntryUnreadable:
            found[line.entry.index] = None
    return found
