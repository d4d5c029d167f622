"""The pictures of the README, taken from the program itself on the demo disc: `python -m tests.pictures`.

They are SVG with nothing in them but text. test_pictures.py compares their words with what the program says today.
"""

import contextlib
import html
import io
import os
import re
import sys
import tempfile
from pathlib import Path
from unittest import mock

from rich.terminal_theme import MONOKAI

from fixtures.disc import dental_disc, write_zip
from repack.report import console
from tests.commands import repack

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"
WIDTH = 80
#: Picture -> the command that it shows, in a folder with scan.zip in it; each finds what those before it have made.
PICTURES = {
    "summary": "repack scan.zip --keep-locales en,es --drop-redist",
    "explain": "repack explain scan.zip Viewer/msvcp140.dll",
    "verify": "repack verify scan.repacked.zip",
    "restore": "repack restore scan.repacked.zip -o originals",
}


def take(slices: int, size: int) -> dict[str, str]:
    """Every picture as SVG, of a disc with so many images of so many pixels a side."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        write_zip(Path("scan.zip"), dental_disc(slices, size=size))
        return {name: _shoot(name, command) for name, command in PICTURES.items()}


def _shoot(name: str, command: str) -> str:
    """What a command shows on a terminal."""
    paper = console._Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    screen = console.Screen(paper, paper)
    with (
        mock.patch.object(console, "open_screen", return_value=screen),
        mock.patch.dict(os.environ, {"SOURCE_DATE_EPOCH": "1767312000"}),
    ):
        repack(*command.split()[1:])
    picture = paper.export_svg(title=command, theme=MONOKAI, unique_id=f"repack-{name}")
    picture = re.sub(r"\s*@font-face \{.*?\}", "", picture, flags=re.DOTALL)  # which would be fetched from the network
    picture = picture.replace("font-family: Fira Code, monospace", "font-family: ui-monospace, Consolas, monospace")
    return "\n".join(line.rstrip() for line in picture.splitlines()) + "\n"


def words_of(picture: str) -> list[str]:
    """The lines of a picture that hold no number: titles, heads of tables, reasons."""
    rows: dict[str, list[str]] = {}
    for row, text in re.findall(r'<text [^>]*\by="([\d.]+)"[^>]*>(.*?)</text>', picture):
        rows.setdefault(row, []).append(html.unescape(text).replace("\u00a0", " "))
    lines = [" ".join("".join(row).split()) for row in rows.values()]
    return [line for line in lines if line and not re.search(r"\d", line)]


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, picture in take(24, 752).items():
        (FOLDER / f"{name}.svg").write_text(picture, "utf-8", newline="\n")
        print(f"{FOLDER / name}.svg", file=sys.stderr)
