"""Discs and archives within a bundle: they are taken along unopened; where they are what was meant, that is said."""

from pathlib import Path

import pytest

from fixtures.disc import write_folder
from tests.bundles.handmade import Made, make_zip
from tests.commands import Run, contents, flat, manifest_of
from tests.discs import small_disc

pytestmark = pytest.mark.usefixtures("inline")

INNER = make_zip([Made(b"inner.txt", b"text " * 2000)])
TO_BATCH = "which were not opened; repack batch 'FOLDER/*.zip' --out-dir DIR does each"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder of three discs."""
    return put(tmp_path / "shelf", "one.zip", "two.zip", "three.zip")


def put(folder: Path, *paths: str, content: bytes = INNER) -> Path:
    for path in paths:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


def said_by_inspect(run: Run, bundle: Path) -> str:
    code, out, _err = run("inspect", bundle)
    assert code == 0
    return flat(out)


def test_a_folder_of_discs_is_repacked_as_it_is_and_the_way_to_each_is_named(run: Run, shelf: Path) -> None:
    code, out, _err = run(shelf)
    assert code == 0
    assert f"this folder holds 3 zips, {TO_BATCH}" in flat(out)
    assert "is an archive itself" not in out
    made = shelf.with_name("shelf.repacked.zip")
    assert [path for path in contents(made) if not path.startswith("REPACK/")] == ["one.zip", "three.zip", "two.zip"]
    assert [note for note in manifest_of(made)["warnings"] if TO_BATCH in note]
    assert TO_BATCH in flat(run(shelf, "--dry-run", "--overwrite")[1])
    assert TO_BATCH in said_by_inspect(run, shelf)


@pytest.mark.lengthy
def test_a_batch_says_it_too_before_and_after(run: Run, shelf: Path, tmp_path: Path) -> None:
    code, out, _err = run("batch", shelf, "--dry-run")
    assert code == 0
    assert TO_BATCH in flat(out)
    assert TO_BATCH in run("batch", shelf, "--dry-run", "--json")[1]
    for _again in range(2):
        code, out, _err = run("batch", shelf, "--out-dir", tmp_path / "out", "-j", 1)
        assert code == 0
        assert TO_BATCH in flat(out)


@pytest.mark.lengthy
def test_the_command_that_is_named_does_each(run: Run, shelf: Path, tmp_path: Path) -> None:
    assert run("batch", shelf / "*.zip", "--out-dir", tmp_path / "out", "-j", 1)[0] == 0
    names = {f"{name}.repacked.zip" for name in ("one", "two", "three")}
    assert {path.name for path in (tmp_path / "out").glob("*.zip")} == names


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (["2023/a.zip", "2024/b.zip"], "2 zips, which were not opened; repack batch 'FOLDER/**/*.zip' --out-dir DIR"),
        (["a.iso", "b.ISO"], "2 ISO images, which were not opened; repack batch 'FOLDER/*.ISO' 'FOLDER/*.iso'"),
        (["a.iso", "b.zip"], "2 zips and ISO images, which were"),
    ],
)
def test_what_they_are_and_where(run: Run, tmp_path: Path, paths: list[str], said: str) -> None:
    assert said in said_by_inspect(run, put(tmp_path / "shelf", *paths))


def test_small_discs_at_the_top_count_where_no_image_is_beside_them(run: Run, tmp_path: Path) -> None:
    shelf = put(tmp_path / "shelf", "a.zip", "b.zip")
    put(shelf, "film.bin", content=bytes(100_000))
    assert TO_BATCH in said_by_inspect(run, shelf)


def test_archives_beside_images_are_no_news(run: Run, tmp_path: Path) -> None:
    write_folder(tmp_path / "disc", small_disc(2, 256))
    put(tmp_path / "disc", "help.zip", "source.zip", "Viewer/jre.zip")
    assert "not opened" not in said_by_inspect(run, tmp_path / "disc")


def test_documents_that_are_zips_inside_are_no_discs(run: Run, tmp_path: Path) -> None:
    assert "not opened" not in said_by_inspect(run, put(tmp_path / "letters", "a.docx", "b.docx", "c.xlsx"))


def test_a_single_archive_in_a_folder_is_the_one_to_give(run: Run, tmp_path: Path) -> None:
    said = said_by_inspect(run, put(tmp_path / "shelf", "scan.zip"))
    assert "scan.zip is an archive itself and was not opened; give that file instead" in said


def test_discs_in_a_zip_are_to_be_unpacked_first(run: Run, tmp_path: Path) -> None:
    (tmp_path / "both.zip").write_bytes(make_zip([Made(b"a.zip", INNER), Made(b"b.zip", INNER)]))
    said = said_by_inspect(run, tmp_path / "both.zip")
    assert "this zip holds 2 zips, which were not opened; unpack it, then repack batch 'FOLDER/*.zip'" in said
