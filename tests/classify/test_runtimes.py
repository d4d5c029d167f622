"""Runtimes that programs load by name: .NET that lies beside its program, and single files that nothing imports."""

import pytest

from repack.classify.needs import Need
from repack.model import Category, Facts, PeFacts
from tests.classify.synthetic import dll, exe, lay_out, reasons
from tests.classify.test_units import kept, needs

TEXT = Facts("unknown")
NET = Facts("pe", pe=PeFacts(is_dll=True, machine="x64", version={"product": "Microsoft® .NET"}, imports=()))
HOST = ("hostfxr.dll", "hostpolicy.dll", "coreclr.dll", "clrjit.dll")
RUNTIME = dict.fromkeys(
    (f"V/{name}" for name in (*HOST, "System.Private.CoreLib.dll", "System.Text.Json.dll", "mscordaccore.dll")), NET
)
PROGRAM = {"V/viewer.exe": exe(), "V/viewer.dll": dll()}


@pytest.mark.parametrize("told_by", ["V/viewer.runtimeconfig.json", "V/Viewer.deps.json"])
def test_a_self_contained_program_keeps_its_runtime_as_a_whole(told_by: str):
    disc = lay_out(PROGRAM | RUNTIME | {told_by: b"{}"})
    assert set(RUNTIME) <= kept(disc, drop=(Category.RUNTIME,))
    plan = disc.plan(drop=(Category.RUNTIME,))
    assert reasons(plan)["V/coreclr.dll"] == "V/viewer.exe runs on it"
    assert reasons(plan)["V/clrjit.dll"] == "V/coreclr.dll is not loaded without it"
    assert kept(disc, drop_path=("V/hostfxr.dll",)) == {*PROGRAM, *RUNTIME, told_by}
    assert kept(disc, drop=(Category.RUNTIME,), drop_path=("V/viewer.*",)) == set()
    assert set(RUNTIME) & kept(disc, drop=(Category.RUNTIME,), force_drop=True) == set()


def test_the_host_is_known_by_its_name_where_it_does_not_say_what_it_is():
    silent = {f"V/{name}": dll() for name in HOST}
    disc = lay_out(PROGRAM | silent | {"V/viewer.deps.json": b"{}"})
    assert set(silent) <= kept(disc, drop=(Category.RUNTIME,))


def test_without_a_program_that_says_so_a_runtime_goes_as_asked():
    for files in (PROGRAM, {"V/other.exe": exe(), "V/viewer.deps.json": b"{}"}, {"W/viewer.exe": exe()}):
        disc = lay_out(files | RUNTIME)
        assert set(RUNTIME) & kept(disc, drop=(Category.RUNTIME,)) == set()
    part = {"V/System.Text.Json.dll": NET}  # without a host: the computer has the rest
    disc = lay_out(PROGRAM | part | {"V/viewer.deps.json": b"{}"})
    assert set(part) & kept(disc, drop=(Category.RUNTIME,)) == set()


BY_NAME = ("icudtl.dat", "WebView2Loader.dll", "opengl32sw.dll", "d3dcompiler_47.dll")


@pytest.mark.parametrize("name", BY_NAME)
def test_what_is_loaded_by_name_stays_with_the_program_beside_it(name: str):
    content = TEXT if name.endswith("dat") else dll()
    disc = lay_out({"V/viewer.exe": exe(), f"V/{name}": content, f"W/{name}": content})
    assert needs(disc) == {("V/viewer.exe", f"V/{name}", Need.MAY_LOAD)}
    assert kept(disc, drop=(Category.RUNTIME,)) == {"V/viewer.exe", f"V/{name}"}
    assert reasons(disc.plan(drop=(Category.RUNTIME,)))[f"V/{name}"] == "V/viewer.exe may load it"
    assert kept(disc, drop=(Category.RUNTIME,), drop_path=("*.exe",)) == set()


@pytest.mark.parametrize("path", ["resources/icudtl.dat", "runtimes/win-x64/native/WebView2Loader.dll"])
def test_it_may_lie_where_its_makers_put_it(path: str):
    content = TEXT if path.endswith("dat") else dll()
    disc = lay_out({"V/viewer.exe": exe(), f"V/{path}": content, f"V/other/{path.rpartition('/')[2]}": content})
    assert kept(disc, drop=(Category.RUNTIME,)) == {"V/viewer.exe", f"V/{path}"}


def test_no_installer_is_taken_for_what_loads_it():
    installer = Facts("pe", pe=PeFacts(is_dll=False, machine="x86", version={}, imports=()), installer="nsis")
    disc = lay_out({"V/setup.exe": installer, "V/d3dcompiler_47.dll": dll()})
    assert needs(disc) == set()
