"""Packages with real Windows files, repacked as if they were discs: nothing is dropped that was not meant."""

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from repack.bundles import open_bundle
from repack.classify import facts
from repack.model import Action, Category, Facts, Plan, Wishes
from repack.processes.workers import Pool
from repack.progress import NoProgress
from repack.survey import Survey, make_plan, survey
from tests.commands import contents, manifest_of, repack
from tests.packages.downloads import Package, as_bundle, fetch

pytestmark = [pytest.mark.slow, pytest.mark.packages]

_PYTHON_27 = ("--platform", "win32", "--python-version", "27", "--implementation", "cp", "--abi", "cp27m")
# fmt: off
PACKAGES = [
    Package("msvc-runtime==14.44.35112", "msvc_runtime-14.44.35112-cp311-cp311-win_amd64.whl",
            "aba7fbe71897d25ed53fbb7f391e9f50289378a8a9ae218ba18530c663448391"),
    Package("dcm2niix==1.0.20260724", "dcm2niix-1.0.20260724-cp38-abi3-win_amd64.whl",
            "bc089bdc040383948d4a39e9374171456a553d2099b188846f5f1b75f0bd79df"),
    Package("pywin32==228", "pywin32-228-cp27-cp27m-win32.whl",
            "37dc9935f6a383cc744315ae0c2882ba1768d9b06700a70f35dc1ce73cd4ba9c", _PYTHON_27),
    Package("numpy==2.4.6", "numpy-2.4.6-cp311-cp311-win_amd64.whl",
            "1e254a00cdf42b1e4d5b3d68d33af63268d41340d8885df2ab6470f2e1500147"),
    Package("wxPython==4.3.2", "wxpython-4.3.2-cp311-cp311-win_amd64.whl",
            "4bb971389d7d27c501611fa95d328c8856f58e319882da9ecf3ca845ccd0481d"),
    Package("intel-openmp==2019.0", "intel_openmp-2019.0-py2.py3-none-win_amd64.whl",
            "726f1a321596bbc23d20d41135dd7aaf0e07eb06b43f3985f4dcf780ddba1bdb"),
    Package("node-notifier@10.0.1", "node-notifier-10.0.1.tgz",
            "5e75d1bb41696f3334481ec083204335e519920d292855cb6afb6b0e2d9afe9b"),
    Package("typescript@5.9.3", "typescript-5.9.3.tgz",
            "10e108c9cf7d5f2879053dff18515fb405abf2ccef63eaaf017d9c571687a1d3"),
    Package("innosetup-compiler@6.3.1", "innosetup-compiler-6.3.1.tgz",
            "dddd8f1f4ee10c65f88b41cef5f9dd88454e5b23795126264b1b529e2305f0bc"),
    Package("electron-winstaller@5.4.4", "electron-winstaller-5.4.4.tgz",
            "d50041e57c74dc1cf35baa3d56c79f88ca4ed74617833b932620371d220bb2b7"),
]
# fmt: on
#: Package -> what --keep-locales en,es may drop, how many files that are, and languages of it that must stay.
LANGUAGES = {
    "wxPython": (r"wx/locale/(?!en|es)[\w@]+/LC_MESSAGES/wxstd\.mo", 45),
    "typescript": (r"package/lib/(?!en|es)[\w-]+/diagnosticMessages\.generated\.json", 12),
    "innosetup-compiler": (r"package/bin/Languages/(?!English|Spanish|Default)\w+\.isl", 25),
}
#: Package -> its runtime libraries: a name, and how many.
RUNTIMES = {
    "msvc-runtime": (r"(concrt|msvcp|vcamp|vccorlib|vcomp|vcruntime)140\w*\.dll", 22),
    "dcm2niix": (r"(concrt|msvcp|vcruntime)140\w*\.dll", 16),
    "pywin32": (r"mfcm?90u?\.dll|Microsoft\.VC90\.MFC\.manifest", 5),
    "intel-openmp": (r"libiomp5md\.dll", 1),
    "numpy": (r"msvcp140-[0-9a-f]+\.dll", 1),
    "wxPython": (r"WebView2Loader\.dll", 1),
}
_SYMBOLS = r".+\.(pdb|lib)"

Entries = list[dict[str, Any]]


def remade(bundle: Path, target: Path, *words: str) -> Entries:
    """Repack for real; the entries of the manifest."""
    repack(bundle, "-o", target, "--quiet", *words)
    entries, held = manifest_of(target)["entries"], set(contents(target))
    files = [entry for entry in entries if not entry.get("folder")]
    assert {entry["path"] for entry in files if entry["action"] != "dropped"} <= held
    return files


def gather(bundle: Path) -> dict[str, Facts]:
    """Path -> the facts of the entry."""
    entries = open_bundle(bundle).entries
    return {entry.path: fact for entry, fact in zip(entries, facts.gather(entries), strict=True)}


def dropped(entries: Entries) -> list[str]:
    return [entry["path"] for entry in entries if entry["action"] == "dropped"]


@pytest.fixture(params=PACKAGES, ids=lambda package: package.name, scope="module")
def package(request: pytest.FixtureRequest) -> Package:
    return request.param


@pytest.fixture(scope="module")
def bundle(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return as_bundle(fetch(package), tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="module")
def found(bundle: Path) -> Survey:
    with Pool(1) as pool:
        return survey(bundle, (), pool, NoProgress())


def test_no_file_is_dropped_but_languages(package: Package, bundle: Path, tmp_path: Path):
    entries = remade(bundle, tmp_path / "new.zip", "--keep-locales", "en,es", "--drop-redist")
    meant, count = LANGUAGES.get(package.name, ("", 0))
    gone = dropped(entries)
    assert [path for path in gone if not re.fullmatch(meant, path)] == [], "dropped, and not meant"
    assert len(gone) == count
    runtimes, how_many = RUNTIMES.get(package.name, ("", 0))
    named = [entry for entry in entries if re.fullmatch(runtimes, entry["path"].rpartition("/")[2])]
    assert Counter(entry["category"] for entry in named) == Counter({"runtime": how_many} if how_many else {})


def test_what_a_kept_program_imports_is_kept(found: Survey):
    plan = make_plan(found, Wishes(drop=(Category.RUNTIME, Category.REDISTRIBUTABLE, Category.SYMBOLS, Category.JUNK)))
    gone = {path.rpartition("/")[2].lower() for path in planned_to_go(plan)}
    kept = [line for line in plan.lines if line.decision.action is not Action.DROP]
    still = {line.entry.path.rpartition("/")[2].lower() for line in kept}
    for line in kept:
        imports = line.facts.pe.imports if line.facts.pe else ()
        assert not [name for name in imports if name in gone - still], line.entry.path


def test_only_debug_symbols_are_symbols(found: Survey):
    plan = make_plan(found, Wishes(drop=(Category.SYMBOLS, Category.JUNK, Category.PREVIEW)))
    assert [path for path in planned_to_go(plan) if not re.fullmatch(_SYMBOLS, path)] == []


def test_nothing_here_is_a_prerequisite(found: Survey):
    """Runtimes, compilers of installers, a viewer's Setup.exe: none is somebody else's installer."""
    plan = make_plan(found, Wishes(drop=(Category.REDISTRIBUTABLE,)))
    assert planned_to_go(plan) == []
    assert Category.REDISTRIBUTABLE not in {line.verdict.category for line in plan.lines}
    assert [line.entry.path for line in plan.lines if line.facts.problem] == []


def planned_to_go(plan: Plan) -> list[str]:
    """Files alone: a folder goes with them."""
    gone = (line.entry for line in plan.lines if line.decision.action is Action.DROP)
    return [entry.path for entry in gone if not entry.is_directory]


# --- a genuine NSIS installer ---

_SCRIPT = """
Unicode true
Name "{product}"
OutFile "{file}"
InstallDir "$PROGRAMFILES\\Example"
VIProductVersion "1.0.0.0"
VIAddVersionKey /LANG=0 "CompanyName" "{company}"
VIAddVersionKey /LANG=0 "ProductName" "{product}"
VIAddVersionKey /LANG=0 "FileDescription" "{product}"
VIAddVersionKey /LANG=0 "FileVersion" "1.0.0.0"
VIAddVersionKey /LANG=0 "LegalCopyright" "nobody"
Section
SetOutPath "$INSTDIR"
File "{payload}"
SectionEnd
"""


def make_installer(folder: Path, name: str, company: str, product: str) -> Path:
    makensis = shutil.which("makensis")
    if makensis is None:
        pytest.skip("makensis is not installed (Debian: nsis)")
    payload, file, script = folder / "payload.txt", folder / name, folder / f"{name}.nsi"
    payload.write_text("nothing\n", "utf-8")
    script.write_text(_SCRIPT.format(product=product, company=company, file=file, payload=payload), "utf-8")
    subprocess.run([makensis, "-V1", str(script)], capture_output=True, check=True, timeout=120)
    return file


def test_a_genuine_installer_is_a_prerequisite_only_by_what_it_installs(tmp_path: Path):
    """Both are built by the same tool: one installs the viewer, one claims to install Visual C++."""
    own = make_installer(tmp_path, "Setup.exe", "Example Imaging", "Example Viewer")
    redist = "Microsoft Visual C++ 2015-2022 Redistributable (x64) - 14.44.35211"
    other = make_installer(tmp_path, "renamed.exe", "Microsoft Corporation", redist)
    disc = tmp_path / "disc"
    for file, path in ((own, "Setup.exe"), (own, "Viewer/Install.exe"), (other, "Redist/prerequisite.exe")):
        (disc / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, disc / path)
    (disc / "autorun.inf").write_text("[autorun]\nopen=Setup.exe\n", "utf-8")
    entries = remade(disc, tmp_path / "new.zip", "--drop-redist", "--keep-locales", "en")
    assert {entry["path"]: (entry["category"], entry["action"]) for entry in entries} == {
        "autorun.inf": ("launcher", "copied"),
        "Setup.exe": ("viewer", "copied"),
        "Viewer/Install.exe": ("viewer", "copied"),
        "Redist/prerequisite.exe": ("redistributable", "dropped"),
    }
    assert {path: fact.installer for path, fact in gather(disc).items() if fact.pe} == dict.fromkeys(
        ("Setup.exe", "Viewer/Install.exe", "Redist/prerequisite.exe"), "nsis"
    )


def test_a_genuine_installer_that_autorun_starts_is_kept(tmp_path: Path):
    redist = "Microsoft Visual C++ 2013 Redistributable (x86) - 12.0.40664"
    file = make_installer(tmp_path, "vcredist_x86.exe", "Microsoft Corporation", redist)
    disc = tmp_path / "disc"
    disc.mkdir()
    shutil.copyfile(file, disc / "vcredist_x86.exe")
    (disc / "autorun.inf").write_text("[autorun]\nopen=vcredist_x86.exe /q\n", "utf-8")
    entries = remade(disc, tmp_path / "new.zip", "--drop-redist")
    assert dropped(entries) == []
    (kept,) = (entry for entry in entries if entry["category"] == "redistributable")
    assert "autorun.inf" in kept["reason"]
