"""The command line: parse, call, show, exit code. The only package that knows typer."""

import re
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer

from repack.cli import giveback
from repack.cli.job import job
from repack.cli.looking import tools
from repack.errors import ExitCode, Interrupted, RepackError
from repack.report import console

tools.command()(giveback.restore)
tools.command()(giveback.verify)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit code; errors are one line, tracebacks need -v -v."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    names = {command.name or getattr(command.callback, "__name__", "") for command in tools.registered_commands}
    app = tools if given[:1] and given[0] in {*names, "rules"} else job
    sys.exit(int(_call(app, given or ["--help"])))


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
    except Exception as error:  # noqa: BLE001  the last boundary: a bug of ours, told in one line
        said = f"a bug in repack ({type(error).__name__}); nothing was published. Run again with -v -v and report it"
        _show(error, said, loudness)
        return ExitCode.BUG
    if result == ExitCode.INTERRUPTED:  # typer has caught the interrupt before us
        console.show_error(str(Interrupted()))
    return result if isinstance(result, int) else ExitCode.DONE


def _show(error: Exception, message: str, loudness: int) -> None:
    if loudness > 1:
        traceback.print_exception(error)
    console.show_error(message)
