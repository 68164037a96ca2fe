"""What is installed works: every import is declared, every version pinned, and the wheel carries YAML and data."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
# Where the name of a distribution is not that of what it lets you import.
IMPORT_NAMES = {"ruamel-yaml": "ruamel", "pillow": "PIL"}
# What rooms may import, inside functions or when they are asked for themselves.
EXTRAS = {
    "analysis": {"SALib"},
    "calibration": {"zuko"},
    "games": {"pyspiel"},
    "interop": {"gymnasium", "pettingzoo", "taxcalc", "mesa", "solara"},
    "networks": {"networkx"},
    "kernels": {"numba", "llvmlite"},
    "llm": {"aiohttp", "litellm", "transformers"},
    "report": {"plotly"},
    "runs": {"numba"},
    "sweep": {"duckdb", "fsspec", "optuna", "ray", "submitit"},
    "testing": {"aiohttp", "tokenizers", "transformers"},
    "watch": {"dash", "dash_ag_grid", "flask", "werkzeug"},
}


@cache
def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _pins() -> dict[str, Requirement]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    requirements = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {_normal(pin.name): pin for pin in requirements}


def _declared(*extras: str) -> list[Requirement]:
    texts = list(_project()["dependencies"])
    for extra in extras:
        texts += _project()["optional-dependencies"][extra]
    return [Requirement(text) for text in texts if not text.startswith("econsim[")]


def test_every_direct_dependency_is_pinned_within_its_bounds() -> None:
    pins = _pins()
    for requirement in _declared("interop", "search", "live", "video", "test", "lint", "docs"):
        version = next(iter(pins[_normal(requirement.name)].specifier)).version
        assert version in requirement.specifier, requirement


def test_pins_are_exact_and_without_a_local_version() -> None:
    for pin in _pins().values():
        assert re.fullmatch(r"==[\w.]+", str(pin.specifier)), pin
        if pin.marker:
            assert set(default_environment()) >= set(re.findall(r"[a-z_]+_[a-z_]+", str(pin.marker))), pin


def test_no_line_names_an_index_or_a_file() -> None:
    for name in ("constraints.txt", "pyproject.toml", "Makefile"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"://|--index-url|--find-links| @ ", text), name


def test_every_import_is_declared() -> None:
    """Core may import its dependencies only; some rooms those of an extra too."""
    core = {IMPORT_NAMES.get(_normal(entry.name), _normal(entry.name).replace("-", "_")) for entry in _declared()}
    allowed = core | set(sys.stdlib_module_names) | {"econsim", "pydantic_core"}
    for path in (ROOT / "econsim").rglob("*.py"):
        room = path.relative_to(ROOT / "econsim").parts[0]
        assert _imported(path) <= allowed | EXTRAS.get(room, set()), path


def _imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel and return the names of the files in it."""
    from hatchling.builders.wheel import WheelBuilder

    folder = tmp_path_factory.mktemp("wheel")
    built = next(iter(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])))
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_the_wheel_carries_code_yaml_and_data(wheel: set[str]) -> None:
    for axis in ("scenarios", "agents", "planners"):
        for path in (ROOT / axis).glob("*.yaml"):
            assert f"econsim/_library/{axis}/{path.name}" in wheel
    files = [path for path in (ROOT / "econsim").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {path.relative_to(ROOT).as_posix() for path in files} <= wheel


def test_the_wheel_installs_one_import_name(wheel: set[str]) -> None:
    assert {name.split("/")[0] for name in wheel} == {"econsim", f"econsim-{_project()['version']}.dist-info"}
