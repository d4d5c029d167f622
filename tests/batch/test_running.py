"""A batch as a whole: all discs, whatever becomes of one; run again, only what is not done or not true any more."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.disc import write_folder
from repack import api, pipeline
from repack.batch import engine, journal, lock, running
from repack.batch.disc import work
from repack.batch.engine import Died, Lost
from repack.batch.line import Result
from repack.batch.orders import Task, digest_options
from repack.errors import ExitCode, OutputUnwritable
from repack.giveback.finished import open_finished
from repack.model import Access, Wishes
from repack.output import drafts
from tests.batch.stage import Inline, Notes, digest, last_lines, make_discs, options, request, small_disc
from tests.discs import spoil

RunBatch = Callable[[running.Request], tuple[running.Totals, dict[str, str]]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> RunBatch:
    """Run a batch in this process; its totals, and what became of each disc in this round."""

    def call(asked: running.Request) -> tuple[running.Totals, dict[str, str]]:
        monkeypatch.setattr(running, "_engine", lambda _request: Inline())
        totals, notes = running.Totals(), Notes()
        running.run(asked, totals, notes)
        assert notes.discs == totals.discs == totals.seen == len(notes.shown)
        assert totals.skipped == sum(is_skipped for _line, is_skipped in notes.shown)
        said = {Path(line.source).name: "skipped" if skipped else str(line.result) for line, skipped in notes.shown}
        return totals, said

    return call


@pytest.fixture
def discs(tmp_path: Path) -> list[Path]:
    return make_discs(tmp_path / "in", 3)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_outputs_are_those_of_the_main_job(run: RunBatch, discs: list[Path], out: Path, tmp_path: Path) -> None:
    totals, said = run(request(discs, out))
    assert said == dict.fromkeys(("scan0000.zip", "scan0001.zip", "scan0002.zip"), "done")
    assert (totals.code, totals.failures) == (0, [])
    for disc in discs:
        alone = tmp_path / "alone.zip"
        api.run(disc, alone, settings=api.Settings(overwrite=True))
        line = last_lines(out)[str(disc)]
        output = out / line["output"]["name"]
        assert output.name == f"{disc.stem}.repacked.zip"
        assert output.read_bytes() == alone.read_bytes()
        assert line["output"] == {
            "name": output.name,
            "size": alone.stat().st_size,
            "sha256": digest(alone),
            "mark": "",
        }
        status = disc.stat()
        read = {"size": status.st_size, "changed": status.st_mtime_ns, "sha256": digest(disc), "mark": ""}
        assert line["read"] == read
        assert line["images"] == open_finished(output).manifest.totals.images > 0
    assert sorted(path.name for path in out.iterdir()) == [
        "batch.jsonl",
        "batch.lock",
        *(f"scan000{n}.repacked.zip" for n in "012"),
    ]


def test_one_that_fails_does_not_stop_the_others_and_the_highest_code_counts(
    run: RunBatch, discs: list[Path], out: Path
) -> None:
    missing, taken = discs[0].with_name("gone.zip"), out / "scan0001.repacked.zip"
    out.mkdir()
    taken.write_bytes(b"somebody's")
    discs[2].write_bytes(b"not a zip")
    totals, said = run(request([missing, *discs], out))
    assert said == {"gone.zip": "failed", "scan0000.zip": "done", "scan0001.zip": "failed", "scan0002.zip": "failed"}
    assert totals.code == ExitCode.UNWRITABLE
    assert {line["code"] for line in last_lines(out).values()} == {0, 3, 5}
    assert "no such file" in last_lines(out)[str(missing)]["reason"]
    assert taken.read_bytes() == b"somebody's"
    _totals, said = run(request([discs[1]], out, options(overwrite=True)))
    assert said == {"scan0001.zip": "done"}


def test_what_is_done_and_still_true_is_left_alone(run: RunBatch, discs: list[Path], out: Path) -> None:
    run(request(discs, out))
    record = (out / journal.RECORD).read_bytes()
    stamps = {path.name: path.stat().st_mtime_ns for path in out.glob("*.zip")}
    totals, said = run(request(discs, out))
    assert set(said.values()) == {"skipped"}
    assert totals.counts[Result.DONE] == totals.skipped == 3
    assert (out / journal.RECORD).read_bytes() == record
    assert {path.name: path.stat().st_mtime_ns for path in out.glob("*.zip")} == stamps


def _change_source(disc: Path, _output: Path) -> None:
    shutil.copyfile(disc.with_name("scan0002.zip"), disc)


def _change_source_in_secret(disc: Path, _output: Path) -> None:
    status, data = disc.stat(), disc.read_bytes()
    at = data.rindex(b"PK\x01\x02") + 12  # the time of the last entry (APPNOTE 4.3.12)
    disc.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    os.utime(disc, ns=(status.st_atime_ns, status.st_mtime_ns))


def _touch(disc: Path, _output: Path) -> None:
    os.utime(disc, ns=(1, 1))


def _damage(_disc: Path, output: Path) -> None:
    data = output.read_bytes()
    output.write_bytes(data[:100] + bytes([data[100] ^ 1]) + data[101:])


def _lose(_disc: Path, output: Path) -> None:
    output.unlink()


def _nothing(_disc: Path, _output: Path) -> None:
    pass


_SAME, _OTHERS = options(), options(Wishes(exact_only=True))


@pytest.mark.lengthy
@pytest.mark.parametrize(
    ("change", "how", "becomes"),
    [
        (_nothing, _SAME, "skipped"),
        (_nothing, replace(_SAME, rechecks=True), "skipped"),
        (_nothing, _OTHERS, "done"),
        (_touch, _SAME, "skipped"),
        (_change_source, _SAME, "done"),
        (_damage, _SAME, "done"),
        (_damage, replace(_SAME, rechecks=True), "done"),
        (_lose, _SAME, "done"),
        (_change_source_in_secret, _SAME, "skipped"),  # size and time say that it is the same
        (_change_source_in_secret, replace(_SAME, rechecks=True), "done"),
    ],
)
def test_run_again(
    run: RunBatch,
    discs: list[Path],
    out: Path,
    change: Callable[[Path, Path], None],
    how: running.Options,
    becomes: str,
) -> None:
    run(request(discs[:1], out))
    output = out / "scan0000.repacked.zip"
    before = digest(output)
    change(discs[0], output)
    _totals, said = run(request(discs[:1], out, how))
    assert said == {"scan0000.zip": becomes}
    if becomes == "done":
        name = last_lines(out)[str(discs[0])]["output"]["name"]
        assert last_lines(out)[str(discs[0])]["output"]["sha256"] == digest(out / name)
        assert (name != output.name) == (change in {_change_source, _change_source_in_secret})
        _totals, said = run(request(discs[:1], out, how))
        assert said == {"scan0000.zip": "skipped"}
    if how is not _OTHERS:  # the output of a disc that is gone is not lost
        assert digest(output) == before


def test_what_somebody_put_in_the_place_of_an_output_is_not_replaced(
    run: RunBatch, discs: list[Path], out: Path
) -> None:
    run(request(discs[:1], out))
    output = out / "scan0000.repacked.zip"
    output.write_bytes(b"a thesis")
    assert run(request(discs[:1], out))[1] == {"scan0000.zip": "failed"}
    line = last_lines(out)[str(discs[0])]
    assert "it exists already, and was not made from this bundle" in line["reason"]
    assert output.read_bytes() == b"a thesis"
    assert run(request(discs[:1], out, replace(_SAME, overwrite=True)))[1] == {"scan0000.zip": "done"}


def test_a_recheck_finds_an_output_that_was_replaced_together_with_its_line(
    run: RunBatch, discs: list[Path], out: Path
) -> None:
    run(request(discs[:1], out))
    output, record = out / "scan0000.repacked.zip", out / journal.RECORD
    before = digest(output)
    _damage(discs[0], output)
    record.write_bytes(record.read_bytes().replace(before.encode(), digest(output).encode()))
    assert run(request(discs[:1], out))[1] == {"scan0000.zip": "skipped"}
    assert run(request(discs[:1], out, replace(_SAME, rechecks=True)))[1] == {"scan0000.zip": "done"}
    assert digest(output) == before


def test_another_version_does_it_again(run: RunBatch, discs: list[Path], out: Path) -> None:
    run(request(discs[:1], out))
    record = out / journal.RECORD
    record.write_bytes(record.read_bytes().replace(b'"version":"', b'"version":"9.'))
    assert run(request(discs[:1], out))[1] == {"scan0000.zip": "done"}
    mixed = request(discs[:1], out, options(version="9.9.9"))
    totals, said = run(mixed)
    assert said == {"scan0000.zip": "failed"}
    assert totals.code == ExitCode.USAGE
    assert "same version" in totals.failures[0][1]


def test_a_kill_between_output_and_line_is_made_good(run: RunBatch, discs: list[Path], out: Path) -> None:
    run(request(discs, out))
    record = out / journal.RECORD
    lines = record.read_bytes().splitlines(keepends=True)
    record.write_bytes(lines[0] + lines[1][:30])
    _totals, said = run(request(discs, out))
    assert sorted(said.values()) == ["done", "done", "skipped"]
    assert run(request(discs, out))[0].skipped == 3


def test_twins_get_names_of_their_own_and_keep_them(run: RunBatch, tmp_path: Path, out: Path) -> None:
    first, second = (make_discs(tmp_path / folder, 1)[0] for folder in "xy")
    shutil.copyfile(make_discs(tmp_path / "z", 2)[1], second)
    run(request([first], out))
    assert (out / "scan0000.repacked.zip").exists()
    assert run(request([second, first], out))[1] == {"scan0000.zip": "skipped"}
    outputs = {line["output"]["name"]: line["source"] for line in last_lines(out).values()}
    assert outputs["scan0000.repacked.zip"] == str(first)
    assert len(outputs) == 2
    assert run(request([first, second], out))[0].skipped == 2


def test_a_drive_with_one_disc_after_another_loses_none(run: RunBatch, tmp_path: Path, out: Path) -> None:
    drive = tmp_path / "cdrom"
    for number in (1, 2, 1):
        shutil.rmtree(drive, ignore_errors=True)
        write_folder(drive, small_disc(number))
        assert run(request([drive], out))[1] == {"cdrom": "done"}
        assert run(request([drive], out))[1] == {"cdrom": "skipped"}
    outputs = {open_finished(path).manifest.entries for path in out.glob("*.zip")}
    assert len(outputs) == 2
    names = sorted(path.name for path in out.glob("*.zip"))
    assert len(names) == 3  # the first was not known any more
    assert all(len(name) <= len("cdrom.12345678.repacked.zip") for name in names)
    assert "which is kept" in last_lines(out)[str(drive)]["reason"]
    shutil.rmtree(drive)
    write_folder(drive, small_disc(4))
    assert run(request([drive], out, options(overwrite=True)))[1] == {"cdrom": "done"}
    assert len(list(out.glob("*.zip"))) == 3


@pytest.mark.skipif(not drafts.HAS_LOCKS, reason="this system has no locks that end with their process")
def test_an_interrupt_leaves_no_draft_of_a_second_disc_of_a_drive(
    run: RunBatch, discs: list[Path], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_engine: Inline, _seconds: float) -> list[object]:
        (out / ".scan0000.12345678.repacked.zip.0123abcd.repack-draft").write_bytes(b"of a worker that was ended")
        (out / ".other.0123abcd.repack-draft.txt").write_bytes(b"not ours")
        raise KeyboardInterrupt

    monkeypatch.setattr(Inline, "collect", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(request(discs[:1], out))
    assert sorted(path.name for path in out.glob(".*")) == [".other.0123abcd.repack-draft.txt"]


def test_a_damaged_file_is_named(run: RunBatch, discs: list[Path], out: Path) -> None:
    data = bytearray(discs[0].read_bytes())
    at = data.index(b"NUMBER.TXT") + len("NUMBER.TXT")
    data[at + 2] ^= 0x55
    discs[0].write_bytes(data)
    for _again in range(2):
        totals, _said = run(request(discs, out))
        assert totals.code == 0
        said = "1 file is damaged in the original and was carried over just as it is, e.g. NUMBER.TXT"
        assert totals.remarks == [(str(discs[0]), said)]
    assert last_lines(out)[str(discs[0])]["reason"] == said


def test_an_output_without_a_line_is_replaced_only_by_the_same_disc(
    run: RunBatch, discs: list[Path], tmp_path: Path, out: Path
) -> None:
    folder = tmp_path / "disc"
    write_folder(folder, small_disc(1))
    run(request([discs[0], folder], out))
    before = {path.name: digest(path) for path in out.glob("*.zip")}
    (out / journal.RECORD).unlink()
    assert set(run(request([discs[0], folder], out))[1].values()) == {"done"}
    (out / journal.RECORD).unlink()
    shutil.copyfile(discs[1], discs[0])
    (folder / "more.txt").write_text("new", "utf-8")
    assert set(run(request([discs[0], folder], out))[1].values()) == {"failed"}
    assert {path.name: digest(path) for path in out.glob("*.zip")} == before


def test_a_failure_in_between_does_not_make_an_output_somebody_elses(
    run: RunBatch, discs: list[Path], tmp_path: Path, out: Path
) -> None:
    disc, away, output = discs[0], tmp_path / "away.zip", out / "scan0000.repacked.zip"
    run(request([disc], out))
    before, made = digest(output), output.stat().st_mtime_ns
    disc.rename(away)
    assert run(request([disc], out))[1] == {"scan0000.zip": "failed"}
    away.rename(disc)
    totals, said = run(request([disc], out))
    assert said == {"scan0000.zip": "skipped"}
    assert output.stat().st_mtime_ns == made
    assert last_lines(out)[str(disc)]["result"] == "done"  # and the record says so again
    disc.rename(away)
    run(request([disc], out))
    shutil.copyfile(discs[1], disc)
    totals, said = run(request([disc], out))
    assert (said, totals.code) == ({"scan0000.zip": "done"}, 0)
    assert digest(output) == before
    assert len(list(out.glob("*.zip"))) == 2


def test_a_folder_with_equal_names_and_sizes_is_another_disc(run: RunBatch, tmp_path: Path, out: Path) -> None:
    folder = tmp_path / "disc"
    write_folder(folder, small_disc(1))
    run(request([folder], out))
    output = out / "disc.repacked.zip"
    before = digest(output)
    (out / journal.RECORD).unlink()
    number = next(path for path in folder.rglob("NUMBER.TXT"))
    number.write_bytes(number.read_bytes().replace(b"1", b"2"))
    totals, said = run(request([folder], out))
    assert said == {"disc": "failed"}
    assert "was not made from this bundle" in totals.failures[0][1]
    assert digest(output) == before


def test_who_takes_the_name_meanwhile_is_not_overwritten(
    run: RunBatch, discs: list[Path], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _in_the_middle(monkeypatch, lambda: (out / "scan0000.repacked.zip").write_bytes(b"somebody's"))
    totals, said = run(request(discs[:1], out))
    assert (said, totals.code) == ({"scan0000.zip": "failed"}, ExitCode.UNWRITABLE)
    assert (out / "scan0000.repacked.zip").read_bytes() == b"somebody's"
    assert [path for path in out.iterdir() if path.name.endswith(".repack-draft")] == []


def test_a_folder_that_changes_meanwhile_is_not_published(
    run: RunBatch, tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "disc"
    write_folder(folder, small_disc(1))
    _in_the_middle(monkeypatch, lambda: (folder / "more.txt").write_text("new", "utf-8"))
    totals, said = run(request([folder], out))
    assert (said, totals.code) == ({"disc": "failed"}, ExitCode.UNREADABLE)
    assert "it changed while it was being read; run again" in totals.failures[0][1]
    assert list(out.glob("*.zip")) == []


def _in_the_middle(monkeypatch: pytest.MonkeyPatch, happen: Callable[[], object]) -> None:
    """Let something happen while a disc is worked on."""
    real = pipeline.carry_out

    def carry_out(*rest: Any) -> Any:  # noqa: ANN401  whatever it takes and gives
        happen()
        return real(*rest)

    monkeypatch.setattr(pipeline, "carry_out", carry_out)


def test_folders_are_known_by_what_they_list(run: RunBatch, tmp_path: Path, out: Path) -> None:
    folder = tmp_path / "disc"
    write_folder(folder, small_disc(1))
    assert run(request([folder], out))[1] == {"disc": "done"}
    assert run(request([folder], out))[1] == {"disc": "skipped"}
    (folder / "more.txt").write_text("new", "utf-8")
    assert run(request([folder], out))[1] == {"disc": "done"}
    os.utime(folder / "more.txt", ns=(5, 5))
    assert run(request([folder], out))[1] == {"disc": "done"}


def test_a_folder_that_may_not_be_looked_into_is_no_bug(
    run: RunBatch, tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, is_dir = tmp_path / "disc", Path.is_dir

    def refuse(path: Path, **named: bool) -> bool:
        if path == folder:
            raise PermissionError(13, "Permission denied")
        return is_dir(path, **named)

    write_folder(folder, small_disc(1))
    asked = request([folder], out)
    monkeypatch.setattr(Path, "is_dir", refuse)
    totals, _said = run(asked)
    assert totals.code == ExitCode.UNREADABLE
    assert "Permission denied; check its permissions" in totals.failures[0][1]


def test_a_bundle_that_is_as_it_should_be_is_idle_once_and_again(run: RunBatch, discs: list[Path], out: Path) -> None:
    finished = discs[0].with_name("finished.zip")
    api.run(discs[0], finished)
    totals, said = run(request([finished], out))
    assert said == {"finished.zip": "idle"}
    assert (totals.code, totals.counts[Result.IDLE]) == (0, 1)
    assert run(request([finished], out))[1] == {"finished.zip": "skipped"}
    assert sorted(path.name for path in out.iterdir()) == [journal.RECORD, lock.NAME]


def test_a_finished_zip_that_broke_since_is_not_called_good(run: RunBatch, discs: list[Path], out: Path) -> None:
    api.run(discs[0], discs[0].with_name("finished.zip"))
    broken = spoil(discs[0].with_name("finished.zip"), "REPACK/README.txt", discs[0].with_name("broken.zip"))
    totals, said = run(request([broken], out))
    assert said == {"broken.zip": "failed"}
    assert (totals.code, totals.counts[Result.IDLE]) == (ExitCode.UNREADABLE, 0)
    assert "REPACK/README.txt: it cannot be read" in totals.failures[0][1]


def test_two_batches_do_not_share_an_out_dir(run: RunBatch, discs: list[Path], out: Path) -> None:
    with lock.held(out), pytest.raises(OutputUnwritable, match="another batch"):
        run(request(discs, out))


def test_what_a_bug_says_of_a_disc_is_not_recorded(
    run: RunBatch, discs: list[Path], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_rest: object, **_named: object) -> None:
        raise ValueError("DOE^JANE")

    monkeypatch.setattr("repack.pipeline.run", fail)
    totals, said = run(request(discs[:1], out))
    assert said == {"scan0000.zip": "failed"}
    assert totals.code == ExitCode.BUG
    assert "ValueError" in totals.failures[0][1]
    assert b"DOE" not in (out / journal.RECORD).read_bytes()


def test_rules_that_change_under_way_are_not_followed(run: RunBatch, discs: list[Path], out: Path) -> None:
    rules = out.with_name("my.toml")
    rules.write_text("# none yet\n", "utf-8")
    how = replace(options(), rule_files=(rules,), digest=digest_options(Wishes(), (rules,), Access()))
    rules.write_text("# others\n", "utf-8")
    totals, _said = run(request(discs[:1], out, how))
    assert totals.code == ExitCode.USAGE
    assert "is not what it was when the batch began" in totals.failures[0][1]
    rules.unlink()
    assert "cannot read a file of --rules" in run(request(discs[:1], out, how))[0].failures[0][1]
    assert list(out.glob("*.zip")) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_advice_names_the_options_of_a_batch(
    run: RunBatch, discs: list[Path], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*_rest: object, **_named: object) -> None:
        with Path("/dev/full").open("wb", buffering=0) as full:
            full.write(b"x")

    _in_the_middle(monkeypatch, fill)
    totals, _said = run(request(discs[:1], out))
    assert totals.code == ExitCode.UNWRITABLE
    assert "No space left on device; choose another place with --out-dir" in totals.failures[0][1]


def test_a_worker_that_sees_another_folder_begins_nothing(discs: list[Path], out: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    line = work(replace(_tasks(discs, out)[0], out_dir=str(elsewhere)))
    assert (line.result, line.code) == (Result.FAILED, ExitCode.UNWRITABLE)
    assert "sees another folder" in line.reason
    assert list(elsewhere.iterdir()) == []


def test_an_output_that_cannot_be_seen_from_here_has_failed(discs: list[Path], out: Path) -> None:
    task = _tasks(discs, out)[0]
    line = work(task)
    assert running._check_visible(task, line) == line
    (out / task.order.name).unlink()
    assert running._check_visible(task, line).result is Result.FAILED


def test_a_worker_of_a_batch_that_is_over_publishes_nothing(
    run: RunBatch, discs: list[Path], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = _tasks(discs, out)[0]
    real = pipeline.carry_out

    def carry_out_slowly(*rest: Any) -> Any:  # noqa: ANN401  whatever it takes and gives
        monkeypatch.setattr(pipeline, "carry_out", real)
        run(request(discs[:1], out, options(Wishes(codec="none", is_codec_named=True))))
        return real(*rest)

    monkeypatch.setattr(pipeline, "carry_out", carry_out_slowly)
    line = work(stale)
    assert line.result is Result.FAILED
    assert "another batch has begun" in line.reason
    assert last_lines(out)[str(discs[0])]["output"]["sha256"] == digest(out / stale.order.name)
    assert [path.name for path in out.iterdir() if path.name.endswith(".repack-draft")] == []


# --- the window, and workers that die ---


def _tasks(discs: list[Path], out: Path) -> list[Task]:
    asked = request(discs, out)
    with lock.held(out) as number, journal.opened(out) as record:
        return list(running._tasks(asked, number, record))


def _stream(with_engine: Inline, tasks: list[Task]) -> list[tuple[Task, str]]:
    came = engine.stream(with_engine, iter(tasks), lambda _at_work: None)
    return [(task, str(line.result)) for task, line in came]


def test_no_more_tasks_are_taken_than_there_is_room_for(discs: list[Path], out: Path) -> None:
    taken = []

    def one_by_one(tasks: list[Task]):  # noqa: ANN202  a generator of tasks
        for task in tasks:
            taken.append(task)
            yield task

    window = Inline(window=2)
    came = engine.stream(window, one_by_one(_tasks(discs, out)), lambda _at_work: None)
    next(came)
    assert len(taken) == 2
    assert len(list(came)) == 2
    assert window.most_out == 2


def test_a_disc_that_ends_its_worker_is_tried_again_carefully_and_then_given_up(discs: list[Path], out: Path) -> None:
    tasks = _tasks(discs, out)
    deadly, unlucky, lost = (task.address for task in tasks)
    inline = Inline({deadly: [Died()] * 3, unlucky: [Died(), Died()], lost: [Lost()] * 9})
    said = {task.address: result for task, result in _stream(inline, tasks)}
    assert said == {deadly: "failed", unlucky: "done", lost: "done"}
    careful = {
        task.address: [t.order.is_careful for t in inline.submitted if t.address == task.address] for task in tasks
    }
    assert careful == {deadly: [False, True, True], unlucky: [False, True, True], lost: [False] * 10}


def test_a_disc_that_the_cluster_loses_again_and_again_is_given_up(discs: list[Path], out: Path) -> None:
    task = _tasks(discs[:1], out)[0]
    ((_task, line),) = engine.stream(Inline({task.address: [Lost()] * 99}), [task], lambda _at_work: None)
    assert (line.result, line.code) == (Result.FAILED, ExitCode.BUG)
    assert "the cluster lost it 20 times" in line.reason
