import pytest

from repack.report import words


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.00 kB"), (9_994, "9.99 kB"), (9_996, "10.0 kB"),
        (99_960, "100 kB"), (999_499, "999 kB"), (999_500, "1.00 MB"), (240_864_704, "241 MB"), (10**13, "10.0 TB"),
    ],
)  # fmt: skip
def test_sizes_have_three_figures(count: int, said: str) -> None:
    assert words.size(count) == said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(0, 0, "-"), (5, 5, "-"), (100, 0, "100 %"), (1000, 999, "<1 %"), (1000, 1, "99 %"), (100, 60, "40 %"),
     (100, 130, "+30 %"), (1000, 1001, "+<1 %"), (0, 10, "-")],
)  # fmt: skip
def test_saved_never_says_100_unless_all_is_gone(before: int, after: int, said: str) -> None:
    assert words.saved(before, after) == said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(2000, 1000, "50 % saved"), (100_000, 100_001, "<1 % larger"), (1000, 1300, "30 % larger"),
     (7, 7, "nothing saved"), (0, 10, "nothing saved"), (1000, 999, "<1 % saved"), (10, 0, "100 % saved")],
)  # fmt: skip
def test_a_growth_is_never_called_saved(before: int, after: int, said: str) -> None:
    assert words.change(before, after) == f"{words.size(before)} became {words.size(after)} ({said})"


def test_control_characters_of_names_cannot_drive_a_terminal() -> None:
    assert words.printable("a\x1b[31mb\u202ec\nd") == "a\\x1b[31mb\\x202ec\\x0ad"
    assert words.printable("Zähne 歯") == "Zähne 歯"


def test_plural() -> None:
    assert [words.plural(n, "image") for n in (0, 1, 2, 1234)] == ["0 images", "1 image", "2 images", "1,234 images"]
    assert words.plural(2, "entry", "entries") == "2 entries"
