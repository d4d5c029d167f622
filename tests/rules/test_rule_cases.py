"""Every built-in rule on entries that it means and on some that it does not, and what they are instead."""

from collections.abc import Iterator

import pytest

from repack.model import Category, Facts, PeFacts
from tests.classify.synthetic import BUILTIN, DIRECTORY, IMAGE, lay_out

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


Files = dict[str, Facts | bytes]

# Rule -> what it means: files, of which the first is judged.
YES: dict[str, list[Files]] = {
    "dicomdir": [{"DICOMDIR": Facts("dicom", dicom=DIRECTORY)}, {"x.txt": Facts("dicom", dicom=DIRECTORY)}],
    "dicom": [{"I0000001": DICOM}, {"jre/lang/de/vcredist_x86.exe": DICOM}, {"._x": DICOM}, {"License": DICOM}],
    "redist.installshield-prerequisite": [
        {"Setup/ISSetupPrerequisites/{1}/vcredist_x86.exe": ANY_EXE},
        {"issetupprerequisites/a.msi": OLE},
    ],
    "redist.vc-installer": [
        {f"Redist/{name}": ANY_EXE}
        for name in (
            "vcredist_x86.exe",
            "VCREDIST_X64.EXE",
            "VC_redist.x64.exe",
            "vc_redist.arm64.exe",
            "vcredist.exe",
            "vcredist_2008_x86.exe",
            "vcredist_x86 (2013).exe",
            "vcredist_x86_sp1.exe",
            "vc_redist.ia64.exe",
        )
    ]
    + [
        {"vcredist_x64.msi": OLE},
        {"setup.exe": program(product=REDIST)},
        {"setup.exe": program(description="Microsoft® Visual C++ 2010  x86 Redistributable Setup")},
        {"setup.exe": program(product="Microsoft(R) Visual C++ 2008 Redistributable")},
    ],
    "redist.dotnet-installer": [{"dotNetFx45_Full_x86_x64.exe": ANY_EXE}, {"a/dotnetfx40_client_setup.exe": ANY_EXE}],
    "redist.directx-installer": [{"dxwebsetup.exe": ANY_EXE}, {"directx_Jun2010_redist.exe": ANY_EXE}],
    "redist.other-installer": [
        {"instmsia.exe": ANY_EXE},
        {"haspdinst.exe": ANY_EXE},
        {"accessdatabaseengine_X64.exe": ANY_EXE},
        {"MicrosoftEdgeWebView2RuntimeInstallerX64.exe": ANY_EXE},
        {"SQLEXPR32_x86_ENU.exe": ANY_EXE},
        {"ISScript11.msi": OLE},
    ],
    "runtime.java": [{"jre/windows/bin/java.exe": ANY_EXE}, {"app/jre_x64/lib/psfont.properties.ja": TEXT}],
    "runtime.side-by-side": [
        {"V/Microsoft.VC90.CRT/msvcr90.dll": ANY_DLL},
        {"V/Microsoft.VC90.CRT.manifest": Facts("xml")},
        {"V/Microsoft.VC80.MFCLOC/mfc80esp.dll": ANY_DLL},
    ],
    "runtime.visual-c": [
        {f"OTHER/EVLITE/{name}": ANY_DLL}
        for name in (
            "msvcp140.dll",
            "MSVCP140_1.dll",
            "msvcp140_codecvt_ids.dll",
            "vcruntime140_1.dll",
            "concrt140.dll",
            "mfc71u.dll",
            "msvcr71.dll",
            "mfc90esp.dll",
            "vcomp140.dll",
            "msvcrt.dll",
            "msvcr100_clr0400.dll",
        )
    ],
    "runtime.windows": [
        {f"V/{name}": ANY_DLL}
        for name in (
            "ucrtbase.dll",
            "api-ms-win-core-file-l1-2-0.dll",
            "gdiplus.dll",
            "d3dx9_43.dll",
            "WebView2Loader.dll",
        )
    ],
    "launcher.autorun": [{"AUTORUN.INF": TEXT}, {"sub/autorun.inf": TEXT}],
    "junk.system": [
        {".DS_Store": TEXT},
        {"DICOM/Thumbs.db": OLE},
        {"__MACOSX/DICOM/._I1": TEXT},
        {"$RECYCLE.BIN/x/desktop.ini": TEXT},
        {"a/._notes": TEXT},
    ],
    "document.licence": [
        {name: TEXT}
        for name in (
            "LICENSE",
            "License.txt",
            "a/Licence.rtf",
            "COPYING",
            "Lexmark EULA.rtf",
            "Third-Party Notices.txt",
        )
    ]
    + [{"NOTICE.pdf": Facts("pdf")}, {"LICENSES.chromium.html": TEXT}],
    "document.manual": [
        {"Manual.pdf": Facts("pdf")},
        {"V/help.CHM": Facts("chm")},
        {"README.TXT": TEXT},
        {"Read_me_first.htm": TEXT},
    ],
    "launcher.page": [
        {"INDEX.HTM": TEXT},
        {"start.hta": TEXT},
        {"RUN.SH": TEXT},
        {"pages/a.htm": TEXT, "index.html": b"<a href='pages/a.htm'>"},
        {"V/viewer.ico": TEXT, "autorun.inf": b"icon=V\\viewer.ico,0", "V/v.exe": ANY_EXE},
        {"V/launch.bat": TEXT, "autorun.inf": b"open=V\\launch.bat", "V/v.exe": ANY_EXE},
    ],
    "viewer.program": [{"CDVIEWER.EXE": ANY_EXE}, {"V/Setup.exe": program(product="Viewer Setup")}, {"x": ANY_EXE}],
    "viewer.folder": [
        {"V/data/lut.zip": Facts("zip"), "V/v.exe": ANY_EXE},
        {"V/index.html": TEXT, "V/v.exe": ANY_EXE},
        {"V/help/page.htm": TEXT, "V/v.exe": ANY_EXE, "V/index.htm": b"href='help/page.htm'"},
    ],
    "viewer.beside": [
        {"viewer.l4j.ini": TEXT, "viewer.exe": ANY_EXE},
        {"a.exe.manifest": Facts("xml"), "a.exe": ANY_EXE},
    ],
    "viewer.java": [
        {"PLUGINS/IMPAX.JAR": Facts("zip")},
        {"b/x-i18n.jar.xz": Facts("xz")},
        {"weasis/conf/config.properties": TEXT},
    ],
    "viewer.library": [{"plugins/codec.dll": ANY_DLL}, {"a.ocx": program(is_dll=True)}],
}

# Rule -> what looks like it and is not: the judged file, with the rule that it falls to instead.
NO: dict[str, list[tuple[str, Files]]] = {
    "dicomdir": [("none", {"DICOMDIR": TEXT}), ("dicom", {"DICOMDIR": DICOM})],
    "dicom": [("none", {"I0000001.dcm": TEXT}), ("none", {"DICOM": b"\n"})],
    "redist.installshield-prerequisite": [("none", {"ISSetupPrerequisites/a.prq": Facts("xml")})],
    "redist.vc-installer": [
        ("none", {"vcredist_x86.exe": TEXT}),
        ("viewer.program", {"vcredist_viewer.exe": ANY_EXE}),
        ("viewer.program", {"setup.exe": program(product="Wine")}),
        ("viewer.program", {"setup.exe": program(product=f"Not {REDIST}")}),
        ("viewer.library", {"a.dll": program(is_dll=True, product=REDIST)}),
    ],
    "redist.dotnet-installer": [
        ("viewer.program", {"dotnetfx.exe": ANY_EXE}),
        ("none", {"dotNetFx45_Full_x86_x64.exe": OLE}),
    ],
    "redist.directx-installer": [("viewer.program", {"dxsetup.exe": ANY_EXE})],
    "redist.other-installer": [
        ("viewer.library", {"WebView2.dll": ANY_DLL}),
        ("viewer.program", {"OnDemand3DApp_x64_1.exe": ANY_EXE}),
        ("none", {"ISScript11.msi": TEXT}),
    ],
    "runtime.java": [("none", {"myjre/lib.txt": TEXT}), ("dicom", {"jre/I1": DICOM})],
    "runtime.side-by-side": [("none", {"Microsoft.VC140.CRT.txt": TEXT})],
    "runtime.visual-c": [("none", {"msvcp140.dll": TEXT}), ("viewer.library", {"msvcp140.viewer.dll": ANY_DLL})],
    "runtime.windows": [("viewer.library", {"d3dx9_viewer.dll": program(is_dll=True)})],
    "launcher.autorun": [("none", {"autorun.inf.txt": TEXT})],
    "junk.system": [("viewer.library", {"__MACOSX/a.dll": ANY_DLL}), ("none", {"DS_Store.txt": TEXT})],
    "document.licence": [
        ("none", {"license.dat": TEXT}),
        ("none", {"viewer.lic": TEXT}),
        ("viewer.library", {"license.dll": ANY_DLL}),
        ("none", {"licensing.txt": TEXT}),
    ],
    "document.manual": [("none", {"scan.pdf": TEXT}), ("none", {"report.rtf": Facts("rtf")})],
    "launcher.page": [
        ("none", {"pages/a.htm": TEXT}),
        ("viewer.folder", {"V/index.html": TEXT, "V/v.exe": ANY_EXE}),
        ("none", {"a.txt": TEXT, "index.html": b"<a href='a.txt'>"}),
    ],
    "viewer.program": [("none", {"viewer.exe": TEXT}), ("redist.vc-installer", {"vcredist.exe": ANY_EXE})],
    "viewer.folder": [
        ("none", {"V/scan.vol": TEXT, "V/v.exe": ANY_EXE}),
        ("none", {"V/Resources/f/0/diagnostic": TEXT, "V/v.exe": ANY_EXE}),
        ("none", {"data.bin": TEXT, "v.exe": ANY_EXE}),
        ("none", {"Redist/data.bin": TEXT, "Redist/vcredist_x86.exe": ANY_EXE}),
        ("none", {"V2/a.bin": TEXT, "V/v.exe": ANY_EXE}),
        ("dicom", {"V/I1": DICOM, "V/v.exe": ANY_EXE}),
    ],
    "viewer.beside": [("none", {"001_20180101.dat": TEXT, "v.exe": ANY_EXE}), ("none", {"a.ini": TEXT})],
    "viewer.java": [
        ("none", {"a.jar": TEXT}),
        ("none", {"OsiriX Lite.zip": Facts("zip")}),
        ("dicom", {"weasis/conf/I1": DICOM}),
    ],
    "viewer.library": [("none", {"a.dll": TEXT})],
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
    assert first.locale is None


@pytest.mark.parametrize(("rule", "instead", "files"), [*cases(NO)])
def test_a_rule_does_not_mean(rule: str, instead: str, files: Files):
    disc = lay_out(files)
    assert disc.verdicts[0].rule == instead
    assert disc.verdicts[0].rule != rule


def test_every_builtin_rule_has_both_cases_and_evidence():
    ids = {one.rule.id for one in BUILTIN if not one.rule.id.startswith("locale.")}
    assert set(YES) == ids
    assert set(NO) == ids
    assert [one.rule.id for one in BUILTIN if not one.rule.evidence] == []
    assert [one.rule.id for one in BUILTIN if one.rule.action == "drop"] == [], "nothing is dropped without a wish"


# The media knowledge, section 2.3: grade C never drops anything.
UNVERIFIED = """
    dotnetfx.exe dotnetfx35setup.exe ndp48-x86-x64-allos-enu.exe windowsdesktop-runtime-6.0.1-win-x64.exe dxsetup.exe
    mdac_typ.exe jre-8u211-windows-i586.exe adberdr11000_en_us.exe acrord32.exe quicktimeinstaller.exe
    haspusersetup.exe codemeterruntime.exe wkruntime.exe ie6setup.exe k-lite_codec_pack.exe divxsetup.exe tscc.exe
    MicrosoftEdgeWebview2Setup.exe
"""


@pytest.mark.parametrize("name", UNVERIFIED.split())
def test_a_name_of_grade_c_is_no_redistributable(name: str):
    assert lay_out({f"Redist/{name}": program()}).verdicts[0].category is not Category.REDISTRIBUTABLE


def test_the_vendor_alone_decides_nothing():
    found = lay_out(
        {"tool.exe": program(), "tool.dll": program(is_dll=True, description="Microsoft® C Runtime Library")}
    )
    assert [verdict.category for verdict in found.verdicts] == [Category.VIEWER, Category.VIEWER]
