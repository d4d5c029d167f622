"""Verdicts + wishes + guards -> decisions. A guard turns a drop into a copy, and says which kept file needs it."""

from collections.abc import Iterable, Mapping, Sequence
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
    Plan,
    Planned,
    Verdict,
    Wishes,
)

_CHANGEABLE = frozenset({Action.COPY, Action.TRANSCODE})
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
    by_locale_set = _collect_locale_sets(verdicts)
    decisions = [
        _decide_one(bundle, index, facts[index], verdict, wishes, by_locale_set)
        for index, verdict in enumerate(verdicts)
    ]
    if not wishes.force_drop:
        _guard(bundle, verdicts, decisions, tuple(needs), wishes)
    _follow_folders(bundle, decisions)
    lines = tuple(
        Planned(entry, facts[entry.index], verdicts[entry.index], decisions[entry.index]) for entry in bundle.entries
    )
    return Plan(bundle, wishes, lines, _warn(bundle, decisions, needs))


def _collect_locale_sets(verdicts: Sequence[Verdict]) -> dict[tuple[str, str], set[str]]:
    """The languages of each set of siblings."""
    sets: dict[tuple[str, str], set[str]] = {}
    for verdict in verdicts:
        if verdict.locale is not None:
            sets.setdefault((verdict.rule, verdict.locale.group), set()).add(verdict.locale.tag)
    return sets


def _decide_one(
    bundle: Bundle,
    index: int,
    fact: Facts,
    verdict: Verdict,
    wishes: Wishes,
    sets: Mapping[tuple[str, str], set[str]],
) -> Decision:
    """The decision on one entry by the wishes alone; guards come later."""
    entry = bundle.entries[index]
    if entry.is_directory:
        return Decision(Action.COPY, "a folder record")
    if entry.place is None:
        return Decision(Action.DROP, entry.notes[-1] if entry.notes else "there is nothing to read")
    wish, reason = _wish_to_drop(entry.path, verdict, wishes, sets)
    if wish:
        kept = next((glob for glob in wishes.keep if patterns.matches(glob, entry.path)), None)
        if kept is not None:
            return Decision(Action.COPY, f"--keep {kept} asks for it", wish)
        if verdict.action is Action.COPY and not wishes.force_drop:
            return Decision(Action.COPY, verdict.why, wish)
        return Decision(Action.DROP, reason, wish, forced=wishes.force_drop)
    if reason:  # a wish that stops here: a language that is always kept
        return Decision(Action.COPY, reason, "--keep-locales")
    return _decide_kept(fact, verdict, wishes)


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


def _wish_to_drop(
    path: str, verdict: Verdict, wishes: Wishes, sets: Mapping[tuple[str, str], set[str]]
) -> tuple[str, str]:
    """The wish that wants the entry gone, and the reason; ("", reason) where a wish stops short of it."""
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
        shown = f"{languages.describe(tag)} ({tag})"
        if languages.is_wanted(wishes.keep_locales, tag):
            return "", ""
        if verdict.locale.is_fallback and not wishes.force_drop:
            return "", f"{shown} is the language that programs fall back to"
        known = sets[verdict.rule, verdict.locale.group]
        if not any(languages.is_wanted(wishes.keep_locales, other) for other in known) and not wishes.force_drop:
            return "", "no wanted language is in this set, so it is kept whole"
        return "--keep-locales", f"{shown} is not among the languages to keep"
    return "", ""


def _guard(
    bundle: Bundle,
    verdicts: Sequence[Verdict],
    decisions: list[Decision],
    needs: Sequence[Reference],
    wishes: Wishes,
) -> None:
    """Keep what a kept file needs, until nothing changes any more."""
    images = {i for i, v in enumerate(verdicts) if v.category in {Category.DICOM, Category.DICOMDIR}}
    for index in images:
        category = verdicts[index].category
        if decisions[index].action is Action.DROP and category in wishes.drop:
            decisions[index] = Decision(
                Action.COPY, "images are what the disc is for; --force-drop insists", f"--drop {category}"
            )
    changed = True
    while changed:
        changed = False
        for need in needs:
            gone, by = decisions[need.of], decisions[need.by]
            if gone.action is not Action.DROP or by.action not in _CHANGEABLE or not bundle.entries[need.of].place:
                continue
            if (
                need.need is Need.NAMES
                and verdicts[need.of].category in wishes.drop
                and (verdicts[need.of].category in _LAUNCH_IGNORED_FOR)
            ):
                continue
            reason = f"{bundle.entries[need.by].path} {need.need}"
            decisions[need.of] = replace(gone, action=Action.COPY, reason=reason)
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


def _warn(bundle: Bundle, decisions: Sequence[Decision], needs: Iterable[Reference]) -> tuple[str, ...]:
    """What the user should know although it was done as asked."""
    warnings = []
    for need in needs:
        if decisions[need.of].action is Action.DROP and decisions[need.by].action is not Action.DROP:
            by, of = bundle.entries[need.by].path, bundle.entries[need.of].path
            warnings.append(f"{by} {need.need.replace('it', of, 1)}, which is dropped")
    return tuple(dict.fromkeys(warnings))
