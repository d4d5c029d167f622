"""Names: decoded for people, kept byte for byte in the zip, and never a way out of the folder."""

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repack.bundles.names import folded, make_safe, read_name
from repack.model import EntryName

odd_letters = st.sampled_from(["/", "\\", "..", ".", ":", "C:", "a", "Ü", "\0", "\x1b", "\x85", "表", " "])
odd_paths = st.lists(odd_letters, max_size=8).map("".join) | st.text(max_size=20)


@pytest.mark.parametrize(
    ("raw", "path"),
    [(b"DICOM/I1", "DICOM/I1"), ("Ärzte/表.txt".encode(), "Ärzte/表.txt"), (b"folder/", "folder")],
)
@pytest.mark.parametrize("is_utf8", [True, False])
def test_valid_utf8_is_taken_as_such_with_or_without_its_flag(raw: bytes, path: str, *, is_utf8: bool) -> None:
    read = read_name(raw, is_utf8=is_utf8, from_windows=False)
    assert (read.path, read.notes) == (path, ())
    assert read.name == EntryName(raw, is_utf8=not raw.isascii())


@pytest.mark.parametrize("raw", ["Ä.txt".encode("cp437"), "表.txt".encode("cp932"), "résumé".encode("cp1252"), b"\xff"])
@pytest.mark.parametrize("from_windows", [True, False])
def test_an_unknown_code_page_keeps_its_bytes(raw: bytes, *, from_windows: bool) -> None:
    read = read_name(raw, is_utf8=False, from_windows=from_windows)
    assert read.name == EntryName(raw, is_utf8=False)
    assert read.path == raw.decode("cp437")
    assert len(read.notes) == 1
    assert "code page" in read.notes[0]


def test_a_flag_that_lies_is_taken_away() -> None:
    read = read_name(b"caf\xe9.txt", is_utf8=True, from_windows=False)
    assert read.name == EntryName(b"caf\xe9.txt", is_utf8=False)
    assert "flagged as UTF-8 but is not" in read.notes[0]


def test_the_second_byte_of_a_japanese_letter_is_no_separator() -> None:
    raw = "表/表.txt".encode("cp932")
    assert b"\\" in raw
    assert read_name(raw, is_utf8=False, from_windows=True).name.raw == raw


def test_backslashes_separate_where_windows_wrote_them() -> None:
    read = read_name("Viewer\\bin\\Ä.dll".encode(), is_utf8=True, from_windows=True)
    assert read.path == "Viewer/bin/Ä.dll"
    assert read.name == EntryName("Viewer/bin/Ä.dll".encode(), is_utf8=True)
    assert read.notes == ("backslashes in its name became slashes",)


@pytest.mark.parametrize(("raw", "from_windows"), [(b"a\\b", False), (b"dir/a\\b", True)])
def test_other_backslashes_are_letters(raw: bytes, *, from_windows: bool) -> None:
    read = read_name(raw, is_utf8=False, from_windows=from_windows)
    assert (read.path, read.name.raw, read.notes) == (raw.decode(), raw, ())


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        (b"../../etc/passwd", "etc/passwd"),
        (b"a/../../b", "a/b"),
        (b"/etc/passwd", "etc/passwd"),
        (b"C:/Windows/x.dll", "C_/Windows/x.dll"),
        (b"/C:/Windows/x.dll", "C_/Windows/x.dll"),
        (b"../C:/Windows/x.dll", "C_/Windows/x.dll"),
        (b"..\\..\\evil.exe", ".._.._evil.exe"),
        (b"a/..\\../x", "a/.._../x"),
        (b"\\\\server\\share", "_\\server\\share"),
        (b"good.txt\0.exe", "good.txt_.exe"),
        (b"red\x1b[31m", "red_[31m"),
        (b"..", "_"),
        (b"/", "_"),
        (b"", "_"),
    ],
)
def test_a_name_that_leaves_the_tree_or_hides_something_gets_a_safe_one(raw: bytes, safe: str) -> None:
    read = read_name(raw, is_utf8=False, from_windows=False)
    assert read.path == safe
    assert read.name.raw == safe.encode()
    assert "it got a safe one" in read.notes[-1]


def test_marks_that_turn_letters_around_are_noted_and_kept() -> None:
    read = read_name("photo\u202egpj.exe".encode(), is_utf8=True, from_windows=False)
    assert (read.path, len(read.notes)) == ("photo\u202egpj.exe", 1)
    assert "disguised" in read.notes[0]


@pytest.mark.parametrize("raw", [b"C:\\x.dll", b"\\\\server\\share\\x", b"..\\x"])
def test_windows_spellings_of_the_same_attacks(raw: bytes) -> None:
    read = read_name(raw, is_utf8=False, from_windows=True)
    assert is_inside(read.path)
    assert "it got a safe one" in read.notes[-1]


def is_inside(path: str) -> bool:
    windows, posix = PureWindowsPath(path), PurePosixPath(path)
    return not (windows.drive or windows.root or posix.root or ".." in windows.parts or ".." in posix.parts)


@given(odd_paths)
def test_a_safe_name_stays_inside_on_every_system(path: str) -> None:
    safe = make_safe(path)
    assert is_inside(safe)
    assert not any(unicodedata.category(letter) == "Cc" for letter in safe)
    assert make_safe(safe) == safe


@given(st.lists(st.text("abÄ表 .-_()'", min_size=1, max_size=9).filter(lambda p: p != ".."), min_size=1, max_size=4))
def test_an_ordinary_name_is_safe_already(parts: list[str]) -> None:
    assert make_safe("/".join(parts)) == "/".join(parts)


@given(st.binary(max_size=60), st.booleans(), st.booleans())
def test_any_bytes_are_a_name(raw: bytes, is_utf8: bool, from_windows: bool) -> None:  # noqa: FBT001  hypothesis draws them
    read = read_name(raw, is_utf8=is_utf8, from_windows=from_windows)
    assert is_inside(read.path)
    read.path.encode("utf-8")  # raises where it cannot go into the manifest
    if not read.notes:
        assert read.name.raw == raw
    if read.name.is_utf8:
        assert read.name.raw.decode("utf-8").rstrip("/") == read.path


def test_folded_spellings_meet() -> None:
    assert folded("A/Ü.DCM") == folded("a/u\u0308.dcm") == folded("a/ü.Dcm")
    assert folded("a") != folded("b")
