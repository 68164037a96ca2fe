"""The page with plots in a browser: no error, plots on the screen, drawings on paper, nothing wider than a phone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from econsim.report.drawing import drawn
from econsim.report.figures import Figures
from econsim.report.page import render
from econsim.runs import Run

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def test_plots_on_the_screen_and_drawings_on_paper(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("plotly")
    sync_api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine (Debian: apt install chromium)")
    item = next(item for item in Figures(run).captioned() if item.name == "schedules")
    file = tmp_path / "page.html"
    file.write_text(render(run, [drawn(item)], interactive=True), "utf-8")
    said: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 800}, color_scheme="dark")
        page.set_default_timeout(60_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(file.as_uri())
        line = page.locator(".plot .scatterlayer path.js-line").last
        line.wait_for(state="attached")
        drawing = page.locator(".still")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert drawing.is_hidden()
        # The first series in the dark, #63b3ed, and in the light, #0068a8.
        assert "rgb(99, 179, 237)" in (line.get_attribute("style") or "")
        page.emulate_media(color_scheme="light")
        page.wait_for_function("document.querySelector('.plot').innerHTML.includes('rgb(0, 104, 168)')")
        page.emulate_media(media="print")
        assert drawing.is_visible()
        assert page.locator(".plot").is_hidden()
        browser.close()
    assert said == []
