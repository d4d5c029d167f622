"""Verdicts + wishes + guards -> decisions. A guard turns a drop into a copy, and says which kept file needs it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from repack.classify import matching, patterns
from repack.classify.references import Reference
from repack.model import (
    Action,
    Bundle,
    Category,
    Decision,
    Entry,
    Facts,
    Plan,
    Planned,
    Verdict,
    Wishes,
)
from repack.planning import guards, keeping, locale_sets, presets
from repack.planning.locale_sets import LocaleSets

_IMAGES = frozenset({Category.DICOM, Category.DICOMDIR})
_LANGUAGE_WISHES = frozenset({"--keep-locales", f"--drop {Category.LOCALE}"})


@dataclass(frozen=True, slots=True)
class _Wish:
    """The option or rule that wants an entry gone, and the reason that it gives."""

    option: str
    reason: str


def decide(
    bundle: Bundle,
    facts: Sequence[Facts],
    verdicts: Sequence[Verdict],
    needs: Iterable[Reference],
    wishes: Wishes,
) -> Plan:
    """All decisions, in the order of the bundle."""
    needs = tuple(needs)
    sets = locale_sets.collect(verdicts, wishes)
    asked = {
        entry.index: wish for entry in bundle.entries if (wish := _find_wish(entry, verdicts[entry.index], wishes))
    }
    named = {index: keep for index in asked if (keep := _find_keep(bundle.entries[index].path, wishes))}
    stops = {
        index: _find_stop(facts[index], verdicts[index], wishes, wish.option, sets) for index, wish in asked.items()
    } | named
    gone = frozenset(index for index, stop in stops.items() if not stop)
    stops |= guards.guard(bundle.entries, facts, verdicts, needs, gone, wishes)
    decisions = []
    for entry in bundle.entries:
        kept = keeping.decide_kept(facts[entry.index], verdicts[entry.index], wishes)
        may_force = wishes.force_drop and entry.index not in named
        decisions.append(
            _decide_one(entry, kept, asked.get(entry.index), stops.get(entry.index, ""), may_force=may_force)
        )
    follow_folders(bundle, decisions)
    lines = tuple(
        Planned(entry, facts[entry.index], verdicts[entry.index], decisions[entry.index]) for entry in bundle.entries
    )
    warnings = (
        *bundle.notes,
        *guards.warn_of_needs(bundle.entries, decisions, needs),
        *keeping.warn_of_programs(bundle, facts),
        *keeping.warn_of_lost_index(bundle, facts, decisions),
        *_warn_of_idle_wishes(bundle, verdicts, wishes),
    )
    return Plan(bundle, wishes, lines, tuple(dict.fromkeys(warnings)))


def _decide_one(entry: Entry, kept: Decision, wish: _Wish | None, stop: str, *, may_force: bool) -> Decision:
    """The decision on one entry: what is asked of it, and what speaks against that."""
    if entry.is_directory:
        return Decision(Action.COPY, "a folder record")
    if entry.place is None:
        return Decision(Action.DROP, entry.notes[-1] if entry.notes else "there is nothing to read")
    if wish is None:
        return kept
    if not stop:
        return Decision(Action.DROP, wish.reason, wish.option)
    if may_force:
        return Decision(Action.DROP, f"{wish.reason}, by force although {stop}", wish.option, stop, forced=True)
    reason = stop if kept.action is Action.COPY else kept.reason  # an image is transcoded all the same
    return replace(kept, reason=reason, wish=wish.option, guard=stop)


def _find_wish(entry: Entry, verdict: Verdict, wishes: Wishes) -> _Wish | None:
    """The wish that wants an entry gone, where there is one."""
    if entry.place is None:
        return None
    for glob in wishes.drop_path:
        if patterns.matches(glob, entry.path):
            return _Wish(f"--drop-path {glob}", f"--drop-path {glob} names it")
    if verdict.action is Action.DROP:
        return _Wish(f"rule {verdict.rule}", verdict.why)
    if verdict.category in wishes.drop:
        return _Wish(f"--drop {verdict.category}", f"{verdict.category}: {verdict.why}")
    if verdict.category is Category.REDISTRIBUTABLE and wishes.drop_redist:
        return _Wish("--drop-redist", verdict.why)
    if verdict.locale is not None and wishes.keep_locales:
        tag = verdict.locale.tag
        if not matching.is_wanted(wishes.keep_locales, tag):
            return _Wish("--keep-locales", f"{locale_sets.show(tag)} is not among the languages to keep")
    return None


def _find_keep(path: str, wishes: Wishes) -> str:
    """The --keep that names an entry; it is stronger than everything else."""
    kept = next((glob for glob in wishes.keep if patterns.matches(glob, path)), None)
    return f"--keep {kept} asks for it" if kept is not None else ""


def _find_stop(fact: Facts, verdict: Verdict, wishes: Wishes, wish: str, sets: LocaleSets) -> str:
    """What speaks against following a wish, seen from the entry alone; empty where nothing does."""
    is_useless = verdict.category is Category.REDISTRIBUTABLE and presets.find(wishes.for_whom).takes_installers
    if verdict.action is Action.COPY and not is_useless:
        return verdict.why
    # Whatever a rule calls them, and whoever asks: a rule, too, may have been written too wide.
    if fact.dicom is not None or verdict.category in _IMAGES:
        return "images are what the disc is for"
    if verdict.locale is None or Category.VIEWER in wishes.drop or wish not in _LANGUAGE_WISHES:
        return ""
    known = sets[verdict.rule, verdict.locale.group]
    return locale_sets.explain_staying(verdict.locale, known, is_for_all=wish != "--keep-locales")


def follow_folders(bundle: Bundle, decisions: list[Decision]) -> None:
    """A folder record goes when all files below it go; one that was empty stays."""
    alive: set[str] = set()
    dead: set[str] = set()
    for entry in bundle.entries:
        if not entry.is_directory:
            folders = alive if decisions[entry.index].action is not Action.DROP else dead
            path = entry.path
            while "/" in path:
                path = path.rpartition("/")[0]
                folders.add(path)
    for entry in bundle.entries:
        if entry.is_directory and entry.path in dead - alive:
            decisions[entry.index] = Decision(Action.DROP, "every file in this folder was dropped")


def _warn_of_idle_wishes(bundle: Bundle, verdicts: Sequence[Verdict], wishes: Wishes) -> Iterator[str]:
    """Wishes that nothing on this disc answers to: perhaps a slip of the pen."""
    for option, globs in (("--drop-path", wishes.drop_path), ("--keep", wishes.keep)):
        for glob in globs:
            if not any(patterns.matches(glob, entry.path) for entry in bundle.entries):
                yield f"{option} {glob} matches nothing here"
    found = {verdict.category for verdict in verdicts}
    preset = presets.find(wishes.for_whom)  # it asks for what most discs have, not for what this one has
    for option, category, is_asked in (
        *((f"--drop {category}", category, category not in preset.drop) for category in wishes.drop),
        ("--drop-redist", Category.REDISTRIBUTABLE, wishes.drop_redist and not preset.drop_redist),
        ("--keep-locales", Category.LOCALE, bool(wishes.keep_locales)),
    ):
        if is_asked and category not in found:
            yield f"{option} found nothing to drop: no file here was recognised as {category} (see repack inspect)"
