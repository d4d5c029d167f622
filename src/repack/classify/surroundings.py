"""The neighbourhood of an entry: what lies around it, and what a language must have beside it to be taken for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from repack.bundles.names import folded
from repack.classify import languages
from repack.classify.patterns import LocaleMatch
from repack.classify.rulefile import Conditions, LoadedRule

Candidate = tuple[LoadedRule, tuple[str, ...], bool]
"""A rule; globs of which one must match, if there are any; whether it is for what lies below a program alone."""


@dataclass(frozen=True, slots=True)
class LanguageSet:
    """The tags that a rule finds beside each other; `clear` are those whose names mean nothing else."""

    tags: frozenset[str] = frozenset()
    clear: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the neighbourhood of an entry says; paths are folded."""

    program_folders: frozenset[str] = frozenset()
    image_folders: frozenset[str] = frozenset()
    launched: frozenset[int] = frozenset()
    paths: frozenset[str] = frozenset()
    alike: Mapping[str, int] = field(default_factory=dict)  # folder -> languages beside each other with the same names
    language_sets: Mapping[tuple[str, str], LanguageSet] | None = None  # None: not yet known
    shortlists: dict[tuple[int, str, str, str], tuple[Sequence[LoadedRule], list[Candidate]]] = field(
        default_factory=dict, compare=False, repr=False
    )


def make_language_set(names: Mapping[str, str]) -> LanguageSet:
    """The set of some texts and the tags that they mean."""
    clear = frozenset(tag for text, tag in names.items() if not languages.is_doubtful(text))
    return LanguageSet(frozenset(names.values()), clear)


def refuse_image(found: LocaleMatch, around: Surroundings, *, is_image: bool) -> str:
    """Why a text that reads as a language is none here: images lie there (media knowledge, section 3.2)."""
    if is_image:
        return f"{found.text!r} could be a language, but this may be an image"
    if found.folder and folded(found.folder) in around.image_folders:
        return f"{found.text!r} could be a language, but images lie below it"
    return ""


def refuse_alone(rule: str, found: LocaleMatch, c: Conditions, around: Surroundings) -> str:
    """Why a text that reads as a language is none here: what a language has beside it is missing."""
    could = f"{found.text!r} could be a language, but"
    if c.has_base is not None and c.has_base != (folded(found.without) in around.paths):
        return f"{could} there is {'no' if c.has_base else 'a'} file of the same name without it"
    if c.alike_siblings is not None and around.alike.get(folded(found.folder), 0) < c.alike_siblings:
        return f"{could} has too few folders of languages with the same files beside it"
    if around.language_sets is None:
        return ""
    known = around.language_sets.get((rule, found.group), LanguageSet())
    is_clear = c.clear_siblings is None or len(known.clear) >= c.clear_siblings
    count = len(known.tags if is_clear else known.clear)  # without those, the others may all be something else
    if c.languages is not None and count < c.languages:
        return f"{could} has too few languages beside it"
    is_alone = not is_clear or (c.siblings is not None and count < c.siblings)
    if is_alone and languages.is_doubtful(found.text):
        return f"{could} is also a word, and has too few languages beside it"
    return ""


def ancestors(path: str) -> list[str]:
    """The folders above a folded path, the root ("") last."""
    found = []
    while "/" in path:
        path = path.rpartition("/")[0]
        found.append(path)
    return [*found, ""]
