"""What CLDR says about the codes and names of languages, regions and scripts.

What nearly every name on a disc needs lies in `cldr_names.tsv` beside this module: each process that reads a name would
otherwise load the whole library, which takes longer than to classify a disc. `tests/classify/renew_names.py` writes the
file; its first lines say what the columns are. The library itself is asked for the rest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_FILE: Final = Path(__file__).with_name("cldr_names.tsv")  # importlib.resources alone takes longer than reading it


@dataclass(frozen=True, slots=True)
class Language:
    """A language that CLDR has data for."""

    english: str
    script: str
    """What it is written in where a tag does not say; empty if that is not clear."""
    region: str
    """Where most of its speakers live (likelySubtags); empty if that is not clear."""
    names: tuple[str, ...]
    """What it is called in English, in itself and in a few other languages, folded; no two languages share one."""
    own_regions: tuple[str, ...]
    """How it calls the countries where it is usual, as folded name, `=` and code; without what English says too."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The content of `cldr_names.tsv`, by code."""

    languages: Mapping[str, Language]
    regions: Mapping[str, str]
    """English names, also of regions that are no more."""
    scripts: Mapping[str, str]
    """English names."""
    other: Mapping[str, str]
    """What else means a language (`spa`) or is a former region, to the tag or the region meant."""
    near: Mapping[str, str]
    """Languages that whoever speaks this one can do with, whatever script and region; blanks between them."""


@cache
def load() -> Codes:
    """Return what the file says."""
    languages: dict[str, Language] = {}
    kinds: dict[str, dict[str, str]] = {"region": {}, "script": {}, "other": {}, "near": {}}
    for line in _FILE.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        kind, code, *columns = line.split("\t")
        if kind == "language":
            english, script, region, names, own_regions = columns
            languages[code] = Language(english, script, region, tuple(names.split()), tuple(own_regions.split()))
        else:
            kinds[kind][code] = columns[0]
    return Codes(languages, kinds["region"], kinds["script"], kinds["other"], kinds["near"])


def ask_display_name(tag: str) -> str | None:
    """Return the English name of any tag, None where CLDR has none; slow the first time."""
    import langcodes  # noqa: PLC0415  large, and loads language_data, which is larger

    try:
        name = langcodes.Language.get(tag).display_name()
    except ValueError:
        return None
    return None if name.startswith("Unknown") else name


def ask_region_names(base: str) -> Iterator[tuple[str, str]]:
    """Yield code and name of each country as the language calls it; slow the first time."""
    import langcodes  # noqa: PLC0415  as above

    for code in load().regions:
        if not code.isdigit():
            yield code, langcodes.Language.make(territory=code).territory_name(base)
