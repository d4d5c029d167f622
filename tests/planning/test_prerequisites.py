"""Installers that go although a program that stays needs what they bring: it is said in one line."""

import pytest

from repack.model import Facts, PeFacts
from repack.planning.remarks import remark
from tests.classify.synthetic import BUILTIN, dll, exe, lay_out
from tests.planning.test_plan import dropped

VIEWER = ("msvcp100.dll", "MSVCR100.dll", "mfc100u.dll", "kernel32.dll")


def installer(year: str = "", machine: str = "x86") -> Facts:
    product = f"Microsoft Visual C++ {year}  {machine} Redistributable"
    return Facts(
        "pe", pe=PeFacts(is_dll=False, machine="x86", version={"product": product} if year else {}, imports=())
    )


def warn(files: dict[str, Facts | bytes], **wishes: object) -> tuple[str, ...]:
    disc = lay_out(files)
    return remark(disc.plan(**wishes), BUILTIN, disc.needs)


def test_a_missing_runtime_is_named_with_what_would_keep_it():
    files = {"V/viewer.exe": exe(*VIEWER), "Redist/vcredist_x86.exe": installer("2010")}
    assert dropped(lay_out(files).plan(drop_redist=True)) == {"Redist/vcredist_x86.exe"}, "the wish is fulfilled"
    assert warn(files, drop_redist=True) == (
        (
            "viewer.exe needs msvcp100.dll and 2 more; where they are missing only vcredist_x86.exe brings them, "
            "which is left out (--keep vcredist_x86.exe)"
        ),
    )
    assert warn(files) == ()
    assert warn(files, drop_redist=True, keep=("vcredist_x86.exe",)) == ()
    assert warn(files, drop_redist=True, drop_path=("V/**",)) == ()
    assert warn(files, drop_path=("Redist/**",)) == warn(files, drop_redist=True)


def test_what_lies_on_the_disc_is_not_missing():
    files = {
        "V/viewer.exe": exe(*VIEWER), "V/MSVCP100.dll": dll(), "V/msvcr100.dll": dll(),
        "Redist/vcredist_x86.exe": installer("2010"),
    }  # fmt: skip
    assert warn(files, drop_redist=True) == (
        (
            "viewer.exe needs mfc100u.dll; where it is missing only vcredist_x86.exe brings it, "
            "which is left out (--keep vcredist_x86.exe)"
        ),
    )
    assert warn(files | {"V/mfc100u.dll": dll()}, drop_redist=True) == ()


@pytest.mark.parametrize(
    ("library", "path", "year", "is_missed"),
    [
        ("msvcr100.dll", "vcredist_x86.exe", "2010", True),
        ("msvcr100.dll", "vcredist_x86.exe", "", True),  # nobody can say which one it is
        ("msvcr100.dll", "vcredist_x86.exe", "2013", False),
        ("msvcr100.dll", "VC_redist.x86.exe", "", False),
        ("msvcr100.dll", "vcredist_2010_x86.exe", "", True),
        ("msvcr100.dll", "vc2008/vcredist_x86.exe", "", False),
        ("vcruntime140_1.dll", "VC_redist.x64.exe", "2015-2022", True),
        ("msvcp140.dll", "VC_redist.x64.exe", "2019", True),
        ("mfc90u.dll", "vcredist.exe", "2008", True),
        ("msvcr71.dll", "vcredist.exe", "2008", False),
        ("msvcrt.dll", "vcredist.exe", "2008", False),
        ("d3dx9_43.dll", "directx_Jun2010_redist.exe", "", True),
        ("d3d9.dll", "directx_Jun2010_redist.exe", "", False),
    ],
)
def test_an_installer_brings_the_libraries_of_its_year(library: str, path: str, year: str, *, is_missed: bool):
    assert bool(warn({"V/viewer.exe": exe(library), path: installer(year)}, drop_redist=True)) == is_missed


def test_one_line_for_each_runtime_names_the_programs_before_their_libraries():
    files = {
        "V/core.dll": dll("msvcr100.dll"), "V/viewer.exe": exe("msvcp100.dll"), "V/b.exe": exe("msvcp140.dll"),
        "R/vcredist_x86.exe": installer("2010"), "R/vcredist_x64.exe": installer("2010", "x64"),
        "R/VC redist.x64.exe": installer("2022"),
    }  # fmt: skip
    assert warn(files, drop_redist=True) == (
        (
            "viewer.exe and core.dll need msvcp100.dll and 1 more; where they are missing only vcredist_x86.exe and "
            "vcredist_x64.exe bring them, which are left out (--keep vcredist_x86.exe --keep vcredist_x64.exe)"
        ),
        (
            "b.exe needs msvcp140.dll; where it is missing only VC redist.x64.exe brings it, which is left out "
            '(--keep "VC redist.x64.exe")'
        ),
    )


def test_an_installer_that_stays_is_enough():
    files = {"V/viewer.exe": exe("msvcr100.dll"), "a/vcredist_x86.exe": installer(), "b/vcredist.exe": installer()}
    assert warn(files, drop_redist=True, keep=("a/**",)) == ()
