"""`repack batch` as people use it."""

import importlib.util
import inspect
import io
import json
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from repack.cli import batch, job
from repack.errors import ExitCode
from tests.batch.stage import entry_hashes, last_lines, make_discs
from tests.bundles.handmade import Made, make_zip
from tests.commands import Run

#: Options of the main job that a batch does not have, and why.
NOT_OF_A_BATCH = {
    "bundle": "there are many",
    "output": "--out-dir says where to",
    "manifest_file": "batch.jsonl is the record; each zip holds its manifest",
    "verbose": "every decision of every disc is too much to show",
    "split": "one disc, one line, one zip",
    "report": "a page for each disc is not built yet: repack inspect makes one of any zip",
    "with_patient": "goes with a report",
    "version": "repack --version",
}


@pytest.fixture
def run(run: Run) -> Run:
    return partial(run, "batch")


@pytest.fixture
def discs(tmp_path: Path) -> list[Path]:
    return make_discs(tmp_path / "in", 2)


def test_it_has_every_option_of_the_main_job() -> None:
    its, of_job = (inspect.signature(function).parameters for function in (batch.batch, job.repack))
    assert set(of_job) - set(its) - {"context"} == set(NOT_OF_A_BATCH)
    for name in set(of_job) & set(its) - {
        "jobs",
        "overwrite",
        "json",
        "quiet",
        "dry_run",
    }:  # these have words of their own
        assert its[name] == of_job[name], name


@pytest.mark.lengthy
def test_a_table_a_line_for_each_disc_and_the_record(run: Run, discs: list[Path], tmp_path: Path) -> None:
    code, out, err = run(tmp_path / "in" / "*.zip", tmp_path / "gone.zip", "--out-dir", tmp_path / "out", "-j", 2)
    assert code == ExitCode.UNREADABLE
    assert [line.split()[:2] for line in out.splitlines() if line.startswith((" repacked", " failed"))] == [
        ["repacked", "2"], ["failed", "1"],
    ]  # fmt: skip
    assert "2 of 3 discs are done" in out
    assert "gone.zip:cannotreadgone.zip" in "".join(out.split())  # a long path is folded
    assert len([line for line in err.splitlines() if line.startswith("[")]) == 3
    names = {Path(source).name for source in last_lines(tmp_path / "out")}
    assert names == {"scan0000.zip", "scan0001.zip", "gone.zip"}
    code, out, _err = run(*discs, "--out-dir", tmp_path / "out", "--recheck")
    assert code == 0
    assert "2 of 2 discs are done, 2 of them by an earlier batch" in " ".join(out.split())


@pytest.mark.lengthy
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every file name is Unicode")
def test_a_name_that_is_not_unicode_costs_nothing(run: Run, discs: list[Path], tmp_path: Path) -> None:
    odd = discs[0].rename(tmp_path / "in" / os.fsdecode(b"M\xfcller.zip"))
    code, out, _err = run(odd, discs[1], "--dry-run", "--json", "-q")
    assert code == 0
    told = json.loads(out.splitlines()[0])
    assert told["source"].endswith("M\\udcfcller.zip")
    code, out, _err = run(odd, discs[1], "--out-dir", tmp_path / "out", "--json", "-q")
    assert code == 0
    assert [json.loads(line)["result"] for line in out.splitlines()] == ["done", "done"]
    assert (tmp_path / "out" / "M%FCller.repacked.zip").exists()
    assert run(odd, discs[1], "--out-dir", tmp_path / "out", "--json", "-q")[1].count('"skipped":true') == 2


@pytest.mark.lengthy
def test_names_from_files_and_lines_of_json(
    run: Run, discs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = tmp_path / "names.txt"
    names.write_bytes(os.fsencode(discs[0]) + b"\r\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(os.fsencode(discs[1]) + b"\0")))
    options = ["--from", names, "--from", "-", "--out-dir", tmp_path / "out", "--drop", "junk", "-j", 1, "--json", "-q"]
    code, out, err = run(*options)
    assert (code, err) == (0, "")
    said = [json.loads(line) for line in out.splitlines()]
    assert [(line["source"], line["result"], line["skipped"]) for line in said] == [
        (str(disc), "done", False) for disc in discs
    ]
    assert {line["options"] for line in said} == {last_lines(tmp_path / "out")[str(discs[0])]["options"]}
    with_others = run(*discs, "--out-dir", tmp_path / "plain", "--json", "-q", "-j", 1)[1]
    assert json.loads(with_others.splitlines()[0])["options"] != said[0]["options"]
    assert entry_hashes(tmp_path / "out" / "scan0000.repacked.zip")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ([], ExitCode.USAGE, "no bundle was named"),
        (["x.zip", "--codec", "nonesuch"], ExitCode.USAGE, "--codec nonesuch"),
        (["x.zip", "--from", "nowhere.txt"], ExitCode.USAGE, "nowhere.txt cannot be read"),
        (["x.zip", "--sample", "5"], ExitCode.USAGE, "--sample goes with --dry-run"),
        (["x.zip", "--split", "study"], ExitCode.USAGE, "--split is for one disc, not for a batch"),
        (["x.zip", "--report", "x"], ExitCode.USAGE, "--report is for one disc, not for a batch"),
        (["x.zip", "--recrod", "x"], ExitCode.USAGE, "did you mean --record?"),
        (["x.zip", "--rules", "broken.toml"], ExitCode.RULES, "broken.toml"),
        (["."], ExitCode.USAGE, "lies inside the bundle .: a later run would take the new zips along"),
        (["."], ExitCode.USAGE, "or the discs in this one as './*.zip'"),
    ],
)
def test_what_is_wrong_for_all_is_told_before_anything_begins(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: ExitCode, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.toml").write_text("[[rule]]\nid = 1\n", "utf-8")
    ended, out, err = run(*words, "--out-dir", "out")
    assert (ended, out) == (code, "")
    assert says in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.lengthy
@pytest.mark.parametrize("is_json", [False, True])
def test_a_quiet_dry_run_names_what_cannot_be_looked_at(run: Run, discs: list[Path], *, is_json: bool) -> None:
    gone = discs[0].with_name("gone.zip")
    code, out, err = run(gone, discs[0], "--dry-run", "-q", *(["--json"] if is_json else []))
    assert (code, bool(out)) == (ExitCode.UNREADABLE, is_json)
    assert err.startswith(f"repack: {gone}: ")
    assert err.count("\n") == 1
    assert run(discs[0], "--dry-run", "-q") == (0, "", "")


def test_a_dry_run_says_that_a_limit_is_not_counted(run: Run, discs: list[Path]) -> None:
    said = "--max-size is not counted here"
    assert said in run(discs[0], "--dry-run", "--max-size", "10k")[1]
    assert said not in run(discs[0], "--dry-run")[1]


def test_quiet_names_what_failed_and_what_is_damaged(run: Run, discs: list[Path], tmp_path: Path) -> None:
    broken, words = tmp_path / "in/broken.zip", ("--out-dir", tmp_path / "out", "-j", 1, "-q")
    broken.write_bytes(make_zip([replace(Made(b"notes.txt", method=8), crc=1), Made(b"good.txt")]))
    code, out, err = run(*discs, broken, tmp_path / "gone.zip", *words)
    assert (code, out, err.count("\n")) == (ExitCode.UNREADABLE, "", 2)
    assert "broken.zip: " in err
    assert "1 file is damaged in the original and was carried over just as it is, e.g. notes.txt" in err
    assert "gone.zip: failed (exit code 3): cannot read gone.zip" in err
    code, out, err = run(*discs, broken, *words)
    assert (code, out, err) == (0, "", "")  # all were done already


@pytest.mark.lengthy
def test_what_a_batch_wrote_is_no_disc_for_a_dry_run_either(run: Run, discs: list[Path], tmp_path: Path) -> None:
    words = (tmp_path / "in" / "*.zip", "--out-dir", discs[0].parent, "-q", "--json")
    assert run(*words)[0] == 0
    code, out, _err = run(*words, "--dry-run")
    assert code == 0
    assert [json.loads(line)["source"] for line in out.splitlines()] == [str(disc) for disc in discs]


def test_a_password_does_not_travel_unprotected(run: Run, discs: list[Path], tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n", "utf-8")
    code, _out, err = run(
        *discs, "--out-dir", tmp_path / "out", "--password-file", tmp_path / "password", "--scheduler", "tcp://x:1"
    )
    assert code == ExitCode.USAGE
    assert "unprotected" in err
    assert "secret" not in err


@pytest.mark.parametrize(
    "words",
    [
        ("sftp://me:secret@host/a.zip", "--out-dir", "out"),
        ("a.zip", "--out-dir", "sftp://me:secret@host/new", "--record", "record"),
    ],
)
def test_a_login_in_an_address_does_not_travel_unprotected(run: Run, words: tuple[str, ...]) -> None:
    code, _out, err = run(*words, "--scheduler", "tcp://x:1")
    assert code == ExitCode.USAGE
    assert "unprotected" in err
    assert "secret" not in err


def test_a_cluster_needs_a_package(
    run: Run, discs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    code, _out, err = run(*discs, "--out-dir", tmp_path / "out", "--scheduler", "tcp://127.0.0.1:1")
    assert code == ExitCode.USAGE
    assert "pip install 'repack[batch]'" in err


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs repack[batch]")
@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("foo:bar", "is no address of a scheduler; write tcp://HOST:PORT"),
        ("tcp://127.0.0.1", "is no address of a scheduler; write tcp://HOST:PORT"),
        ("http://127.0.0.1:1", "is no address of a scheduler; write tcp://HOST:PORT"),
        ("tls://127.0.0.1:1", "needs keys and certificates"),
    ],
)
def test_an_address_at_which_no_scheduler_can_be_is_told_at_once(
    run: Run, discs: list[Path], tmp_path: Path, address: str, says: str
) -> None:
    code, _out, err = run(*discs, "--out-dir", tmp_path / "out", "--scheduler", address)
    assert code == ExitCode.USAGE
    assert says in err
    assert err.count("\n") == 1


def test_an_out_dir_that_cannot_be(run: Run, discs: list[Path], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, _out, err = run(*discs, "--out-dir", tmp_path / "file")
    assert code == ExitCode.UNWRITABLE
    assert err.count("\n") == 1
