"""What the C library does with memory that was freed."""

import contextlib
import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # glibc, mallopt(3)
_KEPT_BYTES = 64 << 20


def keep_freed() -> None:
    """Keep freed memory for what comes next; for processes of our own, since it is a setting of the whole process.

    Every slice takes and frees the same few large buffers; where the C library gives them back to the system each
    time, up to a tenth of the run goes into page faults. Where there is no such setting, nothing is lost but time.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            library = ctypes.CDLL(None)
            for setting in (_MMAP_THRESHOLD, _TRIM_THRESHOLD):
                library.mallopt(setting, _KEPT_BYTES)
