"""The commands compare, report and watch, as users type them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from econsim.cli.application import app

ORCHARD = """
econsim: 1
name: small
economy: {kind: one_step, workers: 5}
agents: {worker: best_response}
planner: us_federal
baselines: [free_market]
evaluation: {workers: best_response}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reporting")
    (folder / "small.yaml").write_text(ORCHARD)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("econsim.report.figures._CAPTIONS", ())
        done = CliRunner().invoke(app, ["run", str(folder / "small.yaml"), "--quiet", "--out", str(folder / "run")])
    assert done.exit_code == 0, done.output
    return folder / "run"


def test_compare_prints_or_writes_what_the_suffix_says(run: Path, tmp_path: Path) -> None:
    printed = CliRunner().invoke(app, ["compare", str(run), "--metric", "mean_hours"])
    assert "us_federal" in printed.output
    for name in ("table.csv", "table.tex"):
        done = CliRunner().invoke(app, ["compare", str(run), "--out", str(tmp_path / name)])
        assert done.exit_code == 0, done.output
    assert set(pd.read_csv(tmp_path / "table.csv")["policy"]) == {"free_market", "us_federal"}
    assert "\\begin{tabular}" in (tmp_path / "table.tex").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compare", "RUN", "--out", "table.xlsx"], "the file name must end in .html, .csv or .tex"),
        (["compare", "RUN", "--metric", "mean_hour"], "did you mean mean_hours"),
        (["watch", "nowhere", "--no-open"], "nowhere: no such folder"),
    ],
)
def test_mistakes_are_told_and_nothing_is_written(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, [str(run) if each == "RUN" else each for each in arguments])
    assert done.exit_code == 2
    assert message in done.output
    assert list(tmp_path.iterdir()) == []


def test_interactive_without_plotly_says_what_to_install(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    done = CliRunner().invoke(app, ["report", str(run), "--interactive"])
    assert done.exit_code == 2
    assert 'pip install "econsim[live]"' in done.output
