"""What a batch has to say: a row for each kind of result, and which discs are not done and why."""

import msgspec

from repack.batch.line import BatchLine, Result
from repack.batch.running import Totals
from repack.report import words
from repack.report.tables import Column, Sheet

_NAMES = {Result.DONE: "repacked", Result.IDLE: "nothing to do", Result.FAILED: "failed"}


def sheets(totals: Totals) -> list[Sheet]:
    """The summary of the discs that were seen."""
    titles = ("Discs", "Before", "After", "Saved")
    columns = (Column("Result"), *(Column(title, is_number=True) for title in titles))
    rows = tuple(
        (
            _NAMES[result],
            f"{count:,}",
            words.size(totals.before[result]) if totals.before[result] else "-",
            words.size(totals.after[result]) if result is Result.DONE else "-",
            words.saved(totals.before[result], totals.after[result]) if result is Result.DONE else "-",
        )
        for result, count in totals.counts.items()
        if count
    )
    failures = (
        *(f"{source}: {reason}" for source, reason in totals.failures),
        *_more(totals.counts[Result.FAILED] - len(totals.failures)),
    )
    torn = words.plural(totals.torn, "line")
    remarks = (
        *((f"{torn} of batch.jsonl could not be read; those discs were looked at again",) if totals.torn else ()),
        *(f"{source}: {reason}" for source, reason in totals.remarks),
        *_more(totals.remarked - len(totals.remarks)),
    )
    return [
        Sheet("Discs", columns, rows),
        Sheet("Not done", lines=failures, is_whole=True),
        Sheet("Worth knowing", lines=remarks, is_whole=True),
    ]


def _more(count: int) -> tuple[str, ...]:
    return (f"and {count:,} more; batch.jsonl names them all",) if count else ()


def result(totals: Totals, out_dir: str, *, is_interrupted: bool = False) -> str:
    """The last line."""
    done, failed = totals.counts[Result.DONE], totals.counts[Result.FAILED]
    whole = words.plural(totals.discs, "disc")
    skipped = f", {totals.skipped:,} of them by an earlier batch" if totals.skipped else ""
    said = f"{totals.seen - failed:,} of {whole} {'is' if totals.discs == 1 else 'are'} done{skipped}"
    if done:
        before, after = totals.before[Result.DONE], totals.after[Result.DONE]
        said += f"; {words.change(before, after)}"
    if is_interrupted or totals.seen < totals.discs:
        said += "; run the same command again to go on"
    elif failed:
        which = "it" if failed == 1 else "them"
        said += f"; {words.plural(failed, 'disc')} failed; run the same command again to try {which} once more"
    return f"{said}: {out_dir}"


def told(line: BatchLine, number: int, of: int, *, is_skipped: bool) -> str:
    """One disc in a line, for those who read a log."""
    match line.result:
        case Result.FAILED:
            said = f"failed (exit code {line.code}): {line.reason}"
        case Result.IDLE:
            said = "is what these options give already" + f"; {line.reason}" * bool(line.reason)
        case Result.DONE:
            before, after = line.read.size if line.read else 0, line.output.size if line.output else 0
            said = words.change(before, after)
            said += f"; {line.reason}" * bool(line.reason)
    return f"[{number:,}/{of:,}] {line.source}: {'was done already, ' if is_skipped else ''}{said}"


def encode(line: BatchLine, *, is_skipped: bool) -> bytes:
    """A line for programs: that of batch.jsonl, and whether an earlier batch has written it."""
    return msgspec.json.encode(msgspec.to_builtins(line) | {"skipped": is_skipped}) + b"\n"
