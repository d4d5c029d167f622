"""The command line: parse, call, show, exit code. The only package that knows typer."""

import contextlib
import errno
import os
import re
import sys
import traceback
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer

from repack.cli.completing import find_command
from repack.cli.names import NAMED, guess
from repack.errors import (
    OUT_OF_REACH,
    BundleUnreadable,
    ExitCode,
    Interrupted,
    OutputUnwritable,
    RepackError,
    WrongUsage,
)
from repack.processes.workers import Pool
from repack.report import plain

_OUT_OF_REACH = frozenset(  # of a path that was given
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP}
)
_OUTPUT_FAILED = frozenset({errno.EPIPE, errno.ENOSPC, errno.EFBIG, errno.EIO})
_NAME_OUTPUTS = frozenset({"-o", "--output", "--manifest", "--report"})
_LONGEST_NAME = 60  # of a path in a message
_OF_ONE_DISC = frozenset({"--split", "--report", "--with-patient", "--manifest"})  # which a batch does not have
_HELPLESS: tuple[list[str], ...] = ([], ["rules"])  # these alone ask for help


def main(arguments: Sequence[str] | None = None, pool: Pool | None = None) -> None:
    """Run a command and leave with its exit code; errors are one line, tracebacks need -v -v.

    `pool` has workers for the main job; the other commands do not use it.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    completed = find_command()  # what a shell asks for comes in the environment, and typer answers it
    if completed is not None:
        os.environ["COLUMNS"] = "9999"  # one line for each offer, however long its help is
    elif given in _HELPLESS:
        given.append("--help")
    elif given[0] == "help" and not os.path.lexists("help"):
        given = [*given[1:], "--help"]
    app = _load_app(given if completed is None else completed)
    sys.exit(int(_end_output(_call(app, given, pool))))


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
    plain.show_error(f"cannot write standard output: {error.strerror}; files that were written are complete")
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _call(app: typer.Typer, given: list[str], pool: Pool | None) -> ExitCode | int:
    loudness = sum(len(word) - 1 for word in given if re.fullmatch("-v+", word)) + given.count("--verbose")
    try:
        _refuse_empty(given)
        _refuse_addresses(given)
        _refuse_misspelt(given)
        result: Any = app(args=given, prog_name="repack", standalone_mode=False, obj=pool)
    except RepackError as error:
        _show(error, str(error), loudness)
        return error.code
    except typer.TyperException as error:
        plain.show_error(_word(error))
        return ExitCode.USAGE
    except (KeyboardInterrupt, typer.Abort):
        plain.show_error(str(Interrupted()))
        return ExitCode.INTERRUPTED
    except OSError as error:
        return _show_trouble(error, given, loudness)
    except SystemExit as left:  # typer's own way out: when a shell was answered, and where nobody reads what is shown
        if not isinstance(left.__context__, BrokenPipeError):
            raise
        _close_output(left.__context__)
        return ExitCode.UNWRITABLE
    except Exception as error:  # noqa: BLE001  the last boundary: a bug of ours, told in one line
        return _show_bug(error, loudness)
    if result == ExitCode.INTERRUPTED:  # typer has caught the interrupt before us
        plain.show_error(str(Interrupted()))
    return result if isinstance(result, int) else ExitCode.DONE


def _show_trouble(error: OSError, given: Sequence[str], loudness: int) -> ExitCode:
    """Trouble with the output, or with a path that cannot even be looked at; any other is a bug."""
    if error.filename is None and error.errno in _OUTPUT_FAILED:
        _close_output(error)
        return ExitCode.UNWRITABLE
    if error.filename is None or error.errno not in _OUT_OF_REACH:
        return _show_bug(error, loudness)
    path = Path(os.fsdecode(error.filename))
    is_input = any(Path(word) == path and before not in _NAME_OUTPUTS for before, word in pairwise(["", *given]))
    tell = BundleUnreadable if is_input else OutputUnwritable
    told = tell(path.name[:_LONGEST_NAME] or str(path), error.strerror or "no access", OUT_OF_REACH)
    _show(error, str(told), loudness)
    return told.code


def _refuse_empty(given: Sequence[str]) -> None:
    """No word is empty on purpose: `--keep "$IMPORTANT"` must not keep nothing without a word. Raises WrongUsage."""
    for before, word in pairwise(["", *given]):
        if not word or (word.startswith("--") and word.endswith("=")):
            option = word.rstrip("=") or before
            where = f"behind {option}" if option.startswith("-") else "on the command line"
            raise WrongUsage(f"there is nothing {where}", "a variable of a script may be unset; give a value")


def _refuse_addresses(given: Sequence[str]) -> None:
    """Only a batch takes what lies elsewhere. Raises WrongUsage."""
    doubtful = [word for word in given if "://" in word and not os.path.lexists(word)]
    if not doubtful or given[0] == "batch":
        return
    from repack.places import addresses  # noqa: PLC0415  it takes a third as long to load as all of this

    for word in doubtful:
        if addresses.has_scheme(word):
            problem = f"{addresses.show(word)} is an address, and those are for repack batch"
            raise WrongUsage(problem, "give a path here, and fetch or upload the file yourself")


def _refuse_misspelt(given: list[str]) -> None:
    """A first word that is no bundle and nearly a command was meant as one. Raises WrongUsage."""
    first = next(iter(given), "")
    if first in NAMED or not re.fullmatch(r"\w[\w-]*", first) or os.path.lexists(first):
        return  # what has a dot or a slash was meant as a path
    if advice := guess(first, NAMED):
        raise WrongUsage(f"{first} is no command, and no file or folder", advice)


def _word(error: typer.TyperException) -> str:
    """What typer says, without the names of what it is made of, and where help is."""
    option = getattr(error, "option_name", "")
    context = getattr(error, "ctx", None)
    if option in _OF_ONE_DISC and context is not None and context.info_name == "batch":
        return f"{option} is for one disc, not for a batch; use repack BUNDLE {option} for those that need it"
    near = getattr(error, "possibilities", None)
    said = (getattr(error, "message", "") if near else error.format_message()).rstrip(".").replace("Value error, ", "")
    advice = f"did you mean {near[0]}?" if near else f"see {context.command_path if context else 'repack'} --help"
    return f"{said}; {advice}"


def _show_bug(error: Exception, loudness: int) -> ExitCode:
    said = f"a bug in repack ({type(error).__name__}); the input is untouched. Run again with -v -v and report it"
    _show(error, said, loudness)
    return ExitCode.BUG


def _show(error: Exception, message: str, loudness: int) -> None:
    if loudness > 1:
        traceback.print_exception(error)
    plain.show_error("; ".join([message, *getattr(error, "__notes__", ())]))
