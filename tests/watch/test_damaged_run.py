"""A run with damaged files: the page says so and shows no numbers under its name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from econsim.watch.application import application

SHOWN = {
    "status": (["status.children"], []),
    "learning": (
        ["measure.options", "measure.value", "learning-data.data", "left-out.children"],
        ["others", "measure"],
    ),
    "schedules": (["schedules-data.data", "changes-data.data"], ["others"]),
    "results": (["results-grid.columnDefs", "results-grid.rowData"], ["others"]),
    "policies": (["policy.options", "policy.value"], []),
}


@pytest.fixture
def runs(folder: Path, tmp_path: Path) -> Path:
    shutil.copytree(folder, tmp_path / "runs")
    shutil.copytree(folder / "done", tmp_path / "runs" / "bad")
    return tmp_path / "runs"


def answer(runs: Path, callback: str, run: str, others: list[str]) -> dict[str, Any]:
    """Return what the page gets when a run is selected."""
    outputs, inputs = SHOWN[callback]
    values: dict[str, Any] = {"run": run, **dict.fromkeys(inputs), "version": "1"}
    values |= {"others": others} if "others" in inputs else {}
    split = [dict(zip(("id", "property"), output.rsplit(".", 1), strict=True)) for output in outputs]
    request = {
        "output": outputs[0] if len(outputs) == 1 else f"..{'...'.join(outputs)}..",
        "outputs": split[0] if len(split) == 1 else split,
        "inputs": [
            {"id": name, "property": "data" if name == "version" else "value", "value": value}
            for name, value in values.items()
        ],
        "changedPropIds": ["run.value"],
    }
    reply = application(runs).server.test_client().post("/_dash-update-component", json=request)
    assert reply.status_code == 200, reply.text
    content: dict[str, Any] = json.loads(reply.text)["response"]
    return content


@pytest.mark.parametrize("content", ["{", "{}", None])
def test_a_damaged_summary_is_told_and_nothing_else_is_shown(runs: Path, content: str | None) -> None:
    path = runs / "bad" / "summary.json"
    path.write_text(path.read_text().replace("0.5", "0.6", 1) if content is None else content)
    status = json.dumps(answer(runs, "status", "bad", [])["status"])
    assert "damaged" in status
    assert "summary.json" in status
    for others in ([], ["done"]):
        assert answer(runs, "schedules", "bad", others) == {
            "schedules-data": {"data": None},
            "changes-data": {"data": None},
        }
        assert answer(runs, "learning", "bad", others)["measure"] == {"options": [], "value": None}
    assert answer(runs, "policies", "bad", []) == {"policy": {"options": [], "value": None}}
    grid = answer(runs, "results", "bad", ["done"])["results-grid"]
    (state,) = (column["field"] for column in grid["columnDefs"] if column["headerName"] == "state")
    assert [row[state] for row in grid["rowData"][:2]] == ["damaged", "finished"]
    assert answer(runs, "schedules", "done", ["bad"])["schedules-data"]["data"]


@pytest.mark.parametrize("name", ["metrics.parquet", "metrics.parts"])
def test_damaged_metrics_are_told(runs: Path, name: str) -> None:
    run = "bad" if name == "metrics.parquet" else "live"
    path = runs / run / name if run == "bad" else next((runs / run / name).iterdir())
    path.write_bytes(path.read_bytes()[:-9])
    assert path.name in json.dumps(answer(runs, "status", run, [])["status"])
    assert answer(runs, "learning", run, [])["measure"] == {"options": [], "value": None}
