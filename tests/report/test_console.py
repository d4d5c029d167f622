"""What tables, lists and progress look like: narrow, wide, without colour, without Unicode, long."""

import contextlib
import io
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from repack.report import console, plain, words
from repack.report.journey import Journey
from repack.report.tables import Column, Sheet

_SIGNS = "\u2026\u00d7\u2013\u2192\u2018\u201c"  # an ellipsis, a times sign, a dash, an arrow, quotes
COLUMNS = (Column("Series", ratio=1), Column("Images", is_number=True), Column("Stored as"))


def shown(sheet: Sheet, width: int = 80, encoding: str = "utf-8", *, is_coloured: bool = False) -> str:
    """The sheet as bytes of a terminal or file with this encoding, read back."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    screen = console._Console(file=file, width=width, force_terminal=is_coloured, highlight=False)
    console.show_sheets(console.Screen(screen, screen), [sheet])
    file.flush()
    return raw.getvalue().decode(encoding)


def series(*names: str) -> Sheet:
    return Sheet("By series", COLUMNS, tuple((name, "1", "JPEG-LS lossless") for name in names))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_wide_letters_keep_the_columns_in_line(width: int) -> None:
    lines = shown(series("頭部単純CT 軸位断", "Head", "胸部造影 動脈相 1mm 冠状断再構成 " * 3), width).splitlines()
    rows = [line for line in lines if "JPEG-LS" in line]
    starts = {cell_len(row[: row.index("JPEG-LS")]) for row in rows}
    assert len(rows) == 3
    assert len(starts) == 1
    assert max(cell_len(line) for line in lines) <= width


@pytest.mark.parametrize("width", [20, 30, 40, 50, 60, 72, 80])
def test_a_narrow_screen_cuts_no_number_and_no_name(width: int) -> None:
    titles = ("Before", "After, about", "Saved", "Tried")
    columns = (Column("Disc", ratio=1), *(Column(title, is_number=True) for title in titles))
    row = ("shelf/a_disc.zip", "46.7 MB", "33.8 MB", "27 %", "48 of 140")
    said = shown(Sheet("What would be saved", columns, (row,), ("all", *row[1:])), width)
    numbers = said if width >= 60 else " ".join(said.split())  # in a list, lines break between words
    assert all(numbers.count(number) == 2 for number in row[1:])
    assert "all" in said
    assert "shelf/a_disc" in said
    assert max(map(len, said.splitlines())) <= width


@pytest.mark.lengthy
def test_a_long_table_is_cut_and_says_so() -> None:
    long = series(*(f"Series {n}" for n in range(3000)))
    said = shown(long)
    assert len(said.splitlines()) < 32
    assert "Series 0 " in said
    assert said.rstrip().endswith("- and 2,976 more; the manifest lists them all")
    assert "more" not in shown(series(*(f"Series {n}" for n in range(24))))
    assert shown(Sheet("All", COLUMNS, long.rows, is_whole=True)).count("JPEG-LS") == 3000


def test_a_long_list_says_where_the_rest_is() -> None:
    said = shown(Sheet("Dropped", lines=tuple(f"file {n}" for n in range(40)), rest="-v shows every decision"))
    assert said.rstrip().endswith("- and 28 more; -v shows every decision")


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252", "latin-1"])
def test_another_encoding_than_utf8_gets_plain_ascii_signs(encoding: str) -> None:
    sheet = Sheet(f"10 {_SIGNS}", COLUMNS, ((f"頭部 {_SIGNS} Größe", "1", "x"),), ("all", "1", ""), (f"a {_SIGNS} b",))
    said = shown(sheet, encoding=encoding)
    if encoding == "ascii":
        assert said.isascii()
        assert "Gr\\xf6\\xdfe" in said
    else:
        assert "Größe" in said, "letters that the terminal has stay"
    assert "\\u982d\\u90e8" in said
    assert "-----" in said
    assert not set(said) & set("─━│" + _SIGNS)


def test_box_drawing_is_used_where_it_can_be() -> None:
    assert "─────" in shown(series("Head"))


def test_without_colour_no_colour_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[1m" in shown(series("Head"), is_coloured=True)
    monkeypatch.setenv("NO_COLOR", "1")
    said = shown(series("Head"), is_coloured=True)
    assert not re.search(r"\x1b\[[0-9;]*(3|4|9)[0-9]", said)


def test_colours_of_the_terminal_are_never_changed() -> None:
    """Dark or light: the letters have the terminal's own colour, titles are bold."""
    assert set(re.findall(r"\x1b\[([0-9;]*)m", shown(series("Head"), is_coloured=True))) == {"1", "0"}


@given(st.text(), st.sampled_from(["ascii", "cp437", "cp1252", "utf-8", "shift-jis", "no-such-encoding"]))
def test_whatever_a_disc_says_can_be_written(text: str, encoding: str) -> None:
    said = words.writable(words.printable(text), encoding)
    said.encode("ascii" if encoding == "no-such-encoding" else encoding)


def test_a_reader_that_is_gone_is_an_error_of_the_output() -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    screen = console._Console(file=Gone())
    with pytest.raises(BrokenPipeError):
        console.show_result(console.Screen(screen, screen), "done")


def test_json_is_utf8_whatever_the_terminal_is(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="cp437"))
    plain.show_json('{"path": "頭部"}'.encode())
    assert raw.getvalue().decode("utf-8") == '{"path": "頭部"}'


# --- progress ---

STAGES = ("Looking at the disc", "Repacking", "Checking")


def test_progress_runs_over_all_stages_and_is_never_full() -> None:
    trip = Journey(STAGES, 0.0)
    seen = [trip.share]
    for stage in STAGES:
        trip.begin(stage, 1000, 10, 0.0)
        seen.append(trip.share)
        for _ in range(10):
            trip.advance(100)
            seen.append(trip.share)
    assert seen[0] == 0
    assert all(a <= b for a, b in pairwise(seen))
    assert seen[-1] == 0.99, "only who publishes may say 100 %"
    assert (trip.entries, trip.of) == (10, 10)


sizes = st.integers(min_value=0, max_value=10**12)


@given(st.lists(st.tuples(st.sampled_from([*STAGES, "Something new"]), sizes, st.lists(sizes)), max_size=8))
def test_progress_never_goes_back_whatever_is_told(told: list[tuple[str, int, list[int]]]) -> None:
    trip = Journey(STAGES, 0.0)
    last = 0.0
    for stage, total, parts in told:
        trip.begin(stage, total, len(parts), 0.0)
        for part in parts:
            trip.advance(part)
            assert last <= trip.share <= 0.99
            last = trip.share


def test_the_time_that_is_left_is_told_from_the_pace_or_not_at_all() -> None:
    trip = Journey(("Repacking",), 0.0)
    trip.begin("Repacking", 1000, 10, 100.0)
    assert trip.say_left(1000.0) == "", "nothing has moved, so nothing is known"
    trip.advance(100)
    assert trip.say_left(101.0) == "", "too early"
    assert trip.say_left(120.0) == "about 3 min left"
    trip.advance(700)
    assert trip.say_left(180.0) == "about 20 s left"
    trip.advance(150)
    assert trip.say_left(195.0) == "a few seconds left"


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_a_bar_is_shown_on_a_terminal_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    file = Terminal()
    monkeypatch.setattr("sys.stderr", file)
    screen = console.Screen(Console(file=io.StringIO()), Console(file=file, force_terminal=True, width=80))
    with console.watching(screen, STAGES) as bar:
        assert bar is not None
        bar.begin("Repacking", 1000, 10)
        bar.advance(500, 5)
        bar._bar.refresh()
    said = file.getvalue()
    assert "100 %" in said
    assert "52 %" in said
    assert "5/10 files" in said
    assert said.endswith("\x1b[2K"), "the line is empty again"


def test_a_run_that_fails_is_never_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    file = Terminal()
    monkeypatch.setattr("sys.stderr", file)
    screen = console.Screen(Console(file=io.StringIO()), Console(file=file, force_terminal=True, width=80))
    with contextlib.suppress(ZeroDivisionError), console.watching(screen, STAGES) as bar:
        assert bar is not None
        bar.begin("Checking", 1000, 10)
        bar.advance(1000, 13)
        raise ZeroDivisionError
    assert "99 %" in file.getvalue()
    assert "10/10 files" in file.getvalue()
    assert "100 %" not in file.getvalue()


@pytest.mark.parametrize("forced", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_a_file_gets_no_bar(monkeypatch: pytest.MonkeyPatch, forced: str) -> None:
    monkeypatch.setenv(forced, "1")
    file = io.StringIO()
    monkeypatch.setattr("sys.stderr", file)
    with console.watching(console.open_screen(), STAGES) as bar:
        assert bar is None
    assert file.getvalue() == ""
