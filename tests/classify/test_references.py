"""Who needs whom: launch files as found on discs, imports, DICOMDIR, manifests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repack.classify import mentions, references
from repack.classify.references import Need
from repack.model import Facts, PeFacts
from tests.classify.synthetic import DIRECTORY, make_entry


def relate(files: dict[str, Facts | bytes]) -> set[tuple[str, str, Need]]:
    """(by, of, need) between files; bytes are the text of a launch file."""
    entries = [make_entry(path, index=index) for index, path in enumerate(files)]
    facts = [
        Facts(mentions=mentions.read(path, content).names) if isinstance(content, bytes) else content
        for path, content in files.items()
    ]
    paths = list(files)
    return {(paths[r.by], paths[r.of], r.need) for r in references.relate(entries, facts)}


def named(launcher: str, text: bytes, *files: str) -> set[str]:
    """Which of the files a launcher names."""
    found = relate({launcher: text} | {file: Facts() for file in files})
    assert {need for _, _, need in found} <= {Need.NAMES, Need.MENTIONS}
    return {of for by, of, _ in found if by == launcher}


def pe(*imports: str, is_dll: bool = False) -> Facts:
    return Facts("pe", pe=PeFacts(is_dll, "x86", {}, tuple(name.lower() for name in imports)))


# The media knowledge, sections 4.1 and 5, and what Windows takes.
AUTORUN = [
    (rb"open=Viewer\start.exe /cd", "Viewer/start.exe"),
    (rb"OPEN = .\OTHER\EVLITE\EVClientLight.exe", "OTHER/EVLITE/EVClientLight.exe"),
    (rb'shellexecute="PDSV\LNCHR\PLNC.EXE"', "PDSV/LNCHR/PLNC.EXE"),
    (rb"OPEN=Syngo/syngo_fv.exe", "Syngo/syngo_fV.exe"),
    (rb"icon=res\jivex.ico,0", "res/jivex.ico"),
    (rb"icon=res\jivex.ico, 3", "res/jivex.ico"),
    (rb"EXTRACT=dicomvwr.cab;dvlang.cab", "DVLANG.CAB"),
    (rb"EXTRACT=dicomvwr.cab;dvlang.cab", "DICOMVWR.CAB"),
    (rb"SHELL\dcmviewer\command=autorun.exe /d", "AUTORUN.EXE"),
    (rb"open=My Viewer\Start Me.exe /cd", "My Viewer/Start Me.exe"),
    (rb'open="My Viewer\Start Me.exe" /cd', "My Viewer/Start Me.exe"),
    (rb"shellexecute=viewer.app/Contents/viewer.exe label=Ambra Viewer", "viewer.app/Contents/viewer.exe"),
    (rb"shellexecute=CDStart.exe sku= product= icon=IHE_PDI\RESOURCE\A.ICO", "IHE_PDI/RESOURCE/A.ICO"),
    (rb"open=ClearCanvas.Desktop.Executable.exe", "ClearCanvas.Desktop.Executable.exe"),
    (rb"open=\Viewer\start.exe", "Viewer/start.exe"),
    (rb"open=start.exe ; the viewer", "start.exe"),
    (rb"open=Viewer\start /cd", "Viewer/start.exe"),
    (rb"open=start", "START.CMD"),
    (rb"VIEWER=workstation.exe", "workstation.exe"),
    (rb"open=e:\Viewer\deep\start.exe", "Viewer/deep/start.exe"),
    (rb"open=D:\disc\Viewer\unique.exe", "Viewer/unique.exe"),
    ("open=ビューア\\起動.exe /cd".encode("cp932"), "ビューア/起動.exe"),
    ("open=表示\\ソフト.exe".encode("cp932"), "表示/ソフト.exe"),  # letters whose second byte is a backslash
    ("label=Диск\r\nopen=Просмотр\\пуск.exe".encode("cp1251"), "Просмотр/пуск.exe"),
    ("open=Betrachter für alle\\öffne.exe".encode("cp1252"), "Betrachter für alle/öffne.exe"),
    ("open=Viewer für alle\\start.exe".encode("utf-8-sig"), "Viewer für alle/start.exe"),
    ("open=Просмотр\\пуск.exe".encode("utf-16"), "Просмотр/пуск.exe"),
    ("open=Просмотр\\пуск.exe".encode("utf-16-be").join([b"\xfe\xff", b""]), "Просмотр/пуск.exe"),
    ("open=Viewer\\start.exe".encode("utf-16-le"), "Viewer/start.exe"),
    ("open=뷰어\\시작.exe".encode("cp949"), "뷰어/시작.exe"),
]


@pytest.mark.parametrize(("text", "file"), AUTORUN)
def test_autorun_as_found(text: bytes, file: str):
    newline = "\r\n".encode("utf-16-le" if b"o\0" in text else "utf-16-be" if b"\0o" in text else "ascii")
    head = b"" if text[:1] in b"\xff\xfe\xef" or b"\0" in text else b"[autorun]\r\n"
    assert named("AUTORUN.INF", head + text + newline, file, "other.exe", "other/x.ico") == {file}


def test_the_file_names_of_an_unknown_code_page_meet_the_text_in_it():
    raw = "起動.exe".encode("cp932")
    shown = raw.decode("cp437")  # as an entry of a zip without the UTF-8 flag is shown
    assert named("autorun.inf", b"open=" + raw, shown, "other.exe") == {shown}


def test_a_name_that_is_shown_with_a_backslash_meets_the_text_too():
    name = "画像表示.jar".encode("cp932")  # the second byte of 表 is that of a backslash
    shown = f"bin/{name.decode('cp437')}"
    assert "\\" in shown
    assert named("bin/start.bat", b"javaw.exe -jar " + name, shown) == {shown}


def test_a_comment_in_autorun_is_none_elsewhere():
    text = b"[autorun]\r\n;open=old.exe\r\n  ; icon=old.ico\r\nopen=new.exe\r\n"
    assert named("autorun.inf", text, "old.exe", "old.ico", "new.exe") == {"new.exe"}
    assert named("a.bat", text, "old.exe") == {"old.exe"}


PAGES = [
    ("index.html", b'<a href="Viewer/start.exe">', "Viewer/start.exe"),
    ("index.htm", b"<a HREF='Viewer\\start.exe'>", "Viewer/start.exe"),
    ("index.htm", b"<a href=Viewer/start.exe>go</a>", "Viewer/start.exe"),
    ("index.htm", b'<a class="x" href="My%20Viewer/start%20me.exe">', "My Viewer/start me.exe"),
    ("index.htm", b'<a class="x" href="A.B.Main.exe">', "A.B.Main.exe"),
    ("index.htm", b'<a href="a&amp;b/c.htm#top">', "a&b/c.htm"),
    ("index.htm", b'<a href="c.htm?lang=en">', "c.htm"),
    ("index.htm", b'<a href="file:///./c.htm">', "c.htm"),
    ("index.htm", b"It's here: <img src='pic one.jpg'>", "pic one.jpg"),
    ("index.htm", b'<a href="Patient\'s data/x.exe">', "Patient's data/x.exe"),
    ("IHE_PDI/index.htm", b'<a href="../Viewer/start.exe">', "Viewer/start.exe"),
    ("IHE_PDI/index.htm", b'<a href="pages/a.htm">', "IHE_PDI/pages/a.htm"),
    ("IHE_PDI/index.htm", b'<a href="/Viewer/start.exe">', "Viewer/start.exe"),
    ("start.hta", b'shell.Run("Viewer\\\\start.exe")', "Viewer/start.exe"),
    ("start.hta", b"shell.Run('launch.bat')", "launch.bat"),
    ("RUN.CMD", b"start jre\\bin\\javaw.exe -jar CDViewer.jar", "CDViewer.jar"),
    ("launch.bat", b'@start "" "%~dp0x64\\mdicom.exe" /scan .', "x64/mdicom.exe"),
    ("launch.bat", b"%~dp0x64\\mdicom.exe", "x64/mdicom.exe"),
    ("RUN.SH", b'exec java -jar "$PWD/lib/CDViewer.jar"', "lib/CDViewer.jar"),
    ("RUN.COMMAND", b"open ./lib/CDViewer.jar\n", "lib/CDViewer.jar"),
    ("bin/run.bat", b"..\\Viewer\\start.exe.", "Viewer/start.exe"),
    ("run.bat", b"start /wait Viewer\\GEARView", "Viewer/GEARView.exe"),
    ("run.bat", b'start "" "My Viewer\\Run"', "My Viewer/Run.exe"),
    ("run.bat", b'"%~dp0My Viewer\\Run" /cd', "My Viewer/Run.exe"),
    ("run.sh", b'exec "$HERE/jre/bin/java" -version', "jre/bin/java"),
    ("run.cmd", b"set HOME=%CD%\r\n%HOME%\\Viewer\\a.dat", "Viewer/a.dat"),
    ("view.ini", b"[start]\r\nprogram = My Viewer\\start.exe", "My Viewer/start.exe"),
    ("web/a.xml", b"<src>..\\IMG 1\\a.jpg</src>", "IMG 1/a.jpg"),
]


@pytest.mark.parametrize(("launcher", "text", "file"), PAGES)
def test_pages_and_scripts_as_found(launcher: str, text: bytes, file: str):
    assert named(launcher, text, file, "other.exe", "Viewer2/begin.exe") == {file}


def test_a_name_means_the_file_beside_the_page_then_that_of_the_root():
    files = ("web/a.htm", "a.htm", "other/a.htm")
    assert named("web/index.htm", b'href="a.htm"', *files) == {"web/a.htm"}
    assert named("sub/index.htm", b'href="a.htm"', *files) == {"a.htm"}
    assert named("sub/index.htm", b'href="a.htm"', "web/a.htm", "other/a.htm") == set(), "it could be either"
    assert named("sub/index.htm", b'href="a.htm"', "web/a.htm") == {"web/a.htm"}
    assert named("run.bat", b"start m.exe", "x64/m.exe", "win32/m.exe") == {"x64/m.exe", "win32/m.exe"}, "keep both"


def test_names_that_are_none():
    for text in (b"", b"open=", b"version 1.2.3", b"..", b"a.exe.bak", b"http://example.com/b.exe.zip"):
        assert named("autorun.inf", text, "a.exe", "b.exe", "bak") == set()
    assert mentions.read("notes.txt", b"open=a.exe") == mentions.Said()
    assert named("index.htm", b'href="../../../../a.exe"', "a.exe") == {"a.exe"}, "above the root is the root"


def test_a_long_text_is_read_from_its_beginning():
    text = b"start first.exe\n" + b"rem x\n" * 200_000 + b"start last.exe\n"
    assert named("a.bat", text, "first.exe", "last.exe") == {"first.exe"}


@given(st.binary(max_size=300), st.sampled_from(sorted(mentions.EXTENSIONS)))
def test_any_bytes_may_be_a_launch_file(data: bytes, extension: str):
    named(f"a/b.{extension}", data, "x.exe")
    named(f"a/b.{extension}", data + b"\nopen=x.exe\n", "x.exe")


def test_an_import_without_an_extension_means_a_library():
    """As Delphi writes it: external 'codec'."""
    found = relate({"V.exe": pe("Codec"), "codec.dll": pe(is_dll=True), "codec": Facts()})
    assert found == {("V.exe", "codec.dll", Need.IMPORTS)}


def test_imports_are_found_in_any_case_here_below_and_above():
    found = relate(
        {
            "Viewer/Main.exe": pe("CORE.dll", "Kernel32.dll", "plug.DLL", "Far.dll"),
            "Viewer/core.DLL": pe(),
            "Viewer/Plugins/Plug.dll": pe("core.dll", "root.dll"),
            "Other/CORE.dll": pe(),
            "root.dll": pe(),
            "lib/far.dll": pe(),
        }
    )
    assert found == {
        ("Viewer/Main.exe", "Viewer/core.DLL", Need.IMPORTS),
        ("Viewer/Main.exe", "Viewer/Plugins/Plug.dll", Need.IMPORTS),
        ("Viewer/Main.exe", "lib/far.dll", Need.IMPORTS),
        ("Viewer/Plugins/Plug.dll", "Viewer/core.DLL", Need.IMPORTS),
        ("Viewer/Plugins/Plug.dll", "root.dll", Need.IMPORTS),
    }


def test_the_program_of_the_root_may_load_from_everywhere_below():
    found = relate({"main.exe": pe("a.dll"), "bin/a.dll": pe(), "lib/a.dll": pe("a.dll")})
    assert {(by, of) for by, of, _ in found} == {("main.exe", "bin/a.dll"), ("main.exe", "lib/a.dll")}


def test_a_dicomdir_lists_files_in_any_case_and_with_an_extension():
    listed = Facts("dicom", dicom=DIRECTORY, mentions=("DICOM/I1", "DICOM/I2", "dicom/i3", "DICOM/I4", "DICOM/NONE"))
    files = ("dicom/i1", "DICOM/I2.dcm", "DICOM/I3.DCM", "DICOM/I4.", "DICOM/I5", "I1")
    found = relate({"DICOMDIR": listed} | {file: Facts() for file in files})
    assert found == {("DICOMDIR", file, Need.LISTS) for file in files[:4]}
    below = relate({"Disc/DICOMDIR": listed, "DISC/DICOM/I1": Facts(), "DICOM/I2": Facts()})
    assert below == {("Disc/DICOMDIR", "DISC/DICOM/I1", Need.LISTS)}


def test_a_manifest_and_its_library_need_each_other():
    found = relate({"App.exe": pe(), "App.exe.manifest": Facts(), "b.dll": pe(), "B.DLL.MANIFEST": Facts()})
    assert found == {
        ("App.exe", "App.exe.manifest", Need.LOADED_WITH),
        ("b.dll", "B.DLL.MANIFEST", Need.LOADED_WITH),
        ("B.DLL.MANIFEST", "b.dll", Need.PAIRED),
    }
    private = relate({"c.dll": pe(), "c.manifest": Facts(), "d/c.manifest": Facts()})
    assert private == {("c.dll", "c.manifest", Need.LOADED_WITH), ("c.manifest", "c.dll", Need.PAIRED)}


def test_a_side_by_side_assembly_is_one_unit():
    manifest, library = "V/Microsoft.VC90.CRT.manifest", "V/msvcr90.dll"
    found = relate({manifest: Facts(), library: pe(), "V/own.dll": pe(), "W/msvcp90.dll": pe()})
    assert found == {(manifest, library, Need.PAIRED), (library, manifest, Need.LOADED_WITH)}


def test_no_file_needs_itself_and_folders_are_no_files():
    assert relate({"a.bat": b"start a.bat", "a.dll": pe("a.dll")}) == set()
    entries = [make_entry("run.bat"), make_entry("a.exe/", index=1)]
    assert references.relate(entries, [Facts(mentions=("a.exe",)), Facts()]) == ()


def test_the_words_of_a_need_end_with_what_is_needed():
    assert all(need.endswith(" it") for need in Need)
