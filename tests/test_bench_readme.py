"""The README's section on speed is what the benchmarks measured, not what somebody remembers."""

import json

from tests.bench.__main__ import RESULTS
from tests.bench.readme import BEGIN, END, README, render


def test_the_section_is_written_from_the_results():
    _before, _, rest = README.read_text("utf-8").partition(BEGIN)
    section, _, _after = rest.partition(END)
    assert section == render(json.loads(RESULTS.read_text("utf-8")))
