"""The notebooks run from top to bottom, as committed, and read as tutorials."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "analysis").glob("*.ipynb"))
MOST_SECONDS = 600  # of a cell, so that a hang ends; the slowest takes seconds


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def _read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def test_there_are_seven() -> None:
    assert [path.stem[0] for path in NOTEBOOKS] == list("1234567")


def test_it_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MPLBACKEND", raising=False)  # a notebook draws as it does for its reader
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    notebook, work = _read(path), tmp_path / "work"
    work.mkdir()
    NotebookClient(
        notebook, timeout=MOST_SECONDS, kernel_name="python3", resources={"metadata": {"path": str(work)}}
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs
    assert [output["text"] for output in outputs if output.get("name") == "stderr"] == []


def test_it_is_a_tutorial_without_outputs(path: Path) -> None:
    notebook = _read(path)
    nbformat.validate(notebook)
    cells = notebook.cells
    assert 8 <= len(cells) <= 16
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith(f"# {path.stem[0]}. ")
    assert cells[1].source.startswith("# Knobs"), "the second cell has all that a reader may raise"
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in code] == [[]] * len(code)
    assert {cell.execution_count for cell in code} == {None}


def test_its_links_lead_to_files(path: Path) -> None:
    text = "\n".join(cell.source for cell in _read(path).cells if cell.cell_type == "markdown")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_readme_names_it(path: Path) -> None:
    assert path.name in (ROOT / "analysis" / "README.md").read_text(encoding="utf-8")
