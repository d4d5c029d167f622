"""Passwords and limits on the command line: never an argument, never in a message, one line and exit 3 when refused."""

import io
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from repack.cli import opening, targets
from repack.cli.job import job
from repack.cli.tools import tools
from tests.bundles import samples
from tests.bundles.handmade import Made, make_zip
from tests.bundles.handmade_iso import make_iso
from tests.bundles.test_limits import MB, bomb
from tests.commands import Run

pytestmark = pytest.mark.usefixtures("inline")


@pytest.fixture(autouse=True)
def _no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REPACK_PASSWORD", raising=False)


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
    return {path.name for path in folder.iterdir() if not path.name.startswith(".coverage")}


def test_without_password_the_message_says_how_to_give_it(locked: Path, run: Run) -> None:
    refused(run(locked), 3, "2 of 2 entries are encrypted", "--password-file", "REPACK_PASSWORD", "--decrypt")
    assert names_in(locked.parent) == {"locked.zip"}


@pytest.mark.parametrize("words", [("inspect",), ("explain",), ("verify",), ("restore", "-o", "new")], ids=str)
def test_a_command_that_only_reads_does_not_ask_for_decrypt(words: tuple[str, ...], locked: Path, run: Run) -> None:
    told = run(*words, locked, *(("a.txt",) if words == ("explain",) else ()))
    refused(told, 3, "REPACK_PASSWORD")
    assert "--decrypt" not in told[2]


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


def parameters(*words: str) -> set[str]:
    command: Any = typer.main.get_command(job if words == ("repack",) else tools)
    for word in words:
        command = command.commands[word] if hasattr(command, "commands") else command
    return {parameter.name for parameter in command.params}


@pytest.mark.parametrize("words", [("repack",), ("explain",), ("verify",), ("rules", "test")])
def test_every_command_that_opens_a_bundle_takes_the_same_options_for_it(words: tuple[str, ...]) -> None:
    shared = {"password_file", "max_entries", "max_unpacked", "max_ratio"}
    assert shared <= parameters("inspect")
    assert shared <= parameters(*words)


def test_restore_takes_a_password_and_no_limits() -> None:
    """What comes out of a zip of ours is bounded by its manifest."""
    assert "password_file" in parameters("restore")
    assert "max_unpacked" not in parameters("restore")


def test_an_encrypted_original_can_be_compared_with(locked: Path, run: Run) -> None:
    (locked.parent / "pw").write_bytes(b"secret")
    given = ("--password-file", locked.parent / "pw")
    assert run(locked, "-q", "--decrypt", *given)[0] == 0
    made = locked.with_name("locked.repacked.zip")
    refused(run("verify", made, "--against", locked), 3, "entries are encrypted", "--password-file")
    code, out, _err = run("verify", made, "--against", locked, *given)
    assert (code, "original" in out) == (0, True)


def test_an_original_beyond_the_limits_can_be_compared_with(tmp_path: Path, run: Run) -> None:
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for name in ("a.txt", "b.txt", "c.txt"):
            archive.writestr(name, name)
    assert run(tmp_path / "many.zip", "-q")[0] == 0
    words = ("verify", tmp_path / "many.repacked.zip", "--against", tmp_path / "many.zip", "--max-entries")
    refused(run(*words, "2"), 3, "many.zip", "--max-entries")
    assert run(*words, "3")[0] == 0


def test_rules_are_tried_on_an_encrypted_bundle(locked: Path, run: Run) -> None:
    rules, given = locked.with_name("my.toml"), locked.with_name("pw")
    rules.write_text("[[rule]]\nid='x'\ncategory='junk'\nmatch={name='a.txt'}\nwhy='my own'\n", "utf-8")
    given.write_bytes(b"secret")
    refused(run("rules", "test", rules, locked), 3, "entries are encrypted")
    code, out, _err = run("rules", "test", rules, locked, "--password-file", given)
    assert (code, "a.txt" in out) == (0, True)


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


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Makes a folder take no files; permissions stop no superuser, so the question is answered here."""

    def close(folder: Path) -> None:
        allows = os.access
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != folder and allows(path, mode))

    return close


@pytest.mark.parametrize("is_folder", [True, False])
def test_beside_a_mounted_disc_the_zip_goes_into_the_working_folder(
    tmp_path: Path, run: Run, read_only: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch, *, is_folder: bool
) -> None:
    media, work = tmp_path / "media", tmp_path / "work"
    bundle = media / ("DISC" if is_folder else "disc.iso")
    (bundle if is_folder else media).mkdir(parents=True)
    work.mkdir()
    (bundle / "A.TXT" if is_folder else bundle).write_bytes(b"a" if is_folder else make_iso({"A.TXT;1": b"a"}))
    monkeypatch.chdir(work)
    read_only(media)
    code, out, _err = run(bundle)
    assert (code, names_in(work), names_in(media)) == (0, {f"{bundle.stem}.repacked.zip"}, {bundle.name})
    assert f"beside {bundle.name} no file can be made" in " ".join(out.split())
    assert run(bundle, "-o", work / "named.zip", "-q")[1] == ""


def test_the_root_of_a_drive_has_nothing_beside_it() -> None:
    root = Path(Path.cwd().anchor)
    target = targets.choose_target(root, None)
    assert target == Path("disc.repacked.zip")
    assert "goes into the working folder" in targets.explain_target(root, None, target)


def test_the_working_folder_is_not_taken_where_it_is_part_of_the_disc(
    tmp_path: Path, read_only: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    disc = tmp_path / "DISC"
    disc.mkdir()
    monkeypatch.chdir(disc)
    read_only(tmp_path)
    assert targets.choose_target(disc, None) == tmp_path / "DISC.repacked.zip"


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
