"""Whole small discs (fixtures/golden): what each entry is, and what becomes of it under three wishes."""

import difflib
import tomllib
from pathlib import Path

import pytest

from fixtures import golden_disc
from fixtures.disc import write_zip
from repack.model import Category, Wishes
from tests.classify.synthetic import lay_out
from tests.commands import contents, manifest_of, repack

#: The columns of expected.toml behind the category.
WISHES = (
    Wishes(keep_locales=("en", "es"), drop_redist=True),  # --keep-locales en,es --drop-redist
    Wishes(drop=(Category.VIEWER,)),  # --drop viewer
    Wishes(),
)
NAMES = sorted(folder.name for folder in golden_disc.FOLDER.iterdir() if folder.is_dir())


def judge(name: str) -> dict[str, list[str]]:
    """Path -> category, then the action under each wish."""
    disc = lay_out({file.path: file.content for file in golden_disc.build(name)})
    plans = [disc.plan(**{field: getattr(wishes, field) for field in Wishes.__slots__}) for wishes in WISHES]
    return {
        lines[0].entry.path: [str(lines[0].verdict.category), *(str(line.decision.action) for line in lines)]
        for lines in zip(*(plan.lines for plan in plans), strict=True)
    }


def show(table: dict[str, list[str]]) -> list[str]:
    return [f"{words[0]:16}{words[1]:10}{words[2]:10}{words[3]:10}  {path}" for path, words in table.items()]


@pytest.mark.parametrize("name", NAMES)
def test_a_disc_is_judged_as_expected(name: str):
    with (golden_disc.FOLDER / name / "expected.toml").open("rb") as file:
        expected = tomllib.load(file)["entries"]
    difference = list(difflib.unified_diff(show(expected), show(judge(name)), "expected", "found", lineterm="", n=0))
    assert not difference, f"{name}\n" + "\n".join(difference)


def test_the_discs_are_there():
    assert len(NAMES) >= 20
    for name in NAMES:
        assert {file.name for file in (golden_disc.FOLDER / name).iterdir()} == {"disc.toml", "expected.toml"}


@pytest.mark.parametrize("name", NAMES)
def test_a_disc_is_built_the_same_every_time(name: str):
    first, second = golden_disc.build(name), golden_disc.build(name)
    assert first == second
    assert len({file.path.lower() for file in first}) == len(first)


@pytest.mark.slow
@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("name", NAMES)
def test_a_disc_is_repacked_as_it_was_planned(name: str, tmp_path: Path):
    """Through the command line: what is gone from the new zip is what the table says, and nothing else."""
    with (golden_disc.FOLDER / name / "expected.toml").open("rb") as file:
        expected = tomllib.load(file)["entries"]
    source, target = tmp_path / "disc.zip", tmp_path / "new.zip"
    files = {file.path: file.content for file in golden_disc.build(name)}
    write_zip(source, golden_disc.build(name))
    repack(source, "-o", target, "-q", "--keep-locales", "en,es", "--drop-redist")
    held = {path: content for path, content in contents(target).items() if not path.startswith("REPACK/")}
    assert set(held) == {path for path, (_category, action, *_) in expected.items() if action != "drop"}
    for entry in manifest_of(target)["entries"]:
        assert entry["category"] == expected[entry["path"]][0], entry["path"]
        if entry["action"] == "copied":
            assert held[entry["path"]] == files[entry["path"]], entry["path"]
