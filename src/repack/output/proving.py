"""Read a draft back, entry by entry, before it gets its name."""

from bisect import bisect_right
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


class EarlyProof:
    """Reads a draft back while its last entries are made.

    Not while images are still written: a stick that pretends to be larger than it is writes what comes later over what
    lay there, and what was read back before that would have proven nothing.
    """

    def __init__(self, draft: Draft, pool: Pool) -> None:
        self.draft, self.pool = draft, pool
        self._waiting: list[Check] = []  # in the order in which they lie
        self._begun: list[tuple[Check, ...]] = []

    def add(self, checks: Iterable[Check]) -> None:
        """What was written next."""
        self._waiting.extend(checks)

    def catch_up(self) -> None:
        """Begin with all that is written so far; what lies on the disk is read while the rest is brought there."""
        self._begin()
        if sum(check.place.stored for check in self._waiting) > _LOT_BYTES:
            self.draft.flush()
            self._begin()

    def _begin(self) -> None:
        count = bisect_right(self._waiting, self.draft.on_disk(), key=_end_of)
        ready, self._waiting = self._waiting[:count], self._waiting[count:]
        for lot in lots.cut(ready, _weigh, _LOT_BYTES):
            self._begun.append(lot)
            self.pool.begin(readback.check_entries, lot)

    def arrange(self, checks: Iterable[Check]) -> tuple[tuple[Check, ...], ...]:
        """All checks in lots: those that were begun, if they are among these checks just so, then the rest."""
        early = [check for lot in self._begun for check in lot]
        in_order = sorted(checks, key=_start_of)
        if in_order[: len(early)] != early:
            return tuple(lots.cut(in_order, _weigh, _LOT_BYTES))
        return (*self._begun, *lots.cut(in_order[len(early) :], _weigh, _LOT_BYTES))


def _weigh(check: Check) -> int:
    return check.place.size


def _start_of(check: Check) -> int:
    return check.place.header_offset


def _end_of(check: Check) -> int:
    return check.place.header_offset + len(check.header) + check.place.stored


def prove_entries(
    early: EarlyProof, checks: Iterable[Check], names: Mapping[int, str], advance: Callable[[int, int], None]
) -> None:
    """Compare each entry with what was written; `advance` hears of bytes and entries. Raises ProofFailed.

    A lot whose worker died is read again here: that says nothing about the draft.
    """
    for lot, found in with_tasks(early.pool, readback.check_entries, early.arrange(checks)):
        wrong = readback.check_entries(lot) if isinstance(found, Crashed) else found
        if wrong is not None:
            raise ProofFailed(early.draft.target.name, names[wrong], "reads back differently")
        advance(sum(check.place.size for check in lot), sum(bool(check.header) for check in lot))
