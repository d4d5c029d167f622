"""What a look at a bundle says of the files that stay and of which not even the beginning can be read."""

from collections.abc import Iterator, Sequence

from repack.bundles.zipped import ZipPlace
from repack.model import Action, Plan, Planned
from repack.report import words

_MOST_NAMES = 3


def is_unread(line: Planned) -> bool:
    """Could its first bytes not be read, so that nothing is known of it?"""
    return line.facts.magic == "unreadable"


def tell_unread(plan: Plan) -> Iterator[str]:
    """Damaged files, which a run carries over as they are, and those that it may not get at all: a line for each kind.

    More may be damaged further on: nothing is read to its end here.
    """
    found = [line for line in plan.lines if is_unread(line) and line.decision.action is not Action.DROP]
    damaged = [line for line in found if isinstance(line.entry.place, ZipPlace)]  # of which the raw bytes can be had
    closed = [line for line in found if not isinstance(line.entry.place, ZipPlace)]
    if damaged:
        yield f"{words.plural(len(damaged), 'file is', 'files are')} damaged on the disc: {_name(damaged)}"
    if closed:
        which = words.plural(len(closed), "file cannot", "files cannot")
        yield f"{which} be read, and the run may stop there: {_name(closed)} ({closed[0].facts.problem})"


def _name(lines: Sequence[Planned]) -> str:
    names = ", ".join(line.entry.path for line in lines[:_MOST_NAMES])
    return f"{names} and {len(lines) - _MOST_NAMES:,} more" if len(lines) > _MOST_NAMES else names
