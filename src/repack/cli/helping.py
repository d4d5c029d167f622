"""What `--help` shows: plain text at the width of the terminal, options in groups, and examples.

Without rich, whose part of typer takes longer to load than everything else that help needs.
"""

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from typer.core import TyperCommand, TyperGroup

from repack.cli.names import NAMED
from repack.cli.quickly import speed_up

_WIDEST = 100
_COLUMN = 26  # where explanations begin
#: The groups of options in the order in which they are shown; an option that is in none comes after them.
_GROUPS = {
    "For whom": "--for --max-size --split",
    "What to drop and what to keep": "--keep-locales --drop-redist --drop --drop-path --keep --rules --force-drop",
    "How images are compressed": "--codec --max-error --effort --squeeze --exact-only",
    "What is written": "--dry-run --sample --output --out-dir --overwrite --manifest --report",
    "Many discs": "--from --scheduler --recheck --record --staging --most-staged",
    "What is shown": "--json --quiet --verbose",
    "Opening the bundle": "--password-file --decrypt --max-entries --max-unpacked --max-ratio",
}
_FEWEST = 12  # options that are so few need no groups

EXIT_CODES = {
    "0": "done; files kept with a reason are fine, they are in the table",
    "1": "a bug in repack",
    "2": "wrong usage",
    "3": "the bundle cannot be read",
    "4": "a rule file is invalid",
    "5": "the output cannot be written",
    "6": "a proof of the finished zip failed; nothing was published",
    "7": "verify or restore found a difference",
    "130": "interrupted",
}

Example = tuple[str, str]  # a command line, and what it does


class Command(TyperCommand):
    """A command whose help is ours, and whose plain values are read quickly."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  click's own types differ by version
        """Not before: typer adds its own options after the command is made."""
        speed_up(self.get_params(ctx))
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  as above
        """Write nothing but our text; the formatter of click only carries it."""
        formatter.write("\n".join(_page(self, ctx)))


class MainCommand(Command):
    """The main job, whose help tells of the other commands and of exit codes, too."""

    after = (("Other commands (each has its own --help)", NAMED), ("Exit codes", EXIT_CODES))


class Group(TyperGroup):
    """A group of commands whose help is ours."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  as above
        """As for a command."""
        speed_up(self.get_params(ctx))
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  as above
        """As for a command, and the commands below it."""
        formatter.write("\n".join(_page(self, ctx)))


def show_examples(examples: Sequence[Example]) -> str:
    """The end of a command's help, laid out already."""
    return "\n".join(["Examples:", *(line for shown, does in examples for line in (f"  {shown}", f"      {does}"))])


def _width() -> int:
    return min(shutil.get_terminal_size().columns, _WIDEST)


def _page(command: Any, ctx: Any) -> Iterator[str]:  # noqa: ANN401  as above
    width = _width()
    yield f"Usage: {ctx.command_path} {' '.join(_usage(command))}".rstrip()
    for paragraph in (command.help or "").replace("\f", "").strip().split("\n\n"):
        yield ""
        yield from textwrap.wrap(" ".join(paragraph.split()), width)
    for title, params in _groups(command, ctx):
        yield ""
        yield f"{title}:"
        for param in params:
            yield from _two_columns(f"  {_name(param)}", _says(param), width)
    below = {name: (one.help or "").partition("\n")[0] for name, one in getattr(command, "commands", {}).items()}
    for title, listed in (("Commands", below), *getattr(command, "after", ())):
        if listed:
            yield ""
            yield f"{title}:"
            for name, does in listed.items():
                yield from _two_columns(f"  {name}", does, width)
    if command.epilog:
        yield ""
        yield command.epilog


def _usage(command: Any) -> Iterator[str]:  # noqa: ANN401  as above
    for param in command.params:
        if param.param_type_name == "argument":
            name = str(param.metavar or param.name.upper())
            name = f"{name.removesuffix('...')}..." if param.nargs == -1 else name
            yield name if param.required else f"[{name}]"
        elif param.required:
            yield f"{param.opts[-1]} {param.metavar}"
    yield "COMMAND ..." if getattr(command, "commands", {}) else "[OPTIONS]"


def _groups(command: Any, ctx: Any) -> Iterator[tuple[str, list[Any]]]:  # noqa: ANN401  as above
    shown = [param for param in command.get_params(ctx) if not getattr(param, "hidden", False)]
    arguments = [param for param in shown if param.param_type_name == "argument"]
    options = [param for param in shown if param.param_type_name == "option"]
    if arguments:
        yield "Arguments", arguments
    if len(options) <= _FEWEST:
        yield "Options", options
        return
    for title, names in _GROUPS.items():
        inside = [param for name in names.split() for param in options if name in param.opts]
        options = [param for param in options if param not in inside]
        if inside:
            yield title, inside
    yield "Other options", options


def _name(param: Any) -> str:  # noqa: ANN401  as above
    if param.param_type_name == "argument":
        return str(param.metavar or param.name.upper())
    short_first = sorted(param.opts, key=len)
    takes = "" if param.is_flag or getattr(param, "count", False) else f" {param.metavar or 'VALUE'}"
    return f"{', '.join(short_first)}{takes}"


def _says(param: Any) -> str:  # noqa: ANN401  as above
    said = " ".join((getattr(param, "help", None) or "").split())
    default = param.default
    is_number = isinstance(default, int) and not isinstance(default, bool) and default > 0
    return f"{said} Default: {default:,}." if is_number and "efault" not in said else said


def _two_columns(left: str, right: str, width: int) -> Iterable[str]:
    lines = textwrap.wrap(right, max(width - _COLUMN, 24), break_long_words=False, break_on_hyphens=False) or [""]
    if len(left) > _COLUMN - 2:
        return [left, *(f"{'':{_COLUMN}}{line}" for line in lines)]
    return [f"{left:{_COLUMN}}{lines[0]}", *(f"{'':{_COLUMN}}{line}" for line in lines[1:])]
