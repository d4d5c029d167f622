"""Which languages of a set stay: each wish is asked for itself, and some English is left to fall back to."""

import pytest

from repack.model import Category
from tests.classify.synthetic import Disc, dll, exe, lay_out, reasons
from tests.planning.test_plan import decision, dropped


def lay_out_languages(*tags: str) -> Disc:
    return lay_out({"V/v.exe": exe()} | {f"V/{tag}/v.resources.dll": dll() for tag in tags})


def left(tags: str, **wishes: object) -> str:
    """Of a set of languages, those that stay."""
    gone = dropped(lay_out_languages(*tags.split()).plan(**wishes))
    return " ".join(tag for tag in tags.split() if f"V/{tag}/v.resources.dll" not in gone)


@pytest.mark.parametrize(
    ("tags", "wishes", "stay"),
    [
        ("en-US de-DE fr-FR", "en de-AT", "en-US de-DE"),
        ("en-US de-DE fr-FR", "de-AT", "en-US de-DE"),
        ("en-US pt-BR fr-FR", "en pt-PT", "en-US pt-BR"),
        ("en es-MX fr", "en es-ES", "en es-MX"),
        ("en fr-FR de", "en fr-CA", "en fr-FR"),
        ("en nb de", "en nn", "en nb"),
        ("en no de", "en nn", "en no"),
        ("en nn de", "en nb-NO", "en nn"),
        ("en zh-TW zh-CN de", "en zh-HK", "en zh-TW"),
        ("en zh-Hans zh-Hant de", "en zh-HK", "en zh-Hant"),
        ("en zh-CN de", "en zh-HK", "en"),  # another script
        ("en de de-DE fr", "en de-AT", "en de"),  # the language itself is there, so nothing stands in for it
        ("en da nb de", "en nn", "en nb"),
        ("en pt-BR es-MX ca fr", "en pt-PT es-ES", "en pt-BR es-MX"),
        ("en ja de", "en es-ES", "en"),
    ],
)
def test_a_wish_that_a_set_does_not_have_keeps_the_nearest(tags: str, wishes: str, stay: str):
    assert left(tags, keep_locales=tuple(wishes.split())) == stay


def test_what_stands_in_for_a_wish_says_so():
    plan = lay_out_languages("en-US", "de-DE", "fr-FR").plan(keep_locales=("en", "de-AT"))
    found = decision(plan, "V/de-DE/v.resources.dll")
    assert (found.wish, found.reason) == (
        "--keep-locales",
        "German (Germany) (de-DE) is the nearest to German (Austria) (de-AT) in this set",
    )
    assert reasons(plan)["V/fr-FR/v.resources.dll"] == "French (France) (fr-FR) is not among the languages to keep"


def test_every_set_is_asked_for_itself():
    sets = {"a": ("en", "de", "de-DE"), "b": ("en", "de-DE", "fr")}
    files = {f"{folder}/{tag}/v.resources.dll": dll() for folder, tags in sets.items() for tag in tags}
    plan = lay_out({"a/v.exe": exe(), "b/v.exe": exe()} | files).plan(keep_locales=("en", "de-AT"))
    assert dropped(plan) == {"a/de-DE/v.resources.dll", "b/fr/v.resources.dll"}


@pytest.mark.parametrize(
    ("tags", "wishes", "stay"),
    [
        ("en-GB de-DE fr-FR", "de", "en-GB de-DE"),
        ("en-AU de fr", "de", "en-AU de"),
        ("en-GB en-AU de fr", "de", "en-GB en-AU de"),
        ("en-GB en-AU de fr", "en-GB", "en-GB"),  # an English that is wished for is enough
        ("en en-GB de fr", "de", "en de"),
        ("en-US en-GB de fr", "de", "en-US de"),
        ("en-GB de fr", "ja", "en-GB de fr"),
    ],
)
def test_any_english_is_what_programs_fall_back_to_where_there_is_no_other(tags: str, wishes: str, stay: str):
    assert left(tags, keep_locales=tuple(wishes.split())) == stay


def test_the_only_english_stays_where_languages_go_by_their_category():
    assert left("en-GB de fr", drop=(Category.LOCALE,)) == "en-GB"
    plan = lay_out_languages("en-GB", "de", "fr").plan(drop=(Category.LOCALE,))
    assert decision(plan, "V/en-GB/v.resources.dll").reason == (
        "English (United Kingdom) (en-GB) is the language that programs fall back to"
    )
