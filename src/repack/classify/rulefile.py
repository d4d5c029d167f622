"""Rule files: TOML in, frozen rules out, and for a mistake the file, the line, the key and what is allowed."""

import difflib
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from repack.classify import patterns
from repack.errors import RuleInvalid
from repack.model import Category

_Texts = str | list[str]
_LONGEST_REGEX = 300


class DicomConditions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a DICOM header must say; every stated key must hold, a list means any of it."""

    directory: bool | None = None
    pixels: bool | None = None
    modality: _Texts | None = None
    sop_class: _Texts | None = None
    transfer_syntax: _Texts | None = None


class PeConditions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a Windows program must say of itself: regular expressions, searched without regard to case."""

    kind: Literal["exe", "dll"] | None = None
    machine: Literal["x86", "x64", "arm64"] | None = None
    company: _Texts | None = None
    product: _Texts | None = None
    description: _Texts | None = None
    original_filename: _Texts | None = None


class Conditions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One set of conditions: every stated key must hold; a list means any of it."""

    path: _Texts | None = None
    name: _Texts | None = None
    extension: _Texts | None = None
    magic: _Texts | None = None
    larger_than: int | None = None
    smaller_than: int | None = None
    dicom: bool | DicomConditions | None = None
    pe: bool | PeConditions | None = None
    below_program: bool | None = None
    beside_program: bool | None = None
    launched: bool | None = None
    siblings: Annotated[int, msgspec.Meta(ge=1)] | None = None


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One statement: entries that fulfil `match`, and not `unless`, are of this category, and why."""

    id: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9._-]*$")]
    category: Category
    match: Conditions | list[Conditions]
    why: Annotated[str, msgspec.Meta(min_length=1)]
    unless: Conditions | list[Conditions] | None = None
    action: Literal["keep", "drop"] | None = None
    evidence: str = ""


class RuleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole file."""

    rule: list[Rule] = []


class LoadedRule(msgspec.Struct, frozen=True):
    """A rule and where it stands."""

    rule: Rule
    file: str
    is_builtin: bool


def load_builtin() -> tuple[LoadedRule, ...]:
    """The rules that come with repack, in the order of their file names."""
    loaded: list[LoadedRule] = []
    for name, text in sorted(_builtin_files()):
        loaded += (LoadedRule(rule, name, is_builtin=True) for rule in read_rules(name, text))
    return tuple(loaded)


def _builtin_files() -> list[tuple[str, str]]:
    """From inside the wheel, or from the top of the checkout in an editable installation."""
    inside = resources.files("repack").joinpath("_rules")
    if inside.is_dir():
        return [(f.name, f.read_text("utf-8")) for f in inside.iterdir() if f.name.endswith(".toml")]
    top = Path(__file__).resolve().parents[3] / "rules"
    return [(file.name, file.read_text("utf-8")) for file in top.glob("*.toml")]


def load_file(path: Path) -> tuple[LoadedRule, ...]:
    """The rules of a user's file. Raises RuleInvalid."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise RuleInvalid(path.name, "whole file", error.strerror or "unreadable", "check the path") from error
    except UnicodeDecodeError as error:
        raise RuleInvalid(path.name, "whole file", "it is not UTF-8 text", "save it as UTF-8") from error
    return tuple(LoadedRule(rule, path.name, is_builtin=False) for rule in read_rules(path.name, text))


def read_rules(file: str, text: str) -> tuple[Rule, ...]:
    """The rules of a TOML text. Raises RuleInvalid, which names the line and the key."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        said = str(error).partition(" (at")[0]
        raise RuleInvalid(
            file, f"line {place[1]}" if place else "end of file", f"not valid TOML ({said})", "see rules/README.md"
        ) from error
    try:
        rules = msgspec.convert(raw, RuleFile).rule
    except msgspec.ValidationError as error:
        raise _explain(file, text, str(error)) from error
    seen: set[str] = set()
    for number, rule in enumerate(rules):
        problem = _check(rule) or (f"there are two rules with the id {rule.id!r}" if rule.id in seen else "")
        if problem:
            where = f"line {_line_of(text, number, '')}, rule {rule.id}"
            raise RuleInvalid(file, where, problem, "see rules/README.md")
        seen.add(rule.id)
    return tuple(rules)


def _check(rule: Rule) -> str:
    """What msgspec cannot see: patterns and regular expressions."""
    for conditions in (*all_of(rule.match), *all_of(rule.unless)):
        for glob in texts(conditions.path):
            if problem := patterns.check_glob(glob):
                return f"path {glob!r}: {problem}"
        pe = conditions.pe if isinstance(conditions.pe, PeConditions) else PeConditions()
        for regex in (
            *texts(conditions.name), *texts(pe.company), *texts(pe.product), *texts(pe.description),
            *texts(pe.original_filename),
        ):  # fmt: skip
            if problem := _check_regex(regex):
                return f"regular expression {regex[:40]!r}: {problem}"
    if not any(all_of(rule.match)) or Conditions() in all_of(rule.match):
        return "match is empty, so the rule would take everything"
    return ""


def _check_regex(regex: str) -> str:
    if len(regex) > _LONGEST_REGEX:
        return f"longer than {_LONGEST_REGEX} characters"
    try:
        re.compile(regex)
    except re.error as error:
        return str(error)
    # A repeated group that holds a repeat ("(a+)+") can take forever on a hostile name.
    return "a repeat inside a repeated group is not allowed" if re.search(r"[+*}]\)[+*{]", regex) else ""


def texts(value: _Texts | None) -> tuple[str, ...]:
    """One text or many, always as many."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def all_of(conditions: Conditions | list[Conditions] | None) -> tuple[Conditions, ...]:
    """One set of conditions or many, always as many."""
    if conditions is None:
        return ()
    return (conditions,) if isinstance(conditions, Conditions) else tuple(conditions)


def _explain(file: str, text: str, message: str) -> RuleInvalid:
    """msgspec's message with the line in the file, and what could have been meant."""
    said, _, path = message.partition(" - at `")
    number = int(found[1]) if (found := re.search(r"rule\[(\d+)\]", path)) else 0
    key = ""
    advice = "see rules/README.md for the keys and what they take"
    if unknown := re.search(r"unknown field `([^`]+)`", said):
        key = unknown[1]
        allowed = _allowed_keys(path)
        close = difflib.get_close_matches(key, allowed, 1)
        said = f"unknown key {key!r}"
        advice = (f"did you mean {close[0]!r}? " if close else "") + "allowed are " + ", ".join(allowed)
    elif leaf := re.search(r"([a-z_]+)(?:\[[0-9.]*\])*`?$", path):
        key = leaf[1] if leaf[1] != "rule" else ""
        if "enum value" in said or key == "category":
            advice = "allowed are " + ", ".join(Category)
    if missing := re.search(r"missing required field `([^`]+)`", said):
        said, key = f"the key {missing[1]!r} is missing", ""
        advice = "a rule needs id, category, match and why"
    place = f"line {_line_of(text, number, key)}"
    return RuleInvalid(file, place + (f", key {key}" if key else ""), said, advice)


def _allowed_keys(path: str) -> list[str]:
    tables: tuple[tuple[str, type[msgspec.Struct]], ...] = (
        (".dicom", DicomConditions),
        (".pe", PeConditions),
        (".match", Conditions),
        (".unless", Conditions),
        ("rule[", Rule),
    )
    kind = next((kind for part, kind in tables if part in path), RuleFile)
    return [field.name for field in msgspec.structs.fields(kind)]


def _line_of(text: str, number: int, key: str) -> int:
    """The line of the n-th [[rule]], or of a key below it; lines count from 1."""
    lines = text.splitlines()
    starts = [n for n, line in enumerate(lines, 1) if re.match(r"\s*\[\[\s*rule\s*\]\]", line)]
    if number >= len(starts):
        found = [n for n, line in enumerate(lines, 1) if key and re.match(rf"\s*\[*{re.escape(key)}\b", line)]
        return (found or [1])[0]
    end = starts[number + 1] if number + 1 < len(starts) else len(lines) + 1
    for n in range(starts[number], end):
        if key and re.search(rf"(^|[\s{{,.\[]){re.escape(key)}\s*[=\].]", lines[n - 1]):
            return n
    return starts[number]
