"""What `inspect`, `explain`, `rules` and `codecs` show, as plain rows and lines."""

import importlib.metadata
import json
from collections import Counter
from collections.abc import Sequence

import msgspec

from repack.classify import languages
from repack.classify.rulefile import LoadedRule
from repack.classify.rules import Considered
from repack.codecs import CODECS
from repack.dicom.syntaxes import SYNTAXES
from repack.model import Category, Plan, Planned
from repack.report import words
from repack.report.tables import Column, Sheet, series_of, short_syntax

_MOST_NAMES = 30  # of languages, each with its region


def inspected(plan: Plan) -> list[Sheet]:
    """What is in a bundle: categories, series, programs, languages."""
    files = [line for line in plan.lines if not line.entry.is_directory]
    return [
        _categories(files),
        _series(files),
        Sheet("Programs", lines=_programs(files)),
        Sheet("Languages", lines=_languages(files)),
        Sheet("Not recognised (kept)", lines=_paths(files, Category.UNKNOWN)),
        Sheet("Prerequisites that --drop-redist would drop", lines=_paths(files, Category.REDISTRIBUTABLE)),
        Sheet("Worth knowing", lines=plan.bundle.notes),
    ]


def _categories(files: Sequence[Planned]) -> Sheet:
    rows = []
    for category in Category:
        lines = [line for line in files if line.verdict.category is category]
        if lines:
            size, stored = sum(line.entry.size for line in lines), sum(line.entry.stored for line in lines)
            rows.append((str(category), f"{len(lines):,}", words.size(size), words.size(stored)))
    columns = (Column("Category"), *(Column(t, is_number=True) for t in ("Files", "Size", "In the bundle")))
    return Sheet("What is in it", columns, tuple(rows))


def _series(files: Sequence[Planned]) -> Sheet:
    counts: dict[tuple[str, str, str, str], tuple[int, int]] = {}
    for line in files:
        if line.verdict.category is Category.DICOM and line.facts.dicom:
            key = (*series_of(line), short_syntax(line.facts.dicom.transfer_syntax))
            images, size = counts.get(key, (0, 0))
            counts[key] = (images + 1, size + line.entry.size)
    rows = tuple(
        (name, f"{images:,}", syntax, words.size(size))
        for (_uid, _modality, name, syntax), (images, size) in counts.items()
    )
    columns = (
        Column("Series", ratio=1),
        Column("Images", is_number=True),
        Column("Stored as"),
        Column("Size", is_number=True),
    )
    return Sheet("DICOM series", columns, rows)


def _programs(files: Sequence[Planned]) -> tuple[str, ...]:
    found = []
    for line in files:
        pe = line.facts.pe
        if pe is not None and not pe.is_dll and line.verdict.category is Category.VIEWER:
            said = ", ".join(pe.version[key] for key in ("product", "company") if pe.version.get(key))
            found.append(f"{line.entry.path} ({pe.machine}{': ' + said if said else ''})")
    return tuple(found)


def _languages(files: Sequence[Planned]) -> tuple[str, ...]:
    counts = Counter(line.verdict.locale.tag for line in files if line.verdict.locale)
    if not counts:
        return ()
    names = [f"{languages.describe(tag)} ({tag})" for tag in counts]
    if len(names) > _MOST_NAMES:  # then the regions go
        names = [languages.describe(base) for base in {tag.partition("-")[0] for tag in counts}]
    said = f"{words.plural(len(counts), 'language')} in {words.plural(counts.total(), 'file')}"
    return (f"{said}: {', '.join(sorted(names))}",)


def _paths(files: Sequence[Planned], category: Category) -> tuple[str, ...]:
    return tuple(
        f"{line.entry.path} ({words.size(line.entry.size)})" for line in files if line.verdict.category is category
    )


def explained(line: Planned, considered: Sequence[Considered]) -> Sheet:
    """Why one entry is what it is: facts, the deciding rule, what else was considered, the decision."""
    verdict, decision = line.verdict, line.decision
    lines = [
        f"category: {verdict.category}, by rule {verdict.rule}: {verdict.why}",
        *(f"because {because}" for because in verdict.matched),
        f"plan: {decision.action}: {decision.reason}",
        *((f"wish: {decision.wish}",) if decision.wish else ()),
        *_facts(line),
    ]
    others = [held for held in considered if held.rule.rule.id != verdict.rule]
    lines += [f"rule {h.rule.rule.id} matches too, but comes later" for h in others if h.is_match]
    refused = [h for h in others if not h.is_match and "path" not in h.because[0] and "name" not in h.because[0]]
    lines += [f"rule {h.rule.rule.id} does not match: {h.because[0]}" for h in refused]
    return Sheet(line.entry.path, lines=tuple(lines), is_whole=True)


def _facts(line: Planned) -> list[str]:
    entry, facts = line.entry, line.facts
    lines = [f"fact: {words.size(entry.size)}, first bytes say {facts.magic!r}"]
    if facts.problem:
        lines.append(f"fact: problem: {facts.problem}")
    if facts.dicom is not None:
        dicom = facts.dicom
        lines.append(
            f"fact: DICOM, modality {dicom.modality or 'not stated'}, "
            f"{words.plural(dicom.frames, 'frame')}, {short_syntax(dicom.transfer_syntax)}"
        )
    if facts.pe is not None:
        kind = "library" if facts.pe.is_dll else "program"
        lines.append(f"fact: Windows {kind} ({facts.pe.machine})")
        lines += [f"fact: version-info {key}: {value}" for key, value in facts.pe.version.items()]
        if facts.pe.imports:
            lines.append(f"fact: imports {', '.join(facts.pe.imports)}")
    if facts.mentions:
        lines.append(f"fact: names {words.plural(len(facts.mentions), 'file')}")
    return lines + [f"note: {note}" for note in entry.notes]


def rule_list(rules: Sequence[LoadedRule]) -> Sheet:
    """All rules in the order in which they are tried."""
    rows = tuple((loaded.rule.id, str(loaded.rule.category), loaded.rule.why) for loaded in rules)
    return Sheet(
        "Rules, in the order in which they are tried", (Column("Id"), Column("Category"), Column("Why", ratio=1)), rows
    )


def rule_shown(loaded: LoadedRule) -> Sheet:
    """One rule, whole."""
    rule = loaded.rule
    parts = [f"file: {loaded.file}", f"category: {rule.category}", f"why: {rule.why}"]
    for key, value in (("match", rule.match), ("unless", rule.unless)):
        if value is not None:
            said = [_stated(c) for c in (value if isinstance(value, list) else [value])]
            parts += [f"{key}: {json.dumps(one, ensure_ascii=False)}" for one in said]
    if rule.action:
        parts.append(f"action: {rule.action}")
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


def codec_tables() -> list[Sheet]:
    """What can be written and read on this installation, and what is done with each transfer syntax."""
    written = tuple(
        (
            codec.name,
            SYNTAXES[codec.transfer_syntax].name,
            f"{codec.writer} {importlib.metadata.version(codec.writer)}",
            f"{codec.checker} {importlib.metadata.version(codec.checker)}",
        )
        for codec in CODECS
    )
    known = tuple((row.name, str(row.kind), row.leave or "transcoded") for row in SYNTAXES.values())
    return [
        Sheet(
            "Codecs for --codec",
            (Column("Name"), Column("Transfer syntax"), Column("Written by"), Column("Checked by")),
            written,
        ),
        Sheet(
            "Transfer syntaxes and what is done with them",
            (Column("Transfer syntax", ratio=1), Column("Kind"), Column("By default", ratio=1)),
            known,
        ),
    ]
