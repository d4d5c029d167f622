"""The names of the commands: what there is to load, to complete and to guess, known without loading any of it."""

import difflib
from collections.abc import Iterable

#: Commands that have a name, and what each does; any other first word is the bundle of the main job.
NAMED = {
    "inspect": "Show what is in a bundle: categories, series, transfer syntaxes, programs, languages.",
    "explain": "Show which rule decided on an entry, on which facts, and what else was considered.",
    "verify": "Check a zip that repack made: all that is in it, and that every original can be rebuilt.",
    "restore": "Give the original files back, each compared with its SHA-256 before it gets its name.",
    "batch": "Repack many discs, on this computer or a cluster; run it again to go on.",
    "rules": "List, show, check and try rules.",
    "codecs": "Show what can be read and written on this installation.",
}


def guess(typed: str, known: Iterable[str]) -> str:
    """`; did you mean NAME?` where one of the names is near; else nothing."""
    near = difflib.get_close_matches(typed.lower(), list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else ""
