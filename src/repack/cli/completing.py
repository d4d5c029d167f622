"""What a shell offers after TAB: commands and bundles, codecs, categories, rules."""

import os
from collections.abc import Mapping
from pathlib import Path

from repack import codecs
from repack.cli.names import NAMED
from repack.model import Category

_VARIABLE = "_REPACK_COMPLETE"
_BUNDLES = {".zip", ".iso"}


def find_command(environment: Mapping[str, str] = os.environ) -> list[str] | None:
    """The command that the line to be completed has named, as a list of none or one; None: no shell asks."""
    if not environment.get(_VARIABLE):
        return None
    line = environment.get("_TYPER_COMPLETE_ARGS")  # zsh, fish, PowerShell
    if line is None:
        words = environment.get("COMP_WORDS", "").split()[: int(environment.get("COMP_CWORD") or 0)]
    else:
        words = line.split() if line.endswith(" ") else line.split()[:-1]
    return [word for word in words[1:2] if word in NAMED]


def complete_first(incomplete: str) -> list[tuple[str, str]]:
    """The first word of all: a command, or a bundle that lies here."""
    commands = [(name, does) for name, does in NAMED.items() if name.startswith(incomplete)]
    return [*commands, *((name, "") for name in complete_bundle(incomplete))]


def complete_bundle(incomplete: str) -> list[str]:
    """Bundles in this folder; elsewhere the shell's own completion of paths is the better one."""
    if "/" in incomplete or os.sep in incomplete:
        return []
    here = (path.name for path in Path().iterdir() if path.suffix.lower() in _BUNDLES)
    return sorted(name for name in here if name.startswith(incomplete))


def complete_codec(incomplete: str) -> list[tuple[str, str]]:
    """The names for --codec, with what opens the result."""
    found = [(name, codecs.choose(name, max_error=1)) for name in codecs.NAMES if name.startswith(incomplete)]
    return [(name, chosen[0].opened_by if len(chosen) == 1 else "") for name, chosen in found]


def complete_category(incomplete: str) -> list[str]:
    """The names for --drop."""
    return [str(category) for category in Category if category.startswith(incomplete)]
