"""What repack writes into the very folder that it repacks: said at once, known again by content, never a surprise."""

import zipfile
from pathlib import Path

import pytest

from fixtures.disc import DiscFile, write_folder, write_zip
from repack.model import Facts
from tests.commands import Run, entries_of, flat
from tests.discs import small_disc

pytestmark = pytest.mark.usefixtures("inline")
DISC = small_disc(1)


@pytest.fixture
def run(run: Run) -> Run:
    """What is said comes as if it had not been wrapped."""

    def call(*words: str | Path) -> tuple[int, str, str]:
        code, out, err = run(*words)
        return code, flat(out), flat(err)

    return call


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    write_folder(tmp_path / "disc", DISC)
    return tmp_path / "disc"


def test_what_a_run_writes_into_its_folder_is_no_part_of_it_and_is_told_of(disc: Path, run: Run) -> None:
    names = {"-o": "small.zip", "--manifest": "record", "--report": "page.html"}
    words = [word for option, name in names.items() for word in (option, disc / name)]
    code, out, err = run(disc, *words)
    assert (code, err) == (0, "")
    said = "small.zip and record and page.html lie inside the bundle: not part of this zip, but a later run would take"
    assert f"{said} them along, unless you put them elsewhere" in out
    assert not set(names.values()) & entries_of(disc / "small.zip").keys()
    assert set(names.values()) <= {path.name for path in disc.iterdir()}
    assert "inside the bundle" not in run(disc, "-o", disc.parent / "other.zip")[1]
    assert "inside the bundle" not in run(disc, "-o", disc / "another.zip", "--dry-run")[1]


def test_the_next_run_names_them_whatever_they_are_called(disc: Path, run: Run) -> None:
    run(disc, "-q", "-o", disc / "small.zip", "--manifest", disc / "a record", "--report", disc / "page.dat")
    with zipfile.ZipFile(disc / "another.zip", "w") as archive:
        archive.writestr("readme.txt", "REPACK/manifest.json is only spoken of here")
    code, out, _err = run(disc)
    assert code == 0
    said = "a record and 2 more were made by repack and taken along like any other file; --drop-path leaves out"
    assert said in out
    found = entries_of(disc.with_name("disc.repacked.zip"))
    assert {name: found[name]["action"] for name in ("small.zip", "a record", "page.dat")} == dict.fromkeys(
        ("small.zip", "a record", "page.dat"), "copied"
    )
    assert {found[name]["rule"] for name in ("a record", "page.dat")} == {"repack.own"}
    words = [word for name in ("small.zip", "a record", "page.dat") for word in ("--drop-path", name)]
    assert run(disc, "-q", "--overwrite", *words)[0] == 0
    left = entries_of(disc.with_name("disc.repacked.zip"))
    assert {name for name, line in left.items() if line["action"] == "dropped"} == {"small.zip", "a record", "page.dat"}


def test_nothing_is_said_where_nothing_is_found(disc: Path, run: Run) -> None:
    assert "made by repack and taken along" not in run(disc)[1]
    assert (
        "made by repack and taken along"
        not in run(disc.with_name("disc.repacked.zip"), "--codec", "rle", "-o", disc / "x.zip")[1]
    )


def test_a_report_keeps_no_file_that_it_speaks_of(disc: Path, run: Run) -> None:
    (disc / "page.html").write_text(
        '<!DOCTYPE html>\n<!-- repack report: x -->\n<a href="Redist/vcredist_x86.exe">x</a>', "utf-8"
    )
    assert run(disc, "-q", "--drop-redist")[0] == 0
    found = entries_of(disc.with_name("disc.repacked.zip"))
    assert found["Redist/vcredist_x86.exe"]["action"] == "dropped"


def test_parts_in_the_folder_are_never_written_over(disc: Path, run: Run) -> None:
    part = disc / "small.study1of2.zip"
    part.write_bytes(b"somebody else's")
    code, _out, err = run(disc, "--split", "study", "-o", disc / "small.zip", "--overwrite")
    assert (code, "small.study1of2.zip is part of the input, which is never written to" in err) == (2, True)
    assert part.read_bytes() == b"somebody else's"


def test_inspect_says_what_our_own_files_are(tmp_path: Path, run: Run) -> None:
    write_zip(tmp_path / "scan.zip", [*DISC, DiscFile("mystery.bin", b"nobody knows")])
    assert run(tmp_path / "scan.zip", "-q")[0] == 0
    out = run("inspect", tmp_path / "scan.repacked.zip")[1]
    unknown, _, rest = out.partition("Not recognised (kept)")[2].partition("Recognised, of no other category (kept)")
    assert "mystery.bin" in unknown
    assert "REPACK" not in unknown
    assert "2 files: made by repack: the record of a run, its report, or what restore needs" in rest


def test_a_file_that_cannot_be_read_is_none_of_ours(disc: Path) -> None:
    from repack.bundles import open_bundle
    from repack.giveback.finished import find_earlier

    (disc / "x.zip").write_bytes(b"PK\x03\x04")
    bundle = open_bundle(disc)
    (disc / "x.zip").unlink()
    assert list(find_earlier(bundle, [Facts("zip") for _entry in bundle.entries])) == []
