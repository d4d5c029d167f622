"""What keeps an entry against a wish: a file that stays needs it. Asked before anything is dropped."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from repack.classify import language_names as tables
from repack.classify import matching
from repack.classify.references import Need, Reference
from repack.model import Action, Category, Decision, Entry, Facts, LocaleName, Verdict, Wishes

_SPOKEN_OF = frozenset({Need.NAMES, Need.MENTIONS})
#: By a launcher's word alone: whoever drops all viewers means what the launcher starts, too.
_LAUNCH_IGNORED_FOR = frozenset({Category.VIEWER, Category.LAUNCHER})


def guard(
    entries: Sequence[Entry],
    verdicts: Sequence[Verdict],
    needs: Iterable[Reference],
    gone: Collection[int],
    empty: Collection[int],
    wishes: Wishes,
) -> dict[int, str]:
    """Of the entries that are to go, those that a kept file needs, directly or not: index -> which one, and how.

    An `empty` entry has no content, so it is not there to need anything.
    """
    by_needing: dict[int, list[Reference]] = {}
    for need in needs:
        if need.of in gone and _counts(need, verdicts, wishes):
            by_needing.setdefault(need.by, []).append(need)
    kept: dict[int, str] = {}
    waiting = [entry.index for entry in reversed(entries) if entry.index not in gone and entry.index not in empty]
    while waiting:
        for need in by_needing.get(waiting.pop(), ()):
            if need.of not in kept:
                kept[need.of] = f"{entries[need.by].path} {need.need}"
                waiting.append(need.of)
    return kept


def _counts(need: Reference, verdicts: Sequence[Verdict], wishes: Wishes) -> bool:
    """Does a need keep what it is about?"""
    by, of = verdicts[need.by], verdicts[need.of]
    if need.need in _SPOKEN_OF and of.locale is not None:
        # Pages of one language show the way to the others, and lists name all of them.
        return need.need is Need.NAMES and by.locale is None
    if need.need is Need.CHOOSES:
        return Category.VIEWER not in wishes.drop
    return need.need not in _SPOKEN_OF or of.category not in wishes.drop or of.category not in _LAUNCH_IGNORED_FOR


def find_native(names: Iterable[LocaleName]) -> frozenset[str]:
    """Base languages in which the makers of a set of languages name its folder, or English: it may fall back to them.

    A set without such a hint has none; English counts as what programs fall back to anyway.
    """
    found: set[str] = set()
    for name in names:
        folder = name.group.rpartition("/")[0].rpartition("/")[2]
        found.update(tables.FOLDERS_NAMED_IN.get(tables.fold(folder), "").split())
        if name.tag == "en":
            found.update(tables.ENGLISH_NAMED_IN.get(tables.fold(name.text), "").split())
    return frozenset(found)


def find_choices(
    entries: Sequence[Entry], facts: Sequence[Facts], verdicts: Sequence[Verdict]
) -> tuple[Reference, ...]:
    """Settings files need the language that they choose; the texts of one language choose nothing."""
    by_tag: dict[str, list[int]] = {}
    for entry, verdict in zip(entries, verdicts, strict=True):
        if verdict.locale is not None:
            by_tag.setdefault(verdict.locale.tag, []).append(entry.index)
    return tuple(
        Reference(entry.index, index, Need.CHOOSES)
        for entry, fact, verdict in zip(entries, facts, verdicts, strict=True)
        if verdict.locale is None
        for chosen in fact.languages
        for tag in _find_chosen(chosen, by_tag)
        for index in by_tag[tag]
    )


def _find_chosen(chosen: str, tags: Collection[str]) -> list[str]:
    """The language itself and those that it falls back to; where it is not here, those that come near."""
    exact = [tag for tag in tags if f"{chosen}-".startswith(f"{tag}-")]
    return exact or [tag for tag in tags if matching.is_wanted((chosen,), tag)]


def warn_of_needs(entries: Sequence[Entry], decisions: Sequence[Decision], needs: Iterable[Reference]) -> Iterator[str]:
    """What was dropped as asked although something that stays speaks of it: one line for each file that does."""
    missed: dict[tuple[int, Need], list[int]] = {}
    for need in needs:
        is_missed = decisions[need.of].action is Action.DROP and decisions[need.by].action is not Action.DROP
        if is_missed and need.need is not Need.CHOOSES:
            missed.setdefault((need.by, need.need), []).append(need.of)
    for (by, how), dropped in missed.items():
        said = f"{entries[by].path} {how.removesuffix('it')}{entries[dropped[0]].path}"
        more = len(dropped) - 1
        if not more:
            yield f"{said}, which is dropped"
        else:
            yield f"{said} and {more} more file{'s' if more > 1 else ''}; they are dropped"
