from __future__ import annotations

import errno
import os
import re
import shutil
import struct
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import econsim
from econsim.errors import RunError, UserError
from econsim.report import write_report
from econsim.report.figures import Figures
from econsim.runs import Run, open_run

FIGURES = ("schedules", "hours", "incomes", "effective_rates", "welfare", "metrics", "learning")


class Page(HTMLParser):
    """Collects tags, ids and visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def text(run: Run) -> str:
    return (run.path / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_the_page_is_one_file_that_asks_for_nothing(page: Page, text: str) -> None:
    assert len(text.encode()) < 1_500_000
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "img", "object")
        for name in ("src", "href", "xlink:href", "action"):
            assert (attributes.get(name) or "#").startswith("#")
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_user_text_is_escaped(text: str) -> None:
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<b>one</b>" not in text


def test_the_headline_has_the_numbers(run: Run, page: Page) -> None:
    lead = " ".join(" ".join(page.words).split())
    found = run.summary["policies"]["trained"]["exact"]
    assert f"Under trained, welfare is {found['welfare']:.4g} apples" in lead
    assert f"closes {found['gap_closed']:.1%} of the gap from free to best" in lead
    # Least able of 40, effort 1/2: 1/8, and a rebate of a quarter of mean skill 20.5.
    assert "this run 5.25, reference 5.25, tolerance 0.1" in lead


def test_every_policy_has_a_row_and_the_own_one_stands_out(page: Page) -> None:
    rows = [attributes for tag, attributes in page.tags if tag == "th" and attributes.get("scope") == "row"]
    own = [attributes for tag, attributes in page.tags if tag == "tr" and attributes.get("class") == "own"]
    assert len(rows) >= 4
    assert len(own) == 2  # in the ranking and in the table of policies


def test_figures_are_drawings_with_a_description_and_colours_of_the_page(page: Page, text: str) -> None:
    drawings = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert len(drawings) == 2 * len(FIGURES)  # one for wide screens and one for phones
    assert all(len(drawing["aria-label"] or "") > 60 and drawing["role"] == "img" for drawing in drawings)
    body = text[text.index("</style>") :]
    # Every colour inside a drawing is a variable, or it would not follow the page into the dark.
    assert set(re.findall(r"#[0-9a-f]{6}\b", body)) == set()
    assert "var(--series-1)" in body
    assert re.search(r"<text[^>]*>free</text>", body)


def test_identifiers_are_unique(page: Page) -> None:
    found = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(found) == len(set(found))


def test_warnings_calibration_and_references_are_there(page: Page) -> None:
    words = " ".join(" ".join(page.words).split())
    assert "apples are not money" in words
    assert "Number of pickers." in words
    assert "Doe, Jane; Roe, Rich (1999). Picking Apples. P." in words
    assert " run runs/run/scenario.yaml --device" in words


def test_a_requested_report_has_its_figures_as_png_too(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(run.path, tmp_path / "copy", ignore=shutil.ignore_patterns("figures"))
    monkeypatch.setattr(econsim.runs, "execute", lambda *_, **__: open_run(tmp_path / "copy"))
    run = econsim.run(run.scenario, quiet=True)  # writes the report of the run by itself
    assert {path.name for path in (run.path / "figures").iterdir()} == {f"{name}.svg" for name in FIGURES}
    write_report(run)
    for name in FIGURES:
        content = (run.path / "figures" / f"{name}.png").read_bytes()
        width, height = struct.unpack(">II", content[16:24])
        assert content.startswith(b"\x89PNG")
        assert width > 1400
        assert height > 400


def test_the_page_is_the_same_when_written_again(run: Run, text: str) -> None:
    assert write_report(run).read_text("utf-8") == text


def test_a_full_disk_keeps_the_older_report(run: Run, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Figures, "captioned", lambda _: iter(()))
    with pytest.raises(RunError, match="no space left"):
        write_report(run)
    assert (run.path / "report.html").read_text("utf-8") == text


def test_an_unfinished_run_has_no_report(run: Run, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist yet"):
        write_report(Run(tmp_path))


def test_figures_can_be_had_one_by_one(run: Run) -> None:
    axes: Any = run.plot.schedules().axes[0]
    assert axes.get_xscale() == "log"
    assert run.plot.available == list(FIGURES)
    labels = {text.get_text() for text in axes.texts}
    assert labels == {"free", "half", "best", "trained"}
