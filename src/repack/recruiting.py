"""Workers for what is plainly the main job, started before the command line is even read.

They take as long to load their libraries as this process takes to load its own; so both do it at once. Words that may
mean anything else go the usual way, where the workers are started a little later.
"""

import os
import re
from collections.abc import Sequence

from repack.processes.workers import Pool, count_cores

_OTHERWISE = ("--help", "--version", "--dry-run", "--jobs", "--codec", "--for")
_LETTERS = re.compile("-[^-]*[hnj]")  # the same in a letter, which may stand behind others: -qj1


def recruit(words: Sequence[str]) -> Pool | None:
    """A pool whose workers load what a usual run needs; None where these words do not plainly ask for one."""
    first = next((word for word in words if not word.startswith("-")), "")
    is_path = bool({".", "/", os.sep} & set(first)) and os.path.lexists(first)  # a bare word may be a command
    if not is_path or any(word.partition("=")[0] in _OTHERWISE or _LETTERS.match(word) for word in words):
        return None
    pool = Pool(count_cores())
    try:
        pool.recruit()
        pool.warm(_load)
    except Exception:  # noqa: BLE001  only a head start: what is wrong here is told in one line where it is needed
        pool.dismiss()
        return None
    return pool


def _load(_nothing: None) -> None:
    """Load what the usual wishes need; in the worker, and only there."""
    from repack import outcomes  # noqa: PLC0415  the main process has not loaded it when it sends this
    from repack.model import Wishes  # noqa: PLC0415  as above

    outcomes.get_ready(None, Wishes())
