"""The pictures of the README show what the program says today, and the README shows them all."""

import re
from pathlib import Path

import pytest

from tests import pictures

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def taken() -> dict[str, str]:
    return pictures.take(2, 64)


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_a_picture_shows_what_the_program_says_today(name: str, taken: dict[str, str]) -> None:
    file = pictures.FOLDER / f"{name}.svg"
    today = pictures.words_of(taken[name])
    assert len(today) > 3
    assert pictures.words_of(file.read_text("utf-8")) == today, "make pictures"
    assert pictures.PICTURES[name] in file.read_text("utf-8").replace("&#160;", " ")


def test_pictures_fetch_nothing() -> None:
    for file in pictures.FOLDER.glob("*.svg"):
        links = set(re.findall(r"https?://[^\s\"')]+", file.read_text("utf-8")))
        assert links <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}, links


def test_readme_shows_pictures_that_are_there() -> None:
    documents = README + "".join(file.read_text("utf-8") for file in (ROOT / "docs").glob("*.md"))
    shown = set(re.findall(r"pictures/([\w-]+)\.svg", documents))
    assert shown == set(pictures.PICTURES) == {file.stem for file in pictures.FOLDER.glob("*.svg")}
    for command in pictures.PICTURES.values():
        assert command in documents


def test_readme_links_lead_somewhere() -> None:
    for file in (ROOT / "README.md", ROOT / "rules" / "README.md", *(ROOT / "docs").glob("*.md")):
        for target, part in re.findall(r"\]\(([^)#]+)(#[^)]*)?\)", file.read_text("utf-8")):
            assert target.startswith("https://") or (file.parent / target).exists(), f"{file.name}: {target}"
            assert not part or part in parts_of(file.parent / target), f"{file.name}: {target}{part}"


def parts_of(page: Path) -> set[str]:
    """What a link can name of a page: its headings, as the web sites of repositories write them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {"#" + re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
