"""The command line: parse, call, show, exit code. The only package that knows typer."""

import contextlib
import errno
import os
import re
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer

from repack.errors import ExitCode, Interrupted, RepackError
from repack.report import console

_OUTPUT_FAILED = frozenset({errno.EPIPE, errno.ENOSPC, errno.EFBIG, errno.EIO})
#: Commands that have a name; any other first word is the bundle of the main job.
NAMED = frozenset({"inspect", "explain", "restore", "verify", "rules", "codecs", "batch"})


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit code; errors are one line, tracebacks need -v -v."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(int(_end_output(_call(_load_app(given), given or ["--help"]))))


def _load_app(given: Sequence[str]) -> typer.Typer:
    """The commands that these words are for: the others are not loaded, which would take longer than a small disc."""
    if given and given[0] == "batch":
        from repack.cli.batch import shelf  # noqa: PLC0415  see above

        return shelf
    if given and given[0] in NAMED:
        from repack.cli.tools import tools  # noqa: PLC0415  see above

        return tools
    from repack.cli.job import job  # noqa: PLC0415  see above

    return job


def _end_output(code: ExitCode | int) -> ExitCode | int:
    """Everything that was shown has really gone out, or the exit code says that it has not."""
    if sys.stdout is None:  # a program without a console
        return code
    try:
        sys.stdout.flush()
    except OSError as error:
        _close_output(error)
        return code or ExitCode.UNWRITABLE
    return code


def _close_output(error: OSError) -> None:
    """Standard output is full, or nobody reads it; without this Python would try once more at its end."""
    console.show_error(f"cannot write standard output: {error.strerror}; files that were written are complete")
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _call(app: typer.Typer, given: list[str]) -> ExitCode | int:
    loudness = sum(len(word) - 1 for word in given if re.fullmatch("-v+", word)) + given.count("--verbose")
    try:
        result: Any = app(args=given, prog_name="repack", standalone_mode=False)
    except RepackError as error:
        _show(error, str(error), loudness)
        return error.code
    except typer.TyperException as error:
        console.show_error(f"{error.format_message().rstrip('.')}; see repack --help")
        return ExitCode.USAGE
    except (KeyboardInterrupt, typer.Abort):
        console.show_error(str(Interrupted()))
        return ExitCode.INTERRUPTED
    except OSError as error:
        if error.errno not in _OUTPUT_FAILED or error.filename is not None:
            return _show_bug(error, loudness)
        _close_output(error)
        return ExitCode.UNWRITABLE
    except SystemExit:  # rich ends the program so where nobody reads what it shows
        _close_output(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)))
        return ExitCode.UNWRITABLE
    except Exception as error:  # noqa: BLE001  the last boundary: a bug of ours, told in one line
        return _show_bug(error, loudness)
    if result == ExitCode.INTERRUPTED:  # typer has caught the interrupt before us
        console.show_error(str(Interrupted()))
    return result if isinstance(result, int) else ExitCode.DONE


def _show_bug(error: Exception, loudness: int) -> ExitCode:
    said = f"a bug in repack ({type(error).__name__}); the input is untouched. Run again with -v -v and report it"
    _show(error, said, loudness)
    return ExitCode.BUG


def _show(error: Exception, message: str, loudness: int) -> None:
    if loudness > 1:
        traceback.print_exception(error)
    console.show_error(message)
