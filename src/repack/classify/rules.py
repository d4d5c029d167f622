"""Rules and facts -> verdicts: the first rule that matches decides; what no rule knows stays unknown.

Some conditions look at the neighbourhood of an entry: whether it lies below a program, whether a folder named like a
language holds images. So classification goes twice: once to find programs and sets of languages, once for good.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from repack.bundles.names import folded
from repack.classify import languages, patterns
from repack.classify.references import Need, Reference
from repack.classify.rulefile import (
    Conditions,
    DicomConditions,
    LoadedRule,
    PeConditions,
    all_of,
    texts,
)
from repack.model import Action, Category, Entry, Facts, LocaleName, PeFacts, Verdict

UNKNOWN = Verdict(Category.UNKNOWN, "none", "no rule knows it, so it is kept")

#: Volumes of dental and other systems that are no DICOM but are images all the same (media knowledge, lesson 7).
VOLUME_EXTENSIONS = frozenset("vol gwg 2dh jil evx raw img nii nrrd mha mhd ima dcm dic dicom".split())


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the neighbourhood of an entry says; paths are folded."""

    program_folders: frozenset[str] = frozenset()
    image_folders: frozenset[str] = frozenset()
    launched: frozenset[int] = frozenset()
    language_sets: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Considered:
    """One rule held against one entry: whether it matched, and on what or why not."""

    rule: LoadedRule
    is_match: bool
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Match:
    because: tuple[str, ...]
    locale: LocaleName | None = None


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
        extension = entry.path.rpartition(".")[2].lower()
        if (fact.dicom and not fact.dicom.is_directory) or (fact.pe is None and extension in VOLUME_EXTENSIONS):
            images.update(_ancestors(folded(entry.path)))
    launched = frozenset(need.of for need in needs if need.need is Need.NAMES)
    first = Surroundings(image_folders=frozenset(images), launched=launched)
    programs: set[str] = set()
    sets: dict[tuple[str, str], set[str]] = {}
    for entry, fact in zip(entries, facts, strict=True):
        verdict = judge(entry, fact, rules, first)
        is_program = fact.pe is not None and not fact.pe.is_dll
        if is_program and verdict.category in {Category.UNKNOWN, Category.VIEWER}:
            programs.add(folded(entry.path).rpartition("/")[0])
        if verdict.locale is not None:
            sets.setdefault((verdict.rule, verdict.locale.group), set()).add(verdict.locale.tag)
    return Surroundings(
        program_folders=frozenset(programs),
        image_folders=frozenset(images),
        launched=launched,
        language_sets={key: frozenset(tags) for key, tags in sets.items()},
    )


def judge(entry: Entry, fact: Facts, rules: Sequence[LoadedRule], surroundings: Surroundings) -> Verdict:
    """The verdict of the first rule that matches."""
    if entry.is_directory:
        return Verdict(Category.UNKNOWN, "folder", "a folder record; it goes where its files go")
    for loaded in rules:
        match = _match_rule(loaded, entry, fact, surroundings)
        if isinstance(match, _Match):
            action = {"keep": Action.COPY, "drop": Action.DROP}.get(loaded.rule.action or "")
            return Verdict(loaded.rule.category, loaded.rule.id, loaded.rule.why, match.because, match.locale, action)
    return UNKNOWN


def consider(
    entry: Entry, fact: Facts, rules: Sequence[LoadedRule], surroundings: Surroundings
) -> tuple[Considered, ...]:
    """Every rule held against one entry, for `repack explain`."""
    found = []
    for loaded in rules:
        match = _match_rule(loaded, entry, fact, surroundings)
        if isinstance(match, _Match):
            found.append(Considered(loaded, is_match=True, because=match.because))
        else:
            found.append(Considered(loaded, is_match=False, because=(match,)))
    return tuple(found)


def _match_rule(loaded: LoadedRule, entry: Entry, fact: Facts, around: Surroundings) -> _Match | str:
    """The match, or the first thing that spoke against it."""
    refusal = "nothing to match"
    for conditions in all_of(loaded.rule.match):
        result = _match_conditions(loaded.rule.id, conditions, entry, fact, around)
        if isinstance(result, str):
            refusal = result
            continue
        for exception in all_of(loaded.rule.unless):
            spoilt = _match_conditions(loaded.rule.id, exception, entry, fact, around)
            if isinstance(spoilt, _Match):
                return "matched, but: " + "; ".join(spoilt.because)
        return result
    return refusal


def _match_conditions(
    rule: str, conditions: Conditions, entry: Entry, fact: Facts, around: Surroundings
) -> _Match | str:
    """Hold one set of conditions against an entry; cheap ones first."""
    because: list[str] = []
    for check in (_check_names, _check_content, _check_place):
        refusal = check(conditions, entry, fact, around, because)
        if refusal:
            return refusal
    locale: LocaleName | None = None
    if conditions.path is not None:
        result = _match_path(rule, conditions, entry, around)
        if isinstance(result, str):
            return result
        because += result.because
        locale = result.locale
    return _Match(tuple(because), locale)


def _check_names(c: Conditions, entry: Entry, _fact: Facts, _around: Surroundings, because: list[str]) -> str:
    base = entry.path.rpartition("/")[2]
    if c.extension is not None:
        extension = base.rpartition(".")[2].lower() if "." in base else ""
        if extension not in (wanted.lower().removeprefix(".") for wanted in texts(c.extension)):
            return f"its extension is {extension or 'none'!r}"
        because.append(f"its extension is {extension!r}")
    if c.name is not None:
        regex = next((r for r in texts(c.name) if re.fullmatch(r, base, re.IGNORECASE)), None)
        if regex is None:
            return "its name does not fit"
        because.append(f"its name fits {regex!r}")
    if c.larger_than is not None and entry.size <= c.larger_than:
        return f"it has {entry.size:,} bytes, not more than {c.larger_than:,}"
    if c.smaller_than is not None and entry.size >= c.smaller_than:
        return f"it has {entry.size:,} bytes, not less than {c.smaller_than:,}"
    if c.larger_than is not None or c.smaller_than is not None:
        because.append(f"it has {entry.size:,} bytes")
    return ""


def _check_content(c: Conditions, _entry: Entry, fact: Facts, _around: Surroundings, because: list[str]) -> str:
    if c.magic is not None:
        if fact.magic not in texts(c.magic):
            return f"its first bytes say {fact.magic!r}"
        because.append(f"its first bytes say {fact.magic!r}")
    if c.dicom is not None:
        refusal = _check_dicom(c.dicom, fact)
        if refusal:
            return refusal
        because.append("its content is DICOM" if c.dicom is not False else "its content is not DICOM")
    if c.pe is not None:
        return _check_pe(c.pe, fact.pe, because)
    return ""


def _check_dicom(wanted: DicomConditions | bool, fact: Facts) -> str:  # noqa: FBT001  a rule says it so
    if isinstance(wanted, bool):
        return "" if wanted == (fact.magic == "dicom") else f"its first bytes say {fact.magic!r}"
    if fact.dicom is None:
        return "it is no DICOM file"
    for key, is_value in (
        ("directory", fact.dicom.is_directory),
        ("pixels", fact.dicom.has_pixels),
    ):
        if getattr(wanted, key) is not None and getattr(wanted, key) != is_value:
            return f"DICOM {key} is {is_value}"
    for key in ("modality", "sop_class", "transfer_syntax"):
        allowed = getattr(wanted, key)
        if allowed is not None and (getattr(fact.dicom, key) or "") not in texts(allowed):
            return f"its DICOM {key} is another"
    return ""


def _check_pe(wanted: PeConditions | bool, pe: PeFacts | None, because: list[str]) -> str:  # noqa: FBT001  as above
    if isinstance(wanted, bool):
        return "" if wanted == (pe is not None) else "it is no Windows program" if wanted else "it is one"
    if pe is None:
        return "it is no Windows program"
    kind = "dll" if pe.is_dll else "exe"
    for key, value in (("kind", kind), ("machine", pe.machine)):
        if getattr(wanted, key) not in {None, value}:
            return f"its {key} is {value}"
    for key in ("company", "product", "description", "original_filename"):
        regexes = texts(getattr(wanted, key))
        value = pe.version.get(key, "")
        if regexes and not any(re.search(regex, value, re.IGNORECASE) for regex in regexes):
            return f"its version-info {key} is {value!r}"
        if regexes:
            because.append(f"its version-info {key} is {value!r}")
    return ""


def _check_place(c: Conditions, entry: Entry, _fact: Facts, around: Surroundings, because: list[str]) -> str:
    path = folded(entry.path)
    folder = path.rpartition("/")[0]
    below = any(ancestor in around.program_folders for ancestor in _ancestors(path) if ancestor)
    for wanted, is_so, words in (
        (c.below_program, below, "in or below the folder of a program"),
        (c.beside_program, folder in around.program_folders, "beside a program"),
        (c.launched, entry.index in around.launched, "named by a start page or script"),
    ):
        if wanted is not None:
            if wanted != is_so:
                return f"it is {'not ' if wanted else ''}{words}"
            because.append(f"it is {'' if wanted else 'not '}{words}")
    return ""


def _match_path(rule: str, c: Conditions, entry: Entry, around: Surroundings) -> _Match | str:
    refusal = "its path does not fit"
    for glob in texts(c.path):
        if not patterns.has_locale(glob):
            if patterns.matches(glob, entry.path):
                return _Match((f"its path fits {glob!r}",))
            continue
        for found in patterns.find_locales(glob, entry.path):
            refusal = _refuse_locale(rule, found, around, c.siblings)
            if not refusal:
                fallback = languages.is_fallback(found.text)
                name = LocaleName(found.tag, found.text, found.group, fallback)
                return _Match((f"its path fits {glob!r}", f"{found.text!r} is the language {found.tag}"), name)
    return refusal


def _refuse_locale(rule: str, found: patterns.LocaleMatch, around: Surroundings, siblings: int | None) -> str:
    """Why a text that reads as a language is none here (media knowledge, section 3.2)."""
    if found.folder and folded(found.folder) in around.image_folders:
        return f"{found.text!r} could be a language, but images lie below it"
    known = around.language_sets.get((rule, found.group))
    if siblings is not None and known is not None and languages.is_doubtful(found.text) and len(known) < siblings:
        return f"{found.text!r} could be a language, but is also a word, and has too few languages beside it"
    return ""


def _ancestors(path: str) -> list[str]:
    """The folders above a folded path, the root ("") last."""
    found = []
    while "/" in path:
        path = path.rpartition("/")[0]
        found.append(path)
    return [*found, ""]
