"""repack as a library: the same result as the command line, quiet, watched on request, errors as values or types."""

import re
import zipfile
from pathlib import Path
from typing import get_type_hints

import pytest

from repack import api
from repack.errors import ExitCode
from tests.commands import repack
from tests.discs import small_disc, write_small_disc

PAGE = Path(__file__).resolve().parents[1] / "docs" / "api.md"
EXAMPLE, WATCHER = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a disc in it."""
    write_small_disc(tmp_path / "scan.zip", 3)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_of_the_page_does_what_it_says(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 8 <= len([line for line in EXAMPLE.splitlines() if line]) <= 12
    exec(EXAMPLE, {"__name__": "example"})  # noqa: S102  our own page
    out, err = capsys.readouterr()
    plan = api.plan("scan.zip", api.Wishes(keep_locales=("en", "es"), drop_redist=True))
    assert [line.split()[0] for line in out.splitlines()[:3]] == [line.entry.path for line in plan.lines[:3]]
    assert re.search(r"^\d+ -> \d+$", out, re.MULTILINE)
    assert out.endswith("originals are back, 0 are not\n")
    assert err == ""
    images = {file.path: file.content for file in small_disc(3) if file.path.startswith("DICOM/")}
    assert {f"DICOM/{image.name}": image.read_bytes() for image in (here / "originals/DICOM").iterdir()} == images


@pytest.mark.lengthy
def test_the_command_line_gives_the_same_zip(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = api.run("scan.zip", "library.zip", api.Wishes(drop_redist=True))
    assert capsys.readouterr() == ("", "")
    repack("scan.zip", "-o", "command.zip", "--drop-redist", "-q")
    assert (here / "library.zip").read_bytes() == (here / "command.zip").read_bytes()
    assert done.size == (here / "library.zip").stat().st_size


@pytest.mark.usefixtures("here")
def test_worker_processes_change_nothing_but_the_time() -> None:
    inline = api.run("scan.zip", "a.zip")
    shared = api.run("scan.zip", "b.zip", settings=api.Settings(jobs=2))
    assert inline.manifest == shared.manifest


@pytest.mark.usefixtures("here")
def test_the_watcher_of_the_page_sees_every_stage(capsys: pytest.CaptureFixture[str]) -> None:
    known: dict[str, type[api.Progress]] = {}
    exec(WATCHER, known)  # noqa: S102  our own page
    api.run("scan.zip", "small.zip", progress=known["Dots"]())
    api.verify("small.zip", progress=known["Dots"]())
    out, _err = capsys.readouterr()
    stages = [line.split(",")[0] for line in out.splitlines() if line]
    assert stages == ["Looking at the disc", "Repacking", "Checking", "Verifying"]
    entries = len(api.open_bundle("scan.zip").entries)
    looked = out.splitlines()[1]
    assert looked.count(".") == entries


def test_what_cannot_be_done_is_an_error_with_its_exit_code(here: Path) -> None:
    with pytest.raises(api.BundleUnreadable) as unreadable:
        api.open_bundle("nothing.zip")
    assert unreadable.value.code == ExitCode.UNREADABLE
    (here / "taken.zip").write_bytes(b"mine")
    with pytest.raises(api.OutputUnwritable):
        api.run("scan.zip", "taken.zip")
    assert (here / "taken.zip").read_bytes() == b"mine"
    before = (here / "scan.zip").read_bytes()
    with pytest.raises(api.WrongUsage):
        api.run("scan.zip", "scan.zip", settings=api.Settings(overwrite=True))
    assert (here / "scan.zip").read_bytes() == before


def test_the_input_is_never_written_to(here: Path) -> None:
    over = api.Settings(overwrite=True)
    with zipfile.ZipFile("scan.zip") as archive:
        archive.extractall("disc")
    image = next(path for path in (here / "disc").rglob("*") if path.is_file())
    api.run("scan.zip", "small.zip")
    before = {path: path.read_bytes() for path in (image, here / "small.zip")}
    with pytest.raises(api.WrongUsage, match="part of the input"):
        api.run("disc", image, settings=over)
    with pytest.raises(api.WrongUsage, match="part of the input"):
        api.restore("small.zip", "small.zip", settings=over)
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.usefixtures("here")
def test_a_damaged_zip_has_findings() -> None:
    api.run("scan.zip", "small.zip")
    whole = Path("small.zip").read_bytes()
    at = whole.index(b"DICOM/I0000002") + 400  # within the image that follows its name
    Path("small.zip").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    assert any("I0000002" in finding.where for finding in api.verify("small.zip").findings)


def test_the_page_names_every_function_and_every_wish() -> None:
    page = PAGE.read_text("utf-8")
    functions = [name for name in api.__all__ if name[0].islower()]
    assert sorted(functions) == ["open_bundle", "plan", "restore", "run", "verify"]
    for name in functions:
        assert f"| `{name}(" in page
        parameters = re.search(rf"\| `{name}\((.*?)\)`", page)
        assert parameters is not None
        assert parameters[1].split(", ") == [n for n in get_type_hints(getattr(api, name)) if n != "return"]
    fields = [*api.Wishes.__dataclass_fields__, *api.Settings.__dataclass_fields__]
    assert [name for name in fields if f"`{name}" not in page] == []
