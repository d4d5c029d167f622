"""Gathering what is known of a bundle: a program that costs a worker its life, or its time, costs itself only."""

from dataclasses import replace

import pytest

from repack import survey
from repack.classify import facts
from repack.processes.workers import Pool
from tests.entries import make_entry
from tests.test_carrying import Bytes, Deadly, Endless


@pytest.mark.lengthy
@pytest.mark.parametrize(
    ("place", "seconds", "problem"),
    [(Deadly(b"MZ"), 60.0, "crashed a worker"), (Endless(b"MZ"), 0.5, "came to no end")],
)
def test_a_program_that_cannot_be_looked_at_costs_itself_only(
    monkeypatch: pytest.MonkeyPatch, place: Bytes, seconds: float, problem: str
) -> None:
    large = 9 << 20
    made = [make_entry(name, b"MZ").entry for name in (b"good.dll", b"bad.exe", b"text.bin")]
    entries = [
        replace(made[0], index=0, place=Bytes(b"MZ"), size=large),
        replace(made[1], index=1, place=place, size=large + 1),  # the first to be handed out
        replace(made[2], index=2, place=Bytes(b"what"), size=4),
    ]
    monkeypatch.setattr(survey, "_allow", lambda lot: seconds if lot[0].index == 1 else 60.0)
    with Pool(1) as pool:
        found = {lot[0].path: facts for lot, (facts,) in survey._gather(entries, pool, facts.gather)}
    assert {path: known.magic for path, known in found.items()} == {
        "good.dll": "pe", "bad.exe": "unreadable", "text.bin": "unknown",
    }  # fmt: skip
    assert problem in found["bad.exe"].problem
