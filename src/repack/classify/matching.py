"""Does a wish for a language keep a tag?

A wrong drop is bad and a wrong keep costs little: a wish keeps rather more than its own tag.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from repack.classify import cldr
from repack.classify import language_names as tables

if TYPE_CHECKING:
    from langcodes import Language

NEAREST_KEPT: Final = 10  # es/es-MX 5, no/nb 1, but da/nb 12, id/ms 14, ca/es 20


def is_wanted(wishes: Sequence[str], tag: str) -> bool:
    """Tell whether a wish keeps a tag: filtering keeps all matches, lookup the best one (RFC 4647 3.3)."""
    return any(_keeps(wish, tag) for wish in wishes)


@cache
def find_nearest(wish: str, tags: frozenset[str]) -> frozenset[str]:
    """Of tags that a wish does not keep, those of its language and script that come nearest to it: de-DE for de-AT."""
    own = _language_of(wish)
    same = [tag for tag in tags if _language_of(tag) == own]
    if not same:
        return frozenset()
    from langcodes import Language, tag_distance  # noqa: PLC0415  as below

    script = Language.get(wish).maximize().script
    distances = {tag: tag_distance(wish, tag) for tag in same if Language.get(tag).maximize().script == script}
    shortest = min(distances.values(), default=0)
    return frozenset(tag for tag, distance in distances.items() if distance == shortest)


def _language_of(tag: str) -> str:
    base = tag.partition("-")[0]
    return tables.SAME_LANGUAGE.get(base, base)


@cache
def _keeps(wish: str, tag: str) -> bool:
    """Answer what needs no more than the languages themselves, and leave the rest to langcodes."""
    known = cldr.load()
    wanted, offered = wish.partition("-")[0], tag.partition("-")[0]
    if not {wanted, offered} <= known.languages.keys():
        return _is_near(wish, tag)
    if wanted == offered:
        return "-" not in tag or "-" not in wish or _is_near(wish, tag)
    return offered in known.near.get(wanted, "").split() and _is_near(wish, tag)


def _is_near(wish: str, tag: str) -> bool:
    from langcodes import Language, tag_distance  # noqa: PLC0415  large, and most wishes are for a bare language

    wanted, offered = Language.get(wish, normalize=True), Language.get(tag, normalize=True)
    is_same_base = wanted.language == offered.language
    if is_same_base and not (offered.script or offered.territory):
        return True  # a program without the region's file falls back to the bare language
    if not wanted.territory:
        is_bare_wish = is_same_base and not wanted.script
        return is_bare_wish or tag_distance(wanted, offered) <= NEAREST_KEPT
    return (
        tag_distance(wanted.language or "und", offered.language or "und") <= NEAREST_KEPT
        and wanted.maximize().script == offered.maximize().script
        and _are_related_regions(wanted, offered)
    )


def _are_related_regions(wanted: "Language", offered: "Language") -> bool:
    return (
        not offered.territory
        or offered.territory in _trace_regions(wanted)
        or wanted.territory in _trace_regions(offered)
    )


def _trace_regions(language: "Language") -> list[str]:
    regions = [language.territory or ""]
    for (base, parent), children in tables.REGION_PARENTS.items():
        if language.language == base and regions[-1] in children:
            regions.append(parent)
    return regions
