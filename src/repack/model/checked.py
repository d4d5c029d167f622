"""What a check of a disc against a standard can find."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How firm a rule is: the text of a standard, or advice and custom that nobody can be held to."""

    STANDARD = "standard"
    HINT = "hint"


class Result(StrEnum):
    """Does the disc do what the rule says?"""

    MET = "met"
    NOT_MET = "not met"
    NOT_APPLICABLE = "not applicable"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; the note counts and never quotes: no path, no value of a header."""

    result: Result
    note: str = ""
