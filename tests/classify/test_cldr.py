"""The file of codes and names says what the library says, and spares a run the library."""

import os
import subprocess
import sys
from itertools import cycle
from pathlib import Path

import pytest
from langcodes import Language, tag_distance

from fixtures.disc import dental_disc, write_zip
from repack.classify import cldr, language_names, languages, matching
from tests.classify import renew_names
from tests.commands import entries_of

CODES = cldr.load()
BASES = sorted(CODES.languages)
COUNTRIES = [code for code in CODES.regions if not code.isdigit()]


def rows_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_the_file_is_what_the_library_says():
    there, here = rows_of(renew_names.render()), rows_of(renew_names.FILE.read_text("utf-8"))
    differing = sorted({*there} ^ {*here})
    assert there == here, f"renew it: python -m tests.classify.renew_names (differing: {differing[:10]})"


def test_the_file_says_whose_it_is():
    head = [line for line in renew_names.FILE.read_text("utf-8").splitlines() if line.startswith("#")]
    licences = renew_names.FILE.with_name("cldr_names.LICENSE.txt").read_text("utf-8")
    assert any("cldr_names.LICENSE.txt" in line for line in head)
    assert "UNICODE, INC. LICENSE AGREEMENT" in licences
    assert "Robyn Speer" in licences


def test_the_names_of_languages_are_those_of_the_library():
    names = dict(language_names.NAME_ALIASES)
    for name, tag in renew_names.list_names():
        folded = language_names.fold(name)
        if folded not in language_names.NEVER_NAMES and (len(folded) >= 4 or not folded.isascii()):
            names.setdefault(folded, tag)
    assert languages._list_names() == names
    assert len(names) > 1000


def test_each_code_means_what_the_library_says():
    for code in [*renew_names.spell(2), *renew_names.spell(3)]:
        if languages.is_doubtful(code) or code in language_names.CODE_ALIASES or code in language_names.NEVER_CODES:
            continue
        if code in language_names.BASE_CORRECTIONS:
            continue
        meant = Language.get(code)
        assert languages.read_tag(code) == (meant.to_tag() if meant.language in BASES else None), code


@pytest.mark.parametrize("base", ["de", "en", "mr", "sr", "zh", "yi", "agq"])
def test_each_script_is_read_as_the_library_writes_it(base: str):
    for script in ["Xxxx", "Abcd", *CODES.scripts]:
        tag = Language.make(base, script=script)
        assert read_wish(f"{base}_{script}") == (tag.simplify_script().to_tag() if tag.is_valid() else None)


@pytest.mark.parametrize("base", ["de", "en", "mr", "sr", "zh", "yi", "agq"])
def test_each_country_is_read_as_the_library_writes_it(base: str):
    for country in map(str.upper, renew_names.spell(2)):
        region = language_names.SUBTAG_ALIASES.get(country.lower(), country).upper()
        region = language_names.REGION_CORRECTIONS.get((base, region), region)
        tag = Language.make(base, territory=region)
        is_known = tag.is_valid() and not renew_names.PRIVATE_REGION.fullmatch(region)
        assert read_wish(f"{base}-{country}") == (tag.to_tag() if is_known else None)


def read_wish(text: str) -> str | None:
    try:
        return languages.read_wish(text)
    except ValueError:
        return None


def tags_to_describe() -> list[str]:
    usual = [f"{base}-{region}" for base, regions in language_names.USUAL_REGIONS.items() for region in regions]
    aliases = [*language_names.CODE_ALIASES.values(), *language_names.LCID_CORRECTIONS.values()]
    likely = [f"{base}-{language.region}" for base, language in CODES.languages.items() if language.region]
    written = [f"{base}-{language.script}" for base, language in CODES.languages.items() if language.script]
    everywhere = [f"en-{region}" for region in CODES.regions] + [f"sr-{script}" for script in CODES.scripts]
    mixed = map("-".join, zip(BASES * 2, cycle(CODES.scripts), cycle(CODES.regions), strict=False))
    names = language_names.NAME_ALIASES.values()
    return sorted({*BASES, *usual, *aliases, *names, *likely, *written, *everywhere, *mixed})


def test_tags_are_called_what_the_library_calls_them(monkeypatch: pytest.MonkeyPatch):
    tags = tags_to_describe()
    monkeypatch.setattr(cldr, "ask_display_name", lambda tag: f"asked for {tag}")
    languages.describe.cache_clear()
    wrong = {
        tag: languages.describe(tag) for tag in tags if languages.describe(tag) != Language.get(tag).display_name()
    }
    languages.describe.cache_clear()
    assert wrong == {}
    assert len(tags) > 1500


@pytest.mark.parametrize("tag", ["en-x-clinic", "de-1901", "sgn-US", "iw", "de_DE", "en-840"])
def test_other_tags_are_left_to_the_library(tag: str):
    assert languages.describe(tag) == Language.get(tag).display_name()


@pytest.mark.parametrize(
    ("wish", "is_left_to_it"),
    [("es", ()), ("da", ("nb-NO", "no")), ("es-MX", ("es-ES",)), ("sr", ("hr", "bs-Cyrl"))],
)
def test_the_library_is_asked_only_about_near_languages(
    wish: str, is_left_to_it: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(matching, "_is_near", lambda _wish, _tag: None)
    matching._keeps.cache_clear()
    asked = {
        tag for tag in ("es", "es-ES", "ca", "nb-NO", "no", "hr", "bs-Cyrl", "he") if matching._keeps(wish, tag) is None
    }
    matching._keeps.cache_clear()
    assert asked == {*is_left_to_it}


def test_wishes_keep_what_the_library_calls_near():
    pairs = [(wish, tag) for wish in BASES for tag in BASES]
    there = {pair for pair in pairs if tag_distance(*pair) <= matching.NEAREST_KEPT}
    assert {pair for pair in pairs if matching.is_wanted(pair[:1], pair[1])} == there


@pytest.mark.parametrize("base", ["en", "de", "es", "fr", "pt", "zh", "ar", "ru", "nb", "fy", "vi", "wo", "agq", "yi"])
def test_countries_are_read_by_their_names_in_english_and_in_the_language(base: str):
    names = dict(language_names.REGION_NAMES)
    for code in COUNTRIES:
        for naming in ("en", base):
            name = Language.make(territory=code).territory_name(naming)
            names.setdefault(language_names.fold(name), code)
    asked = languages._ask_own_region_names(base)
    assert {**asked, **languages._list_region_names()} == names
    assert languages._list_own_region_names(base).items() <= asked.items() or base == "en"


@pytest.mark.parametrize(
    ("text", "tag"),
    [("Español (España)", "es-ES"), ("Deutsch (Österreich)", "de-AT"), ("русский (Россия)", "ru-RU"),
     ("Tiếng Việt (Áo)", "vi-AT"), ("Tetum (East Timor)", None), ("Portuguese (East Timor)", "pt-TL")],
)  # fmt: skip
def test_a_country_named_in_the_language(text: str, tag: str | None):
    assert languages.read_tag(text) == tag


def test_countries_where_a_language_is_usual_are_known_without_the_library(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(languages, "_ask_own_region_names", lambda _base: {})
    names = {"Español (España)": "es-ES", "Português (Brasil)": "pt-BR", "Deutsch (Schweiz)": "de-CH",
             "русский (Россия)": "ru-RU", "中文 (台湾)": "zh-TW", "English stuff": None}  # fmt: skip
    languages.read_tag.cache_clear()
    assert {name: languages.read_tag(name) for name in names} == names
    languages.read_tag.cache_clear()


def booby_trap(folder: Path, *packages: str) -> dict[str, str]:
    """An environment in which an import of these packages, in any process, fails and leaves a mark."""
    for package in packages:
        trap = folder / package
        trap.mkdir(parents=True)
        code = f"from pathlib import Path\nPath(__file__).with_name('sprung').touch()\nraise ImportError({package!r})\n"
        (trap / "__init__.py").write_text(code, "utf-8")
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def run_trapped(tmp_path: Path, packages: tuple[str, ...], *words: str) -> tuple[dict[str, dict], list[str]]:
    disc, out = tmp_path / "disc.zip", tmp_path / "out.zip"
    write_zip(disc, dental_disc(2, size=64, viewer_scale=0))
    command = [sys.executable, "-m", "repack", str(disc), "-o", str(out), "-q", *words]
    environment = booby_trap(tmp_path / "traps", *packages)
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return entries_of(out), [mark.parent.name for mark in (tmp_path / "traps").glob("*/sprung")]


def test_the_trap_springs(tmp_path: Path):
    environment = booby_trap(tmp_path, "language_data")
    code = "from repack.classify import languages; languages.read_tag('Spanish stuff')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert "ImportError: language_data" in done.stderr
    assert (tmp_path / "language_data" / "sprung").exists()


@pytest.mark.lengthy
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_no_process_loads_the_library(tmp_path: Path, jobs: str):
    entries, sprung = run_trapped(tmp_path, ("language_data", "langcodes"), "--keep-locales", "en,es", "--jobs", jobs)
    assert sprung == []
    dropped = [entry["reason"] for entry in entries.values() if entry.get("wish") == "--keep-locales"]
    assert "Arabic (Yemen) (ar-YE) is not among the languages to keep" in dropped
