"""The report in a real browser (Chromium): no error, no request, no overflow, pictures there, rules of axe-core kept.

The page is opened from its file:// address, light and dark, on a desk and on a phone, and printed. Pictures of it go to
build/report/, to be looked at.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.disc import dental_disc, write_zip
from repack.report import html, telling
from repack.report.page import Check
from tests.commands import repack
from tests.interop import programs
from tests.report import made
from tests.report.test_html import EVIL, page_of

pytestmark = pytest.mark.interop
SHOTS = Path(__file__).resolve().parents[2] / "build" / "report"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = programs.find("chromium")
    with sync_api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=path, args=["--no-sandbox"])  # CI runs as root
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports of a run, of an inspected disc, of everything at once, and of names that try to break out."""
    folder = tmp_path_factory.mktemp("reports")
    write_zip(folder / "scan.zip", dental_disc(30, size=96))
    for words in (
        ["scan.zip", "-q", "--keep-locales", "en,es", "--drop-redist", "--report", "run.html"],
        ["inspect", "scan.zip", "--report", "inspected.html", "--with-patient"],
    ):
        repack(*(folder / word if word.endswith((".zip", ".html")) else word for word in words))
    checks = tuple(Check(f"a check with a long name {n}", f"PS3.11 {n}", "met", "not met", "a note") for n in range(9))
    many = replace(made.looked(with_patient=True), series=made.looked(with_patient=True).series * 6)
    (folder / "everything.html").write_bytes(html.render(telling.compose(made.run(), many, checks)))
    (folder / "evil.html").write_bytes(page_of("/".join(EVIL[:5]) + "w" * 300))
    return {path.stem: path for path in folder.glob("*.html")}


#: The finished run in every way; the others in a few, since each takes seconds.
CASES = [
    *(("run", scheme, size) for scheme in ("light", "dark") for size in (DESK, PHONE)),
    ("everything", "light", PHONE),
    ("everything", "dark", DESK),
    ("inspected", "light", DESK),
    ("evil", "light", PHONE),
]


@pytest.mark.parametrize(("name", "scheme", "size"), CASES, ids=lambda part: str(part).partition(",")[0])
def test_the_page_is_sound(name: str, scheme: str, size: dict[str, int], browser: Any, pages: dict[str, Path]) -> None:  # noqa: ANN401
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    context = browser.new_context(viewport=size, color_scheme=scheme)
    said: list[str] = []
    asked: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    address = pages[name].as_uri()
    page.goto(address)
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}-{scheme}-{size['width']}.png", full_page=True)
    assert said == []
    assert [url for url in asked if not url.startswith("data:image/png;base64,")] == [address]
    wide, shown = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= shown
    pictures = page.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert all(pictures)
    assert len(pictures) == {"run": 5, "inspected": 5, "everything": 6, "evil": 1}[name]
    assert page.evaluate("[...document.querySelectorAll('svg.map')].filter(map => map.checkVisibility()).length") == 1
    found = axe.Axe().run(page).response
    assert found["violations"] == [], [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]]
    assert "color-contrast" in {rule["id"] for rule in found["passes"]}
    context.close()


def test_axe_would_see_a_poor_contrast(browser: Any, pages: dict[str, Path], tmp_path: Path) -> None:  # noqa: ANN401
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    poor = tmp_path / "poor.html"
    poor.write_text(pages["run"].read_text("utf-8").replace("--soft: #55626d", "--soft: #c5c9cd"), "utf-8")
    page = browser.new_page(color_scheme="light")
    page.goto(poor.as_uri())
    assert "color-contrast" in {found["id"] for found in axe.Axe().run(page).response["violations"]}
    page.close()


def test_letters_on_the_treemap_stand_out(browser: Any, pages: dict[str, Path]) -> None:  # noqa: ANN401
    """axe does not look at SVG: 4.5 : 1 (WCAG 2.2, 1.4.3) for each colour, full and pale, light and dark."""
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        page.goto(pages["run"].as_uri())
        ratios = page.evaluate(_CONTRASTS)
        assert len(ratios) == 24
        assert min(ratios.values()) >= 4.5, ratios
        page.close()


def test_it_prints_on_white(browser: Any, pages: dict[str, Path]) -> None:  # noqa: ANN401
    page = browser.new_page(color_scheme="dark")
    page.goto(pages["run"].as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.pdf(path=SHOTS / "run.pdf", format="A4", print_background=True)
    assert (SHOTS / "run.pdf").stat().st_size > 10_000
    page.close()


_CONTRASTS = """() => {
    const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const parse = hex => hex.length === 4 ? [1, 2, 3].map(n => parseInt(hex[n] + hex[n], 16))
        : [1, 3, 5].map(n => parseInt(hex.slice(n, n + 2), 16));
    const linear = part => part <= 0.04045 * 255 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4;
    const light = rgb => 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
    const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
    const ink = parse(style("--ink")), paper = parse(style("--paper")), found = {};
    const pale = parseFloat(getComputedStyle(document.querySelector(".map .gone")).opacity);
    for (const kind of ["dicom", "dicomdir", "viewer", "runtime", "locale", "redistributable", "launcher", "document",
                        "preview", "symbols", "junk", "unknown"]) {
        const tone = parse(style("--" + kind));
        found[kind] = ratio(ink, tone);
        found[kind + ", pale"] = ratio(ink, tone.map((part, n) => pale * part + (1 - pale) * paper[n]));
    }
    return found;
}"""
