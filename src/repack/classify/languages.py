"""Is a piece of a path a locale name, and which BCP 47 tag does it mean?

A wrong drop is bad and a wrong keep costs little: what is not surely a locale is None.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from locale import windows_locale
from typing import Final

from repack.classify import cldr
from repack.classify import language_names as tables

_LONGEST_NAME: Final = 60
_SHORTEST_NAME: Final = 4  # "Ewe", "Lao", "Vai" as names are left to the codes
_SEPARATORS: Final = re.compile(r"[-_@#]+")
_CODESET: Final = re.compile(
    r"\.(utf-?8|iso-?8859-?[0-9]{1,2}|(cp|windows-)[0-9]{3,5}|koi8-[ru]|euc-?[a-z]{2}|big5|gb[0-9k]+|s?jis)$"
    r"|(?<=[a-z]{4})\.[0-9]{3,5}$",  # setlocale's Spanish_Spain.1252, but not the image MR.001
    re.IGNORECASE,
)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_SCRIPT: Final = re.compile(r"[a-z]{4}")
_REGION: Final = re.compile(r"[a-z]{2}|[0-9]{3}")
_TAG: Final = re.compile(r"([a-z]{2,3})(?:-([A-Z][a-z]{3}))?(?:-([A-Z]{2}|[0-9]{3}))?")
_PREFIXED_LCID: Final = re.compile(r"0x([0-9a-f]{2,4})")
_BARE_HEX_LCID: Final = re.compile(r"(?=0|[0-9]*[a-f])[0-9a-f]{4}")
_DECIMAL_LCID: Final = re.compile(r"[1-9][0-9]{3,4}")
_PRIMARY_ID: Final = re.compile(r"(?:0x)?([0-9a-f]{2})[a-z]?")  # "11j": the letter is the vendor's
_PRIMARY_LANGUAGE: Final = 0x3FF
_NO_SUBLANGUAGE: Final = 0x0400  # LCIDs up to here name no country, and are small numbers in decimal
_AMBIGUOUS_PRIMARY: Final = 0x1A  # Bosnian, Croatian and Serbian share it
_WORD_BREAKS: Final = re.compile(r"[\s_\-,()\[\]./]+|(?<=[^\W\d_A-Z])(?=[A-Z])")  # PortugueseBR


@cache
def read_tag(text: str) -> str | None:
    """Return the BCP 47 tag that a name in a path means, None for no locale (CLDR, ISO 639, [MS-LCID])."""
    name = unicodedata.normalize("NFC", text.strip())
    if not name or len(name) > _LONGEST_NAME:
        return None
    name = _CODESET.sub("", name)
    code = name.lower()
    return _read_lcid(code) or _read_code(code, only_usual=True) or _read_name(name)


@cache
def read_number(text: str) -> str | None:
    """Return the tag of a Windows language number: an LCID (1034, 0C0A, 0x0c0a) or a primary id (0a) ([MS-LCID])."""
    code = text.lower()
    primary = _PRIMARY_ID.fullmatch(code)
    return _name_lcid(int(primary[1], 16)) if primary else _read_lcid(code)


def is_doubtful(text: str) -> bool:
    """Tell whether a bare code is also a DICOM modality, a folder name or a word (PS3.3 C.7.3.1.1.1)."""
    return text.strip().lower() in tables.DOUBTFUL_CODES


def is_fallback(text: str) -> bool:
    """Tell whether programs fall back to this: neutral names, en and en-US in any notation (gettext, CEF)."""
    name = _CODESET.sub("", text.strip().lower()).replace("_", "-")
    return name in tables.FALLBACK_NAMES or read_tag(text) in {"en", "en-US"}


def read_wish(text: str) -> str:
    """Return the BCP 47 tag the user wishes, else a ValueError of one line with a suggestion (RFC 5646)."""
    tag = read_tag(text) or _read_code(text.strip().lower(), only_usual=False)
    if tag:
        return tag
    advice = "write a tag such as en, es or pt-BR"
    if nearest := _find_nearest(text):
        advice = f"did you mean {nearest!r} ({describe(nearest)})?"
    raise ValueError(f"{text!r} is no language that repack knows; {advice}")


@cache
def describe(tag: str) -> str:
    """Return the English name of a tag, such as "Arabic (Yemen)", or the tag itself if CLDR has none."""
    return _compose_name(tag) or cldr.ask_display_name(tag) or tag


def _compose_name(tag: str) -> str | None:
    """Return what langcodes calls a tag, if the file tells it."""
    known, match = cldr.load(), _TAG.fullmatch(tag)
    if match is None or match[1] not in known.languages:
        return None
    language, script, region = known.languages[match[1]], match[2], match[3]
    parts = [language.english]
    if script and script != language.script:
        parts.append(known.scripts.get(script, ""))
    if region:
        parts.append(known.regions.get(known.other.get(region, region), ""))
    if not all(parts):
        return None
    return f"{parts[0]} ({', '.join(parts[1:])})" if parts[1:] else parts[0]


def _read_lcid(code: str) -> str | None:
    if prefixed := _PREFIXED_LCID.fullmatch(code):
        return _name_lcid(int(prefixed[1], 16))
    lcid = 0
    if _DECIMAL_LCID.fullmatch(code):
        lcid = int(code)
    elif _BARE_HEX_LCID.fullmatch(code):
        lcid = int(code, 16)
    # Without 0x it may be any number, so only a whole and known LCID counts.
    return _name_lcid(lcid) if lcid > _NO_SUBLANGUAGE and lcid in windows_locale else None


def _name_lcid(lcid: int) -> str | None:
    if lcid in tables.LCID_CORRECTIONS:
        return tables.LCID_CORRECTIONS[lcid]
    if lcid in windows_locale:
        return _read_code(windows_locale[lcid].lower(), only_usual=False)
    primary = lcid & _PRIMARY_LANGUAGE
    return None if primary == _AMBIGUOUS_PRIMARY else _list_primary_languages().get(primary)


@cache
def _list_primary_languages() -> dict[int, str]:
    languages: dict[int, str] = {}
    for lcid in sorted(windows_locale):
        if lcid > _NO_SUBLANGUAGE and (tag := _name_lcid(lcid)):
            languages.setdefault(lcid & _PRIMARY_LANGUAGE, _base_of(tag))
    return languages


def _read_code(code: str, *, only_usual: bool) -> str | None:
    """Read a lower-case tag; with `only_usual`, a doubtful base takes only a region that CLDR has for it."""
    if code in tables.CODE_ALIASES:
        return tables.CODE_ALIASES[code]
    written_base, *rest = _SEPARATORS.split(code)
    tag, subtags, known = _TAG.fullmatch(_read_base(written_base) or ""), _read_subtags(rest), cldr.load()
    if tag is None or subtags is None:
        return None
    base, script, region = tag.groups("")
    script, region = subtags.get("script", script), subtags.get("region", region)
    if region:
        region = tables.REGION_CORRECTIONS.get((base, region), region)
        is_in_question = only_usual and not script and written_base in tables.DOUBTFUL_CODES
        if region not in known.regions or not _has_region(base, region, only_usual=is_in_question):
            return None
    if script and script not in known.scripts:
        return None
    script = "" if script == known.languages[base].script else script
    return "-".join(subtag for subtag in (base, script, region) if subtag)


def _read_base(code: str) -> str | None:
    """Return the tag that a code of two or three letters means: mostly a language, but `sh` is sr-Latn."""
    if code in tables.NEVER_CODES or not _LANGUAGE.fullmatch(code):
        return None
    alias = tables.BASE_CORRECTIONS.get(code) or tables.CODE_ALIASES.get(code, code)
    tag = cldr.load().other.get(alias, alias)
    return tag if _base_of(tag) in cldr.load().languages else None


def _base_of(tag: str) -> str:
    return tag.partition("-")[0]


def _read_subtags(parts: Sequence[str]) -> dict[str, str] | None:
    """Sort what follows the base into script and region, in any order; None if a part is neither."""
    found: dict[str, str] = {}
    for part in parts:
        subtag = tables.SUBTAG_ALIASES.get(part, part)
        if subtag in tables.IGNORED_SUBTAGS:
            continue
        if _SCRIPT.fullmatch(subtag) and "script" not in found:
            found["script"] = subtag.title()
        elif _REGION.fullmatch(subtag) and "region" not in found:
            found["region"] = subtag.upper()
        else:
            return None
    return found


def _has_region(base: str, region: str, *, only_usual: bool) -> bool:
    if region.isdigit():
        return base in tables.NUMBER_REGIONS.get(region, ())
    if not only_usual or region in tables.USUAL_REGIONS.get(base, ()):
        return True
    return cldr.load().languages[base].region == region


def _read_name(name: str) -> str | None:
    """Read a language name alone, or with words beside it that are all known: "my Spanish" is no locale."""
    names = _list_names()
    if whole := names.get(tables.fold(name)):
        return whole
    words = [word for word in _WORD_BREAKS.split(name) if word]
    for cut in range(1, len(words)):
        for named, qualifier in ((words[:cut], words[cut:]), (words[cut:], words[:cut])):
            base = names.get(tables.fold("".join(named)))
            if base and (tag := _qualify(base, qualifier)):
                return tag
    return None


def _qualify(tag: str, words: Sequence[str]) -> str | None:
    """Add what stands beside a language name, one qualifier or two: "Chinese (Simplified, China)"."""
    for cut in range(len(words), 0, -1):
        qualified = _add_qualifier(tag, words[:cut])
        if qualified and cut < len(words):
            qualified = _add_qualifier(qualified, words[cut:])
        if qualified:
            return qualified
    return None


def _add_qualifier(tag: str, words: Sequence[str]) -> str | None:
    qualifier, base = tables.fold("".join(words)), _base_of(tag)
    if qualifier in tables.EMPTY_QUALIFIERS:
        return tag
    if script := tables.SCRIPT_NAMES.get(qualifier):
        is_of_chinese = script in {"Hans", "Hant"}  # "Spanish (Traditional)" is a sort order
        return _extend(tag, script) if is_of_chinese == (base == "zh") else None
    region = _list_region_names().get(qualifier)
    if not region and _REGION.fullmatch(qualifier) and _has_region(base, qualifier.upper(), only_usual=True):
        region = qualifier
    region = region or _list_own_region_names(base).get(qualifier) or _ask_own_region_names(base).get(qualifier)
    return _extend(tag, region) if region else None


def _extend(tag: str, subtag: str) -> str | None:
    return _read_code(f"{tag}-{subtag}".lower(), only_usual=False)


@cache
def _list_names() -> dict[str, str]:
    """Folded name to tag: aliases first, then what CLDR says."""
    names = dict(tables.NAME_ALIASES)
    for tag, language in cldr.load().languages.items():
        for name in language.names:
            if name not in tables.NEVER_NAMES and (len(name) >= _SHORTEST_NAME or not name.isascii()):
                names.setdefault(name, tag)
    return names


@cache
def _list_region_names() -> dict[str, str]:
    """Folded English region name to its code."""
    names = dict(tables.REGION_NAMES)
    for code, name in cldr.load().regions.items():
        if not code.isdigit():
            names.setdefault(tables.fold(name), code)
    return names


@cache
def _list_own_region_names(base: str) -> dict[str, str]:
    """Folded region name in the language itself ("Español (España)") to its code, where the language is usual."""
    return dict(pair.split("=") for pair in cldr.load().languages[base].own_regions)


@cache
def _ask_own_region_names(base: str) -> dict[str, str]:
    """Return the same for all countries; asked last, for it loads the library."""
    names: dict[str, str] = {}
    for code, name in cldr.ask_region_names(base) if base != "en" else ():
        names.setdefault(tables.fold(name), code)
    return names


def _find_nearest(text: str) -> str | None:
    if head := read_tag(_SEPARATORS.split(text.strip())[0]):
        return head  # the language is right, the rest is not
    from difflib import get_close_matches  # noqa: PLC0415  only for a wrong wish

    names = _list_names()  # not the codes: two or three letters are near to all of them
    nearest = get_close_matches(tables.fold(text[:_LONGEST_NAME]), names, n=1, cutoff=0.75)
    return names[nearest[0]] if nearest else None
