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
    facts: Sequence[Facts],
    verdicts: Sequence[Verdict],
    needs: Iterable[Reference],
    gone: Collection[int],
    wishes: Wishes,
) -> dict[int, str]:
    """Of the entries that are to go, those that a kept file needs, directly or not: index -> which one, and how.

    An entry without content is not there to need anything.
    """
    by_needing: dict[int, list[Reference]] = {}
    for need in needs:
        if need.of in gone and _counts(need, verdicts, wishes):
            by_needing.setdefault(need.by, []).append(need)
    choices = {} if Category.VIEWER in wishes.drop else _find_choices(facts, verdicts, gone)
    kept: dict[int, str] = {}
    there = (entry for entry in reversed(entries) if entry.place is not None or entry.is_directory)
    waiting = [entry.index for entry in there if entry.index not in gone]
    while waiting:
        index = waiting.pop()
        for need in (*by_needing.get(index, ()), *_take_choices(index, facts, verdicts, choices)):
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


def _find_choices(
    facts: Sequence[Facts], verdicts: Sequence[Verdict], gone: Collection[int]
) -> dict[str, tuple[int, ...]]:
    """Each language that some settings file chooses -> the entries that it keeps, of those that are to go."""
    by_tag: dict[str, list[int]] = {}
    for index, verdict in enumerate(verdicts):
        if verdict.locale is not None:
            by_tag.setdefault(verdict.locale.tag, []).append(index)
    leaving = {tag: [index for index in indices if index in gone] for tag, indices in by_tag.items()}
    if not any(leaving.values()):
        return {}
    tags = frozenset(by_tag)
    chosen = {tag for fact in facts for tag in fact.languages}
    return {
        choice: tuple(index for tag in sorted(_find_chosen(choice, tags)) for index in leaving[tag])
        for choice in chosen
    }


def _take_choices(
    index: int, facts: Sequence[Facts], verdicts: Sequence[Verdict], choices: dict[str, tuple[int, ...]]
) -> Iterator[Reference]:
    """What a settings file that stays keeps, once for each choice; the texts of one language choose nothing."""
    if verdicts[index].locale is None:
        for choice in facts[index].languages:
            yield from (Reference(index, of, Need.CHOOSES) for of in choices.pop(choice, ()))


def _find_chosen(chosen: str, tags: frozenset[str]) -> Collection[str]:
    """The language itself and those that it falls back to; where it is not here, those that come near."""
    exact = [tag for tag in tags if f"{chosen}-".startswith(f"{tag}-")]
    near = exact or [tag for tag in tags if matching.is_wanted((chosen,), tag)]
    return near or matching.find_nearest(chosen, tags)


def warn_of_needs(entries: Sequence[Entry], decisions: Sequence[Decision], needs: Iterable[Reference]) -> Iterator[str]:
    """What was dropped as asked although something that stays speaks of it: one line for each file that does."""
    missed: dict[tuple[int, Need], list[int]] = {}
    for need in needs:
        if decisions[need.of].action is Action.DROP and decisions[need.by].action is not Action.DROP:
            missed.setdefault((need.by, need.need), []).append(need.of)
    for (by, how), dropped in missed.items():
        said = f"{entries[by].path} {how.removesuffix('it')}{entries[dropped[0]].path}"
        more = len(dropped) - 1
        if not more:
            yield f"{said}, which is dropped"
        else:
            yield f"{said} and {more} more file{'s' if more > 1 else ''}; they are dropped"
