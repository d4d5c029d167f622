"""`--report` of the main job and of inspect: written after the zip, never at its cost, and about nobody by name."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from fixtures.disc import write_folder
from repack.processes.workers import Crashed
from repack.report import html
from repack.report.page import Report
from repack.thumbnails import drawing, looking
from tests.commands import Run, one_line
from tests.discs import small_disc, write_small_disc

pytestmark = pytest.mark.usefixtures("inline")


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    return write_small_disc(tmp_path / "scan.zip", 14)


def test_a_run_writes_a_report_with_pictures(disc: Path, run: Run, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    code, out, err = run(disc, "--keep-locales", "en", "--drop-redist", "--report", page)
    assert code == 0, err
    assert "the report is in report.html" in out
    text = page.read_text("utf-8")
    assert text.count("<img ") == 5  # three slices and two planes
    assert "14 of 14" in text
    assert "redist.vc-installer" in text
    assert "exact: the original file can be rebuilt byte for byte" in text
    assert {path.name for path in tmp_path.iterdir()} == {"scan.zip", "scan.repacked.zip", "report.html"}


def test_inspect_writes_a_report_and_nothing_else(disc: Path, run: Run, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert run("inspect", disc, "--report", page)[0] == 0
    assert "Nothing was changed." in page.read_text("utf-8")
    assert {path.name for path in tmp_path.iterdir()} == {"scan.zip", "report.html"}
    code, _out, err = run("inspect", disc, "--report", page)
    assert code == 5
    assert "it exists already" in err
    assert run("inspect", disc, "--report", page, "--overwrite")[0] == 0


def test_the_patient_is_named_only_on_request(disc: Path, run: Run, tmp_path: Path) -> None:
    closed, opened = tmp_path / "closed.html", tmp_path / "open.html"
    assert run("inspect", disc, "--report", closed)[0] == 0
    assert run("inspect", disc, "--report", opened, "--with-patient")[0] == 0
    names = re.findall(r'<p class="person"><strong>(.*?)</strong> (.*?)</p>', opened.read_text("utf-8"))
    assert names
    page = closed.read_text("utf-8").partition("<body>")[2]
    for word in re.findall(r"[\w-]{3,}", " ".join(names[0])):
        assert not re.search(rf"(?<![<\w]){re.escape(word)}\b", page, re.IGNORECASE), word


def test_a_folder_with_a_name_of_two_letters_is_hidden(run: Run, tmp_path: Path) -> None:
    files = small_disc(1)
    named = [
        replace(file, path=f"Li_Bo/{file.path}", content=file.content.replace(b"PHANTOM^HEAD", b"Li^Bo       "))
        for file in files
        if file.path.startswith(("DICOM/", "Viewer/"))
    ]
    write_folder(tmp_path / "disc", tuple(named))
    page = tmp_path / "report.html"
    assert run(tmp_path / "disc", "-q", "--keep-locales", "en", "--report", page)[0] == 0
    text = page.read_text("utf-8").partition("<body>")[2]
    assert "..._.../Viewer/de/Ez3DViewer.resources.dll" in text
    assert not re.search(r"\b(Li|Bo)(?![a-z0-9])", re.sub('</?li>|base64,[^"]*', "", text))


def test_a_zip_of_our_own_that_stays_as_it_is_gets_its_report(disc: Path, run: Run, tmp_path: Path) -> None:
    page, done = tmp_path / "report.html", tmp_path / "scan.repacked.zip"
    assert run(disc, "-q")[0] == 0
    assert run(done, "-q", "--report", page)[0] == 0
    assert "14 of 14" in page.read_text("utf-8")
    assert page.read_text("utf-8").count("<img ") == 5


def test_the_same_run_writes_the_same_report(disc: Path, run: Run, tmp_path: Path) -> None:
    pages = []
    for name in ("one", "two"):
        assert run(disc, "-q", "-o", tmp_path / f"{name}.zip", "--report", tmp_path / f"{name}.html", "-j", "1")[0] == 0
        pages.append((tmp_path / f"{name}.html").read_bytes())
    assert pages[0] == pages[1]


@pytest.mark.parametrize("where", ["scan.zip", "out.zip", "list.json"])
def test_a_report_never_takes_the_place_of_another_file(where: str, disc: Path, run: Run, tmp_path: Path) -> None:
    before = disc.read_bytes()
    words = (disc, "-o", tmp_path / "out.zip", "--manifest", tmp_path / "list.json", "--overwrite")
    assert run(*words, "--report", tmp_path / where)[0] == 2
    assert disc.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["scan.zip"]


def test_a_place_that_cannot_be_is_refused_before_anything_is_done(disc: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "old.html").write_text("precious", "utf-8")
    for page, said in ((tmp_path / "old.html", "it exists already"), (tmp_path / "no" / "x.html", "does not exist")):
        code, _out, err = run(disc, "--report", page)
        assert code == 5
        assert said in err
    assert not disc.with_name("scan.repacked.zip").exists()
    assert (tmp_path / "old.html").read_text("utf-8") == "precious"


def test_requests_that_make_no_sense_are_refused(disc: Path, run: Run, tmp_path: Path) -> None:
    assert run(disc, "--with-patient")[0] == 2
    assert run("inspect", disc, "--with-patient")[0] == 2
    assert run(disc, "--dry-run", "--report", tmp_path / "x.html")[0] == 2
    folder = tmp_path / "disc"
    write_folder(folder, small_disc(1, 16))
    (folder / "page.html").write_text("theirs", "utf-8")
    assert run("inspect", folder, "--report", folder / "page.html", "--overwrite")[0] == 2
    (tmp_path / "a file").touch()
    code, _out, err = run("inspect", folder, "--report", tmp_path / "a file" / "page.html")
    assert (code, "a file is a file, no folder; name another place with --report" in err) == (5, True)
    assert (folder / "page.html").read_text("utf-8") == "theirs"


def test_json_stays_alone_on_standard_output(disc: Path, run: Run, tmp_path: Path) -> None:
    code, out, _err = run(disc, "--json", "--report", tmp_path / "x.html")
    assert code == 0
    assert json.loads(out)["schema"] == "repack-manifest-1"


def test_a_folder_that_is_gone_by_then_costs_only_the_report(
    disc: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, render = tmp_path / "place", html.render
    place.mkdir()

    def render_late(report: Report) -> bytes:
        place.rmdir()
        return render(report)

    monkeypatch.setattr(html, "render", render_late)
    code, _out, err = run(disc, "-q", "--report", place / "x.html")
    assert code == 5
    assert "cannot write x.html" in one_line(err)
    assert "a fault in repack" not in err
    assert "the new zip is complete" in err
    assert disc.with_name("scan.repacked.zip").exists()


@pytest.mark.parametrize("error", [RuntimeError("a bug"), OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_trouble_with_the_report_never_costs_the_zip(
    error: BaseException, disc: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_report: object) -> bytes:
        raise error

    monkeypatch.setattr(html, "render", fail)
    code, _out, err = run(disc, "-q", "--report", tmp_path / "x.html")
    assert code == 5
    assert err.startswith("repack: cannot write x.html: ")
    assert "the new zip is complete; only the report is missing" in err
    assert {path.name for path in tmp_path.iterdir()} == {"scan.zip", "scan.repacked.zip"}
    assert run("verify", tmp_path / "scan.repacked.zip", "-q")[0] == 0


class DyingPool:
    """A pool whose workers crash at pictures and only there."""

    def __init__(self, _jobs: int) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_rest: object) -> None:
        pass

    def run(self, function: Callable, tasks: list, _allow: Callable | None = None) -> object:
        return (Crashed(task) if function is drawing.draw else function(task) for task in tasks)


def test_a_codec_that_crashes_costs_pictures_and_not_the_report(
    disc: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from repack.cli import report_file

    monkeypatch.setattr(report_file, "Pool", DyingPool)
    assert run("inspect", disc, "--report", tmp_path / "x.html")[0] == 0
    text = (tmp_path / "x.html").read_text("utf-8")
    assert "<img" not in text
    assert "No picture: its decoder crashed." in text


def test_thousands_of_series_are_bounded_and_said_to_be(
    disc: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "MOST_BYTES", 1500)
    assert run("inspect", disc, "--report", tmp_path / "x.html")[0] == 0
    text = (tmp_path / "x.html").read_text("utf-8")
    assert "Some pictures are missing: the report would become too large." in text
    monkeypatch.setattr(looking, "MOST_SERIES", 0)
    assert run("inspect", disc, "--report", tmp_path / "y.html")[0] == 0
    text = (tmp_path / "y.html").read_text("utf-8")
    assert "<img" not in text
    assert "More series" in text


def test_a_disc_without_images_has_a_report_too(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "disc"
    folder.mkdir()
    (folder / "letter.txt").write_text("hello", "utf-8")
    assert run("inspect", folder, "--report", tmp_path / "x.html")[0] == 0
    assert "There are no DICOM images in it." in (tmp_path / "x.html").read_text("utf-8")
