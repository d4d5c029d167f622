"""Files that work only together: settings of a program, a Java runtime, the folder of a setup program."""

import pytest

from repack.classify.needs import Need
from repack.model import Category, Facts, PeFacts
from tests.classify.synthetic import IMAGE, Disc, actions, dll, exe, lay_out, reasons

TEXT = Facts("unknown")
LAUNCH4J = Facts("pe", pe=PeFacts(is_dll=False, machine="x86", version={}, imports=(), appended="zip"))
JRE = {"jre/bin/javaw.exe": exe(), "jre/bin/server/jvm.dll": dll(), "jre/lib/rt.jar": Facts("zip"), "jre/NOTE": TEXT}


def needs(disc: Disc) -> set[tuple[str, str, Need]]:
    path = [entry.path for entry in disc.bundle.entries]
    return {(path[r.by], path[r.of], r.need) for r in disc.needs}


def kept(disc: Disc, **wishes: object) -> set[str]:
    return {path for path, action in actions(disc.plan(**wishes)).items() if action != "drop"}


@pytest.mark.parametrize(
    "partner", ["v.exe.config", "V.EXE.MANIFEST", "v.l4j.ini", "v.ini", "v.jar", "v.dll", "v.deps.json"]
)
def test_a_program_needs_what_lies_beside_it_under_its_name(partner: str):
    disc = lay_out({"P/v.exe": exe(), f"P/{partner}": TEXT, f"Q/{partner}": TEXT})
    assert needs(disc) == {("P/v.exe", f"P/{partner}", Need.LOADED_WITH)}
    assert kept(disc, drop_path=(f"**/{partner}",)) == {"P/v.exe", f"P/{partner}"}
    assert kept(disc, drop_path=("P/**",)) == {f"Q/{partner}"}, "nothing needs a program for its settings"


@pytest.mark.parametrize(
    "user",
    [{"app.jar": Facts("zip")}, {"a.jar.xz": Facts("xz")}, {"v.exe": LAUNCH4J}, {"v.exe": exe(), "v.l4j.ini": b""}],
)
def test_what_runs_on_java_keeps_the_whole_runtime(user: dict[str, Facts | bytes]):
    disc = lay_out(user | JRE | {"other.exe": exe()})
    assert set(JRE) <= kept(disc, drop=(Category.RUNTIME,))
    assert set(JRE) & kept(disc, drop=(Category.RUNTIME,), drop_path=tuple(user)) == set()
    plan = disc.plan(drop=(Category.RUNTIME,))
    assert reasons(plan)["jre/bin/javaw.exe"].endswith("runs on it")
    assert reasons(plan)["jre/lib/rt.jar"] == "jre/bin/javaw.exe is not loaded without it"


def test_a_runtime_without_a_user_goes_as_asked():
    disc = lay_out({"v.exe": exe()} | JRE)
    assert kept(disc, drop=(Category.RUNTIME,)) == {"v.exe"}


def test_a_folder_called_bin_is_no_java():
    disc = lay_out({"a.jar": Facts("zip"), "x/bin/java": TEXT, "bin/java": TEXT, "lib/a": TEXT, "y/lib/b": TEXT})
    assert needs(disc) == set()


SETUP = {
    "S/Setup.exe": exe(),
    "S/Data1.cab": Facts("cab"),
    "S/Setup.ini": b"x",
    "S/0x0407.ini": b"x",
    "S/1031.mst": Facts("ole"),
    "S/vcredist_x86.exe": exe(ProductName="Microsoft Visual C++ 2010 x86 Redistributable"),
    "S/ISSetupPrerequisites/{1}/other.exe": exe(ProductName="Microsoft Visual C++ 2010 x86 Redistributable"),
}


def test_the_folder_of_a_setup_program_is_one_unit():
    disc = lay_out(SETUP | {"S/I1": Facts("dicom", dicom=IMAGE), "T/a": TEXT})
    assert set(SETUP) <= kept(disc, drop_redist=True, keep_locales=("es",), drop_path=("S/*.cab", "S/I1", "T/**"))
    parts = {of for _by, of, _need in needs(disc)}
    assert "S/Data1.cab" in parts
    assert "S/I1" not in parts, "an image is no part of it"
    plan = disc.plan(drop_redist=True)
    assert reasons(plan)["S/vcredist_x86.exe"] == "S/Setup.exe may not install without it"
    assert kept(disc, drop_path=("S/*.*",)) & {path for path in SETUP if path.count("/") == 1} == set()


def test_in_the_root_only_parts_of_the_setup_belong_to_it():
    root = {path.removeprefix("S/"): content for path, content in SETUP.items()}
    disc = lay_out(root | {"notes.bin": TEXT, "ISSetup.dll": dll()})
    left = kept(disc, drop_redist=True, drop_path=("*.bin", "ISSetup.dll"))
    assert "notes.bin" not in left
    assert "vcredist_x86.exe" not in left
    assert {"ISSetup.dll", "ISSetupPrerequisites/{1}/other.exe", "Data1.cab"} <= left


def test_any_setup_exe_is_no_installshield():
    disc = lay_out({"S/setup.exe": exe(), "S/vcredist_x86.exe": exe(), "S/readme.txt": TEXT})
    assert kept(disc, drop_redist=True) == {"S/setup.exe", "S/readme.txt"}


def test_a_database_of_windows_installer_keeps_its_cabinets():
    msi = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    disc = lay_out(
        {"S/Viewer.msi": msi, "S/files1.cab": Facts("cab"), "S/1031.mst": Facts("ole"), "T/x.cab": Facts("cab")}
    )
    assert kept(disc, drop_path=("**/*.cab", "**/*.mst")) == {"S/Viewer.msi", "S/files1.cab", "S/1031.mst"}
    assert reasons(disc.plan(drop_path=("**/*.cab",)))["S/files1.cab"] == "S/Viewer.msi may not install without it"
    assert kept(disc, drop_path=("S/**",)) == {"T/x.cab"}
