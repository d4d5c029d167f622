"""Is a piece of a path a locale name, which BCP 47 tag does it mean, and does a wish keep it?

The only module that knows langcodes and its data. A wrong drop is bad and a wrong keep costs little: what is not
surely a locale is None, and a wish keeps rather more.
"""

import re
import string
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import cache
from itertools import product
from locale import windows_locale
from typing import Final

from langcodes import Language, tag_distance

from repack.classify import language_names as tables

_LONGEST_NAME: Final = 60
_SHORTEST_NAME: Final = 4  # "Ewe", "Lao", "Vai" as names are left to the codes
_NEAREST_KEPT: Final = 10  # es/es-MX 5, no/nb 1, but da/nb 12, id/ms 14, ca/es 20
_SEPARATORS: Final = re.compile(r"[-_@#]+")
_CODESET: Final = re.compile(
    r"\.(utf-?8|iso-?8859-?[0-9]{1,2}|(cp|windows-)[0-9]{3,5}|koi8-[ru]|euc-?[a-z]{2}|big5|gb[0-9k]+|s?jis)$"
    r"|(?<=[a-z]{4})\.[0-9]{3,5}$",  # setlocale's Spanish_Spain.1252, but not the image MR.001
    re.IGNORECASE,
)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_SCRIPT: Final = re.compile(r"[a-z]{4}")
_REGION: Final = re.compile(r"[a-z]{2}|[0-9]{3}")
_PRIVATE_REGION: Final = re.compile(r"aa|q[m-z]|x[a-jl-z]|zz")  # ISO 3166 user-assigned; xk is Kosovo
_PREFIXED_LCID: Final = re.compile(r"0x([0-9a-f]{2,4})")
_BARE_HEX_LCID: Final = re.compile(r"(?=0|[0-9]*[a-f])[0-9a-f]{4}")
_DECIMAL_LCID: Final = re.compile(r"[1-9][0-9]{3,4}")
_PRIMARY_ID: Final = re.compile(r"(?:0x)?([0-9a-f]{2})[a-z]?")  # "11j": the letter is the vendor's
_PRIMARY_LANGUAGE: Final = 0x3FF
_NO_SUBLANGUAGE: Final = 0x0400  # LCIDs up to here name no country, and are small numbers in decimal
_AMBIGUOUS_PRIMARY: Final = 0x1A  # Bosnian, Croatian and Serbian share it
_WORD_BREAKS: Final = re.compile(r"[\s_\-,()\[\]./]+|(?<=[^\W\d_A-Z])(?=[A-Z])")  # PortugueseBR
_NAMING_LANGUAGES: Final = ("de", "fr", "es", "it", "pt")  # no folder is named in them for a rarer language


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


def is_wanted(wishes: Sequence[str], tag: str) -> bool:
    """Tell whether a wish keeps a tag: filtering keeps all matches, lookup the best one (RFC 4647 3.3)."""
    return any(_keeps(wish, tag) for wish in wishes)


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
    try:
        name = Language.get(tag).display_name()
    except ValueError:
        return tag
    return tag if name.startswith("Unknown") else name


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
            languages.setdefault(lcid & _PRIMARY_LANGUAGE, _base_of(Language.get(tag)))
    return languages


def _read_code(code: str, *, only_usual: bool) -> str | None:
    """Read a lower-case tag; with `only_usual`, a doubtful base takes only a region that CLDR has for it."""
    if code in tables.CODE_ALIASES:
        return tables.CODE_ALIASES[code]
    written_base, *rest = _SEPARATORS.split(code)
    language = _read_base(written_base)
    subtags = _read_subtags(rest)
    if language is None or subtags is None:
        return None
    base, script = _base_of(language), subtags.get("script") or language.script
    region = subtags.get("region") or language.territory
    if region:
        region = tables.REGION_CORRECTIONS.get((base, region), region)
        is_in_question = only_usual and not script and written_base in tables.DOUBTFUL_CODES
        if not _has_region(base, region, only_usual=is_in_question):
            return None
    if not Language.make(script=script, territory=region).is_valid():
        return None
    return Language.make(base, script=script, territory=region).simplify_script().to_tag()


@cache
def _read_base(code: str) -> Language | None:
    if code in tables.NEVER_CODES or not _LANGUAGE.fullmatch(code):
        return None
    alias = tables.BASE_CORRECTIONS.get(code) or tables.CODE_ALIASES.get(code, code)
    language = Language.get(alias, normalize=True)
    return language if language.language in tables.CLDR_BASE_LANGUAGES else None


def _base_of(language: Language) -> str:
    return language.language or "und"


def _read_subtags(parts: Sequence[str]) -> dict[str, str] | None:
    """Sort what follows the base into script and region, in any order; None if a part is neither."""
    found: dict[str, str] = {}
    for part in parts:
        subtag = tables.SUBTAG_ALIASES.get(part, part)
        if subtag in tables.IGNORED_SUBTAGS:
            continue
        if _SCRIPT.fullmatch(subtag) and "script" not in found:
            found["script"] = subtag.title()
        elif _REGION.fullmatch(subtag) and not _PRIVATE_REGION.fullmatch(subtag) and "region" not in found:
            found["region"] = subtag.upper()
        else:
            return None
    return found


def _has_region(base: str, region: str, *, only_usual: bool) -> bool:
    if region.isdigit():
        return base in tables.NUMBER_REGIONS.get(region, ())
    if not only_usual or region in tables.USUAL_REGIONS.get(base, ()):
        return True
    return Language.get(base).maximize().territory == region


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
    qualifier, base = tables.fold("".join(words)), _base_of(Language.get(tag))
    if qualifier in tables.EMPTY_QUALIFIERS:
        return tag
    if script := tables.SCRIPT_NAMES.get(qualifier):
        is_of_chinese = script in {"Hans", "Hant"}  # "Spanish (Traditional)" is a sort order
        return _extend(tag, script) if is_of_chinese == (base == "zh") else None
    region = _list_region_names(base).get(qualifier)
    if not region and _REGION.fullmatch(qualifier):
        region = qualifier if _has_region(base, qualifier.upper(), only_usual=True) else None
    return _extend(tag, region) if region else None


def _extend(tag: str, subtag: str) -> str | None:
    return _read_code(f"{tag}-{subtag}".lower(), only_usual=False)


@cache
def _list_names() -> dict[str, str]:
    """Folded name to tag; earlier sources win: aliases, English, the language's own name, other languages."""
    names = dict(tables.NAME_ALIASES)
    for name, tag in _list_cldr_names():
        folded = tables.fold(name)
        if folded not in tables.NEVER_NAMES and (len(folded) >= _SHORTEST_NAME or not folded.isascii()):
            names.setdefault(folded, tag)
    return names


def _list_cldr_names() -> Iterator[tuple[str, str]]:
    from language_data.names import code_to_names  # noqa: PLC0415  large; langcodes gives the same more slowly

    names = {tag: code_to_names(tag) for tag in sorted(tables.CLDR_BASE_LANGUAGES)}
    yield from ((known.get("en", ""), tag) for tag, known in names.items())
    yield from ((known.get(tag, ""), tag) for tag, known in names.items())
    yield from ((n.get(naming, ""), tag) for naming in _NAMING_LANGUAGES for tag, n in names.items() if len(tag) == 2)


@cache
def _list_region_names(base: str) -> dict[str, str]:
    """Folded region name, in English and in the language itself ("Español (España)"), to its code."""
    names = dict(tables.REGION_NAMES)
    for code in map("".join, product(string.ascii_lowercase, repeat=2)):
        territory = Language.make(territory=code.upper())
        if territory.is_valid() and not _PRIVATE_REGION.fullmatch(code):
            for naming in ("en", base):
                names.setdefault(tables.fold(territory.territory_name(naming)), code)
    return names


@cache
def _keeps(wish: str, tag: str) -> bool:
    wanted, offered = Language.get(wish, normalize=True), Language.get(tag, normalize=True)
    is_same_base = wanted.language == offered.language
    if is_same_base and not (offered.script or offered.territory):
        return True  # a program without the region's file falls back to the bare language
    if not wanted.territory:
        is_bare_wish = is_same_base and not wanted.script
        return is_bare_wish or tag_distance(wanted, offered) <= _NEAREST_KEPT
    return (
        tag_distance(_base_of(wanted), _base_of(offered)) <= _NEAREST_KEPT
        and wanted.maximize().script == offered.maximize().script
        and _are_related_regions(wanted, offered)
    )


def _are_related_regions(wanted: Language, offered: Language) -> bool:
    return (
        not offered.territory
        or offered.territory in _trace_regions(wanted)
        or wanted.territory in _trace_regions(offered)
    )


def _trace_regions(language: Language) -> list[str]:
    regions = [language.territory or ""]
    for (base, parent), children in tables.REGION_PARENTS.items():
        if language.language == base and regions[-1] in children:
            regions.append(parent)
    return regions


def _find_nearest(text: str) -> str | None:
    if head := read_tag(_SEPARATORS.split(text.strip())[0]):
        return head  # the language is right, the rest is not
    names = _list_names()  # not the codes: two or three letters are near to all of them
    nearest = get_close_matches(tables.fold(text[:_LONGEST_NAME]), names, n=1, cutoff=0.75)
    return names[nearest[0]] if nearest else None
