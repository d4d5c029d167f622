"""What a run says where wishes and guards collide: in the summary, in the manifest, on the last line."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from repack.report import words
from tests.commands import Run, entries_of, flat
from tests.discs import write_small_disc

Wish = Callable[..., tuple[str, dict[str, dict]]]
pytestmark = pytest.mark.usefixtures("inline")


@pytest.fixture
def wish(tmp_path: Path, run: Run) -> Wish:
    """Repack a disc: what was printed, in one line, and the manifest by path."""
    disc = write_small_disc(tmp_path / "scan.zip", 2)

    def call(*given: str | Path) -> tuple[str, dict[str, dict]]:
        code, out, err = run(disc, "-o", tmp_path / "out.zip", *given)
        assert code == 0, err
        return flat(out), entries_of(tmp_path / "out.zip")

    return call


def test_the_table_and_the_last_line_name_the_same_sizes(tmp_path: Path, wish: Wish):
    out, entries = wish("--drop", "viewer")
    before, after = ((tmp_path / name).stat().st_size for name in ("scan.zip", "out.zip"))
    contents = sum(entry["after"]["stored"] for entry in entries.values() if entry["after"])
    assert re.search(rf"the zip itself \S+ kB {re.escape(words.size(after - contents))} ", out)
    assert f" {words.size(before)} {words.size(after)} {words.saved(before, after)} By DICOM series" in out
    assert words.change(before, after) in out


def test_the_index_that_is_kept_against_a_wish_says_both(wish: Wish):
    out, entries = wish("--drop", "dicomdir")
    assert entries["DICOMDIR"]["action"] == "transcoded"
    assert "follows the images" in entries["DICOMDIR"]["reason"]
    assert entries["DICOMDIR"]["guard"] == "images are what the disc is for"
    assert "DICOMDIR: images are what the disc is for (--drop dicomdir)" in out


def test_an_image_that_is_kept_against_a_wish_says_both(wish: Wish):
    out, entries = wish("--drop-path", "DICOM/I0000001")
    image = entries["DICOM/I0000001"]
    assert (image["action"], image["guard"]) == ("transcoded", "images are what the disc is for")
    assert image["reason"].startswith("Explicit VR Little Endian to JPEG-LS Lossless")
    assert "DICOM/I0000001: images are what the disc is for (--drop-path DICOM/I0000001)" in out


def test_images_that_were_dropped_by_force_are_not_said_to_resist_compression(wish: Wish):
    out, entries = wish("--drop-path", "DICOM/**", "--force-drop")
    assert {entry["action"] for path, entry in entries.items() if path.startswith("DICOM/")} == {"dropped"}
    assert "its images were dropped, as you asked" in out
    assert "could be compressed" not in out
    assert entries["DICOM/I0000001"]["forced"]
    assert entries["DICOM/I0000001"]["guard"] == "images are what the disc is for"
    assert "DICOMDIR lists DICOM/I0000001 and 1 more file; they are dropped" in out
    assert "--force-drop overrode what keeps 2 files" in out


def test_a_dry_run_tells_of_force_too(tmp_path: Path, run: Run):
    disc = write_small_disc(tmp_path / "scan.zip", 2)
    said = "--force-drop overrides what keeps 2 files; the manifest will say what"
    assert said in flat(run(disc, "--dry-run", "--drop-path", "DICOM/**", "--force-drop")[1])
    assert "--force-drop" not in flat(run(disc, "--dry-run", "--drop-path", "DICOM/**")[1])


def test_a_note_on_several_images_speaks_of_several(wish: Wish):
    out, _entries = wish("--codec", "jpegls-near", "--max-error", "2")
    assert "2 files: under a new SOP Instance UID, as the standard wants it: reports," in out


def test_what_force_did_not_need_is_not_called_forced(wish: Wish):
    _out, entries = wish("--drop", "junk", "--force-drop")
    assert entries[".DS_Store"]["action"] == "dropped"
    assert not any(entry.get("forced") for entry in entries.values())


def test_images_that_a_rule_calls_something_else_are_images_all_the_same(wish: Wish, tmp_path: Path):
    own = tmp_path / "my.toml"
    own.write_text("[[rule]]\nid='x'\ncategory='unknown'\nmatch={path='DICOM/**'}\nwhy='my own'\n", "utf-8")
    out, entries = wish("--rules", own)
    assert entries["DICOM/I0000001"]["category"] == "unknown"
    assert entries["DICOM/I0000001"]["action"] == "transcoded"
    assert "2 images compressed without loss and proven" in out
    assert "By DICOM series" in out


def test_images_that_a_rule_would_drop_stay_and_both_are_said(wish: Wish, tmp_path: Path):
    own = tmp_path / "my.toml"
    own.write_text(
        "[[rule]]\nid='x'\ncategory='junk'\nmatch={path='DICOM*/**'}\naction='drop'\nwhy='too wide'\n", "utf-8"
    )
    out, entries = wish("--rules", own)
    image = entries["DICOM/I0000001"]
    assert (image["action"], image["wish"], image["guard"]) == (
        "transcoded", "rule x", "images are what the disc is for",
    )  # fmt: skip
    assert "2 files: images are what the disc is for (rule x), e.g. DICOM/I0000001" in out
    out, entries = wish("--rules", own, "--force-drop", "--overwrite")
    assert (entries["DICOM/I0000001"]["action"], entries["DICOM/I0000001"]["forced"]) == ("dropped", True)
