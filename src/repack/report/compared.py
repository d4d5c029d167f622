"""What a user's rules would change, entry by entry, for `repack rules test`."""

from collections.abc import Iterator, Sequence

from repack.classify.rulefile import LoadedRule
from repack.model import Action, Plan, Planned
from repack.report import words
from repack.report.tables import Column, Sheet

_MORE = "repack explain --rules names the rule of any file"


def compared(before: Plan, after: Plan, own: Sequence[LoadedRule]) -> list[Sheet]:
    """Each entry whose category or decision differs, then what the rules did on the whole."""
    pairs = [(was, now) for was, now in zip(before.lines, after.lines, strict=True) if not was.entry.is_directory]
    changed = [(was, now) for was, now in pairs if _shown(was) != _shown(now)]
    rows = tuple((was.entry.path, _shown(was), _shown(now), now.verdict.rule) for was, now in changed)
    columns = (Column("Entry", ratio=1), Column("Built-in rules"), Column("With yours"), Column("By rule"))
    return [
        Sheet("What your rules change (nothing was written)", columns, rows, rest=_MORE),
        Sheet("Kept although your rules drop it", lines=tuple(_guarded(pairs, own)), rest=_MORE),
        Sheet("On the whole", lines=tuple(_conclude(pairs, len(changed), own)), is_whole=True),
        Sheet("Worth knowing", lines=tuple(line for line in after.warnings if line not in before.warnings)),
    ]


def _guarded(pairs: Sequence[tuple[Planned, Planned]], own: Sequence[LoadedRule]) -> Iterator[str]:
    """Entries that a rule of the user's wants gone and a guard keeps, each with the guard."""
    wanted = {f"rule {loaded.rule.id}" for loaded in own}
    for _was, now in pairs:
        if now.decision.guard and now.decision.wish in wanted and now.decision.action is not Action.DROP:
            yield f"{now.entry.path}: {now.decision.guard} ({now.decision.wish})"


def _shown(line: Planned) -> str:
    return f"{line.verdict.category}: {line.decision.action}"


def _conclude(pairs: Sequence[tuple[Planned, Planned]], changed: int, own: Sequence[LoadedRule]) -> Iterator[str]:
    yield f"{changed:,} of {words.plural(len(pairs), 'file')} would be treated otherwise"
    for loaded in own:
        decided = [now for _, now in pairs if now.verdict.rule == loaded.rule.id]
        if decided:
            yield f"rule {loaded.rule.id} decides on {words.plural(len(decided), 'file')}, e.g. {decided[0].entry.path}"
        else:
            yield f"rule {loaded.rule.id} decides on nothing here"
