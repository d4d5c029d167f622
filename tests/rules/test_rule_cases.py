"""Every built-in rule on entries that it means and on some that it does not, and what they are instead."""

import re
from collections.abc import Iterator

import pytest

from repack.classify import rulefile
from repack.model import Category, Facts, PeFacts
from tests.classify.synthetic import BUILTIN, DIRECTORY, IMAGE, actions, lay_out

TEXT = Facts("unknown")
XML, PDF, JPEG = Facts("xml"), Facts("pdf"), Facts("jpeg")
ZIP, CAB, PDB, AR = Facts("zip"), Facts("cab"), Facts("pdb"), Facts("ar")
ELF, MAC = Facts("elf"), Facts("macho")
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
    "redist.windows-installer": [{"instmsia.exe": ANY_EXE}, {"ISScript11.msi": OLE}],
    "redist.database-installer": [{"accessdatabaseengine_X64.exe": ANY_EXE}, {"SQLEXPR32_x86_ENU.exe": ANY_EXE}],
    "redist.webview-installer": [{"MicrosoftEdgeWebView2RuntimeInstallerX64.exe": ANY_EXE}],
    "redist.dongle-driver": [{"drivers/haspdinst.exe": ANY_EXE}],
    "redist.directx-folder": [
        {"DirectX/DXSETUP.exe": ANY_EXE},
        {"DirectX/dsetup32.dll": ANY_DLL},
        {"DirectX/dxupdate.cab": CAB},
        {"DirectX/Jun2010_d3dx9_43_x86.cab": CAB},
    ],
    "redist.unverified": [
        {"Redist/dotnetfx.exe": ANY_EXE},
        {"Redist/lang/es/dotNetFx45LP_Full_x86_x64es.exe": ANY_EXE},
        {"Redist/ndp48-x86-x64-allos-deu.exe": ANY_EXE},
        {"Redist/msxml6_x64.msi": OLE},
        {"Redist/CRRuntime_32bit_13_0_20.msi": OLE},
        {"Redist/Microsoft_VC90_CRT_x86.msm": OLE},
    ],
    "runtime.java": [
        {"jre/windows/bin/java.exe": ANY_EXE},
        {"app/jre_x64/lib/psfont.properties.ja": TEXT},
        {
            "java-runtime/bin/java.dll": program(
                is_dll=True, company="Eclipse Adoptium", product="OpenJDK Platform 25.0.2"
            )
        },
    ],
    "runtime.side-by-side": [
        {"V/Microsoft.VC90.CRT/msvcr90.dll": ANY_DLL},
        {"V/Microsoft.VC90.CRT.manifest": XML},
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
    ]
    + [
        {
            "numpy.libs/msvcp140-a4c2229b.dll": program(
                is_dll=True, product="Microsoft® Visual Studio®", original_filename="msvcp140.dll"
            )
        }
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
    "runtime.dotnet": [
        {"V/System.Xml.dll": program(is_dll=True, product="Microsoft® .NET Framework")},
        {"V/hostfxr.dll": program(is_dll=True, product="Microsoft® .NET Core Framework")},
        {"V/coreclr.dll": ANY_DLL},
    ],
    "runtime.intel": [
        {"V/libiomp5md.dll": ANY_DLL},
        {"V/ippi20.dll": program(is_dll=True, company="Intel Corporation.", product="ippIP. Integrated Performance")},
    ],
    "runtime.unicode-data": [{"V/icudtl.dat": TEXT, "V/v.exe": ANY_EXE}],
    "launcher.autorun": [{"AUTORUN.INF": TEXT}, {"sub/autorun.inf": TEXT}],
    "junk.system": [
        {".DS_Store": TEXT},
        {"DICOM/Thumbs.db": OLE},
        {"__MACOSX/DICOM/._I1": TEXT},
        {"$RECYCLE.BIN/x/desktop.ini": TEXT},
        {"a/._notes": TEXT},
        {"pages/_notes/index.htm.mno": TEXT},
    ],
    "symbols.debug": [{"V/libiomp5md.pdb": PDB}, {"V/viewer.lib": AR}],
    "document.licence": [
        {name: TEXT}
        for name in (
            "LICENSE",
            "License.txt",
            "a/Licence.rtf",
            "COPYING",
            "Lexmark EULA.rtf",
            "Third-Party Notices.txt",
            "Lizenz.txt",
            "LIZENZVEREINBARUNG.RTF",
        )
    ]
    + [{"NOTICE.pdf": PDF}, {"LICENSES.chromium.html": TEXT}],
    "document.manual": [
        {"Manual.pdf": PDF},
        {"V/help.CHM": Facts("chm")},
        {"README.TXT": TEXT},
        {"Read_me_first.htm": TEXT},
        {"V/guide_it.pdf": PDF},
        {"UserManual2.pdf": PDF},
        {"OTHER/EVLITE/EVLite_help.pdf": PDF, "OTHER/EVLITE/EVClientLight.exe": ANY_EXE},
        {"Quick start.pdf": PDF},
        {"Documents/manual/kapitel1.pdf": PDF},
        {"manual/index.htm": TEXT},
        {"LIESMICH.TXT": TEXT},
        {"Lies mich.htm": TEXT},
        {"LISEZ-MOI_FR.rtf": Facts("rtf")},
        {"V/Viewer_Bedienungsanleitung.pdf": PDF},
        {"Kurzanleitung CD.pdf": PDF},
    ],
    "document.report": [{"scan.pdf": PDF}, {"V/befund.pdf": PDF, "V/v.exe": ANY_EXE}],
    "document.report-page": [
        {"REPORT/R0001.HTM": TEXT, "INDEX.HTM": b"<a href='REPORT/R0001.HTM'>"},
        {"IHE_PDI/SR0101.HTM": TEXT},
        {"Berichte/index.html": TEXT},
    ],
    "preview.small": [
        {"IHE_PDI/THUMBNIL/D0000000.JPG": JPEG, "I1": DICOM},
        {"IHE_PDI/IMAGE/D0000000.JPG": JPEG, "I1": DICOM},
        {"pages/study_thumb.jpg": JPEG, "I1": DICOM},
    ],
    "launcher.page": [
        {"INDEX.HTM": TEXT},
        {"start.hta": TEXT},
        {"IHE_PDI/WEB/INDEX.HTM": TEXT},
        {"RUN.SH": TEXT},
        {"pages/a.htm": TEXT, "index.html": b"<a href='pages/a.htm'>"},
        {"V/viewer.ico": TEXT, "autorun.inf": b"icon=V\\viewer.ico,0", "V/v.exe": ANY_EXE},
        {"V/launch.bat": TEXT, "autorun.inf": b"open=V\\launch.bat", "V/v.exe": ANY_EXE},
    ],
    "repack.own": [
        {"notes.json": b'{\n "schema": "repack-manifest-1",'},
        {"V/scan.html": b"<!DOCTYPE html>\n<!-- repack report: ", "V/v.exe": ANY_EXE},
        {"REPACK/restore.xz": Facts("xz")},
    ],
    "volume.galileos": [
        {"scan/ID.gwg": TEXT},
        {"scan/ID_vol_0/ID_vol_0_012": Facts("gzip")},
        {"ID_vol_0/ID_vol_0": TEXT},
    ],
    "volume.dental": [{"V/scan.vol": TEXT, "V/v.exe": ANY_EXE}, {"scan.2dh": TEXT}],
    "index.checksums": [{"hash.bin": TEXT}, {"MANIFEST.SHA256": TEXT}, {"a/MD5SUMS": TEXT}, {"checksums.sfv": TEXT}],
    "index.sectra": [{"SECTRA/CONTENT.XML": XML}, {"sectra/content.xml": TEXT}],
    "index.content": [{"content.xml": TEXT}, {"list/Content.XML": XML}],
    "index.jivex": [{"jil/PA000001/1.JIL": TEXT}],
    "index.array": [{"VINFO/STUDY.IDX": TEXT}, {"VINFO/a/STUDY.DAT": TEXT}],
    "index.evlite": [{"OTHER/index.evx": TEXT}],
    "index.korean-pdi": [{"IHE_PDI/STUDY.LST": TEXT}],
    "index.philips": [{"dicomInfo.xml": XML}],
    "viewer.program": [{"MYVIEWER.EXE": ANY_EXE}, {"V/Setup.exe": program(product="Viewer Setup")}, {"x": ANY_EXE}],
    "data.patient": [
        {"V/Case/upper.stl": TEXT, "V/v.exe": ANY_EXE},
        {"V/Case/scan.NII.gz": Facts("gzip"), "V/v.exe": ANY_EXE},
        {"V/a.docx": ZIP, "V/v.exe": ANY_EXE},
        {"V/x/photo": JPEG, "V/v.exe": ANY_EXE},
        {"V/Photos/a.jpg": JPEG, "V/v.exe": ANY_EXE},
        {"pano.tif": TEXT},
    ],
    "viewer.folder": [
        {"V/data/lut.zip": ZIP, "V/v.exe": ANY_EXE},
        {"V/index.html": TEXT, "V/v.exe": ANY_EXE},
        {"V/help/page.htm": TEXT, "V/v.exe": ANY_EXE, "V/index.htm": b"href='help/page.htm'"},
        {"V/data/lut.bin": TEXT, "V/show.jar": ZIP, "run.cmd": b"java -jar V\\show.jar"},
        {"L/data/lut.bin": TEXT, "L/show.bin": ELF, "run.sh": b"./L/show.bin"},
    ],
    "viewer.mac-program": [
        {"weasis-mac.app/Contents/Info.plist": XML},
        {"V/v.app/Contents/Resources/app.asar": TEXT},
        {"v.app/Contents/PkgInfo.txt": TEXT},
    ],
    "viewer.unix-program": [{"Linux/viewer": ELF}, {"Linux/libz.so.1": ELF}, {"mac/viewer": MAC}],
    "viewer.beside": [
        {"viewer.l4j.ini": TEXT, "viewer.exe": ANY_EXE},
        {"a.exe.manifest": XML, "a.exe": ANY_EXE},
    ],
    "viewer.java": [
        {"b/x-i18n.jar.xz": Facts("xz")},
        {"weasis/conf/config.properties": TEXT},
        {"PLUGINS/plugin.JAR": ZIP},
    ],
    "viewer.library": [{"plugins/codec.dll": ANY_DLL}, {"a.ocx": program(is_dll=True)}],
}

# Rule -> what looks like it and is not: the judged file, with the rule that it falls to instead.
NO: dict[str, list[tuple[str, Files]]] = {
    "dicomdir": [("none", {"DICOMDIR": TEXT}), ("dicom", {"DICOMDIR": DICOM})],
    "dicom": [("none", {"I0000001.dcm": TEXT}), ("none", {"DICOM": b"\n"})],
    "redist.installshield-prerequisite": [("none", {"ISSetupPrerequisites/a.prq": XML})],
    "redist.vc-installer": [
        ("none", {"vcredist_x86.exe": TEXT}),
        ("viewer.program", {"vcredist_viewer.exe": ANY_EXE}),
        ("viewer.program", {"setup.exe": program(product="Wine")}),
        ("viewer.program", {"setup.exe": program(product=f"Not {REDIST}")}),
        ("viewer.library", {"a.dll": program(is_dll=True, product=REDIST)}),
    ],
    "redist.dotnet-installer": [
        ("redist.unverified", {"dotnetfx.exe": ANY_EXE}),
        ("viewer.program", {"dotNetFx45_viewer.exe": ANY_EXE}),
        ("none", {"dotNetFx45_Full_x86_x64.exe": OLE}),
    ],
    "redist.directx-installer": [("redist.directx-folder", {"dxsetup.exe": ANY_EXE})],
    "redist.windows-installer": [("none", {"ISScript11.msi": TEXT}), ("viewer.program", {"instmsi.exe": ANY_EXE})],
    "redist.database-installer": [("viewer.program", {"accessdatabase.exe": ANY_EXE})],
    "redist.webview-installer": [("viewer.library", {"WebView2.dll": ANY_DLL})],
    "redist.dongle-driver": [("viewer.library", {"hasp_windows_12345.dll": ANY_DLL})],
    "redist.directx-folder": [
        ("viewer.ge-languages", {"DVLANG.CAB": CAB}),
        ("none", {"DirectX/data1.cab": CAB}),
        ("none", {"dxupdate.cab": TEXT}),
    ],
    "redist.unverified": [
        ("viewer.ondemand3d", {"OnDemand3DApp_x64_1.exe": ANY_EXE}),
        ("viewer.program", {"AcroRd32.exe": ANY_EXE}),
        ("none", {"dotnetfx.exe": TEXT}),
    ],
    "runtime.java": [("none", {"myjre/lib.txt": TEXT}), ("dicom", {"jre/I1": DICOM})],
    "runtime.side-by-side": [("none", {"Microsoft.VC140.CRT.txt": TEXT})],
    "runtime.visual-c": [
        ("viewer.library", {"a.dll": program(is_dll=True, product="Wine", original_filename="msvcp140.dll")}),
        ("none", {"msvcp140.dll": TEXT}),
        ("viewer.library", {"msvcp140.viewer.dll": ANY_DLL}),
    ],
    "runtime.windows": [("viewer.library", {"d3dx9_viewer.dll": program(is_dll=True)})],
    "runtime.dotnet": [
        ("viewer.library", {"System.Xml.dll": program(is_dll=True, product="Viewer")}),
        ("locale.dotnet-satellite", {"V/fr/System.Xml.resources.dll": program(is_dll=True, product="Microsoft® .NET")}),
    ],
    "runtime.intel": [("viewer.library", {"V/setup.dll": program(is_dll=True, company="Intel Corporation")})],
    "runtime.unicode-data": [("none", {"icudt.dat": TEXT})],
    "launcher.autorun": [("none", {"autorun.inf.txt": TEXT})],
    "junk.system": [
        ("viewer.library", {"__MACOSX/a.dll": ANY_DLL}),
        ("none", {"DS_Store.txt": TEXT}),
        ("none", {"_notes/a.txt": TEXT}),
    ],
    "symbols.debug": [("none", {"implants.lib": TEXT}), ("none", {"a.pdb": TEXT}), ("none", {"a.bin": PDB})],
    "document.licence": [
        ("none", {"license.dat": TEXT}),
        ("none", {"viewer.lic": TEXT}),
        ("viewer.library", {"license.dll": ANY_DLL}),
        ("none", {"licensing.txt": TEXT}),
    ],
    "document.report": [("document.manual", {"Manual.pdf": PDF}), ("none", {"scan.pdf": TEXT})],
    "document.manual": [
        ("document.report", {"scan.pdf": PDF}),
        ("document.report", {"EVLite_help.pdf": PDF}),  # far from any program
        ("document.report", {"Guide_Max.pdf": PDF}),
        ("document.report", {"Guidarelli.pdf": PDF}),  # names of people, who may be the patient
        ("document.report", {"Helpert_Manuela.pdf": PDF}),
        ("document.report", {"docs/Befund.pdf": PDF}),
        ("none", {"manual.txt": TEXT}),
        ("none", {"scan.pdf": TEXT}),
        ("data.patient", {"report.rtf": Facts("rtf")}),
        ("document.report", {"Übungsanleitung.pdf": PDF}),  # for the patient, not for the viewer
        ("document.report", {"Anleitung.pdf": PDF}),
        ("document.report", {"LIESMICH.pdf": PDF}),
        ("none", {"Liesmich Befund Schulter.txt": TEXT}),
    ],
    "document.report-page": [
        ("launcher.page", {"IHE_PDI/ST01.HTM": TEXT, "INDEX.HTM": b"<a href='IHE_PDI/ST01.HTM'>"}),
        ("none", {"REPORT/R0001.XML": XML}),
        ("none", {"Srebrenica.html": TEXT}),
        ("viewer.folder", {"V/Help/Report/a.htm": TEXT, "V/v.exe": ANY_EXE}),
    ],
    "launcher.page": [
        ("none", {"pages/a.htm": TEXT}),
        ("none", {"Texte/index.html": TEXT}),
        ("viewer.folder", {"V/index.html": TEXT, "V/v.exe": ANY_EXE}),
        ("none", {"a.txt": TEXT, "index.html": b"<a href='a.txt'>"}),
    ],
    "preview.small": [
        ("none", {"IHE_PDI/IMAGE/D0000000.JPG": JPEG}),
        ("none", {"thumbs/notes.txt": TEXT}),
        ("none", {"photo.jpg": JPEG}),
        ("none", {"wx/lib/agw/data/ShortcutEditor_1_thumb.png": Facts("png")}),
        ("none", {"IHE_PDI/DESIGN/BLANK.JPG": JPEG}),
        ("viewer.folder", {"VIEWER/THUMBS/a.jpg": JPEG, "VIEWER/v.exe": ANY_EXE}),
        ("dicom", {"thumbs/a": DICOM}),
    ],
    "repack.own": [
        ("none", {"manifest.json": b'{"schema": "another-1"}'}),
        ("none", {"restore.xz": Facts("xz")}),
        ("none", {"REPACK/restore.xz": TEXT}),
    ],
    "volume.galileos": [("none", {"ID_vol_0/readme": TEXT}), ("none", {"ID_vol_0": TEXT})],
    "volume.dental": [("none", {"volume.bin": TEXT}), ("dicom", {"scan.vol": DICOM})],
    "index.checksums": [
        ("viewer.folder", {"V/hash.bin": TEXT, "V/v.exe": ANY_EXE}),
        ("viewer.library", {"hash.bin": ANY_DLL}),
        ("none", {"manifest.txt": TEXT}),
    ],
    "index.sectra": [("index.content", {"other/content.xml": XML}), ("dicom", {"SECTRA/CONTENT.XML": DICOM})],
    "index.content": [
        ("index.sectra", {"SECTRA/content.xml": XML}),
        ("viewer.folder", {"V/content.xml": XML, "V/v.exe": ANY_EXE}),
        ("none", {"contents.xml": XML}),
    ],
    "index.jivex": [("none", {"a.JIL": TEXT}), ("dicom", {"jil/I1.JIL": DICOM})],
    "index.array": [("none", {"STUDY.IDX": TEXT})],
    "index.evlite": [("none", {"a.evx": TEXT})],
    "index.korean-pdi": [("none", {"STUDY.LST": TEXT})],
    "index.philips": [("none", {"info.xml": XML}), ("none", {"dicomInfo.xml": JPEG})],
    "viewer.program": [("none", {"viewer.exe": TEXT}), ("redist.vc-installer", {"vcredist.exe": ANY_EXE})],
    "data.patient": [
        ("viewer.folder", {"V/Setup/data1.hdr": TEXT, "V/v.exe": ANY_EXE}),
        ("viewer.folder", {"V/Vendor EULA.rtf.doc": OLE, "V/v.exe": ANY_EXE}),
        ("viewer.folder", {"V/skins/photos/a.jpg": JPEG, "V/v.exe": ANY_EXE}),
        ("viewer.folder", {"V/photo.jpg": JPEG, "V/v.exe": ANY_EXE}),
        ("viewer.program", {"V/tool.stl": ANY_EXE}),
        ("none", {"photo.jpg": JPEG}),
    ],
    "viewer.folder": [
        ("volume.dental", {"V/scan.vol": TEXT, "V/v.exe": ANY_EXE}),
        ("none", {"V/Resources/f/0/diagnostic": TEXT, "V/v.exe": ANY_EXE}),
        ("none", {"data.bin": TEXT, "v.exe": ANY_EXE}),
        ("none", {"Redist/data.bin": TEXT, "Redist/vcredist_x86.exe": ANY_EXE}),
        ("none", {"V/data.bin": TEXT, "V/lib.jar": ZIP}),
        ("none", {"L/data.bin": TEXT, "L/lib.so": ELF}),
        ("none", {"V2/a.bin": TEXT, "V/v.exe": ANY_EXE}),
        ("dicom", {"V/I1": DICOM, "V/v.exe": ANY_EXE}),
    ],
    "viewer.mac-program": [
        ("none", {"v.app/Contents/Resources/f/0/diagnostic": TEXT}),
        ("dicom", {"v.app/Contents/I1": DICOM}),
        ("volume.dental", {"v.app/Contents/scan.vol": TEXT}),
        ("none", {"v.app/readme": TEXT}),
    ],
    "viewer.unix-program": [("none", {"Linux/viewer": TEXT}), ("runtime.java", {"jre/lib/libjvm.so": ELF})],
    "viewer.beside": [("none", {"001_20180101.dat": TEXT, "v.exe": ANY_EXE}), ("none", {"a.ini": TEXT})],
    "viewer.java": [
        ("none", {"a.jar": TEXT}),
        ("viewer.osirix", {"OsiriX Lite.zip": ZIP}),
        ("dicom", {"weasis/conf/I1": DICOM}),
    ],
    "viewer.library": [("none", {"a.dll": TEXT})],
}


# The programs by name: rule -> a file that it means, and what bears the name and is none, or lies elsewhere.
PRODUCTS: dict[str, tuple[list[Files], list[tuple[str, Files]]]] = {
    "viewer.weasis": (
        [
            {"viewer-win32.exe": ANY_EXE},
            {"Weasis/Weasis.exe": program(product="Weasis")},
            {"weasis/weasis-launcher.jar": ZIP},
        ],
        [("none", {"viewer-win32.exe": TEXT})],
    ),
    "viewer.weasis-2": (
        [{"weasis-win32.exe": ANY_EXE}],
        [("viewer.weasis", {"weasis-win32.exe": program(product="Weasis")}), ("none", {"weasis-win32.exe": TEXT})],
    ),
    "viewer.jivex": (
        [{"Start.exe": program(company="Quazar Software GmbH", product="StartViewer")}],
        [("viewer.program", {"Start.exe": ANY_EXE})],
    ),
    "viewer.agfa-impax": ([{"PLUGINS/IMPAX.JAR": ZIP}], [("viewer.java", {"other/IMPAX.JAR": ZIP})]),
    "viewer.agfa-impax-ee": (
        [{"PLUGINS/com.agfa.pacs.impaxee.cdviewer_1.0.jar": ZIP}],
        [("none", {"PLUGINS/com.agfa.pacs.impaxee.cdviewer_1.0.jar": TEXT})],
    ),
    "viewer.evlite": (
        [{"OTHER/EVLITE/EVClientLight.exe": ANY_EXE}, {"a.exe": program(product="EVlite")}],
        [("viewer.program", {"OTHER/EVLITE/EVMakeSlide.exe": ANY_EXE})],
    ),
    "viewer.psp-pdi": ([{"PDSV/LNCHR/PLNC.EXE": ANY_EXE}], [("viewer.program", {"PLNC.EXE": ANY_EXE})]),
    "viewer.philips-mxlite": ([{"PmsDView.exe": ANY_EXE}], [("none", {"PmsDView.exe": TEXT})]),
    "viewer.philips-media": ([{"MediaViewerLauncher.exe": ANY_EXE}], [("none", {"MediaViewerLauncher.exe": TEXT})]),
    "viewer.ge-centricity": ([{"DICOMVWR.CAB": CAB}], [("none", {"data1.cab": CAB})]),
    "viewer.ge-languages": ([{"DVLANG.CAB": CAB}], [("none", {"DVLANG.CAB": TEXT})]),
    "viewer.syngo-fastview": (
        [{"Syngo/syngo_fV.exe": ANY_EXE}, {"a.exe": program(product="syngo fastView")}],
        [("viewer.starter", {"Syngo/start.exe": program(product="syngo")})],
    ),
    "viewer.array-aoc": (
        [{"VIEWER/AOCView2.exe": ANY_EXE}, {"a.exe": program(company="Array Corporation", product="AOC")}],
        [("viewer.program", {"a.exe": program(company="Another", product="AOC")})],
    ),
    "viewer.gearview": ([{"GEARView.exe": ANY_EXE}], [("none", {"GEARView.exe": TEXT})]),
    "viewer.ambra": ([{"viewer.app/Contents/viewer.exe": ANY_EXE}], [("viewer.program", {"viewer.exe": ANY_EXE})]),
    "viewer.alma3d": ([{"Alma3DLiteCD/bin/Alma3D.exe": ANY_EXE}], [("viewer.program", {"Alma.exe": ANY_EXE})]),
    "viewer.mpdicom": (
        [{"Viewer/Win/mpDICOM.exe": ANY_EXE}, {"Viewer/mpDICOM.app/Contents/MacOS/mpDICOM": MAC}],
        [("none", {"mpDICOM": TEXT})],
    ),
    "viewer.korean-pdi": (
        [{"CDRun.exe": ANY_EXE}],
        [("none", {"CDRun.exe": TEXT})],
    ),
    "viewer.viewdir": ([{"VIEWER/ViewDIR.EXE": ANY_EXE}], [("none", {"ViewDIR.EXE": TEXT})]),
    "viewer.cd-viewer": (
        [{"CDViewer.exe": ANY_EXE}, {"CDViewer.jar": ZIP}],
        [("viewer.program", {"DVDViewer.exe": ANY_EXE})],
    ),
    "viewer.microdicom": ([{"x64/mdicom.exe": ANY_EXE}, {"MicroDicom.exe": ANY_EXE}], [("none", {"mdicom.exe": TEXT})]),
    "viewer.radiant": (
        [{"RadiAntViewer.exe": ANY_EXE}, {"RadiAntViewer64bit/RadiAntViewer64.exe": ANY_EXE}],
        [("viewer.program", {"Radiant.exe": ANY_EXE})],
    ),
    "viewer.efilm-lite": ([{"eFilmLite/eFilmLt.exe": ANY_EXE}], [("none", {"eFilmLt.exe": TEXT})]),
    "viewer.sectra": ([{"SECTRA/VIEWER.EXE": ANY_EXE}], [("viewer.program", {"VIEWER.EXE": ANY_EXE})]),
    "viewer.osirix": (
        [{"OsiriX Lite.zip": ZIP}, {"OsiriX.app/Contents/MacOS/OsiriX": MAC}],
        [("none", {"OsiriX Lite.zip": TEXT}), ("dicom", {"OsiriX Launcher.app/I1": DICOM})],
    ),
    "viewer.infinitt": (
        [{"PiViewMain.exe": ANY_EXE}, {"PiView.exe": ANY_EXE}],
        [("viewer.program", {"PiViewer.exe": ANY_EXE})],
    ),
    "viewer.clearcanvas": (
        [{"ClearCanvas.Desktop.Executable.exe": ANY_EXE}],
        [("viewer.library", {"ClearCanvas.Desktop.Executable.dll": ANY_DLL})],
    ),
    "viewer.amicas": (
        [{"IMAGES/AMICAS/start.exe": ANY_EXE}],
        [("none", {"IMAGES/AMICAS/AMPT0001": TEXT}), ("viewer.library", {"IMAGES/AMICAS/a.dll": ANY_DLL})],
    ),
    "viewer.vatech": ([{"bin/Ez3D-i64.exe": ANY_EXE}], [("viewer.program", {"Ez3D2009.exe": ANY_EXE})]),
    "viewer.romexis": (
        [
            {"Romexis_Viewer_Win.exe": ANY_EXE},
            {"lib/RomexisViewer.jar": ZIP},
            {"Romexis_Viewer_OS_X.app/Contents/MacOS/Romexis Viewer": MAC},
        ],
        [("none", {"Romexis_Viewer_Win.exe": TEXT})],
    ),
    "viewer.one-volume": ([{"OneVolumeViewer.exe": ANY_EXE}], [("none", {"OneVolumeViewer.exe": TEXT})]),
    "viewer.galileos": (
        [{"GALILEOS Viewer.exe": ANY_EXE}, {"GALAXIS.exe": ANY_EXE}],
        [("none", {"GALAXIS.exe": TEXT})],
    ),
    "viewer.newtom": (
        [{"NNT.exe": ANY_EXE}, {"MyRayBridge.exe": ANY_EXE}],
        [("viewer.program", {"NNTools.exe": ANY_EXE})],
    ),
    "viewer.ray": ([{"SMARTDent.exe": ANY_EXE}], [("none", {"SMARTDent.exe": TEXT})]),
    "viewer.icat": ([{"ISIP/iCATVision/Vision.exe": ANY_EXE}], [("viewer.program", {"Vision.exe": ANY_EXE})]),
    "viewer.invivo": ([{"InVivoDental.exe": ANY_EXE}], [("none", {"InVivoDental.exe": TEXT})]),
    "viewer.ondemand3d": ([{"OnDemand3DApp_x64_1.0.exe": ANY_EXE}], [("none", {"OnDemand3DApp_x64_1.0.exe": TEXT})]),
    "viewer.starter": (
        [{"RunDlg.exe": ANY_EXE}, {"cdstart/cdstart.exe": ANY_EXE}, {"a.exe": program(product="CDStart Module")}],
        [("viewer.program", {"a.exe": program(product="CDStart Module Plus")})],
    ),
}
YES |= {rule: yes for rule, (yes, _no) in PRODUCTS.items()}
NO |= {rule: no for rule, (_yes, no) in PRODUCTS.items()}


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
    assert [one.rule.id for one in BUILTIN if one.rule.action == "drop"] == [], "nothing is dropped without a wish"


def test_every_builtin_rule_names_its_evidence_and_what_is_unverified_drops_nothing():
    """A: seen on a real disc or in a real package; B: by somebody who handles it, in public; C: hearsay."""
    for one in BUILTIN:
        assert re.match(r"[ABC]: \S.{10,}", one.rule.evidence), one.rule.id
        if one.rule.evidence.startswith("C"):
            assert one.rule.action == "keep", one.rule.id


def test_every_named_viewer_says_what_it_reads_and_who_says_so():
    named = {one.rule.id: one.rule.reads for one in BUILTIN if one.file.startswith("55-")}
    for rule in ("viewer.starter", "viewer.ge-languages"):  # which show no image themselves
        named.pop(rule)
    assert len(named) >= 30
    for rule, reads in named.items():
        assert reads is not None, rule
        assert reads.source, rule
    kinds = [conditions for one in BUILTIN if one.rule.reads for conditions in rulefile.all_of(one.rule.match)]
    assert not [c for c in kinds if "dll" in str(c.name).lower()], "a library shows no image itself"
    known = {rule for rule, reads in named.items() if reads and reads.codecs}
    assert known == {"viewer.weasis", "viewer.agfa-impax-ee", "viewer.array-aoc", "viewer.alma3d", "viewer.osirix"}


# Names that nobody has verified: what bears them is never dropped with the prerequisites.
UNVERIFIED_RULES = {"redist.unverified", "redist.directx-folder"}
UNVERIFIED = """
    dotnetfx.exe dotnetfx35setup.exe ndp48-x86-x64-allos-enu.exe windowsdesktop-runtime-6.0.1-win-x64.exe dxsetup.exe
    mdac_typ.exe jre-8u211-windows-i586.exe adberdr11000_en_us.exe acrordrdc.exe quicktimeinstaller.exe
    haspusersetup.exe codemeterruntime.exe wkruntime.exe ie6setup.exe k-lite_codec_pack.exe divxsetup.exe tscc.exe
    MicrosoftEdgeWebview2Setup.exe
"""


@pytest.mark.parametrize("name", UNVERIFIED.split())
def test_a_name_of_grade_c_is_never_dropped_as_a_prerequisite(name: str):
    disc = lay_out({f"Redist/{name}": program()})
    assert disc.verdicts[0].rule in UNVERIFIED_RULES
    assert actions(disc.plan(drop_redist=True)) == {f"Redist/{name}": "copy"}
    assert actions(disc.plan(drop=(Category.REDISTRIBUTABLE,))) == {f"Redist/{name}": "copy"}


def test_the_vendor_alone_decides_nothing():
    found = lay_out(
        {"tool.exe": program(), "tool.dll": program(is_dll=True, description="Microsoft® C Runtime Library")}
    )
    assert [verdict.category for verdict in found.verdicts] == [Category.VIEWER, Category.VIEWER]
