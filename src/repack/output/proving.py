"""Read a draft back, entry by entry, before it gets its name."""

from collections.abc import Callable, Iterable, Mapping

from repack import lots
from repack.errors import ProofFailed
from repack.model import Raw
from repack.output import readback
from repack.output.archive import Draft, Written
from repack.output.readback import Check
from repack.processes.workers import Crashed, Pool, with_tasks

_LOT_BYTES = 16 << 20  # that are read back by one task


def make_checks(
    draft: Draft,
    lies: Iterable[tuple[int, Written, str | None]],
    damaged: Mapping[int, Raw],
    names: Mapping[int, str],
) -> list[Check]:
    """What to compare of such entries, by number, with the SHA-256 that each must have.

    What was damaged already is compared with its source here. Raises ProofFailed.
    """
    checks: list[Check] = []
    for number, written, sha256 in lies:
        if number not in damaged:
            checks.extend(readback.make_checks(number, written, sha256))
        elif not readback.same_bytes(written, damaged[number]):
            raise ProofFailed(draft.target.name, names[number], "was not carried over as it is")
    return checks


def cut_lots(checks: Iterable[Check]) -> tuple[tuple[Check, ...], ...]:
    """The checks in lots for the workers, in the order in which the entries lie on the disk."""
    in_order = sorted(checks, key=lambda check: check.place.header_offset)
    return tuple(lots.cut(in_order, lambda check: check.place.size, _LOT_BYTES))


def begin(draft: Draft, checks: Iterable[Check], pool: Pool) -> None:
    """Begin to read back what lies on the disk already; `prove_entries` is given the same checks, and more."""
    for lot in cut_lots(checks)[:-1]:  # the last may become larger
        last = lot[-1]
        if last.place.header_offset + len(last.header) + last.place.stored <= draft.on_disk():
            pool.begin(readback.check_entries, lot)


def prove_entries(
    draft: Draft, checks: Iterable[Check], names: Mapping[int, str], pool: Pool, advance: Callable[[int, int], None]
) -> None:
    """Compare each entry with what was written; `advance` hears of bytes and entries. Raises ProofFailed.

    A lot whose worker died is read again here: that says nothing about the draft.
    """
    for lot, found in with_tasks(pool, readback.check_entries, cut_lots(checks)):
        wrong = readback.check_entries(lot) if isinstance(found, Crashed) else found
        if wrong is not None:
            raise ProofFailed(draft.target.name, names[wrong], "reads back differently")
        advance(sum(check.place.size for check in lot), sum(bool(check.header) for check in lot))
