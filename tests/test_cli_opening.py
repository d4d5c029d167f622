"""Passwords and limits on the command line: never an argument, never in a message, one line and exit 3 when refused."""

import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from repack.cli import main, opening
from tests.bundles import samples
from tests.bundles.handmade import Made, make_zip
from tests.bundles.handmade_iso import make_iso
from tests.bundles.test_limits import MB, bomb

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("REPACK_PASSWORD", raising=False)

    def call(*words: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out, err

    return call


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    path = tmp_path / "locked.zip"
    path.write_bytes(samples.archive("7z -mem=AES256"))
    return path


def refused(told: tuple[int, str, str], code: int, *words: str) -> None:
    assert told[0] == code, told
    assert told[2].startswith("repack: ")
    assert told[2].count("\n") == 1
    assert all(word in told[2] for word in words), told[2]


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_without_password_the_message_says_how_to_give_it(locked: Path, run: Run) -> None:
    refused(run(locked), 3, "2 of 2 entries are encrypted", "--password-file", "REPACK_PASSWORD", "--decrypt")
    assert names_in(locked.parent) == {"locked.zip"}


@pytest.mark.parametrize("content", [b"secret", b"secret\n", b"secret\r\n", b"\xef\xbb\xbfsecret\nsecond line\n"])
def test_the_first_line_of_the_file_is_the_password(locked: Path, run: Run, content: bytes) -> None:
    (locked.parent / "pw").write_bytes(content)
    code, _out, err = run(locked, "--password-file", locked.parent / "pw", "--decrypt")
    assert (code, err) == (0, "")
    with zipfile.ZipFile(locked.parent / "locked.repacked.zip") as new:
        assert new.read("a.txt") == samples.TEXT
        assert b"secret" not in new.read("REPACK/manifest.json")


def test_the_environment_may_hold_it(locked: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPACK_PASSWORD", "secret")
    refused(run(locked), 3, "the new zip would not be", "--decrypt")
    assert names_in(locked.parent) == {"locked.zip"}
    assert run(locked, "--decrypt")[0] == 0


def test_a_dry_run_is_refused_as_the_run_would_be(locked: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPACK_PASSWORD", "secret")
    refused(run(locked, "--dry-run"), 3, "--decrypt")
    assert run(locked, "--dry-run", "--decrypt")[0] == 0


def test_looking_needs_the_password_alone(locked: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPACK_PASSWORD", "secret")
    assert run("inspect", locked)[0] == 0
    assert run("explain", locked, "a.txt")[0] == 0
    monkeypatch.setenv("REPACK_PASSWORD", "wrong")
    refused(run("inspect", locked), 3, "does not open them")


def test_a_wrong_password_is_one_line_and_exit_3(locked: Path, run: Run) -> None:
    (locked.parent / "pw").write_bytes(b"wrong")
    told = run(locked, "--password-file", locked.parent / "pw", "--decrypt")
    refused(told, 3, "the password does not open them", "check the password")
    assert "wrong" not in told[2]
    assert names_in(locked.parent) == {"locked.zip", "pw"}


@pytest.mark.parametrize("content", [None, b"", b"\nsecret"])
def test_a_password_file_that_holds_none(locked: Path, run: Run, content: bytes | None) -> None:
    if content is not None:
        (locked.parent / "pw").write_bytes(content)
    refused(run(locked, "--password-file", locked.parent / "pw", "--decrypt"), 2, "the password file pw")


def test_there_is_no_option_that_takes_the_password_itself(locked: Path, run: Run) -> None:
    refused(run(locked, "--password", "secret", "--decrypt"), 2, "--password")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_is_asked_only_where_it_is_needed(locked: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(sys, "stdin", _Terminal())
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(opening.getpass, "getpass", lambda prompt: asked.append(prompt) or "secret")
    plain = locked.parent / "plain.zip"
    plain.write_bytes(make_zip([Made()]))
    assert run(plain, "--decrypt")[0] == 0
    assert asked == []
    assert run(locked, "--decrypt")[0] == 0
    assert asked == ["Password of locked.zip: "]


def test_a_bomb_is_one_line_and_exit_3_and_leaves_nothing(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "bomb.zip"
    path.write_bytes(make_zip([bomb(300 * MB)]))
    refused(run(path), 3, "an entry grows to", "--max-ratio")
    assert names_in(tmp_path) == {"bomb.zip"}


@pytest.mark.parametrize("option", ["--max-entries", "--max-ratio", "--max-unpacked"])
def test_limits_can_be_set(tmp_path: Path, run: Run, option: str) -> None:
    path = tmp_path / "many.zip"
    path.write_bytes(make_zip([Made(b"a"), Made(b"b")]))
    refused(run(path, option, "0"), 2, option)
    code = run(path, option, "1", "--dry-run")[0]
    assert code == (3 if option == "--max-entries" else 0)


@pytest.mark.parametrize("words", [("inspect",), ("explain", "--", "**")])
def test_looking_takes_the_limits_that_its_messages_advise(tmp_path: Path, run: Run, words: tuple[str, ...]) -> None:
    path = tmp_path / "bomb.zip"
    path.write_bytes(make_zip([bomb(300 * MB)]))
    command, *rest = words
    refused(run(command, path, *rest), 3, "an entry grows to", "--max-ratio")
    assert run(command, path, "--max-ratio", "9999", *rest)[0] == 0
    refused(run(command, path, "--max-ratio", "9999", "--max-entries", "0", *rest), 2, "--max-entries")


def test_an_image_is_named_after_its_stem(tmp_path: Path, run: Run) -> None:
    (tmp_path / "Disc.ISO").write_bytes(make_iso({"A.TXT;1": b"a" * 99}))
    assert run(tmp_path / "Disc.ISO")[0] == 0
    assert names_in(tmp_path) == {"Disc.ISO", "Disc.repacked.zip"}


def test_what_is_odd_about_a_bundle_is_told_by_every_view(tmp_path: Path, run: Run) -> None:
    image = make_iso({"A.TXT;1": b"a" * 99, "B": b"b"}, joliet={"a.txt": b"a" * 99})
    path = tmp_path / "disc.iso"
    path.write_bytes(image)
    for words in ((path, "--dry-run"), ("inspect", path), (path,)):
        code, out, _err = run(*words)
        assert code == 0
        assert "Joliet half lists 1 files" in out.replace("\n", " ")


def test_what_is_odd_about_a_name_is_told_before_anything_is_written(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "made.zip"
    path.write_bytes(make_zip([Made(b"../evil"), Made(b"evil")]))
    code, out, _err = run(path, "--dry-run")
    assert code == 0
    assert "safe one" in out
