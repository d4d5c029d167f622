"""Write the README's section on speed from the results of the benchmarks: python -m tests.bench.readme"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.__main__ import RESULTS

README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- speed: written by python -m tests.bench.readme -->\n", "<!-- end of speed -->"
_NAMES = {
    "classic": "the classic workflow",
    "classic-on-all-cores": "the same, compared on all cores",
    "dcmcjpls": "unzip and a dcmcjpls loop alone",
    "gdcmconv": "unzip and a gdcmconv loop alone",
    "copy": "cp and sync",
}


def render(results: Mapping[str, Any]) -> str:
    """The section, in Markdown; the cases in the order in which they were measured."""
    lines = ["| disc | | seconds | / floor | / repack | peak memory | output |", "|---|---|---|---|---|---|---|"]
    for case, result in results.items():
        title = f"{case} ({result['input'] / 1e6:,.0f} MB)"
        for name, row in result["rows"].items():
            over_floor = f"{row['over floor']:.2f}" if "over floor" in row else ""
            is_bare = name == "codec floor"
            peak = "" if is_bare else f"{row['peak'] / 1e6:,.0f} MB"
            output = f"{row['output'] / 1e6:,.0f} MB" if row["output"] else ""
            cells = (title, _NAMES.get(name, name), f"{row['wall']:.1f}", over_floor, f"{row['over repack']:.2f}")
            lines.append(f"| {' | '.join((*cells, peak, output))} |")
            title = ""
    return "\n".join(lines) + "\n"


def main() -> None:
    """Replace what stands between the marks."""
    text = README.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(before + BEGIN + render(json.loads(RESULTS.read_text("utf-8"))) + END + after, "utf-8")


if __name__ == "__main__":
    main()
