"""What launch files, pages and settings files say: names, and the language that they choose."""

import plistlib
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repack.classify import mentions, shortcuts


def shortcut(target: str = "", relative: str = "", arguments: str = "", icon: str = "", *, wide: bool = True) -> bytes:
    """A Windows shortcut with these texts ([MS-SHLLINK])."""
    flags = (0x80 if wide else 0) | (0x02 if target else 0) | 0x01
    strings = b""
    for flag, text in ((0x08, relative), (0x20, arguments), (0x40, icon)):
        if text:
            flags |= flag
            strings += struct.pack("<H", len(text)) + text.encode("utf-16-le" if wide else "cp1252")
    head = b"\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46" + struct.pack("<I", flags)
    items = struct.pack("<H", 6) + b"\x04\0ab\0\0"
    local = target.encode("cp1252") + b"\0"
    info = b""
    if target:
        size = 0x1C + len(local) + 1
        info = struct.pack("<7I", size, 0x1C, 1, 0, 0x1C, 0, 0x1C + len(local)) + local + b"\0"
    return head.ljust(0x4C, b"\0") + items + info + strings


@pytest.mark.parametrize("wide", [True, False])
def test_a_shortcut_names_its_target_arguments_and_icon(*, wide: bool):
    data = shortcut(r"D:\Viewer\start.exe", r".\Viewer\start.exe", "/cd index.dat", r"Viewer\a.ico", wide=wide)
    texts = shortcuts.read_texts(data)
    assert texts == (r"D:\Viewer\start.exe", r".\Viewer\start.exe", "/cd index.dat", r"Viewer\a.ico")
    names = mentions.read("Start.lnk", data).names
    assert {"D:/Viewer/start.exe", "./Viewer/start.exe", "Viewer/a.ico", "index.dat"} <= set(names)


@given(st.integers(0, 300), st.binary(max_size=200))
def test_a_broken_shortcut_never_raises(length: int, rest: bytes):
    whole = shortcut("C:\\a.exe", "b.exe", "c.exe")
    shortcuts.read_texts(whole[:length] + rest)
    mentions.read("a.lnk", whole[:length] + rest)


APPLICATION = {"CFBundleExecutable": "Viewer", "CFBundleIconFile": "Viewer.icns", "CFBundleName": "x"}


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_a_property_list_names_the_program_and_its_icon(form: plistlib.PlistFormat):
    data = plistlib.dumps(APPLICATION, fmt=form)
    names = mentions.read("V.app/Contents/Info.plist", data).names
    assert {"MacOS/Viewer", "Resources/Viewer.icns"} <= set(names)
    assert mentions.read("V.app/Contents/other.plist", data).names == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"bplist00" + b"\xff" * 40,
        b"<plist>",
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
        b'<?xml version="1.0"?><plist version="1.0"><dict><key>d</key><date>yesterday</date></dict></plist>',
    ],
)
def test_a_broken_property_list_says_nothing(data: bytes):
    assert mentions.read("Info.plist", data).names == ()


NAMES = [
    ("viewer.l4j.ini", b"-Dpath=..\n-jar lib/CDViewer.jar\n", "lib/CDViewer.jar"),
    ("Setup.ini", b"[Startup]\r\nPackageName=My Viewer.msi\r\n", "My Viewer.msi"),
    ("data.js", b"var a=[{src:'pg_images/1.jpg'},b.c.d];", "pg_images/1.jpg"),
    ("CONTENT.XML", b"<dicom_file><src>..\\IMG 1\\a.dcm</src></dicom_file>", "../IMG 1/a.dcm"),
    ("a.xml", b'<page href="b.htm"/>', "b.htm"),
    ("Viewer.desktop", b"[Desktop Entry]\nExec=./bin/viewer --cd\nIcon=viewer.png\n", "./bin/viewer"),
    ("Viewer.desktop", b"Exec=viewer\nIcon=viewer.png\n", "viewer.png"),
    ("run.sh", b'#!/bin/sh\ncd "$(dirname "$0")"\nexec ./bin/viewer "$@"\n', "./bin/viewer"),
    ("start.vbs", b'CreateObject("WScript.Shell").Run "Viewer\\start.exe"', "Viewer/start.exe"),
]


@pytest.mark.parametrize(("path", "text", "name"), NAMES)
def test_a_file_names_another(path: str, text: bytes, name: str):
    assert name in mentions.read(path, text).names


def test_code_names_only_what_it_quotes():
    assert mentions.read("a.js", b"jquery.min.extend(window.location); x='b.htm'").names == ("b.htm",)


CHOICES = [
    ("config.properties", b"locale.lang.code=de\n", ("de",)),
    ("app.ini", b"[General]\r\nLanguage=Deutsch\r\n", ("de",)),
    ("app.ini", b"DefaultLanguage=0x0407\r\n", ("de-DE",)),
    ("settings.json", b'{"uiLanguage": "pt-BR"}', ("pt-BR",)),
    ("settings.xml", b"<settings><language>fr</language></settings>", ("fr",)),
    ("Viewer.exe.config", b'<add key="Language" value="ja"/>', ("ja",)),
    ("a.conf", b"lang = es_MX\n", ("es-MX",)),
    ("start.bat", b"start Viewer.exe -lang it -d .\r\n", ("it",)),
    ("autorun.inf", b"open=RadiAntViewer.exe -lang de", ("de",)),
    ("app.ini", b"[Optionen]\r\nSprache=Deutsch\r\n", ("de",)),
    ("app.ini", "Sprachdatei=Französisch.lng\r\n".encode("cp1252"), ("fr",)),
    ("app.ini", b"LangFile=Sprachen\\Deutsch.lng\r\n", ("de",)),
    ("app.ini", b'language="./lang/de_DE.xml"\r\n', ("de-DE",)),
    ("app.ini", b"Langue = Anglais\r\nidioma=espa\xc3\xb1ol\r\n", ("en", "es")),
    ("app.ini", b"Sprachausgabe=es\r\nLanguageDir=lang\\x\r\nlangfile=readme.txt\r\n", ()),
    ("index.htm", b'<script language="JavaScript"><html lang="de">', ()),
    ("app.ini", b"Language=1\r\nslang=de\r\n", ()),
    ("lang.xml", b'<language code="x"/>lang="de" lang="fr" lang="it" lang="ja"', ()),
    ("notes.txt", b"language=de", ()),
]


@pytest.mark.parametrize(("path", "text", "tags"), CHOICES)
def test_a_settings_file_chooses_a_language(path: str, text: bytes, tags: tuple[str, ...]):
    assert mentions.read(path, text).languages == tags


@pytest.mark.lengthy
@pytest.mark.parametrize("extension", sorted(mentions.EXTENSIONS))
def test_a_hostile_text_takes_no_time(extension: str):
    start = time.process_time()
    for piece in (
        b"a." * 99,
        b"'",
        b'"\\',
        b"lang=",
        b"-lang",
        b"key='language'  ",
        b"=" * 50,
        b"<>",
        b"%&%41&amp;x.y ",
    ):
        data = (piece * (300_000 // len(piece) + 1))[:300_000]
        assert len(mentions.read(f"x.{extension}", data).names) <= 8 * 20_000
    assert time.process_time() - start < 60, "far above what it takes; a text that takes for ever would not end at all"


_PIECES = (
    "lang", "LANG", "uage", "sprache", "idioma", "\\",
    "locale", "culture", "program", "selected", "default", "ui", "value=", "de", "en-US",
    "\u0130", "\u017f", "x" * 20, "a.exe", "%2Eexe", "&#46;dll", "</a>", *"\"'<>._-;& \n\r\t=:/abcZ\u0085\u2028",
)  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=60).map("".join))
def test_the_quick_search_for_choices_finds_what_the_pattern_alone_finds(text: str):
    found = [match.span() for match in mentions._choices(text)]
    assert found == [match.span() for match in mentions._CHOICE.finditer(text)]


@given(st.lists(st.sampled_from(_PIECES), max_size=60).map("".join))
def test_lines_without_a_dot_name_nothing(text: str):
    for find in (mentions._in_page, mentions._in_markup, mentions._in_code):
        found = list(find(text))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(mentions, "_may_name", str)
            assert found == list(find(text))


@given(st.binary(max_size=300), st.sampled_from(sorted(mentions.EXTENSIONS)))
def test_any_bytes_can_be_read(data: bytes, extension: str):
    mentions.read(f"Info.{extension}", data)
