"""What a batch shows: sums, failures, the workers on a terminal."""

import io
import json
from dataclasses import replace

from rich.console import Console

from repack.batch.line import BatchLine, Output, Result, Source
from repack.batch.running import Totals
from repack.report import batched
from repack.report.batch_progress import BatchView
from repack.report.console import Screen

DONE = BatchLine(
    "a.zip", "a" * 64, Result.DONE, 0, "", "o" * 64, "0.1", "2026-01-02T00:00:00+00:00", 1.5,
    Source(2_000_000, 1, "s" * 64), Output("a.repacked.zip", 1_000_000, "t" * 64), 12, 3, 1,
)  # fmt: skip
FAILED = BatchLine("b\x1b[2J.zip", "b" * 64, Result.FAILED, 3, "cannot read b.zip", "o" * 64, "0.1", "2026", 0.0)
IDLE = BatchLine("c.zip", "c" * 64, Result.IDLE, 0, "", "o" * 64, "0.1", "2026", 0.1, Source(50, 1, "s" * 64))


def test_the_summary_adds_up() -> None:
    totals = Totals(discs=5, torn=2)
    for line, is_skipped in ((DONE, False), (DONE, True), (FAILED, False), (IDLE, False)):
        totals.count(line, is_skipped=is_skipped)
    table, failures, remarks = batched.sheets(totals)
    assert table.rows == (
        ("repacked", "2", "4.00 MB", "2.00 MB", "50 %"),
        ("nothing to do", "1", "50 bytes", "-", "-"),
        ("failed", "1", "-", "-", "-"),
    )
    assert failures.lines == ("b\x1b[2J.zip: cannot read b.zip",)
    assert remarks.lines[0].startswith("2 lines of batch.jsonl")
    assert totals.code == 3
    assert batched.result(totals, "out") == (
        "3 of 5 discs are done, 1 of them by an earlier batch; 4.00 MB became 2.00 MB (50 % saved); "
        "run the same command again to go on: out"
    )


def test_one_disc_is_told_in_the_singular() -> None:
    alone, failed = Totals(discs=1), Totals(discs=1)
    alone.count(IDLE, is_skipped=False)
    failed.count(FAILED, is_skipped=False)
    assert batched.result(alone, "out") == "1 of 1 disc is done: out"
    again = "run the same command again to try it once more"
    assert batched.result(failed, "out") == f"0 of 1 disc is done; 1 disc failed; {again}: out"


def test_what_has_to_be_said_of_a_disc_that_is_done_is_in_the_summary() -> None:
    totals = Totals(discs=40)
    for _ in range(40):
        totals.count(replace(DONE, reason="1 file is damaged"), is_skipped=False)
    lines = batched.sheets(totals)[2].lines
    assert lines[0] == "a.zip: 1 file is damaged"
    assert lines[-1] == f"and {40 - len(totals.remarks)} more; batch.jsonl names them all"
    assert "(50 % saved); 1 file is damaged" in batched.told(
        replace(DONE, reason="1 file is damaged"), 1, 1, is_skipped=True
    )


def test_a_disc_that_grew_has_saved_nothing() -> None:
    grown = replace(DONE, output=Output("a.repacked.zip", 2_000_001, "t" * 64))
    assert batched.told(grown, 1, 1, is_skipped=False) == "[1/1] a.zip: 2.00 MB became 2.00 MB (<1 % larger)"
    totals = Totals(discs=1)
    totals.count(grown, is_skipped=False)
    assert batched.result(totals, "out") == "1 of 1 disc is done; 2.00 MB became 2.00 MB (<1 % larger): out"


def test_not_every_failure_is_kept_in_memory() -> None:
    totals = Totals(discs=1000)
    for _ in range(1000):
        totals.count(FAILED, is_skipped=False)
    assert totals.counts[Result.FAILED] == 1000
    assert len(totals.failures) < 20
    lines = batched.sheets(totals)[1].lines
    assert lines[-1] == f"and {1000 - len(totals.failures)} more; batch.jsonl names them all"
    assert "1,000 discs failed; run" in batched.result(totals, "out")


def _view(*, is_terminal: bool, is_json: bool = False, is_quiet: bool = False) -> tuple[BatchView, io.StringIO]:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=is_terminal, width=80, highlight=False)
    return BatchView(Screen(console, console, is_quiet), is_json=is_json), shown


def _play(view: BatchView) -> None:
    with view:
        view.begin(3)
        view.show_workers([("worker 1", "/" + "x" * 60 + "/long.zip"), ("worker 2", "b.zip")])
        view.show_line(DONE, is_skipped=False)
        view.show_line(FAILED, is_skipped=False)
        view.show_line(IDLE, is_skipped=True)


def test_a_terminal_shows_who_is_at_what_and_failures_at_once() -> None:
    view, shown = _view(is_terminal=True)
    _play(view)
    text = shown.getvalue()
    assert "worker 2" in text
    assert "x/long.zip" in text
    assert "[2/3] b\\x1b[2J.zip: failed (exit code 3): cannot read b.zip" in text
    assert "a.zip: " not in text


def test_a_log_gets_a_line_for_each_disc_and_no_control_characters() -> None:
    view, shown = _view(is_terminal=False)
    _play(view)
    assert shown.getvalue().splitlines() == [
        "[1/3] a.zip: 2.00 MB became 1.00 MB (50 % saved)",
        "[2/3] b\\x1b[2J.zip: failed (exit code 3): cannot read b.zip",
        "[3/3] c.zip: was done already, is what these options give already",
    ]


def test_quiet_tells_failures_alone() -> None:
    view, shown = _view(is_terminal=True, is_quiet=True)
    _play(view)
    assert shown.getvalue().splitlines() == ["[2/3] b\\x1b[2J.zip: failed (exit code 3): cannot read b.zip"]


def test_json_lines_are_those_of_the_record_and_say_what_was_skipped() -> None:
    known = json.loads(batched.encode(DONE, is_skipped=True))
    assert known["skipped"] is True
    assert known["output"] == {"name": "a.repacked.zip", "size": 1_000_000, "sha256": "t" * 64, "mark": ""}
    assert known["schema"] == "repack-batch-1"
