"""A mistake in a rule file, told so that its writer finds it: the line, the key, what is wrong and what is allowed."""

import difflib
import re
from collections.abc import Sequence
from typing import NamedTuple

from repack.errors import RuleInvalid

_README = "see rules/README.md for the keys and what they take"
#: msgspec's words for types, in ours.
_KINDS = {
    "str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false",
    "array": "a list", "object": "a table of keys",
}  # fmt: skip
_TOKEN = re.compile(
    r'(?P<comment>\#[^\n]*)|(?P<text>"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
    r"|(?P<word>[^\s\"'\#=,.\[\]{}]+)|(?P<mark>[=,.\[\]{}\n])",
    re.DOTALL,
)

#: Keys and numbers of list items from the top of the file down to a place.
Place = tuple[str | int, ...]


def explain(file: str, text: str, message: str, allowed: Sequence[str]) -> RuleInvalid:
    """msgspec's message as an error of ours; `allowed` are the keys, or values, that are possible at that place."""
    said, _, written = message.partition(" - at `$")
    place = read_place(written.rstrip("`"))
    key, advice = next((str(part) for part in reversed(place) if isinstance(part, str)), ""), _README
    if unknown := re.search(r"unknown field `([^`]+)`", said):
        key = unknown[1]
        place = (*place, key)
        said, advice = f"unknown key {key!r}", _advise(key, allowed)
    elif missing := re.search(r"missing required field `([^`]+)`", said):
        key, said = "", f"the key {missing[1]!r} is missing"
        advice = "a rule needs id, category, match and why"
    elif wrong := re.search(r"Invalid enum value '?([^']*)'?", said):
        said = f"{wrong[1]!r} is not possible here"
        advice = _advise(wrong[1], allowed)
    elif place == ("rule",):
        said, advice = "there may be several rules, so each begins with two brackets", "write [[rule]]"
    else:
        said = _say_plainly(said)
    where = f"line {find_line(text, place)}"
    return RuleInvalid(file, where + (f", key {key}" if key else ""), said, advice)


def _advise(written: str, allowed: Sequence[str]) -> str:
    close = difflib.get_close_matches(written, allowed, 1)
    return (f"did you mean {str(close[0])!r}? " if close else "") + "allowed are " + ", ".join(allowed)


def _say_plainly(said: str) -> str:
    if "matching regex" in said:
        return "an id has small letters, digits, dots, hyphens and underscores, and begins with a letter or digit"
    if "length >= 1" in said:
        return "it cannot be empty"
    if least := re.search(r">= (\d+)$", said):
        return f"it must be {least[1]} or more"
    if wrong := re.match(r"Expected `([^`]+)`, got `([^`]+)`", said):
        wanted = [_KINDS.get(kind, kind) for kind in wrong[1].split(" | ") if kind != "null"]
        return f"this must be {' or '.join(wanted)}, not {_KINDS.get(wrong[2], wrong[2])}"
    return said


def read_place(written: str) -> Place:
    """The path of a place as msgspec writes it behind the `$`: ".rule[0].match[1].name"."""
    parts = re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", written)
    return tuple(name or int(index) for name, index in parts)


def find_line(text: str, place: Place) -> int:
    """The line of a key or list item of a TOML text, or of what holds it; lines count from 1."""
    lines = _list_lines(text)
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _list_lines(text: str) -> dict[Place, int]:
    """Where each key and list item of a valid TOML text begins (TOML 1.0)."""
    lines: dict[Place, int] = {}
    tokens = _cut(text)
    table: Place = ()
    counts: dict[Place, int] = {}  # of each list of tables: how many there were so far
    at = 0
    while tokens[at].said:
        if tokens[at].said == "\n":
            at += 1
        elif tokens[at].said == "[":
            is_item = tokens[at + 1].said == "["
            names, behind = _read_names(tokens, at + 1 + is_item)
            table = _enter(names, counts, is_item=is_item)
            for length in range(1, len(table) + 1):
                lines.setdefault(table[:length], tokens[at].line)
            at = behind + is_item
        else:
            at = _read_pair(tokens, at, table, lines)
    return lines


class _Token(NamedTuple):
    said: str
    line: int


def _cut(text: str) -> list[_Token]:
    tokens, line = [], 1
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "comment":
            tokens.append(_Token(match[0], line))
        line += match[0].count("\n")
    return [*tokens, _Token("\n", line), _Token("", line)]


def _read_names(tokens: Sequence[_Token], at: int) -> tuple[list[str], int]:
    """The parts of a dotted key, and the place behind the sign that ends it."""
    names = []
    while tokens[at].said not in {"=", "]", ""}:
        if tokens[at].said != ".":
            names.append(tokens[at].said.strip("\"'"))
        at += 1
    return names, at + 1


def _enter(names: Sequence[str], counts: dict[Place, int], *, is_item: bool) -> Place:
    """The path that a table header means; `[rule.match]` is that of the last rule."""
    table: Place = ()
    for number, name in enumerate(names, 1):
        table = (*table, name)
        if is_item and number == len(names):
            counts[table] = counts.get(table, -1) + 1
        if table in counts:
            table = (*table, counts[table])
    return table


def _read_pair(tokens: Sequence[_Token], at: int, above: Place, lines: dict[Place, int]) -> int:
    """Note a key and all within its value; the place behind both."""
    names, behind = _read_names(tokens, at)
    for length in range(1, len(names) + 1):
        lines.setdefault((*above, *names[:length]), tokens[at].line)
    return _read_value(tokens, behind, (*above, *names), lines)


def _read_value(tokens: Sequence[_Token], at: int, place: Place, lines: dict[Place, int]) -> int:
    opened = tokens[at].said
    if opened not in {"[", "{"}:
        while tokens[at].said not in {"\n", ",", "]", "}", ""}:
            at += 1
        return at
    number = 0
    at += 1
    while tokens[at].said not in {"]", "}", ""}:
        if tokens[at].said in {"\n", ","}:
            at += 1
        elif opened == "{":
            at = _read_pair(tokens, at, place, lines)
        else:
            lines.setdefault((*place, number), tokens[at].line)
            at = _read_value(tokens, at, (*place, number), lines)
            number += 1
    return at + 1
