"""Verdicts + wishes + guards -> decisions. A guard turns a drop into a copy, and says which kept file needs it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from repack.classify import languages, patterns
from repack.classify.references import Need, Reference
from repack.codecs import BY_NAME
from repack.dicom import syntaxes
from repack.model import (
    Action,
    Bundle,
    Category,
    Decision,
    Facts,
    LocaleName,
    Plan,
    Planned,
    Verdict,
    Wishes,
)

_LocaleSets = Mapping[tuple[str, str], set[LocaleName]]

_IMAGES = frozenset({Category.DICOM, Category.DICOMDIR})
_LANGUAGE_WISHES = frozenset({"--keep-locales", f"--drop {Category.LOCALE}"})
#: By a launcher's word alone: whoever drops all viewers means what the launcher starts, too.
_LAUNCH_IGNORED_FOR = frozenset({Category.VIEWER, Category.LAUNCHER})


def decide(
    bundle: Bundle,
    facts: Sequence[Facts],
    verdicts: Sequence[Verdict],
    needs: Iterable[Reference],
    wishes: Wishes,
) -> Plan:
    """All decisions, in the order of the bundle."""
    needs = tuple(needs)
    by_locale_set = _collect_locale_sets(verdicts)
    decisions = [
        _decide_one(bundle, index, facts[index], verdict, wishes, by_locale_set)
        for index, verdict in enumerate(verdicts)
    ]
    if not wishes.force_drop:
        _guard(bundle, facts, verdicts, decisions, needs, wishes)
    _follow_folders(bundle, decisions)
    lines = tuple(
        Planned(entry, facts[entry.index], verdicts[entry.index], decisions[entry.index]) for entry in bundle.entries
    )
    warnings = (*_warn_of_needs(bundle, decisions, needs), *_warn_of_idle_wishes(bundle, verdicts, wishes))
    return Plan(bundle, wishes, lines, tuple(dict.fromkeys((*bundle.notes, *warnings))))


def _collect_locale_sets(verdicts: Sequence[Verdict]) -> _LocaleSets:
    """The languages of each set of siblings."""
    sets: dict[tuple[str, str], set[LocaleName]] = {}
    for verdict in verdicts:
        if verdict.locale is not None:
            sets.setdefault((verdict.rule, verdict.locale.group), set()).add(verdict.locale)
    return sets


def _decide_one(
    bundle: Bundle,
    index: int,
    fact: Facts,
    verdict: Verdict,
    wishes: Wishes,
    sets: _LocaleSets,
) -> Decision:
    """The decision on one entry by the wishes alone; guards come later."""
    entry = bundle.entries[index]
    if entry.is_directory:
        return Decision(Action.COPY, "a folder record")
    if entry.place is None:
        return Decision(Action.DROP, entry.notes[-1] if entry.notes else "there is nothing to read")
    wish, reason = _find_wish(entry.path, verdict, wishes)
    stop = _find_stop(entry.path, verdict, wishes, wish, sets) if wish else ""
    if wish and not stop:
        return Decision(Action.DROP, reason, wish, forced=wishes.force_drop)
    kept = _decide_kept(fact, verdict, wishes)
    return replace(kept, reason=stop, wish=wish) if stop else kept


def _decide_kept(fact: Facts, verdict: Verdict, wishes: Wishes) -> Decision:
    if fact.problem and fact.magic == "unreadable":
        return Decision(Action.COPY, f"damaged: {fact.problem}")
    if verdict.category is Category.DICOMDIR:
        return Decision(Action.COPY, "the index of the images; it follows them")
    if fact.dicom is None or not fact.dicom.has_pixels:
        return Decision(Action.COPY, "it holds no image" if fact.dicom else _why_kept(verdict))
    syntax = syntaxes.find(fact.dicom.transfer_syntax)
    if syntax.leave:
        return Decision(Action.COPY, f"{syntax.name}: {syntax.leave}")
    target = syntaxes.find(BY_NAME[wishes.codec].transfer_syntax)
    return Decision(Action.TRANSCODE, f"{syntax.name} to {target.name}")


def _why_kept(verdict: Verdict) -> str:
    return verdict.why if verdict.category is Category.UNKNOWN else "nobody asked to drop it"


def _find_wish(path: str, verdict: Verdict, wishes: Wishes) -> tuple[str, str]:
    """The wish that wants an entry gone, and the reason that it gives; both empty where nobody does."""
    for glob in wishes.drop_path:
        if patterns.matches(glob, path):
            return f"--drop-path {glob}", f"--drop-path {glob} names it"
    if verdict.action is Action.DROP:
        return f"rule {verdict.rule}", verdict.why
    if verdict.category in wishes.drop:
        return f"--drop {verdict.category}", f"{verdict.category}: {verdict.why}"
    if verdict.category is Category.REDISTRIBUTABLE and wishes.drop_redist:
        return "--drop-redist", verdict.why
    if verdict.locale is not None and wishes.keep_locales:
        tag = verdict.locale.tag
        if not languages.is_wanted(wishes.keep_locales, tag):
            return "--keep-locales", f"{languages.describe(tag)} ({tag}) is not among the languages to keep"
    return "", ""


def _find_stop(path: str, verdict: Verdict, wishes: Wishes, wish: str, sets: _LocaleSets) -> str:
    """What speaks against following a wish, seen from the entry alone; empty where nothing does."""
    kept = next((glob for glob in wishes.keep if patterns.matches(glob, path)), None)
    if kept is not None:
        return f"--keep {kept} asks for it"
    if wishes.force_drop:
        return ""
    if verdict.action is Action.COPY:
        return verdict.why
    if verdict.category in _IMAGES and wish == f"--drop {verdict.category}":
        return "images are what the disc is for; --force-drop insists"
    if verdict.locale is None or Category.VIEWER in wishes.drop or wish not in _LANGUAGE_WISHES:
        return ""
    if verdict.locale.is_fallback:
        shown = f"{languages.describe(verdict.locale.tag)} ({verdict.locale.tag})"
        return f"{shown} is the language that programs fall back to"
    # A program may not start without any language at all.
    known = sets[verdict.rule, verdict.locale.group]
    if wish == "--keep-locales" and not any(languages.is_wanted(wishes.keep_locales, other.tag) for other in known):
        return "no wanted language is in this set, so it is kept whole"
    if wish != "--keep-locales" and not any(other.is_fallback for other in known):
        return "this set has no language that programs fall back to, so it is kept whole"
    return ""


def _guard(
    bundle: Bundle,
    facts: Sequence[Facts],
    verdicts: Sequence[Verdict],
    decisions: list[Decision],
    needs: Sequence[Reference],
    wishes: Wishes,
) -> None:
    """Keep what a kept file needs, until nothing changes any more."""
    changed = True
    while changed:
        changed = False
        for need in needs:
            of, by = need.of, need.by
            is_gone = decisions[of].action is Action.DROP and bundle.entries[of].place is not None
            if not is_gone or decisions[by].action is Action.DROP:
                continue
            category = verdicts[of].category
            if need.need is Need.NAMES and category in wishes.drop and category in _LAUNCH_IGNORED_FOR:
                continue
            kept = _decide_kept(facts[of], verdicts[of], wishes)
            reason = f"{bundle.entries[by].path} {need.need}"
            decisions[of] = replace(kept, reason=reason, wish=decisions[of].wish)
            changed = True


def _follow_folders(bundle: Bundle, decisions: list[Decision]) -> None:
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


def _warn_of_needs(bundle: Bundle, decisions: Sequence[Decision], needs: Iterable[Reference]) -> Iterator[str]:
    """What was dropped as asked although something that stays speaks of it."""
    for need in needs:
        if decisions[need.of].action is Action.DROP and decisions[need.by].action is not Action.DROP:
            by, of = bundle.entries[need.by].path, bundle.entries[need.of].path
            yield f"{by} {need.need.removesuffix('it')}{of}, which is dropped"


def _warn_of_idle_wishes(bundle: Bundle, verdicts: Sequence[Verdict], wishes: Wishes) -> Iterator[str]:
    """Wishes that nothing on this disc answers to: perhaps a slip of the pen."""
    for option, globs in (("--drop-path", wishes.drop_path), ("--keep", wishes.keep)):
        for glob in globs:
            if not any(patterns.matches(glob, entry.path) for entry in bundle.entries):
                yield f"{option} {glob} matches nothing here"
    found = {verdict.category for verdict in verdicts}
    for option, category, is_asked in (
        *((f"--drop {category}", category, True) for category in wishes.drop),
        ("--drop-redist", Category.REDISTRIBUTABLE, wishes.drop_redist),
        ("--keep-locales", Category.LOCALE, bool(wishes.keep_locales)),
    ):
        if is_asked and category not in found:
            yield f"{option} found nothing to drop: there is no {category} on this disc"
