"""What a dry run says: what would become of each category, what would be dropped or kept against a wish."""

from collections.abc import Iterable, Sequence

from repack.model import Action, Category, Plan, Planned
from repack.report import unread, words
from repack.report.tables import Column, Sheet, Sum, group, made_from

_MORE = "-v shows every decision"


def planned(plan: Plan) -> list[Sheet]:
    """What a dry run has to say."""
    files = [line for line in plan.lines if not line.entry.is_directory]
    counts: dict[tuple[Category, Action], Sum] = {}
    for line in files:
        key = (line.verdict.category, _planned_action(plan, line))
        counts[key] = counts.get(key, Sum()).plus(line.entry.stored, 0)
    rows = tuple(
        (str(category), str(action), f"{s.entries:,}", words.size(s.before))
        for category in Category
        for action in Action
        if (s := counts.get((category, action)))
    )
    size = Column("Before" if plan.first else "Now", is_number=True)
    columns = (Column("Category"), Column("Plan"), Column("Files", is_number=True), size)
    dropped = [
        (f"{line.verdict.category}, by {line.decision.wish or line.decision.reason}", line.entry.path)
        for line in files
        if line.decision.action is Action.DROP
    ]
    against = [
        (f"{line.decision.guard or line.decision.reason} ({line.decision.wish})", line.entry.path)
        for line in files
        if line.decision.wish and line.decision.action is not Action.DROP
    ]
    stay = [line for line in plan.lines if line.entry.place and line.decision.action is not Action.DROP]
    noted = [(note, line.entry.path) for line in stay for note in line.entry.notes]
    return [
        Sheet("Plan (nothing was written)", columns, rows),
        Sheet("To be dropped", lines=group(dropped), rest=_MORE),
        Sheet("Kept although you asked to drop it", lines=group(against), rest=_MORE),
        Sheet(
            "Worth knowing",
            lines=(*_told(plan, files), *group(noted)),
            rest=_MORE,
        ),
    ]


def planned_result(target: str) -> str:
    """The last line of a dry run."""
    return f"nothing was written; without --dry-run this makes {target}"


def _told(plan: Plan, files: Sequence[Planned]) -> Iterable[str]:
    if plan.first:
        yield made_from(plan.bundle.path.name, plan.first)
    yield from (*plan.warnings, *unread.tell_unread(plan), *_squeezing(plan))
    forced = sum(line.decision.forced for line in files)
    if forced:
        yield f"--force-drop overrides what keeps {words.plural(forced, 'file')}; the manifest will say what"


def _squeezing(plan: Plan) -> Iterable[str]:
    copied = [line for line in plan.lines if line.decision.action is Action.COPY and not line.entry.is_directory]
    if plan.wishes.squeeze and copied:
        files = f"{words.plural(len(copied), 'file')} ({words.size(sum(line.entry.stored for line in copied))})"
        yield f"--squeeze: {files} will be deflated anew, where that makes them smaller"


def _planned_action(plan: Plan, line: Planned) -> Action:
    """What will be done to an entry; one that is as it should be already is only copied."""
    return Action.COPY if line.entry.index in plan.settled else line.decision.action


def every_line(plan: Plan) -> Sheet:
    """Every decision, for -v."""
    rows = tuple(
        (line.entry.path, str(line.verdict.category), str(_planned_action(plan, line)), line.decision.reason)
        for line in plan.lines
        if not line.entry.is_directory
    )
    columns = (Column("Entry", ratio=2), Column("Category"), Column("Plan"), Column("Why", ratio=2))
    return Sheet("Every entry", columns, rows, is_whole=True)
