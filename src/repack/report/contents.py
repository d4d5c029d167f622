"""What `inspect` and `explain` show, as plain rows and lines."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from repack.classify import languages
from repack.classify.references import Reference
from repack.classify.rulefile import Reads
from repack.classify.rules import UNKNOWN, Considered
from repack.model import Action, Category, PeFacts, Plan, Planned
from repack.report import unread, words
from repack.report.rules import said_to_open
from repack.report.tables import Column, Sheet, group, series_of, short_syntax

_MOST_NAMES = 30  # of languages, each with its region
_MORE = "inspect --json lists every file"
_TELLING = ("company", "description", "product")  # of a version-info; the others mostly repeat the name
_MOST_NEEDS = 20  # of one entry, in each direction


def inspected(plan: Plan, viewers: Mapping[str, Reads]) -> list[Sheet]:
    """What is in a bundle: categories, series, programs, languages; `viewers` are paths of those that show images."""
    files = [line for line in plan.lines if not line.entry.is_directory]
    return [
        _categories(files),
        _series(files),
        Sheet("Programs", lines=_programs(files), rest=_MORE),
        Sheet("Viewers and what they are known to open", lines=_viewers(viewers), rest=_MORE),
        Sheet("Languages", lines=_languages(files), rest=_MORE),
        Sheet("Not recognised (kept)", lines=_paths(_unknown(files, is_known=False), Category.UNKNOWN), rest=_MORE),
        Sheet("Recognised, of no other category (kept)", lines=_known(files), rest=_MORE),
        Sheet("Prerequisites that --drop-redist would drop", lines=_prerequisites(files, None), rest=_MORE),
        Sheet("Prerequisites that stay", lines=_prerequisites(files, Action.COPY), rest=_MORE),
        Sheet("Worth knowing", lines=(*unread.tell_unread(plan), *plan.bundle.notes), rest=_MORE),
    ]


def _viewers(viewers: Mapping[str, Reads]) -> tuple[str, ...]:
    return tuple(f"{path}: {said_to_open(reads)}" for path, reads in viewers.items())


def _unknown(files: Sequence[Planned], *, is_known: bool) -> list[Planned]:
    """Of category unknown: those that no rule knows, or those that a rule calls so, with a reason; not the unread."""
    found = (line for line in files if line.verdict.category is Category.UNKNOWN and not unread.is_unread(line))
    return [line for line in found if (line.verdict.rule != UNKNOWN.rule) == is_known]


def _known(files: Sequence[Planned]) -> tuple[str, ...]:
    return group((line.verdict.why, line.entry.path) for line in _unknown(files, is_known=True))


def _prerequisites(files: Sequence[Planned], action: Action | None) -> tuple[str, ...]:
    """Those for which their rule itself asks for this action."""
    return _paths([line for line in files if line.verdict.action is action], Category.REDISTRIBUTABLE)


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
    return Sheet("DICOM series", columns, rows, rest=_MORE)


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
    found = words.plural(len(counts), "language")
    if len(names) > _MOST_NAMES:  # then the regions go
        names = [languages.describe(base) for base in {tag.partition("-")[0] for tag in counts}]
        if len(names) < len(counts):
            found = f"{words.plural(len(names), 'language')} ({len(counts):,} with their regions)"
    said = f"{found} in {words.plural(counts.total(), 'file')}"
    return (f"{said}: {', '.join(sorted(names))}",)


def _paths(files: Sequence[Planned], category: Category) -> tuple[str, ...]:
    return tuple(
        f"{line.entry.path} ({words.size(line.entry.size)})" for line in files if line.verdict.category is category
    )


def explained(
    line: Planned,
    considered: Sequence[Considered],
    plan: Plan,
    needs: Iterable[Reference],
    *,
    is_verbose: bool = False,
) -> Sheet:
    """Why one entry is what it is: facts, who needs it, the deciding rule, what else was considered, the decision."""
    verdict, decision = line.verdict, line.decision
    lines = [
        f"category: {verdict.category}, by rule {verdict.rule}: {verdict.why}",
        *(f"because {_unescaped(because)}" for because in verdict.matched),
        f"plan: {decision.action}: {decision.reason}",
        *((f"wish: {decision.wish}",) if decision.wish else ()),
        *((f"against the wish: {decision.guard}",) if decision.guard not in {"", decision.reason} else ()),
        *_facts(line, is_verbose=is_verbose),
        *_needs(line, plan, needs),
    ]
    others = [held for held in considered if held.rule.rule.id != verdict.rule]
    lines += [f"rule {h.rule.rule.id} matches too, but comes later" for h in others if h.is_match]
    refused = [h for h in others if not h.is_match and "path" not in h.because[0] and "name" not in h.because[0]]
    if is_verbose:
        lines += [f"rule {h.rule.rule.id} does not match: {_unescaped(h.because[0])}" for h in refused]
    elif refused:
        lines.append(f"{words.plural(len(refused), 'other rule')} considered, without a match (-v says why not)")
    return Sheet(line.entry.path, lines=tuple(lines), is_whole=True)


def _unescaped(because: str) -> str:
    """A pattern as it stands in the rule file, not as Python writes it."""
    return because.replace("\\\\", "\\")


def _facts(line: Planned, *, is_verbose: bool) -> list[str]:
    entry, facts = line.entry, line.facts
    begins = "its first bytes say no kind" if facts.magic == "unknown" else f"first bytes say {facts.magic!r}"
    lines = [f"fact: {words.size(entry.size)}, {begins}"]
    if facts.problem:
        lines.append(f"fact: problem: {facts.problem}")
    if facts.dicom is not None:
        dicom = facts.dicom
        lines.append(
            f"fact: DICOM, modality {dicom.modality or 'not stated'}, "
            f"{words.plural(dicom.frames, 'frame')}, {short_syntax(dicom.transfer_syntax)}"
        )
    lines += _program_facts(facts.pe, is_verbose=is_verbose) if facts.pe is not None else []
    if facts.installer:
        lines.append(f"fact: it was built as an installer ({facts.installer})")
    if facts.mentions:
        lines.append(f"fact: names {words.plural(len(facts.mentions), 'possible file')}")
    if facts.languages:
        lines.append(f"fact: chooses the language {', '.join(map(languages.describe, facts.languages))}")
    if (locale := line.verdict.locale) is not None:
        said = f"{locale.text!r} means {languages.describe(locale.tag)} ({locale.tag})"
        lines.append(f"fact: {said}, in the set {locale.group or 'of the root'!r}")
    return lines + [f"note: {note}" for note in entry.notes]


def _program_facts(pe: PeFacts, *, is_verbose: bool) -> list[str]:
    lines = [f"fact: Windows {'library' if pe.is_dll else 'program'} ({pe.machine})"]
    if pe.problem:
        lines.append(f"fact: problem: {pe.problem}")
    shown = {key: value for key, value in pe.version.items() if is_verbose or key in _TELLING}
    lines += [f"fact: version-info {key}: {value}" for key, value in shown.items()]
    if pe.imports:
        lines.append(f"fact: imports {', '.join(pe.imports)}")
    if pe.appended:
        lines.append(f"fact: data are appended to it ({pe.appended})")
    return lines


def _needs(line: Planned, plan: Plan, needs: Iterable[Reference]) -> list[str]:
    """Who refers to an entry, and whom it refers to, as far as they are on the disc."""
    path = {entry.index: entry.path for entry in plan.bundle.entries}
    here = line.entry.index
    by = dict.fromkeys(f"needed: {path[need.by]} {need.need}" for need in needs if need.of == here)
    needs_it = dict.fromkeys(
        f"needs: {need.need.removesuffix('it')}{path[need.of]}" for need in needs if need.by == here
    )
    lines = []
    for found in (list(by), list(needs_it)):
        lines += found[:_MOST_NEEDS]
        if len(found) > _MOST_NEEDS:
            lines.append(f"{found[0].partition(':')[0]}: and {len(found) - _MOST_NEEDS:,} more")
    return lines
