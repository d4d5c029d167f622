"""The conditions of a rule, held against one entry: a match with its reasons, or what spoke against it."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from repack.bundles.names import folded
from repack.classify import languages, patterns
from repack.classify.rulefile import Conditions, DicomConditions, LoadedRule, PeConditions, all_of, texts
from repack.classify.surroundings import Candidate, Surroundings, ancestors, refuse_alone, refuse_image
from repack.model import Entry, Facts, LocaleName, PeFacts

#: Volumes of dental and other systems that are no DICOM but are images all the same (media knowledge, lesson 7).
VOLUME_EXTENSIONS = frozenset("vol gwg 2dh jil evx raw img nii nrrd mha mhd ima dcm dic dicom".split())
_SMALLEST_VOLUME = 8_000_000  # bytes: so large a file of an unknown kind may be a volume, too
_LONGEST_TEXT = 255  # letters of a name, or of a version-info string, that a regular expression is held against


@dataclass(frozen=True, slots=True)
class Subject:
    """One entry with what many rules ask of it, worked out once."""

    entry: Entry
    fact: Facts
    name: str
    extension: str  # lower case, without the dot
    tops: tuple[str, ...]  # folders above it in which a disc begins
    is_below_program: bool
    is_beside_program: bool
    is_at_top: bool
    is_launched: bool
    is_with_images: bool  # the disc holds images in DICOM
    is_image: bool


@dataclass(frozen=True, slots=True)
class Match:
    """All conditions hold: on what, and the language that the path names."""

    because: tuple[str, ...]
    locale: LocaleName | None = None


def describe(entry: Entry, fact: Facts, around: Surroundings) -> Subject:
    """What many rules ask of an entry, worked out once."""
    name = entry.path.rpartition("/")[2]
    above = ancestors(folded(entry.path))
    return Subject(
        entry=entry,
        fact=fact,
        name=unicodedata.normalize("NFC", name),
        extension=_extension(name),
        tops=tuple(top for top, key in zip(ancestors(entry.path), above, strict=True) if key in around.tops),
        is_below_program=any(map(around.counts_as_program, above)),
        is_beside_program=above[0] in around.program_folders,
        is_at_top=above[0] == "" or above[0] in around.tops,
        is_launched=entry.index in around.launched,
        is_with_images=around.has_images,
        is_image=may_be_image(entry, fact),
    )


def may_be_image(entry: Entry, fact: Facts) -> bool:
    """Is it an image or a volume, or could it be one for all that can be told? Such folders are no languages."""
    if fact.dicom is not None:
        return not fact.dicom.is_directory
    if fact.pe is not None or entry.is_directory:
        return False
    is_huge = fact.magic in {"unknown", "gzip"} and entry.size > _SMALLEST_VOLUME
    return is_huge or fact.magic == "unreadable" or _extension(entry.path) in VOLUME_EXTENSIONS


def _extension(path: str) -> str:
    name, dot, extension = path.rpartition("/")[2].rpartition(".")
    return extension.lower() if dot and name else ""


def shortlist(rules: Sequence[LoadedRule], subject: Subject, around: Surroundings) -> list[LoadedRule]:
    """The rules that may match such an entry at all: by its extension and what its content is, found once for each,
    and by its path and whether it lies below a program.
    """
    pe = subject.fact.pe
    kind = "" if pe is None else "dll" if pe.is_dll else "exe"
    key = (id(rules), subject.extension, subject.fact.magic, kind)
    known = around.shortlists.get(key)
    if known is None:
        found = [_candidate(one) for one in rules if any(_may_match(c, subject, kind) for c in all_of(one.rule.match))]
        around.shortlists[key] = known = rules, found  # to hold the rules themselves keeps their id from another's
    return [
        rule
        for rule, globs, is_below in known[1]
        if (subject.is_below_program or not is_below) and (not globs or patterns.may_match(globs, subject.entry.path))
    ]


def _candidate(loaded: LoadedRule) -> Candidate:
    sets = all_of(loaded.rule.match)
    globs = tuple(glob for c in sets for glob in texts(c.path)) if all(c.path is not None for c in sets) else ()
    return loaded, globs, all(c.below_program is True for c in sets)


def _may_match(c: Conditions, subject: Subject, kind: str) -> bool:
    if c.extension is not None and subject.extension not in _plain_extensions(texts(c.extension)):
        return False
    if c.magic is not None and subject.fact.magic not in texts(c.magic):
        return False
    if c.dicom is not None and c.dicom is not False and subject.fact.magic != "dicom":
        return False
    if c.pe is None or c.pe is False:
        return True
    return bool(kind) and (c.pe is True or c.pe.kind in {None, kind})


def match_conditions(rule: str, conditions: Conditions, subject: Subject, around: Surroundings) -> Match | str:
    """Hold one set of conditions against an entry; cheap ones first."""
    because: list[str] = []
    for check in (_check_names, _check_content, _check_place):
        refusal = check(conditions, subject, because)
        if refusal:
            return refusal
    locale: LocaleName | None = None
    if conditions.path is not None:
        result = _match_path(rule, conditions, subject, around)
        if isinstance(result, str):
            return result
        because += result.because
        locale = result.locale
    return Match(tuple(because), locale)


def _check_names(c: Conditions, subject: Subject, because: list[str]) -> str:
    if c.extension is not None:
        if subject.extension not in _plain_extensions(texts(c.extension)):
            return f"its extension is {subject.extension or 'none'!r}"
        because.append(f"its extension is {subject.extension!r}")
    if c.name is not None:
        regex = _find_matching(texts(c.name), subject.name)
        if regex is None:
            return "its name does not fit"
        because.append(f"its name fits {regex!r}")
    size = subject.entry.size
    if c.larger_than is not None and size <= c.larger_than:
        return f"it has {size:,} bytes, not more than {c.larger_than:,}"
    if c.smaller_than is not None and size >= c.smaller_than:
        return f"it has {size:,} bytes, not less than {c.smaller_than:,}"
    if c.larger_than is not None or c.smaller_than is not None:
        because.append(f"it has {size:,} bytes")
    return ""


@cache
def _plain_extensions(wanted: tuple[str, ...]) -> frozenset[str]:
    return frozenset(extension.lower().removeprefix(".") for extension in wanted)


def _find_matching(regexes: Sequence[str], name: str) -> str | None:
    """The first regular expression that fits the whole name; no real name is longer than 255 letters."""
    if len(name) > _LONGEST_TEXT:
        return None
    return next((regex for regex in regexes if patterns.compile_regex(regex).fullmatch(name)), None)


def _check_content(c: Conditions, subject: Subject, because: list[str]) -> str:
    fact = subject.fact
    if c.magic is not None:
        if fact.magic not in texts(c.magic):
            return f"its first bytes say {fact.magic!r}"
        because.append(f"its first bytes say {fact.magic!r}")
    if c.installer is not None:
        is_meant = (
            bool(fact.installer) == c.installer
            if isinstance(c.installer, bool)
            else fact.installer in texts(c.installer)
        )
        if not is_meant:
            return f"it is an installer ({fact.installer})" if fact.installer else "it is no installer of a known kind"
        because.append(f"it is an installer ({fact.installer})" if fact.installer else "it is no installer")
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
        if allowed is not None and (getattr(fact.dicom, key) or "").upper() not in map(str.upper, texts(allowed)):
            return f"its DICOM {key} is another"
    return ""


def _check_pe(wanted: PeConditions | bool, pe: PeFacts | None, because: list[str]) -> str:  # noqa: FBT001  as above
    if pe is None:
        return "it is no Windows program or library" if wanted is not False else ""
    kind = "dll" if pe.is_dll else "exe"
    because.append(f"it is a Windows {'library' if pe.is_dll else 'program'}")
    if isinstance(wanted, bool):
        return "" if wanted else because[-1]
    for key, value in (("kind", kind), ("machine", pe.machine)):
        if getattr(wanted, key) not in {None, value}:
            return f"its {key} is {value}"
    for key in ("company", "product", "description", "original_filename"):
        regexes = texts(getattr(wanted, key))
        value = pe.version.get(key, "")[:_LONGEST_TEXT]
        if regexes and not any(patterns.compile_regex(regex).search(value) for regex in regexes):
            return f"its version-info {key} is {value!r}"
        if regexes:
            because.append(f"its version-info {key} is {value!r}")
    return ""


def _check_place(c: Conditions, subject: Subject, because: list[str]) -> str:
    for wanted, is_so, words in (
        (c.below_program, subject.is_below_program, "in or below the folder of a program"),
        (c.beside_program, subject.is_beside_program, "beside a program"),
        (c.at_top, subject.is_at_top, "at the top of the disc"),
        (c.launched, subject.is_launched, "named by a start page or script"),
        (c.with_images, subject.is_with_images, "on a disc with DICOM images"),
    ):
        if wanted is not None:
            if wanted != is_so:
                return f"it is {'not ' if wanted else ''}{words}"
            because.append(f"it is {'' if wanted else 'not '}{words}")
    return ""


def _match_path(rule: str, c: Conditions, subject: Subject, around: Surroundings) -> Match | str:
    refusal = "its path does not fit"
    path = subject.entry.path
    for glob in patterns.begin_at(subject.tops, texts(c.path)):
        if not patterns.has_locale(glob):
            if patterns.matches(glob, path):
                return Match((f"its path fits {glob!r}",))
            continue
        for found in patterns.find_locales(glob, path):
            refusal = refuse_image(found, around, is_image=subject.is_image) or refuse_alone(rule, found, c, around)
            if not refusal:
                fallback = languages.is_fallback(found.text) or languages.is_fallback(found.tag)
                name = LocaleName(found.tag, found.text, found.group, fallback)
                return Match((f"its path fits {glob!r}", f"{found.text!r} is the language {found.tag}"), name)
    return refusal
