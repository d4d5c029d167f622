"""Every built-in rule on one entry that it means and on one that it does not; languages; first match wins."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.locales import ENGLISH_NAMES, GETTEXT_TAGS, QT_TAGS, SATELLITE_TAGS
from repack.classify import rules
from repack.model import Action, Category, DicomFacts, Facts, PeFacts
from tests.classify.synthetic import BUILTIN, DIRECTORY, IMAGE, Disc, classify, dental, lay_out, make_entry
from tests.shared_data import shared_files

QT = Facts("qt")
MO = Facts("gettext")
TEXT = Facts("unknown")
DICOM = Facts("dicom", dicom=IMAGE)
ANY_DLL = Facts("pe", pe=PeFacts(is_dll=True, machine="x86", version={}, imports=()))
ANY_EXE = Facts("pe", pe=PeFacts(is_dll=False, machine="x86", version={}, imports=()))
OLE = Facts("ole")
REDIST = "Microsoft Visual C++ 2015-2022 Redistributable (x64) - 14.44.35211"


def program(is_dll: bool = False, **version: str) -> Facts:  # noqa: FBT001, FBT002  reads well in a table
    return Facts("pe", pe=PeFacts(is_dll, "x86", {"company": "Microsoft Corporation"} | version, ()))


OLE = Facts("ole")
Files = dict[str, Facts | bytes]

# Rule -> what it means: files, of which the first is judged.
YES: dict[str, list[Files]] = {
    "locale.dotnet-satellite": [{"V/ky-KG/A.resources.dll": ANY_DLL}, {"de/A.resources.dll": ANY_DLL}],
    "locale.gettext": [{"locale/sr@latin/LC_MESSAGES/v.mo": MO}, {"V/locales/it/LC_MESSAGES/v.mo": MO}],
    "locale.qt": [{"translations/qt_zh_TW.qm": QT}, {"viewer_no.qm": QT}],
    "locale.chromium": [
        {"V/locales/es-419.pak": TEXT},
        {"qtwebengine_locales/de.pak": TEXT},
        {"locales/de.pak.info": TEXT},
    ],
    "locale.folder": [
        {"Viewer/Languages/Arabic (Yemen)/strings.xml": Facts("xml")},
        {"lang/it/a.txt": TEXT, "lang/no/a.txt": TEXT, "lang/se/a.txt": TEXT},
        {"i18n/pt_BR/deep/a.json": TEXT},
        {"V/Sprachen/Deutsch/a.txt": TEXT, "V/Sprachen/Englisch/a.txt": TEXT},
    ],
    "locale.file": [
        {"Viewer/lang/Kyrgyz.xml": Facts("xml")},
        {"i18n/fr.json": TEXT},
        {"lang/de.dll": ANY_DLL},
        {"V/Sprachen/Französisch.lng": TEXT, "V/Sprachen/Deutsch.lng": TEXT},
        {"idiomas/Inglés.ini": TEXT, "idiomas/Español.ini": TEXT},
        {"LANGUES/ANGLAIS.TXT": TEXT, "LANGUES/FRANCAIS.TXT": TEXT},
    ],
    "locale.extension": [
        {"V/Deutsch.lng": TEXT, "V/English.lng": TEXT, "V/v.exe": ANY_EXE},
        {"V/view_de.lang": TEXT, "V/view_fr.lang": TEXT},
        {"V/v.de.lng": TEXT, "V/v.en.lng": TEXT},
    ],
    "locale.mui": [{"V/de-DE/Viewer.exe.mui": ANY_DLL}],
    "locale.apple": [{"V.app/Contents/Resources/German.lproj/a.strings": TEXT}, {"x/zh_TW.lproj/deep/a.nib": TEXT}],
    "locale.java": [
        {"lib/Texts_pt_BR.properties": TEXT, "lib/Texts.properties": TEXT},
        {"Texts_de.properties": TEXT, "Texts_fr.properties": TEXT},
    ],
    "locale.suffix": [{"RESOURCE/MSG_DE.INI": TEXT, "RESOURCE/MSG.INI": TEXT}],
    "locale.prefix": [{"V/lang_spa.ini": TEXT, "V/lang_ger.ini": TEXT}],
    "locale.resource-dll": [
        {"bin/ViewRes_DE.dll": ANY_DLL},
        {f"bin/ViewRes_{tag}.dll": ANY_DLL for tag in ("IT", "DE", "FR")},
        {f"bin/a_{tag}.dll": ANY_DLL for tag in ("de", "fr", "ja")},
    ],
    "locale.language-id": [
        {f"lang_{number}.dll": ANY_DLL for number in ("11j", "04", "0a")},
        {f"Help/lang{number}/help.chm": TEXT for number in ("0a", "09", "04")},
    ],
    "locale.lcid": [
        {"V/1031/a.dll": ANY_DLL, "V/1033/a.dll": ANY_DLL},
        {"V/0407/a.dll": ANY_DLL, "V/0409/a.dll": ANY_DLL},
        {f"V/View{number}.dll": ANY_DLL for number in (1031, 1033, 1034)},
        {"Setup/0x0c0a.ini": TEXT},
        {"Setup/1031.mst": OLE},
    ],
    "locale.installer": [
        {f"Languages2/{name}.isl": TEXT for name in ("BrazilianPortuguese", "Ukrainian", "Dutch")},
        {f"x/{name}.nsh": TEXT for name in ("SpanishInternational", "SimpChinese", "German")},
    ],
    "locale.document": [
        {"guide_it.pdf": Facts("pdf"), "guide_en.pdf": Facts("pdf")},
        {"releaseNotes_it.txt": TEXT, "releaseNotes_en.txt": TEXT},
        {"V/Manual-de.chm": Facts("chm"), "V/Manual-fr.chm": Facts("chm")},
        {f"{tag}/guide_{tag}.pdf": Facts("pdf") for tag in ("it", "en", "de")},
    ],
    "locale.bare-folder": [
        {f"lib/{tag}/messages.json": TEXT for tag in ("pt-br", "cs", "de")},
        {f"DV31/{tag}/SETUPW2K.EXE": ANY_EXE for tag in ("DE_DE", "EN_US", "FR_FR")},
    ],
}

# Rule -> what looks like it and is not: the judged file, with the rule that it falls to instead.
NO: dict[str, list[tuple[str, Files]]] = {
    "locale.dotnet-satellite": [
        ("none", {"de/A.resources.dll": TEXT}),
        ("viewer.library", {"bin/A.resources.dll": ANY_DLL}),
        ("viewer.library", {"de/A.dll": ANY_DLL}),
        ("viewer.library", {"de/A.resources.dll": ANY_DLL, "de/I1": DICOM}),
    ],
    "locale.gettext": [
        ("locale.folder", {"locale/de/LC_MESSAGES/v.mo": TEXT}),
        ("none", {"x/de/LC_MESSAGES/v.mo": MO}),
    ],
    "locale.qt": [("none", {"image_no.qm": TEXT}), ("none", {"qt_help.qm": QT}), ("none", {"de.qm": QT})],
    "locale.chromium": [("none", {"resources_100.pak": TEXT}), ("none", {"locales/core.pak": TEXT})],
    "locale.folder": [
        ("viewer.program", {"lang/de/setup.exe": ANY_EXE}),
        ("none", {"lang/it/a.txt": TEXT, "lang/no/a.txt": TEXT}),
        ("volume.dental", {"lang/de/a.vol": TEXT}),
        ("none", {"lang/de/a.txt": TEXT, "lang/de/deep/I1": DICOM}),
        ("none", {"lang/de/a.txt": TEXT, "lang/de/b": Facts("unreadable")}),
        ("none", {"DICOM/de/a.txt": TEXT}),
        ("none", {"langs/bin/a.txt": TEXT}),
        ("none", {"Sprachen/Deutsch/a.txt": TEXT}),
        ("none", {"Sprachen/de/a.txt": TEXT, "Sprachen/en/a.txt": TEXT, "Sprachen/de/I1": DICOM}),
    ],
    "locale.file": [
        ("viewer.program", {"lang/de.exe": ANY_EXE}),
        ("volume.dental", {"lang/fr.vol": TEXT}),
        ("none", {"lang/it.txt": TEXT}),
        ("none", {"DICOM/fr.txt": TEXT}),
        ("none", {"lang/fr.x": Facts("unreadable")}),
        ("none", {"Sprachen/Deutsch.txt": TEXT, "Sprachen/Noten.txt": TEXT}),
        ("viewer.program", {"Sprachen/Deutsch.exe": ANY_EXE, "Sprachen/Englisch.exe": ANY_EXE}),
    ],
    "locale.extension": [
        ("none", {"Deutsch.lng": TEXT}),
        ("none", {"it.lng": TEXT, "no.lng": TEXT}),
        ("none", {"Deutsch.txt": TEXT, "English.txt": TEXT}),
        ("dicom", {"Deutsch.lng": DICOM, "English.lng": TEXT}),
    ],
    "locale.mui": [("none", {"de-DE/Viewer.exe.mui": TEXT}), ("viewer.library", {"bin/a.mui": ANY_DLL})],
    "locale.apple": [("none", {"Base.lproj/a.nib": TEXT}), ("none", {"de.lproj/a": TEXT, "de.lproj/I1": DICOM})],
    "locale.java": [
        ("none", {"Texts_de.properties": TEXT}),
        ("none", {"Texts.properties": TEXT, "Texts_de.properties": TEXT}),
        ("none", {"log_to.properties": TEXT, "log.properties": TEXT}),
    ],
    "locale.suffix": [
        ("none", {"RESOURCE/MSG.INI": TEXT, "RESOURCE/MSG_DE.INI": TEXT}),
        ("none", {"RESOURCE/MSG_DE.INI": TEXT}),
        ("none", {"run_no.ini": TEXT, "run.ini": TEXT}),
    ],
    "locale.prefix": [("none", {"lang_spa.ini": TEXT}), ("none", {"lang_spa.ini": TEXT, "lang_bin.ini": TEXT})],
    "locale.resource-dll": [
        ("viewer.library", {"bin/ViewRes_IT.dll": ANY_DLL}),
        ("viewer.library", {"a_de.dll": ANY_DLL, "a_fr.dll": ANY_DLL}),
        ("viewer.library", {f"vtk_{tag}.dll": ANY_DLL for tag in ("io", "no", "de")}),
        ("none", {"ViewRes_DE.dll": TEXT}),
    ],
    "locale.language-id": [
        ("viewer.library", {"lang_0a.dll": ANY_DLL, "lang_04.dll": ANY_DLL}),
        ("none", {f"Help/lang{number}/I1.txt": TEXT for number in ("zz", "09", "04")}),
        ("none", {"lang0a/a": TEXT, "lang0a/I1": DICOM, "lang04/a": TEXT, "lang09/a": TEXT}),
    ],
    "locale.lcid": [
        ("viewer.library", {"V/1031/a.dll": ANY_DLL}),
        ("viewer.library", {"V/1031/a.dll": ANY_DLL, "V/1033/b.dll": ANY_DLL}),
        ("document.report-page", {f"{number}/report.htm": TEXT for number in (1031, 1032, 1033)}),
        ("viewer.library", {"opencv2410.dll": ANY_DLL, "cv2411.dll": ANY_DLL, "cv1033.dll": ANY_DLL}),
        ("none", {"1031.ini": TEXT}),
        ("none", {"1031.mst": TEXT}),
        ("none", {"1031/a": TEXT, "1031/I1": DICOM, "1033/a": TEXT, "1034/a": TEXT}),
    ],
    "locale.installer": [("none", {"Spanish.isl": TEXT}), ("none", {"Default.isl": TEXT})],
    "locale.document": [
        ("document.report", {"Report_it.pdf": Facts("pdf"), "Report_en.pdf": Facts("pdf")}),
        ("none", {"guide_x.txt": TEXT, "guide_y.txt": TEXT}),
        ("none", {"notes_de.txt": TEXT}),
        ("none", {f"Reports/discharge_notes_{tag}.txt": TEXT for tag in ("de", "en", "fr")}),
    ],
    "locale.bare-folder": [
        ("none", {"lib/cs/a.json": TEXT, "lib/de/a.json": TEXT}),
        ("document.report", {f"Report/{tag}/report.pdf": Facts("pdf") for tag in ("de", "en", "fr")}),
        ("data.patient", {f"Export/{initials}/photo.jpg": Facts("jpeg") for initials in ("HR", "LV", "SK")}),
        ("none", {"cs/a.json": TEXT, "de/b.json": TEXT, "fr/c.json": TEXT}),
        ("none", {"neutral/a": TEXT, "de/a": TEXT, "fr/a": TEXT, "es/a": TEXT}),
        ("none", {f"{name}/a.htm": TEXT for name in ("IT", "PT", "SE")} | {"IM/I1": DICOM}),
        ("none", {f"DICOM/{name}/a.htm": TEXT for name in ("IT", "PT", "SE")} | {"DICOM/IM/I1": DICOM}),
        ("none", {"SE/a": TEXT, "SE/I1": DICOM, "de/a": TEXT, "fr/a": TEXT, "es/a": TEXT}),
        ("none", {"win32/scripts/ce/a.py": TEXT, "win32/scripts/b.py": TEXT}),
        # Unicode properties and encodings of Perl: codes of something else.
        ("none", {f"unicore/lib/{name}/Y.pl": TEXT for name in ("CE", "PCM", "SD")}),
        ("none", {f"Encode/{name}/x.so": TEXT for name in ("CN", "JP", "KR")}),
    ],
}


def cases(table: dict[str, list]) -> Iterator[tuple]:
    for rule, found in table.items():
        yield from ((rule, *(one if isinstance(one, tuple) else (one,))) for one in found)


@pytest.mark.parametrize(("rule", "files"), [*cases(YES)])
def test_a_rule_means(rule: str, files: Files):
    disc = lay_out(files)
    first = disc.verdicts[0]
    loaded = next(one.rule for one in BUILTIN if one.rule.id == rule)
    assert first.rule == rule
    assert (first.category, first.why) == (loaded.category, loaded.why)
    assert first.matched
    assert (first.locale is not None) == rule.startswith("locale.")


@pytest.mark.parametrize(("rule", "instead", "files"), [*cases(NO)])
def test_a_rule_does_not_mean(rule: str, instead: str, files: Files):
    disc = lay_out(files)
    assert disc.verdicts[0].rule == instead
    assert disc.verdicts[0].rule != rule


def test_every_rule_of_languages_has_both_cases():
    """The other rules have theirs in tests/rules/test_rule_cases.py."""
    ids = {one.rule.id for one in BUILTIN if one.rule.id.startswith("locale.")}
    assert set(YES) == ids
    assert set(NO) == ids


# --- languages ---


@pytest.mark.parametrize("name", ["IT", "NO", "PT", "SE", "MR", "it", "de", "Spanish", "fr-FR"])
@pytest.mark.parametrize("above", ["", "DICOM/", "lang/", "locale/", "Viewer/Languages/", "i18n/"])
@pytest.mark.parametrize("image", ["IM0001", "deep/down/IM0001", "a.vol", "ID.gwg", "scan.2dh"])
def test_a_folder_with_images_is_no_language(above: str, name: str, image: str):
    siblings = {f"{above}{other}/readme.bin": TEXT for other in ("de", "fr", "ja", "ko")}
    fact = DICOM if image.endswith("IM0001") else Facts("gzip" if image == "ID.gwg" else "unknown")
    disc = lay_out({f"{above}{name}/{image}": fact, f"{above}{name}/notes.txt": TEXT} | siblings)
    for path in (f"{above}{name}/{image}", f"{above}{name}/notes.txt"):
        assert disc.by_path[path].category is not Category.LOCALE
        assert disc.by_path[path].locale is None


def test_a_folder_with_a_large_file_of_an_unknown_kind_is_no_language():
    files = {"lang/de/slices": TEXT, "lang/de/a.txt": TEXT, "lang/fr/a.txt": TEXT}
    disc = lay_out(files, sizes={"lang/de/slices": 9_000_000})
    assert {path for path, verdict in disc.by_path.items() if verdict.locale} == {"lang/fr/a.txt"}


@pytest.mark.parametrize(
    ("names", "count"), [("it", 0), ("it no", 0), ("it IT no", 0), ("it no de", 3), ("it de", 1), ("it no se", 3)]
)
def test_doubtful_names_need_three_languages(names: str, count: int):
    found = lay_out({f"lang/{name}/a.txt": TEXT for name in names.split()})
    assert sum(verdict.category is Category.LOCALE for verdict in found.verdicts) == count


def test_sets_are_told_apart():
    found = lay_out(
        {f"{app}/lang/{name}/a.txt": TEXT for app, name in (("a", "it"), ("a", "no"), ("b", "de"), ("b", "fr"))}
    )
    assert {path for path, verdict in found.by_path.items() if verdict.locale} == {"b/lang/de/a.txt", "b/lang/fr/a.txt"}


def test_more_than_a_hundred_languages_in_four_layouts():
    disc = dental()
    locales = {path: verdict for path, verdict in disc.by_path.items() if verdict.category is Category.LOCALE}
    expected = len(SATELLITE_TAGS) + len(ENGLISH_NAMES) + len(GETTEXT_TAGS) + len(QT_TAGS)
    assert len(locales) == expected > 200
    assert all(part in path for path in locales for part in ["Viewer/"])
    assert not [path for path in locales if path.count("/") < 2]
    tags = {verdict.locale.tag for verdict in locales.values() if verdict.locale}
    assert {"ky", "ky-KG", "ar-YE", "zh-Hant", "sr-Latn", "es-419", "en", "en-GB"} <= tags
    named = {verdict.locale.text: verdict.locale.tag for verdict in locales.values() if verdict.locale}
    assert (named["Kyrgyz"], named["Arabic (Yemen)"]) == ("ky", "ar-YE")
    others = [path for path, verdict in disc.by_path.items() if path not in locales]
    assert not [path for path in others if any(part in path for part in ("/Languages/", ".mo", ".qm", ".resources."))]


def test_the_fallback_is_noted():
    found = lay_out({f"lang/{name}/a.txt": TEXT for name in ("English", "de", "en-GB")})
    assert [verdict.locale.is_fallback for verdict in found.verdicts if verdict.locale] == [True, False, False]


LAYOUTS = shared_files("disc-layouts", "*.tsv")


def read_layout(file: Path) -> Disc:
    """A real disc by its names; whatever lies where its images lie is said to be one."""
    entries, gathered = [], []
    for line in file.read_text("utf-8").splitlines()[1:]:
        size, _, path = line.partition("\t")
        entries.append(make_entry(path, int(size) if size.isdigit() else 5 << 20, len(entries)))
        gathered.append(pretend(path))
    return classify(entries, gathered)


def pretend(path: str) -> Facts:
    if path.startswith(("DICOM/", "DCMDT/")):
        return DICOM
    if path == "DICOMDIR":
        return Facts("dicom", dicom=DIRECTORY)
    extension = path.rpartition(".")[2].lower()
    if extension in {"exe", "dll"}:
        return ANY_EXE if extension == "exe" else ANY_DLL
    return Facts({"pdf": "pdf", "chm": "chm", "jpg": "jpeg", "gif": "gif", "png": "png"}.get(extension, "unknown"))


@pytest.mark.skipif(not LAYOUTS, reason="the shared data are not here")
@pytest.mark.parametrize("file", LAYOUTS, ids=lambda file: file.stem)
def test_a_real_disc_has_no_languages_and_no_redistributables(file: Path):
    disc = read_layout(file)
    counts = {category: sum(v.category is category for v in disc.verdicts) for category in Category}
    print({str(category): count for category, count in counts.items() if count})  # noqa: T201  asked for
    assert counts[Category.LOCALE] == 0
    assert counts[Category.REDISTRIBUTABLE] == 0
    assert counts[Category.DICOM] > 60
    assert counts[Category.DICOMDIR] == 1
    evlite = {path.rpartition("/")[2]: v.category for path, v in disc.by_path.items() if "EVLITE/" in path}
    if evlite:
        assert {name for name, category in evlite.items() if category is Category.RUNTIME} == {
            "gdiplus.dll", "mfc71.dll", "mfc71u.dll", "msvcp71.dll", "msvcr71.dll", "msvcrt.dll",
        }  # fmt: skip


# --- how rules are tried ---


def test_the_first_matching_rule_wins_and_those_of_the_user_come_first():
    own = "[[rule]]\nid='mine'\ncategory='junk'\nmatch={path='DICOM/**'}\nwhy='demo'\naction='drop'\n"
    own += "[[rule]]\nid='later'\ncategory='viewer'\nmatch={path='**'}\nwhy='rest'\n"
    found = lay_out({"DICOM/I1": DICOM, "I2": DICOM, "a/": b""}, own)
    assert [verdict.rule for verdict in found.verdicts] == ["mine", "later", "folder"]
    assert found.verdicts[0].action is Action.DROP
    assert found.verdicts[1].action is None


CONDITIONS = [
    ("extension='.TXT'", {"a.txt": TEXT}, True),
    ("extension='txt'", {"txt": TEXT}, False),
    ("extension='gitignore'", {".gitignore": TEXT}, False),
    ("name='a.*'", {"deep/A1": TEXT}, True),
    ("name='a'", {"ab": TEXT}, False),
    ("name='[ab]+'", {"a" * 300: TEXT}, False),
    ('name="\\u00fc"', {"u\u0308": TEXT}, True),
    ("larger_than=3", {"a": b"1234"}, True),
    ("larger_than=4", {"a": b"1234"}, False),
    ("smaller_than=5", {"a": b"1234"}, True),
    ("smaller_than=4", {"a": b"1234"}, False),
    ("dicom=true", {"a": DICOM}, True),
    ("dicom=false", {"a": DICOM}, False),
    ("dicom=false", {"a": TEXT}, True),
    ("dicom={modality='CT'}", {"a": DICOM}, True),
    ("dicom={modality=['MR', 'PT']}", {"a": DICOM}, False),
    ("dicom={pixels=true, directory=false}", {"a": DICOM}, True),
    ("dicom={pixels=false}", {"a": DICOM}, False),
    ("dicom={sop_class='1.2.840.10008.5.1.4.1.1.2'}", {"a": DICOM}, True),
    ("dicom={transfer_syntax='1.2.840.10008.1.2.4.80'}", {"a": DICOM}, False),
    ("dicom={}", {"a": TEXT}, False),
    ("pe=true", {"a": ANY_DLL}, True),
    ("pe=true", {"a": TEXT}, False),
    ("pe=false", {"a": ANY_DLL}, False),
    ("pe={kind='dll'}", {"a": ANY_DLL}, True),
    ("pe={kind='exe'}", {"a": ANY_DLL}, False),
    ("pe={machine='x64'}", {"a": ANY_DLL}, False),
    ("pe={company='^microsoft'}", {"a": program()}, True),
    ("pe={company='^corp'}", {"a": program()}, False),
    ("pe={company='soft', product='viewer'}", {"a": program(product="Other")}, False),
    ("pe={original_filename='b'}", {"a": program(original_filename="abc")}, True),
    ("pe={description='x$'}", {"a": program(description="y" * 300 + "x")}, False),
    ("launched=true", {"a.exe": ANY_EXE, "b.bat": b"a.exe"}, True),
    ("launched=false", {"a.exe": ANY_EXE, "b.bat": b"a.exe"}, False),
    ("below_program=true", {"V/x/a": TEXT, "V/v.exe": ANY_EXE}, True),
    ("below_program=true", {"a": TEXT, "v.exe": ANY_EXE}, False),
    ("below_program=false", {"W/a": TEXT, "V/v.exe": ANY_EXE}, True),
    ("beside_program=true", {"a": TEXT, "v.exe": ANY_EXE}, True),
    ("beside_program=true", {"V/x/a": TEXT, "V/v.exe": ANY_EXE}, False),
    ("at_top=true", {"a": TEXT, "b/c": TEXT}, True),
    ("at_top=true", {"b/c": TEXT, "a": TEXT}, False),
    ("at_top=true", {"CD/c": TEXT, "CD/DICOM/I1": DICOM}, True),
    ("at_top=false", {"CD/b/c": TEXT, "CD/DICOM/I1": DICOM}, True),
    ("with_images=true", {"a": TEXT, "I1": DICOM}, True),
    ("with_images=true", {"a": TEXT, "DICOMDIR": Facts("dicom", dicom=DIRECTORY), "a.raw": TEXT}, False),
    ("with_images=false", {"a": TEXT}, True),
    ("path='a/*', magic='pdf'", {"a/b": TEXT}, False),
    ("path=['x', 'a/*'], magic=['pdf', 'unknown']", {"a/b": TEXT}, True),
    ("path='**/{locale}.txt'", {"x/de.txt": TEXT}, True),
    ("path='**/{locale}.txt'", {"x/bin.txt": TEXT}, False),
    ("path='**/{locale}.txt', siblings=2", {"x/it.txt": TEXT}, False),
    ("path='**/{locale}.txt', siblings=2", {"x/it.txt": TEXT, "x/de.txt": TEXT}, True),
]


@pytest.mark.parametrize(("condition", "files", "is_match"), CONDITIONS)
def test_a_condition(condition: str, files: Files, *, is_match: bool):
    own = f"[[rule]]\nid='mine'\ncategory='unknown'\nmatch={{{condition}}}\nwhy='w'\n"
    # The first look at a disc finds its programs: the rule must not take them away.
    first = lay_out(files, own).verdicts[0]
    assert (first.rule == "mine") == is_match
    if "siblings" in condition:
        return
    excepted = own.replace("match=", "match={path='**'}\nunless=")
    assert (lay_out(files, excepted).verdicts[0].rule == "mine") != is_match


def test_explaining_holds_every_rule_against_an_entry():
    disc = lay_out({"V/v.exe": ANY_EXE, "V/License.dll": ANY_DLL})
    around = rules.survey(disc.bundle.entries, disc.facts, disc.needs, BUILTIN)
    held = rules.consider(disc.bundle.entries[1], disc.facts[1], BUILTIN, around)
    assert [one.rule for one in held] == list(BUILTIN)
    assert [one.rule.rule.id for one in held if one.is_match] == ["viewer.folder", "viewer.beside", "viewer.library"]
    assert all(one.because for one in held)
    assert held[0].because == ("it is no DICOM file",)
    licence = next(one for one in held if one.rule.rule.id == "document.licence")
    assert licence.because == ("its first bytes say 'pe'",)


def test_no_fact_stays_unused():
    """A rule can ask for everything that DicomFacts says, but for what only a screen, a plan or a check needs."""
    asked = {"transfer_syntax", "sop_class", "modality", "has_pixels", "is_directory"}
    unasked = {"study_uid", "series_uid", "series_description", "frames", "is_program", "lacks"}
    assert set(DicomFacts.__slots__) - asked == unasked


@pytest.mark.parametrize(
    ("condition", "built_by", "is_match"),
    [
        ("true", "nsis", True),
        ("true", "", False),
        ("false", "", True),
        ("false", "inno", False),
        ("'inno'", "inno", True),
        ("'inno'", "nsis", False),
        ("['inno', 'msi']", "msi", True),
    ],
)
def test_a_rule_can_ask_what_built_an_installer(condition: str, built_by: str, *, is_match: bool):
    own = f"[[rule]]\nid='mine'\ncategory='unknown'\nmatch={{installer={condition}}}\nwhy='w'\n"
    disc = lay_out({"a": Facts("unknown", installer=built_by)}, own)
    assert (disc.verdicts[0].rule == "mine") == is_match
