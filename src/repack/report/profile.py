"""Where the time of a run went, as a table for -v -v."""

from repack.report.tables import Column, Sheet
from repack.stopwatch import Spent, Stopwatch

_NEGLIGIBLE = 0.0005  # seconds


def profiled(watch: Stopwatch, whole: float, whole_of_workers: float) -> Sheet:
    """Seconds of each stage, the longest first; the last row is the processor time of the processes, start included."""
    names = sorted(watch.here.keys() | watch.workers.keys(), key=lambda name: -_clock(watch.here, name, watch.workers))
    rows = tuple(
        (name, *(_seconds(part) for spent in (watch.here, watch.workers) for part in spent.get(name, (0.0, 0.0))))
        for name in names
    )
    columns = ("Main", "of it CPU", "Workers", "of it CPU")
    footer = ("all processor time, start included", "", _seconds(whole), "", _seconds(whole_of_workers))
    return Sheet(
        "Where the time went (seconds)", (Column("Stage"), *(Column(c, is_number=True) for c in columns)), rows, footer
    )


def _clock(here: Spent, name: str, workers: Spent) -> float:
    return sum(spent[name][0] for spent in (here, workers) if name in spent)


def _seconds(value: float) -> str:
    return f"{value:.3f}" if value >= _NEGLIGIBLE else ""
