"""Worker processes of one employer: hired when there is work, dismissed together.

An employer has its own kind of `Hand`, which knows what it was given to do.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

from repack.processes import interrupts, serving
from repack.processes.serving import PipeEnd
from repack.processes.shelf import Shelf

_MOST_FALSE_STARTS = 3  # hands in a row that die before they can do anything: then there are none to be had
_PATIENCE = 3.0  # seconds that idle hands get for leaving in order


@dataclass(slots=True, eq=False)
class Hand:
    """A process, the pipe to it, and the memory that it shares with us."""

    process: BaseProcess
    pipe: PipeEnd
    shelf: Shelf | None = None
    is_ready: bool = False

    def end(self, by: float) -> None:
        """Wait until the process has gone, or see to it that it goes; `by` is a time of the monotonic clock."""
        self.pipe.close()
        self.process.join(max(0.0, by - time.monotonic()))
        if self.process.is_alive():
            self.process.kill()
            self.process.join(1.0)  # not longer: a process in a read from a broken medium goes when the read ends


Member = TypeVar("Member", bound=Hand)


class Staff(Generic[Member]):
    """The hands that live."""

    def __init__(self, kind: Callable[[BaseProcess, PipeEnd, Shelf | None], Member]) -> None:
        self.members: list[Member] = []
        self._kind = kind
        self._false_starts = 0

    @property
    def can_grow(self) -> bool:
        """Are processes to be had? After some that died at once they are not."""
        return self._false_starts < _MOST_FALSE_STARTS

    def hire(self) -> Member | None:
        """One more hand; None where none is to be had."""
        if not self.can_grow:
            return None
        with interrupts.undisturbed():
            try:
                started = serving.start()
            except OSError:  # too many processes or open files, too little memory
                self._false_starts += 1
                return None
            self.members.append(self._kind(*started))
            return self.members[-1]

    def welcome(self, hand: Member) -> None:
        """It has said that it runs."""
        hand.is_ready, self._false_starts = True, 0

    def bury(self, hand: Member) -> None:
        """It has died."""
        with interrupts.undisturbed():
            self.members.remove(hand)
            hand.end(time.monotonic() + _PATIENCE)
        self._false_starts += not hand.is_ready

    def dismiss(self, is_busy: Callable[[Member], bool]) -> None:
        """End all: the idle ones in order, the others at once. Never waits longer than a few seconds."""
        with interrupts.undisturbed():
            hands = list(self.members)
            self.members.clear()
            for hand in hands:
                if is_busy(hand):
                    hand.process.kill()
                hand.pipe.close()  # whoever is idle leaves when its pipe ends
            end = time.monotonic() + _PATIENCE
            for hand in hands:
                hand.end(end)
