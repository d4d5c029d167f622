"""A head start: images are begun while the rest of the bundle is still looked at, so that no processor waits.

Nothing depends on it. What will be asked for is foreseen from the image alone; where the plan asks for the same, its
outcome is there already, and where it does not (an image that a rule drops), a little work was in vain.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from repack import lots, outcomes
from repack.model import Action, Category, Entry, Facts, Planned, Verdict, Wishes
from repack.planning import keeping
from repack.processes.workers import Pool

_MOST_BYTES = 64 << 20  # of images begun: about as many as are done while a large disc is looked at
_LARGEST = 8 << 20  # bytes of one image
_FORESEEN = Verdict(Category.DICOM, "", "")


@dataclass(slots=True)
class HeadStart:
    """Begins with images as they are found; `bytes_begun` is what it has begun so far."""

    pool: Pool
    wishes: Wishes
    bytes_begun: int = 0

    def take(self, entries: Sequence[Entry], facts: Sequence[Facts]) -> None:
        """Look at more entries, whose facts are known now."""
        for entry, known in zip(entries, facts, strict=True):
            if self.bytes_begun + entry.size <= _MOST_BYTES and entry.size <= _LARGEST and known.dicom is not None:
                self._begin(entry, known)

    def _begin(self, entry: Entry, known: Facts) -> None:
        decision = keeping.decide_kept(known, _FORESEEN, self.wishes)
        task = outcomes.make_task(Planned(entry, known, _FORESEEN, decision), self.wishes)
        if task.action is Action.TRANSCODE and lots.travels_alone(task):
            self.bytes_begun += entry.size
            self.pool.begin(outcomes.work, (task,), lots.allow, lends=True)
