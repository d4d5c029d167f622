"""Time a command as a whole process, and the memory of its process tree (Linux: /proc)."""

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PAUSE = 0.2  # seconds between two looks at the memory


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds on the clock, seconds of processor time, peak bytes of the tree (pages of files counted once), output."""

    wall: float
    cpu: float
    peak: int
    output: int  # bytes of the file that was made; 0 where none was


def measure(command: Sequence[str], target: Path) -> Measured:
    """Run a command to its end; what it prints is thrown away, its failure is an error."""
    before, start = os.times(), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peaks = [0]
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, done, peaks))
    watcher.start()
    code = process.wait()
    wall = time.perf_counter() - start
    done.set()
    watcher.join()
    after = os.times()
    if code:
        raise SystemExit(f"{command[0]} ended with {code}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Measured(wall, cpu, peaks[0], target.stat().st_size if target.exists() else 0)


def _watch(root: int, done: threading.Event, peaks: list[int]) -> None:
    while not done.wait(_PAUSE):
        sizes = [_resident(pid) for pid in _tree(root)]
        private = sum(resident - of_files for resident, of_files in sizes)
        peaks[0] = max(peaks[0], private + max((of_files for _resident, of_files in sizes), default=0))


def _tree(root: int) -> list[int]:
    """The process and all its descendants."""
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        with suppress(OSError):  # it has ended meanwhile
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                todo += (int(child) for child in task.read_text().split())
    return found


def _resident(pid: int) -> tuple[int, int]:
    """Resident bytes, and those of them that map files; a cheap look, which does not slow the process down."""
    try:
        _size, resident, of_files, *_rest = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0, 0
    page = os.sysconf("SC_PAGE_SIZE")
    return int(resident) * page, int(of_files) * page
