"""Rules and facts -> verdicts: the first rule that matches decides; what no rule knows stays unknown.

Some conditions look at the neighbourhood of an entry: whether it lies below a program, whether a folder named like a
language holds images. So classification goes in three steps: programs, sets of languages, and then all for good.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from repack.bundles.names import folded
from repack.classify.conditions import (
    Match,
    Subject,
    describe,
    match_conditions,
    may_be_image,
    shortlist,
)
from repack.classify.references import Need, Reference
from repack.classify.rulefile import LoadedRule, all_of
from repack.classify.siblings import find_alike
from repack.classify.surroundings import Surroundings, ancestors, find_tops
from repack.model import Action, Category, Entry, Facts, Verdict

__all__ = ["UNKNOWN", "Considered", "Surroundings", "classify", "consider", "judge", "survey"]

UNKNOWN = Verdict(Category.UNKNOWN, "none", "no rule knows it, so it is kept")


@dataclass(frozen=True, slots=True)
class Considered:
    """One rule held against one entry: whether it matched, and on what or why not."""

    rule: LoadedRule
    is_match: bool
    because: tuple[str, ...]


def classify(
    entries: Sequence[Entry], facts: Sequence[Facts], needs: Iterable[Reference], rules: Sequence[LoadedRule]
) -> tuple[Verdict, ...]:
    """The verdict on every entry, in order."""
    surroundings = survey(entries, facts, needs, rules)
    return tuple(judge(e, f, rules, surroundings) for e, f in zip(entries, facts, strict=True))


def survey(
    entries: Sequence[Entry], facts: Sequence[Facts], needs: Iterable[Reference], rules: Sequence[LoadedRule]
) -> Surroundings:
    """Find programs, image folders and sets of languages, as the second look at each entry needs them."""
    images: set[str] = set()
    for entry, fact in zip(entries, facts, strict=True):
        if may_be_image(entry, fact):
            images.update(ancestors(folded(entry.path)))
    launched = frozenset(need.of for need in needs if need.need is Need.NAMES)
    first = Surroundings(
        image_folders=frozenset(images),
        tops=find_tops(entries, facts, images),
        has_images=any(fact.dicom is not None and fact.dicom.has_pixels for fact in facts),
        launched=launched,
        paths=frozenset(folded(entry.path) for entry in entries if not entry.is_directory),
        alike=find_alike(entries, images),
    )
    programs = {
        folded(entry.path).rpartition("/")[0]
        for entry, fact in zip(entries, facts, strict=True)
        if _is_program(entry, fact, is_launched=entry.index in launched)
        and judge(entry, fact, rules, first).category in {Category.UNKNOWN, Category.VIEWER}
    }
    second = replace(first, program_folders=frozenset(programs))
    sets: dict[tuple[str, str], set[str]] = {}
    for entry, fact in zip(entries, facts, strict=True):
        verdict = judge(entry, fact, rules, second)
        if verdict.locale is not None:
            sets.setdefault((verdict.rule, verdict.locale.group), set()).add(verdict.locale.tag)
    return replace(second, language_sets={key: frozenset(tags) for key, tags in sets.items()})


def _is_program(entry: Entry, fact: Facts, *, is_launched: bool) -> bool:
    """A Windows program; of other systems, and of Java, what a start page or script starts."""
    if fact.pe is not None:
        return not fact.pe.is_dll
    is_jar = fact.magic == "zip" and entry.path.lower().endswith(".jar")
    return is_launched and (is_jar or fact.magic in {"elf", "macho"})


def judge(entry: Entry, fact: Facts, rules: Sequence[LoadedRule], surroundings: Surroundings) -> Verdict:
    """The verdict of the first rule that matches."""
    if entry.is_directory:
        return Verdict(Category.UNKNOWN, "folder", "a folder record; it goes where its files go")
    subject = describe(entry, fact, surroundings)
    for loaded in shortlist(rules, subject, surroundings):
        match = _match_rule(loaded, subject, surroundings)
        if isinstance(match, Match):
            action = {"keep": Action.COPY, "drop": Action.DROP}.get(loaded.rule.action or "")
            return Verdict(loaded.rule.category, loaded.rule.id, loaded.rule.why, match.because, match.locale, action)
    return UNKNOWN


def consider(
    entry: Entry, fact: Facts, rules: Sequence[LoadedRule], surroundings: Surroundings
) -> tuple[Considered, ...]:
    """Every rule held against one entry, for `repack explain`."""
    subject = describe(entry, fact, surroundings)
    found = []
    for loaded in rules:
        match = _match_rule(loaded, subject, surroundings)
        if isinstance(match, Match):
            found.append(Considered(loaded, is_match=True, because=match.because))
        else:
            found.append(Considered(loaded, is_match=False, because=(match,)))
    return tuple(found)


def _match_rule(loaded: LoadedRule, subject: Subject, around: Surroundings) -> Match | str:
    """The match, or the first thing that spoke against it."""
    refusal = "nothing to match"
    for conditions in all_of(loaded.rule.match):
        result = match_conditions(loaded.rule.id, conditions, subject, around)
        if isinstance(result, str):
            refusal = result
            continue
        for exception in all_of(loaded.rule.unless):
            spoilt = match_conditions(loaded.rule.id, exception, subject, around)
            if isinstance(spoilt, Match):
                return "matched, but: " + "; ".join(spoilt.because)
        return result
    return refusal
