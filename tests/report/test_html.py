"""One HTML file that needs nothing else, whatever the names on a disc try."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repack.model import Category
from repack.report import html, telling
from tests.report import made

EVIL = (
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "</title></style><script>",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "javascript:alert(1)",
    "\udcff\ud800 half a letter",
    "<!--",
    "]]>",
)


class Reader(HTMLParser):
    """Collects the tags, attributes and text of a page, and whether what is opened is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "img", "rect"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(page: bytes) -> Reader:
    reader = Reader()
    reader.feed(page.decode("utf-8"))
    reader.close()
    assert reader.open == []
    return reader


def page_of(name: str, *, with_patient: bool = True) -> bytes:
    lines = (
        *made.entries(),
        made.entry(f"{name}/x.exe", Category.VIEWER, 900_000),
        made.entry(f"{name}.dll", Category.LOCALE, 70, action="dropped", rule=name, wish=name),
        made.entry(name, Category.DOCUMENT, 7, wish=name, guard=name, reason=name, notes=(name,)),
    )
    about = replace(made.run(), entries=lines, warnings=(name,), name=name, tools={name: name}, day=name)
    seen = made.looked(with_patient=with_patient)
    one = replace(seen.series[0], description=name, modality=name, without=name)
    return html.render(telling.compose(about, replace(seen, series=(one, seen.series[1]))))


@pytest.mark.lengthy
@pytest.mark.parametrize("name", EVIL)
@pytest.mark.parametrize("with_patient", [True, False])
def test_no_name_breaks_out(name: str, with_patient: bool):  # noqa: FBT001  a case of its own
    harmless, found = (
        read(page_of("harmless", with_patient=with_patient)),
        read(page_of(name, with_patient=with_patient)),
    )
    assert not {"script", "iframe", "object", "link"} & {tag for tag, _ in found.tags}
    assert {tag for tag, _ in found.tags} == {tag for tag, _ in harmless.tags}
    for tag, attributes in found.tags:
        assert not any(key.startswith("on") for key in attributes), tag
        address = attributes.get("href") or attributes.get("src") or "https://"
        assert address.startswith(("data:image/png;base64,", "https://"))
    if with_patient:
        shown = name.encode("utf-8", "replace").decode("utf-8")
        assert any(shown.strip() in " ".join(text.split()) or shown in text for text in found.texts)


@pytest.mark.lengthy
@settings(max_examples=30)
@given(st.text(st.characters(codec=None), min_size=1, max_size=30))
def test_any_name_gives_a_whole_page(name: str):
    assert "script" not in {tag for tag, _ in read(page_of(name)).tags}


def test_the_page_asks_for_nothing_from_elsewhere():
    page = html.render(telling.compose(made.run(), made.looked())).decode("utf-8")
    assert "default-src 'none'" in page
    assert not re.search(r"url\(|@import|<script|<link", page)
    assert page.count("data:image/png;base64,") == 1
    assert page.startswith("<!DOCTYPE html>")


def test_the_same_run_gives_the_same_page():
    both = [html.render(telling.compose(made.run(), made.looked())) for _ in range(2)]
    assert both[0] == both[1]


def test_every_table_has_as_many_cells_as_columns():
    report = telling.compose(made.run(), made.looked(with_patient=True))
    for table in (report.dropped, report.against, report.kept, report.readers, report.proofs, report.more_series):
        assert all(len(row) == len(table.columns) for row in table.rows), table.title
