"""How warnings name several files."""

from collections.abc import Sequence

_MOST_LETTERS = 27  # of names: a warning fits on one line of a screen of 80 columns


def name_some(paths: Sequence[str]) -> str:
    """Base names where they are short enough, else the first and how many more."""
    names = list(dict.fromkeys(path.rpartition("/")[2] for path in paths))
    all_of_them = " and ".join(names)
    if len(names) == 1 or (len(names) == 2 and len(all_of_them) <= _MOST_LETTERS):
        return all_of_them
    return f"{names[0]} and {len(names) - 1} more"
