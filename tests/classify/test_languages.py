"""Which names are locales, and which of them a wish keeps."""

from locale import windows_locale

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repack.classify import language_names, languages, matching

BASES = sorted(language_names.CLDR_BASE_LANGUAGES)

TAGS = {
    "es": "es",
    "ES": "es",
    " es ": "es",
    "zh_TW": "zh-TW",
    "pt-br": "pt-BR",
    "pt_BR.UTF-8": "pt-BR",
    "sr@latin": "sr-Latn",
    "sr_RS@latin": "sr-Latn-RS",
    "sr_SP": "sr-RS",
    "zh-CHS": "zh-Hans",
    "zh_cht": "zh-Hant",
    "zh-Hans-CN": "zh-Hans-CN",
    "zh_TW_#Hant": "zh-Hant-TW",
    "de_DE@euro": "de-DE",
    "ca@valencia": "ca",
    "es_419": "es-419",
    "es-LA": "es-419",
    "en-UK": "en-GB",
    "en-001": "en-001",
    "iw": "he",
    "in": "id",
    "tl": "fil",
    "sh": "sr-Latn",
    "fil": "fil",
    "cmn": "zh",
    "jp": "ja",
    "cz": "cs",
    "dan-DK": "da-DK",
}
NAMES = {
    "Kyrgyz": "ky",
    "Kirghiz": "ky",
    "Spanish": "es",
    "SPANISH": "es",
    "Englisch": "en",
    "Norwegian": "no",
    "Norwegian Bokmål": "nb",
    "NorwegianNynorsk": "nn",
    "ScotsGaelic": "gd",
    "Low German": "nds",
    "Swiss German": "de-CH",
    "Español": "es",
    "Espan\u0303ol": "es",
    "espanol": "es",
    "francais": "fr",
    "portugues": "pt",
    "turkce": "tr",
    "日本語": "ja",
    "한국어": "ko",
    "简体中文": "zh-Hans",
    "РУССКИЙ": "ru",
    "Deutsch": "de",
    "Türkisch": "tr",
    "TUERKISCH": "tr",
    "Franzoesisch": "fr",
    "Niederlaendisch": "nl",
}
QUALIFIED_NAMES = {
    "Yemeni Arabic": "ar-YE",
    "Arabic (Yemen)": "ar-YE",
    "Arabic_Yemen": "ar-YE",
    "Arabic (U.A.E.)": "ar-AE",
    "Portuguese (Brazil)": "pt-BR",
    "PortugueseBR": "pt-BR",
    "Brazilian Portuguese": "pt-BR",
    "BrazilianPortuguese": "pt-BR",
    "Português (Brasil)": "pt-BR",
    "SimpChinese": "zh-Hans",
    "TradChinese": "zh-Hant",
    "simpchinese": "zh-Hans",
    "Chinese (Simplified)": "zh-Hans",
    "Chinese Traditional": "zh-Hant",
    "Chinese (Simplified, China)": "zh-Hans-CN",
    "Chinese (Simplified)_China.936": "zh-Hans-CN",
    "Chinese_TW": "zh-TW",
    "SerbianLatin": "sr-Latn",
    "Serbian (Latin, Bosnia & Herzegovina)": "sr-Latn-BA",
    "SpanishInternational": "es",
    "Spanish_Spain.1252": "es-ES",
    "Español (México)": "es-MX",
    "Latin American Spanish": "es-419",
    "Spanish (Latin America)": "es-419",
    "English (United States)": "en-US",
    "Flemish": "nl-BE",
}
# Windows' LOCALE_SABBREVLANGNAME and ISO 639-2, bibliographic codes included.
THREE_LETTERS = {
    "ENU": "en-US",
    "ESP": "es",
    "esp": "es",
    "ESN": "es-ES",
    "DEU": "de",
    "FRA": "fr",
    "ITA": "it",
    "JPN": "ja",
    "KOR": "ko",
    "RUS": "ru",
    "PTB": "pt-BR",
    "CHS": "zh-Hans",
    "CHT": "zh-Hant",
    "ARY": "ar-YE",
    "spa": "es",
    "ger": "de",
    "fre": "fr",
    "chi": "zh",
}
LCIDS = {
    "1033": "en-US",
    "1034": "es-ES",
    "2052": "zh-CN",
    "2058": "es-MX",
    "3082": "es-ES",
    "9217": "ar-YE",
    "0409": "en-US",
    "0C0A": "es-ES",
    "0c0a": "es-ES",
    "1C01": "ar-TN",
    "0x0409": "en-US",
    "0x0c0a": "es-ES",
    "0x0440": "ky-KG",
    "0x2401": "ar-YE",
    "0x0004": "zh-Hans",
    "0x7c04": "zh-Hant",
    "0x081a": "sr-Latn-RS",
    "0x380a": "es-UY",
    "0x580a": "es-419",
    "0x0007": "de",
    "0x0009": "en",
    "0x000a": "es",
    "0x0a": "es",
    "0x001a": "hr",
}


@pytest.mark.parametrize(
    ("text", "tag"),
    [*TAGS.items(), *NAMES.items(), *QUALIFIED_NAMES.items(), *THREE_LETTERS.items(), *LCIDS.items()],
)
def test_a_locale_name_has_a_tag(text: str, tag: str):
    assert languages.read_tag(text) == tag


INNO_SETUP = """
    Armenian BrazilianPortuguese Bulgarian Catalan Corsican Czech Danish Dutch Finnish French German Hebrew
    Hungarian Icelandic Italian Japanese Korean Norwegian Polish Portuguese Russian Slovak Slovenian Spanish
    Swedish Tamil Turkish Ukrainian
"""
NSIS = """
    Afrikaans Albanian Arabic Asturian Basque Belarusian Bosnian Breton Cibemba Croatian English Esperanto
    Estonian Farsi Galician Georgian Greek Hindi Indonesian Irish Kurdish Latvian Lithuanian Luxembourgish
    Macedonian Malay Mongolian NorwegianNynorsk Pashto PortugueseBR Romanian ScotsGaelic Serbian SerbianLatin
    SimpChinese SpanishInternational Tatar Thai TradChinese Uzbek Vietnamese Welsh
"""


@pytest.mark.parametrize("name", (INNO_SETUP + NSIS).split())
def test_installers_name_their_languages_so(name: str):
    assert languages.read_tag(name)


FOLDERS = """
    bin lib res doc app sys log win lut mac src com net inc cfg bat cab new old tmp img dicom images viewer
    help setup data docs autorun plugins fonts java icons drivers update language locale resources default
    common html system windows about license latin meta arm cor sag run vol
"""
DICOM_NAMES = """
    SE000001 PA000001 I0000001 ST00001 SE-001 MR_001 pt_005 MR_SE PT-CT ST_SE CT MR-0001 DICOMDIR
    MR.001 SE.932 MR.1.2.840.10008 1.2.840.113619
"""
NUMBERS = "0 1 10 100 999 0001 000A 0004 1000 1024 1401 2024 2401 7777 0400 0xffff 0x0400 0x381a 0x1 1033.0"
BROKEN = "- _ @ . es- -es es_ es-XX es-ZZ es-Xxxx es-ES-MX es-999 xx-YY to-do to_DO C POSIX x-default und"


@pytest.mark.parametrize("text", [*(FOLDERS + DICOM_NAMES + NUMBERS + " " + BROKEN).split(), "", " "])
def test_no_locale(text: str):
    assert languages.read_tag(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Spanish stuff",
        "my documents",
        "my Spanish",
        "English to German",
        "Spanish (Yes)",
        "German.txt",
        "es.js",
        "Spanish (Simplified)",
        "English_to",
        "\N{ARABIC-INDIC DIGIT ONE}033",
        "a" * 1000,
        "Spanish" + " " * 100 + "Spain",
    ],
)
def test_an_unknown_word_beside_a_language_is_no_locale(text: str):
    assert languages.read_tag(text) is None


@pytest.mark.parametrize("base", BASES)
def test_every_cldr_language_is_read_and_wanted(base: str):
    tag = languages.read_tag(base)
    if base in language_names.NEVER_CODES:
        assert tag is None
    else:
        assert tag
        assert matching.is_wanted([tag], tag)
        assert matching.is_wanted([base], tag)
        assert languages.describe(tag) != tag


def test_the_list_is_that_of_cldr():
    localedata = pytest.importorskip("babel.localedata")
    here = {name.split("_")[0] for name in localedata.locale_identifiers()}
    # Another release of CLDR may know a few more or less; a list gone wrong differs by many.
    assert len(here ^ set(BASES)) <= 20


@pytest.mark.parametrize("lcid", windows_locale)
def test_every_windows_locale_has_a_tag(lcid: int):
    assert languages.read_tag(f"0x{lcid:04x}")


def test_corrections_and_aliases_lead_to_readable_tags():
    targets = [*language_names.CODE_ALIASES.values(), *language_names.NAME_ALIASES.values()]
    targets += language_names.LCID_CORRECTIONS.values()
    assert [tag for tag in targets if languages.read_wish(tag) != tag] == []


MODALITIES = "AR AS CS ES FA GM IO KO MG MR MS PA PS PT SC SE SG SR ST TG"
WORDS = "no is it am to so be my he os ts gl bg sd id el ca te th tr ia ie ee ff in mas dav mer sat sid bas ce tk"


@pytest.mark.parametrize("text", (MODALITIES + " " + WORDS).split())
def test_a_modality_or_word_is_doubtful(text: str):
    assert languages.is_doubtful(text)
    assert languages.is_doubtful(text.swapcase())


@pytest.mark.parametrize("text", ["de", "fr", "ENU", "zh", "pt-BR", "no_NO", "Spanish", "1033", "ar-YE", "", "bin"])
def test_a_clear_name_is_not_doubtful(text: str):
    assert not languages.is_doubtful(text)


NEUTRAL = "neutral Default BASE invariant common root und C POSIX x-default X_DEFAULT C.UTF-8"
ENGLISH = "en en-US en_us en_US.UTF-8 English Englisch eng 1033 0409 0x0409 0x0009 ENU English-US"


@pytest.mark.parametrize("text", (NEUTRAL + " " + ENGLISH).split())
def test_fallback(text: str):
    assert languages.is_fallback(text)


@pytest.mark.parametrize("text", ["en-GB", "2057", "British English", "es", "Spanish", "basement", "", "bin", "x"])
def test_no_fallback(text: str):
    assert not languages.is_fallback(text)


# The left of each row is the wish.
KEPT = [
    ("es", "es es-MX es-419 es-ES"),
    ("es-419", "es-419 es-MX es-AR es"),
    ("es-MX", "es-MX es-419 es"),
    ("es-ES", "es-ES es"),
    ("en", "en en-GB en-001 en-AU"),
    ("en-GB", "en-GB en-001 en"),
    ("en-AT", "en-AT en-150 en-001 en"),
    ("pt", "pt pt-BR pt-PT"),
    ("pt-BR", "pt-BR pt"),
    ("pt-AO", "pt-AO pt-PT pt"),
    ("ar", "ar ar-YE ar-EG"),
    ("sr", "sr sr-Latn sr-Cyrl sr-Latn-RS sr-RS"),
    ("sr-Latn", "sr-Latn sr-Latn-RS sr"),
    ("no", "no nb nb-NO no-NO"),
    ("nb", "nb no"),
    ("nb-NO", "nb-NO nb no"),
    ("zh", "zh zh-CN zh-TW zh-HK zh-Hans zh-Hant"),
    ("zh-Hans", "zh-Hans zh-CN zh-SG zh"),
    ("zh-Hant", "zh-Hant zh-TW zh-HK zh"),
    ("zh-TW", "zh-TW zh-Hant zh-Hant-TW zh"),
    ("he", "he iw he-IL"),
    ("iw", "he iw"),
    ("tl", "fil tl fil-PH"),
    ("fil-PH", "tl fil"),
    ("uz", "uz uz-Cyrl"),
]
DROPPED = [
    ("es", "ca gl pt en"),
    ("es-MX", "es-ES es-AR pt-MX"),
    ("es-ES", "es-419 es-MX"),
    ("es-419", "es-ES"),
    ("en-GB", "en-US en-AU"),
    ("pt-BR", "pt-PT"),
    ("ar-YE", "ar-EG"),
    ("ca", "es"),
    ("da", "nb no"),
    ("id", "ms"),
    ("ms", "id"),
    ("no", "nn da"),
    ("uk", "ru"),
    ("ru", "uk ky"),
    ("sr", "hr"),
    ("zh-Hans", "zh-TW zh-Hant zh-HK"),
    ("zh-Hant", "zh-CN zh-Hans"),
    ("zh-TW", "zh-CN zh-Hans zh-HK"),
]


def _pair_up(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(wish, tag) for wish, tags in rows for tag in tags.split()]


@pytest.mark.parametrize(("wish", "tag"), _pair_up(KEPT))
def test_a_wish_keeps(wish: str, tag: str):
    assert matching.is_wanted([wish], tag)
    assert matching.is_wanted(["ja", wish], tag)


@pytest.mark.parametrize(("wish", "tag"), _pair_up(DROPPED))
def test_a_wish_drops(wish: str, tag: str):
    assert not matching.is_wanted([wish], tag)


@pytest.mark.parametrize(
    ("text", "tag"),
    [("04", "zh-Hans"), ("07", "de"), ("0a", "es"), ("0C", "fr"), ("11j", "ja"), ("09", "en"), ("0x0a", "es"),
     ("1034", "es-ES"), ("0C0A", "es-ES"), ("0x0440", "ky-KG"), ("00", None), ("fe", None), ("1024", None),
     ("de", None), ("zzz", None), ("", None)],
)  # fmt: skip
def test_the_number_of_a_language(text: str, tag: str | None):
    assert languages.read_number(text) == tag


def test_no_wish_keeps_nothing():
    assert not matching.is_wanted([], "en")


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("es", "es"),
        ("spanish", "es"),
        (" pt_br ", "pt-BR"),
        ("zh-hans", "zh-Hans"),
        ("Yemeni Arabic", "ar-YE"),
        ("iw", "he"),
        ("esp", "es"),
        # In a path these would rather be DICOM; whoever writes them as a wish means them.
        ("es-PT", "es-PT"),
        ("mr-SE", "mr-SE"),
    ],
)
def test_a_wish_is_read(text: str, tag: str):
    assert languages.read_wish(text) == tag


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("englsh", "'englsh' is no language that repack knows; did you mean 'en' (English)?"),
        ("Spansh", "'Spansh' is no language that repack knows; did you mean 'es' (Spanish)?"),
        ("es-XX", "'es-XX' is no language that repack knows; did you mean 'es' (Spanish)?"),
        ("xx", "'xx' is no language that repack knows; write a tag such as en, es or pt-BR"),
        ("", "'' is no language that repack knows; write a tag such as en, es or pt-BR"),
        ("bin", "'bin' is no language that repack knows; write a tag such as en, es or pt-BR"),
        ("qz\nqz", r"'qz\nqz' is no language that repack knows; write a tag such as en, es or pt-BR"),
    ],
)
def test_a_wrong_wish_gets_advice(text: str, advice: str):
    with pytest.raises(ValueError, match="no language") as caught:
        languages.read_wish(text)
    assert str(caught.value) == advice


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("ky", "Kyrgyz"),
        ("ar-YE", "Arabic (Yemen)"),
        ("es-419", "Spanish (Latin America)"),
        ("zh-Hant", "Chinese (Traditional)"),
        ("xx", "xx"),
        ("not a tag", "not a tag"),
    ],
)
def test_describe(tag: str, name: str):
    assert languages.describe(tag) == name


def _likely_names() -> st.SearchStrategy[str]:
    part = st.sampled_from(["es", "zh", "sr", "Latn", "BR", "419", "Chinese", "(", ")", "0x04", "09", "Simplified"])
    return st.lists(st.one_of(part, st.text(max_size=3), st.sampled_from("-_@. #"))).map("".join)


@given(st.one_of(st.text(), _likely_names()))
def test_reading_never_raises_and_reads_its_own_tags(text: str):
    tag = languages.read_tag(text)
    languages.is_doubtful(text)
    languages.is_fallback(text)
    if tag:
        assert matching.is_wanted([tag], tag)
        assert languages.read_wish(tag) == tag
