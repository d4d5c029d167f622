"""Which languages of a set stay: what is wished for or comes nearest to it, and what programs fall back to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from repack.classify import languages, matching
from repack.model import LocaleName, Verdict, Wishes
from repack.planning import guards


@dataclass(frozen=True, slots=True)
class LocaleSet:
    """What matters of all languages of a set of siblings, found once: a set may have a name for each of its files."""

    native: frozenset[str]  # base languages of those who made the program
    fallbacks: frozenset[str]  # tags
    nearest: Mapping[str, str]  # tag -> the wish that nothing here matches, and to which the tag comes nearest
    has_wanted: bool


LocaleSets = Mapping[tuple[str, str], LocaleSet]
"""Rule and group -> the set."""


def collect(verdicts: Sequence[Verdict], wishes: Wishes) -> LocaleSets:
    """The sets of siblings that the verdicts speak of."""
    names: dict[tuple[str, str], set[LocaleName]] = {}
    for verdict in verdicts:
        if verdict.locale is not None:
            names.setdefault((verdict.rule, verdict.locale.group), set()).add(verdict.locale)
    return {which: _summarise(known, wishes.keep_locales) for which, known in names.items()}


def _summarise(names: Collection[LocaleName], wanted: Sequence[str]) -> LocaleSet:
    tags = frozenset(name.tag for name in names)
    nearest: dict[str, str] = {}
    is_any_wanted = False
    for wish in wanted:  # one by one: that German is here does not make up for Portuguese
        if any(matching.is_wanted((wish,), tag) for tag in tags):
            is_any_wanted = True
        else:
            nearest |= dict.fromkeys(matching.find_nearest(wish, tags), wish)
    return LocaleSet(
        native=guards.find_native(names),
        fallbacks=frozenset(name.tag for name in names if name.is_fallback) or _find_english(tags, wanted),
        nearest=nearest,
        has_wanted=is_any_wanted or bool(nearest),
    )


def _find_english(tags: Collection[str], wanted: Sequence[str]) -> frozenset[str]:
    """Of a set without plain English: the English that is wished for, else any."""
    english = frozenset(tag for tag in tags if tag.partition("-")[0] == "en")
    return frozenset(tag for tag in english if matching.is_wanted(wanted, tag)) or english


def explain_staying(locale: LocaleName, known: LocaleSet, *, is_for_all: bool) -> str:
    """What speaks against dropping a language of a set; empty where nothing does.

    `is_for_all`: all languages were asked to go, and not those alone that nobody wishes for.
    """
    shown = show(locale.tag)
    if locale.tag in known.fallbacks:
        return f"{shown} is the language that programs fall back to"
    if locale.tag.partition("-")[0] in known.native:
        return f"{shown} is the language of those who made this program, which may fall back to it"
    # A program may not start without any language at all.
    if is_for_all:
        is_safe = bool(known.fallbacks)
        return "" if is_safe else "this set has no language that programs fall back to, so it is kept whole"
    if locale.tag in known.nearest:
        return f"{shown} is the nearest to {show(known.nearest[locale.tag])} in this set"
    return "" if known.has_wanted else "no wanted language is in this set, so it is kept whole"


def show(tag: str) -> str:
    """The name of a language and its tag."""
    return f"{languages.describe(tag)} ({tag})"
