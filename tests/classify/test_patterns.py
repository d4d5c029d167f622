"""Path patterns and regular expressions of rules."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repack.classify import patterns

MATCHING = [
    ("*.pdf", "Manual.pdf"),
    ("*.pdf", "Docs/Deep/MANUAL.PDF"),
    ("readme.txt", "Viewer/README.TXT"),
    ("Viewer/*.dll", "viewer/a.dll"),
    ("Viewer/**", "Viewer/a/b/c"),
    ("Viewer/", "Viewer/a/b/c"),
    ("**/jre/**", "jre/bin/java.exe"),
    ("**/jre/**", "a/b/jre/bin/java.exe"),
    ("**/__MACOSX/**", "__MACOSX/._a"),
    ("a/**/b", "a/b"),
    ("a/**/b", "a/x/y/b"),
    ("**", "anything/at all"),
    ("I000000?", "DICOM/I0000001"),
    ("a+b (1).txt", "a+b (1).txt"),
    ("[x].txt", "[x].txt"),
    ("Übersicht.pdf", "U\u0308BERSICHT.PDF"),
    ("Demo*/**", "Demo Data/x"),
    ("**/.Trashes/**", ".Trashes/501/x"),
]
OTHERS = [
    ("Viewer/*.dll", "Viewer/sub/a.dll"),
    ("Viewer/*.dll", "Other/Viewer/a.dll"),
    ("Viewer/**", "Viewer"),
    ("Viewer/", "Viewer2/a"),
    ("a/**/b", "ab"),
    ("*.pdf", "a.pdf/b"),
    ("?", "ab"),
    ("**/jre/**", "myjre/a"),
    ("[ab].txt", "a.txt"),
    ("a.b", "axb"),
]


@pytest.mark.parametrize(("glob", "path"), MATCHING)
def test_a_glob_matches(glob: str, path: str):
    assert patterns.matches(glob, path)


@pytest.mark.parametrize(("glob", "path"), OTHERS)
def test_a_glob_does_not_match(glob: str, path: str):
    assert not patterns.matches(glob, path)


def find(glob: str, path: str) -> list[tuple[str, str, str, str]]:
    return [(m.text, m.tag, m.group, m.folder) for m in patterns.find_locales(glob, path)]


@pytest.mark.parametrize(
    ("glob", "path", "text", "tag", "group", "folder"),
    [
        ("**/{locale}/*.resources.dll", "App/es-MX/a.resources.dll", "es-MX", "es-MX", "app/", "App/es-MX"),
        ("**/{locale}/*.resources.dll", "es/a.resources.dll", "es", "es", "", "es"),
        ("**/*_{locale}.qm", "t/qt_zh_TW.qm", "zh_TW", "zh-TW", "t/qt_", ""),
        ("**/*_{locale}.qm", "t/qt_help_pt_BR.qm", "pt_BR", "pt-BR", "t/qt_help_", ""),
        ("**/*_{locale}.qm", "t/my_app_sr_Latn_RS.qm", "sr_Latn_RS", "sr-Latn-RS", "t/my_app_", ""),
        ("**/*_{locale}.qm", "t/my_app_de.qm", "de", "de", "t/my_app_", ""),
        ("**/lang/{locale}/**", "LANG/Arabic (Yemen)/a/b", "Arabic (Yemen)", "ar-YE", "lang/", "LANG/Arabic (Yemen)"),
        ("**/lang/{locale}.*", "v/lang/Kyrgyz.xml", "Kyrgyz", "ky", "v/lang/", ""),
        ("text_{locale}.ini", "deep/down/text_fr.ini", "fr", "fr", "deep/down/text_", ""),
        ("**/{locale}.lproj/**", "a.app/German.lproj/x.nib", "German", "de", "a.app/", "a.app/German.lproj"),
        ("**/{locale}/**", "de/help/it/a.htm", "it", "it", "de/help/", "de/help/it"),
        ("**/{lcid}/**", "V/1034/a.dll", "1034", "es-ES", "v/", "V/1034"),
        ("**/{lcid}/**", "V/0C0A/a.dll", "0C0A", "es-ES", "v/", "V/0C0A"),
        ("**/*{lcid}.dll", "V/View1031.dll", "1031", "de-DE", "v/view", ""),
        ("**/{lcid}.ini", "0x0409.ini", "0x0409", "en-US", "", ""),
        ("**/lang_{langid}.dll", "S/lang_11j.dll", "11j", "ja", "s/lang_", ""),
        ("**/lang{langid}/**", "S/Help/lang0a/h.chm", "0a", "es", "s/help/lang", "S/Help/lang0a"),
    ],
)
def test_a_language_is_found(glob: str, path: str, text: str, tag: str, group: str, folder: str):
    assert find(glob, path)[0] == (text, tag, group, folder)


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("**/lang/{locale}/**", "lang/plugins/a"),
        ("**/lang/{locale}/**", "lang/es"),
        ("**/lang/{locale}/**", "slang/es/a"),
        ("**/*_{locale}.qm", "qt_help.qm"),
        ("**/*_{locale}.qm", "qt_es.txt"),
        ("**/*_{locale}.qm", "_" * 1020 + "_es.qm"),
    ],
)
def test_no_language_is_found(glob: str, path: str):
    assert find(glob, path) == []


def test_every_folder_of_a_path_may_be_the_language():
    assert [m.folder for m in patterns.find_locales("**/{locale}/**", "de/bin/it/x/fr/a")] == [
        "de/bin/it/x/fr", "de/bin/it", "de",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("glob", "path", "without"),
    [
        ("**/*_{locale}.ini", "R/MSG_DE.INI", "R/MSG.INI"),
        ("**/*.{locale}.resx", "a/Texts.pt-BR.resx", "a/Texts.resx"),
        ("**/{locale}.txt", "a/de.txt", "a/.txt"),
    ],
)
def test_a_path_without_its_language(glob: str, path: str, without: str):
    assert next(patterns.find_locales(glob, path)).without == without


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("**/{lcid}/**", "de/a"),
        ("**/{lcid}/**", "1024/a"),
        ("**/*{lcid}.dll", "cv21034.dll"),
        ("**/*{lcid}.dll", "Viewer3d.dll"),
        ("**/lang_{langid}.dll", "lang_zz.dll"),
        ("**/lang_{langid}.dll", "lang_00.dll"),
    ],
)
def test_a_number_that_is_no_language(glob: str, path: str):
    assert find(glob, path) == []


def test_a_hostile_path_takes_no_time():
    start = time.process_time()
    for path in ("_" * 65_000 + ".qm", "a_" * 30_000, "lang/" * 12_000, "/" * 60_000):
        assert find("**/*_{locale}.qm", path) == []
        assert not patterns.matches("**/lang/**/x", path)
    assert time.process_time() - start < 1


@pytest.mark.parametrize("glob", ["a", "**/*.txt", "**/{locale}/x", "{locale}_a", "a/b/"])
def test_a_good_glob(glob: str):
    assert patterns.check_glob(glob) == ""


@pytest.mark.parametrize(
    ("glob", "problem"),
    [
        ("", "relative"),
        ("/a", "relative"),
        ("a\\b", "uses /"),
        ("{locale}/{locale}", "once"),
        ("{lang}/x", "placeholders"),
        ("a}", "placeholders"),
    ],
)
def test_a_bad_glob(glob: str, problem: str):
    assert problem in patterns.check_glob(glob)


SAFE = [
    r"vcredist.*\.exe",
    r"(abc)+",
    r"(abc|abd)*x",
    r"([ ._-]|20\d\d|x86|arm|64)*",
    r"(a{2}b)+",
    r"(a|b)?c*",
    r"a{1,3}",
    r"(?:ab)*",
    r"(\(\d{4}\))*",
    r"([)(*+]x)*",
    r"\(a+\)+",
    r"(x86|\w64)+z",
]
RUNAWAY = [
    r"(a+)+b",
    r"(a*)*",
    r"(\w+\s?)*$",
    r"(a|a)*b",
    r"(a|aa)+$",
    r"(\d|\w)*!",
    r"(a?a)*b",
    r"(.*a){20}",
    r"((ab)+c)*",
    r"(?:a+){2,}b",
    r"(?P<n>a+)*b",
    r"(a(b|c)|ab)*d",
    r"(a{1,5})*b",
    r".*a.*b.*c.*d",
    r"([^)]+)*x",
]


@pytest.mark.parametrize("regex", SAFE)
def test_a_safe_regular_expression(regex: str):
    assert patterns.check_regex(regex) == ""


@pytest.mark.parametrize("regex", RUNAWAY)
def test_a_runaway_regular_expression(regex: str):
    re.compile(regex)
    assert "forever" in patterns.check_regex(regex)


@pytest.mark.parametrize(
    ("regex", "problem"),
    [
        ("(", "missing )"),
        ("a" * 301, "longer than 300"),
        ("*", "nothing"),
        ("[[a]", "nested set"),
        ("a{9999999999}", "too large"),
    ],
)
def test_a_wrong_regular_expression(regex: str, problem: str):
    assert problem in patterns.check_regex(regex)


@given(st.text("ab|()*+?{}[]\\d.2,", max_size=14))
def test_what_is_allowed_is_quick(regex: str):
    if patterns.check_regex(regex) == "":
        start = time.process_time()
        for name in ("a" * 60 + "!", "ab" * 30 + "!", "2" * 60 + "!", "." * 60):
            patterns.compile_regex(regex).fullmatch(name)
        assert time.process_time() - start < 0.5


@given(
    st.lists(st.sampled_from(["a", "B", "/", "*", "**", "**/", "?", ".", "x/"]), min_size=1, max_size=8).map("".join),
    st.text("aB/.x", max_size=10),
)
def test_looking_for_the_literal_first_changes_nothing(glob: str, path: str):
    assert patterns.matches(glob, path) == bool(patterns.compile_glob(glob).fullmatch(path))
