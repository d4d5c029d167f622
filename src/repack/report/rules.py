"""What `rules list` and `rules show` say, as plain rows and lines."""

import json
from collections.abc import Sequence

import msgspec

from repack.classify.rulefile import LoadedRule, Reads
from repack.report.tables import Column, Sheet

_READABLE = {"rle": "RLE", "jpegls": "JPEG-LS", "j2k": "JPEG 2000", "htj2k": "HTJ2K", "jpegxl": "JPEG XL"}


def rule_list(rules: Sequence[LoadedRule]) -> Sheet:
    """All rules in the order in which they are tried."""
    rows = tuple((loaded.rule.id, str(loaded.rule.category), loaded.rule.why) for loaded in rules)
    return Sheet(
        "Rules, in the order in which they are tried",
        (Column("Id"), Column("Category"), Column("Why", ratio=1)),
        rows,
        is_whole=True,
    )


def rule_shown(loaded: LoadedRule) -> Sheet:
    """One rule, whole."""
    rule = loaded.rule
    parts = [f"file: {loaded.file}", f"category: {rule.category}", f"why: {rule.why}"]
    for key, value in (("match", rule.match), ("unless", rule.unless)):
        if value is not None:
            said = [_stated(c) for c in (value if isinstance(value, list) else [value])]
            parts += [f"{key}: {as_toml(one)}" for one in said]
    if rule.action:
        parts.append(f"action: {rule.action}")
    if rule.reads is not None:
        parts.append(f"reads: {said_to_open(rule.reads)}")
    if rule.describes:
        parts.append(f"describes: {rule.describes}")
    if rule.evidence:
        parts.append(f"evidence: {rule.evidence}")
    return Sheet(rule.id, lines=tuple(parts), is_whole=True)


def _stated(conditions: msgspec.Struct) -> dict[str, object]:
    stated = msgspec.to_builtins(conditions)
    return {
        key: ({k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value)
        for key, value in stated.items()
        if value is not None
    }


def as_toml(value: object) -> str:
    """A value of a rule as it may stand in a rule file, in one line (toml.io, 1.0.0)."""
    match value:
        case dict():
            return "{ " + ", ".join(f"{key} = {as_toml(one)}" for key, one in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(map(as_toml, value)) + "]"
        case str() if "\\" in value and "'" not in value and value.isprintable():
            return f"'{value}'"  # a regular expression, most likely, as people write it
        case _:
            return json.dumps(value, ensure_ascii=False)  # numbers, truth and texts are written alike in both


def said_to_open(reads: Reads) -> str:
    """The compressed images that a viewer opens, and who says so."""
    names = ", ".join(_READABLE[name] for name in reads.codecs)
    return f"{names or 'only uncompressed images, for all that is known'} ({reads.source})"
