"""The `repack` command, and `python -m repack`: the program as a process of its own.

A spawned worker process imports the module that the command was started from. So this one loads the command line only
when it is called: a worker needs the codecs, not the terminal.
"""

import contextlib
import gc
import os
import sys

from repack.processes import interrupts

_GARBAGE = 10_000  # objects made since the last search for cycles: what we make has none, and each search takes time


def main() -> None:
    """Run the command line; SIGTERM is heard as Ctrl-C, from the first moment to the last."""
    interrupts.listen()
    gc.set_threshold(_GARBAGE)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's idle threads cost each worker time; nothing uses them
    try:
        from repack.recruiting import recruit  # noqa: PLC0415  see above

        with recruit(sys.argv[1:]) or contextlib.nullcontext() as pool:
            from repack.cli import main as run  # noqa: PLC0415  see above

            run(pool=pool)
    except KeyboardInterrupt:  # while it was still loading
        sys.exit(130)
    finally:
        interrupts.finish()  # all is done or undone: what comes now changes nothing
        gc.freeze()  # or Python would search all there is once more before it leaves


if __name__ == "__main__":
    main()
