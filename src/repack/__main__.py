"""The `repack` command, and `python -m repack`.

A spawned worker process imports the module that the command was started from. So this one loads the command line only
when it is called: a worker needs the codecs, not the terminal.
"""

import sys


def main() -> None:
    """Run the command line; whoever stops the program while it still loads gets the same exit code as later."""
    try:
        from repack.cli import main as run  # noqa: PLC0415  see above; the one first-party import inside a function

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
