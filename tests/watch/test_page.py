"""The page in a browser: it opens, switches runs, plays an episode and asks nobody else for anything."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from econsim.errors import UserError

pytest.importorskip("dash")

from econsim.watch.server import HOST, make_server

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE = 60_000  # milliseconds; machines that test are busy


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    server = make_server(folder, 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine (Debian: apt install chromium)")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def test_the_page_opens_switches_runs_and_plays(browser: Any, port: int, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800}, color_scheme="dark")
    page.set_default_timeout(PATIENCE)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if _is_elsewhere(request.url) else None)
    page.goto(f"http://{HOST}:{port}/")

    page.get_by_text("3 of 9, 0:20 left").wait_for()
    page.locator("#learning .scatterlayer .trace").first.wait_for(state="attached")
    page.locator("#run").click()
    page.get_by_text("done (finished)").last.click()
    page.get_by_text("Under trained, welfare is").wait_for()
    _open(page, "Schedules")
    page.locator("#schedules .scatterlayer .trace").nth(1).wait_for(state="attached")
    _open(page, "Replay")
    page.get_by_text("trained: step 0 of 4").wait_for()
    page.locator("#play").click()
    page.get_by_text("trained: step 4 of 4").wait_for()
    _open(page, "Results")
    page.get_by_role("gridcell", name="half").first.wait_for()

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 23, 29)"
    assert said == []


def test_only_this_machine_can_read(port: int) -> None:
    assert _status(port, "localhost") == 200
    # A page elsewhere whose name was pointed at this address.
    assert _status(port, "evil.example") == 403


def test_a_taken_port_and_a_missing_folder_are_refused(port: int, folder: Path) -> None:
    with pytest.raises(UserError, match=f"--port {port}: the port is in use"):
        make_server(folder, port)
    with pytest.raises(UserError, match="no such folder"):
        make_server(folder / "nowhere", 0)


def _open(page: Any, tab: str) -> None:
    page.get_by_text(tab, exact=True).first.click()


def _is_elsewhere(address: str) -> bool:
    return not address.startswith((f"http://{HOST}:", "data:", "blob:"))


def _status(port: int, name: str) -> int:
    connection = HTTPConnection(HOST, port, timeout=30)
    connection.request("GET", "/", headers={"Host": f"{name}:{port}"})
    status = connection.getresponse().status
    connection.close()
    return status
