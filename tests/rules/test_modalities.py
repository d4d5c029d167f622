"""Plug-ins, layouts and texts that are named by kinds of images are no languages, unless languages lie beside them."""

import pytest

from repack.model import Category, Facts
from tests.classify.synthetic import dll, exe, lay_out
from tests.planning.test_plan import dropped

TEXT = Facts("unknown")
MODALITIES = "CT MR PT MG US ES SR"
KINDS = [
    ("V/plugins/module_{}.dll", ""),
    ("V/HighRes_{}.dll", ""),
    ("V/Layout_{}.xml", "V/Layout.xml"),
    ("V/tools_{}.ini", "V/tools.ini"),
    ("V/texts_{}.properties", "V/texts.properties"),
    ("V/hanging_{}.properties", ""),
    ("V/messages_{}.txt", ""),
    ("V/manual_{}.pdf", ""),
]


def lay_out_named(path: str, base: str, names: str):
    content = dll() if path.endswith("dll") else TEXT
    return lay_out({"V/v.exe": exe()} | {path.format(name): content for name in names.split()} | {base or "x": TEXT})


@pytest.mark.parametrize(("path", "base"), KINDS)
@pytest.mark.parametrize("names", [MODALITIES, MODALITIES.lower()])
def test_files_named_by_modality_are_no_languages(path: str, base: str, names: str):
    disc = lay_out_named(path, base, names)
    assert not [path for path, verdict in disc.by_path.items() if verdict.locale is not None]
    for wish in ("es", "pt"):
        assert dropped(disc.plan(keep_locales=("en", wish))) == set()


@pytest.mark.parametrize(("path", "base"), KINDS)
def test_a_few_of_them_beside_one_word_are_no_languages_either(path: str, base: str):
    disc = lay_out_named(path, base, "MR PT SR IT")
    assert Category.LOCALE not in {verdict.category for verdict in disc.verdicts}


@pytest.mark.parametrize(("path", "base"), KINDS)
def test_the_same_names_are_languages_beside_clear_ones(path: str, base: str):
    disc = lay_out_named(path, base, "de en es fr mr pt sr")
    gone = dropped(disc.plan(keep_locales=("en", "es")))
    assert gone == {path.format(name) for name in "de fr mr pt sr".split()}


def test_a_clear_language_alone_makes_no_languages_of_modalities():
    """Of a family of plug-ins one may be called like a language by chance: with it are too few beyond doubt."""
    disc = lay_out_named("V/plugins/module_{}.dll", "", "ct mr pt mg es de")
    assert dropped(disc.plan(keep_locales=("en", "es"))) == set()
    disc = lay_out_named("V/MSG_{}.INI", "V/MSG.INI", "DE")
    assert dropped(disc.plan(keep_locales=("en", "DE"))) == set()
    assert disc.by_path["V/MSG_DE.INI"].category is Category.LOCALE
