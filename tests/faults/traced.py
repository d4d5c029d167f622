"""Run repack and interrupt it at the n-th line of its own that is executed: moments that no clock can hit.

python -m tests.faults.traced MOMENT SIGNALS GAP ARGUMENT...

At line number MOMENT of the main thread, SIGNALS ("INT", "INT,TERM") are sent, GAP seconds apart. MOMENT 0 only
counts: the number of lines goes to standard error.
"""

import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any

from repack import __main__ as program

#: Where processes, files and signals are handled; planning and classifying would be most of all lines.
_FILES = frozenset(
    "__main__ archive carrying connection context contextlib drafts growing interrupts job jobs piecewise pipeline "
    "popen_fork popen_spawn_posix process reduction serving shelf spawn staff survey tempfile threading util "
    "workers".split()
)


class _Counter:
    """A trace function that strikes once."""

    def __init__(self, moment: int, numbers: list[int], gap: float) -> None:
        self.lines, self._moment = 0, moment
        self._numbers, self._gap = numbers, gap
        self._now = threading.Event()
        threading.Thread(target=self._strike, daemon=True).start()

    def _strike(self) -> None:
        self._now.wait()
        for number in self._numbers:
            os.kill(os.getpid(), number)
            time.sleep(self._gap)

    def trace(self, frame: FrameType, event: str, _argument: object) -> Any:  # noqa: ANN401  as sys.settrace wants it
        if frame.f_code.co_filename.rpartition(os.sep)[2][:-3] not in _FILES:
            return None
        if event == "line":
            self.lines += 1
            if self.lines == self._moment:
                self._now.set()
        return self.trace


def main() -> None:
    """Run the program under the trace."""
    moment, numbers, gap, *rest = sys.argv[1:]
    counter = _Counter(int(moment), [signal.Signals[f"SIG{name}"] for name in numbers.split(",")], float(gap))
    sys.argv = ["repack", *rest]
    sys.settrace(counter.trace)
    try:
        program.main()
    finally:
        sys.settrace(None)
        if not counter._moment:
            print(counter.lines, file=sys.stderr)


if __name__ == "__main__":
    main()
