"""The notebooks run from top to bottom, as committed, and read as tutorials."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import econsim

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "analysis").glob("*.ipynb"))
MOST_SECONDS = 600  # of a cell, so that a hang ends; the slowest takes seconds


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NotebookClient]:
    """A kernel that imports libraries once for all notebooks, which takes longer than most of them."""
    folder = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MPLBACKEND", raising=False)  # a notebook draws as it does for its reader
        patch.setenv("PYTHONPATH", str(ROOT))
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            patch.setenv(name, str(folder / name))
        client = NotebookClient(nbformat.v4.new_notebook(), timeout=MOST_SECONDS, kernel_name="python3")  # type: ignore[no-untyped-call]
        with client.setup_kernel():
            yield client


def _read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def test_there_are_eight() -> None:
    assert [path.stem[0] for path in NOTEBOOKS] == list("12345678")


def test_it_runs(path: Path, client: NotebookClient, tmp_path: Path) -> None:
    notebook = _read(path)
    # What an earlier notebook left is collected here: torch's compiler prints an exception when its caches end.
    afresh = f"%reset -f\nimport gc, os\ngc.collect()\nos.chdir({str(tmp_path)!r})\ndel gc, os"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(afresh))  # type: ignore[no-untyped-call]
    client.nb = notebook
    client.reset_execution_trackers()
    for index, cell in enumerate(notebook.cells):
        client.execute_cell(cell, index)
    outputs = [output for cell in notebook.cells[1:] for output in cell.get("outputs", [])]
    assert outputs
    assert [output["text"] for output in outputs if output.get("name") == "stderr"] == []


def test_it_imports_what_it_uses_of_econsim(path: Path) -> None:
    """Notebooks share a kernel: none may use ``econsim.room`` because another one has imported it."""
    code = "\n".join(cell.source for cell in _read(path).cells if cell.cell_type == "code")
    uses = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Attribute)]
    names = {node.attr for node in uses if isinstance(node.value, ast.Name) and node.value.id == "econsim"}
    assert names <= {*econsim.__all__, "__file__"}


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
