"""Report -> one HTML file that needs nothing else: no network, no script. The only module that knows jinja2.

Every text is escaped by the template engine; pictures and style travel inside the file, and a Content-Security-Policy
forbids everything else.
"""

import base64
from importlib import resources

from repack.report import treemap
from repack.report.page import Report

_FOLDER = "templates"
#: Name, width, height and letters of the two treemaps; the style shows the one that fits the window.
_MAPS = (("wide", 1000.0, 440.0, 17.0), ("tall", 360.0, 480.0, 13.0))


def render(report: Report) -> bytes:
    """The whole page as UTF-8."""
    import jinja2  # noqa: PLC0415  needed for reports only

    def load(name: str) -> str:
        return resources.files("repack.report").joinpath(_FOLDER, name).read_text("utf-8")

    surroundings = jinja2.Environment(
        loader=jinja2.FunctionLoader(load),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    surroundings.filters["data_uri"] = _data_uri
    surroundings.filters["percent"] = _percent
    maps = [
        (name, width, height, letter, treemap.lay_out(report.areas, width, height, letter))
        for name, width, height, letter in _MAPS
    ]
    page = surroundings.get_template("report.html").render(report=report, maps=maps)
    return page.encode("utf-8", "replace")  # a name may hold half a character


def _data_uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def _percent(part: int | None, whole: int) -> str:
    """A length as CSS wants it; something is never nothing."""
    share = 100 * (part or 0) / whole if whole else 0.0
    return f"{max(share, 0.4 if part else 0.0):.2f}%"
