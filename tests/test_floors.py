"""Structure of the package: rooms import from floors below, names say what a module is, files stay small."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "econsim"
MODULES = sorted(PACKAGE.rglob("*.py"))

# From the bottom up: a room imports only from floors below its own. CONTRIBUTING contains this table.
FLOORS: tuple[tuple[str, str], ...] = (
    (
        "errors random held_tensors deferred_features accounts economics",
        "errors, random numbers, accounts, features; protocols of economies",
    ),
    ("kinds storage game kernels", "the look-up of kinds, files, the interface of games, what CPU kernels share"),
    ("parameters acceleration actions anonymous play split_roles", "parameter models; play, compiled where that pays"),
    (
        "learning leader_evaluation information_tree mechanisms nn",
        "protocols of learning, games in sequence form, economic mechanisms, neural networks",
    ),
    ("markov households", "finite Markov games, and households that save, by exact methods"),
    ("populations networks expected_play", "who takes part, who meets whom; play by exact expectation"),
    ("economies games llm", "games, and the transport of language models"),
    ("text rl", "any game in words; the PPO engine"),
    ("agents", "followers"),
    ("planners solvers", "leaders with their fits; exact methods"),
    ("training", "joint learners"),
    ("analysis scenario", "metrics, welfare, gaps, figures; the model of a scenario and the plan of a run"),
    ("runs testing", "the run folder; public conformance checks and simulated models"),
    ("report", "the HTML report"),
    ("sweep calibration", "many runs; fits of parameters to observed metrics"),
    ("watch interop", "the local dashboard; bridges to other libraries"),
    ("__init__", "`import econsim`"),
    ("cli", "the command line"),
    ("__main__", "`python -m econsim`"),
)
FLOOR_OF = {room: floor for floor, (rooms, _) in enumerate(FLOORS) for room in rooms.split()}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
MOST_LINES = 500


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def _imports(path: Path) -> list[tuple[int, str]]:
    """Return line and dotted name of every use of econsim in a module, inside functions too."""
    return list(_uses(path))


def _uses(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for name in _names(node):
            package, _, rest = name.partition(".")
            if package == "econsim" and rest and not rest.startswith("__"):
                yield node.lineno, rest


def _names(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=aliases):
            return [alias.name for alias in aliases]
        case ast.ImportFrom(module=str(module), names=aliases) if module.split(".")[0] == "econsim":
            return [f"{module}.{alias.name}" for alias in aliases]
        case ast.Attribute(value=ast.Name(id="econsim"), attr=attribute):
            return [f"econsim.{attribute}"]
    return []


def _room_of(name: str) -> str:
    """Return the room of a dotted name below econsim; what is no room is an attribute of the package itself."""
    first = name.split(".")[0]
    return first if first in FLOOR_OF else "__init__"


def test_every_room_has_a_floor() -> None:
    assert {_room(path) for path in MODULES} == FLOOR_OF.keys()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_only_from_floors_below(path: Path) -> None:
    room = _room(path)
    wrong = [
        f"line {line}: {room} (floor {FLOOR_OF[room]}) imports {name} (floor {FLOOR_OF[_room_of(name)]})"
        for line, name in _imports(path)
        if _room_of(name) != room and FLOOR_OF[_room_of(name)] >= FLOOR_OF[room]
    ]
    assert wrong == []


def test_no_room_imports_a_private_module_of_another() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}, line {line}: {name}"
        for path in MODULES
        for line, name in _imports(path)
        if _room_of(name) != _room(path) and any(part.startswith("_") for part in name.split("."))
    ]
    assert wrong == []


def test_the_guard_sees_an_import_inside_a_function(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    lines = [
        "def late():",
        "    from econsim.runs import Run",
        "    import econsim.cli",
        "    from econsim import game",
    ]
    lines += ["    import econsim", "    econsim.make(econsim.__version__)", "    from econsim.agents._x import y"]
    module.write_text("\n".join(lines))
    assert sorted(_imports(module)) == [
        (2, "runs.Run"),
        (3, "cli"),
        (4, "game"),
        (6, "make"),
        (7, "agents._x.y"),
    ]


def test_the_table_of_floors_in_contributing_is_the_one_of_this_test() -> None:
    rows = [
        f"| {floor} | {', '.join(f'`{room}`' for room in rooms.split())} | {holds} |"
        for floor, (rooms, holds) in enumerate(FLOORS)
    ]
    table = "\n".join(["| floor | rooms | contents |", "|---|---|---|", *rows])
    assert table in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), table


def test_no_module_is_named_after_nothing() -> None:
    assert [str(path) for path in MODULES if path.stem.strip("_") in FORBIDDEN_NAMES] == []


def test_no_file_is_too_long() -> None:
    files = [*MODULES, *(ROOT / "tests").rglob("*.py")]
    assert [str(path) for path in files if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES] == []


def test_every_module_says_what_it_is() -> None:
    documented = {path: ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) for path in MODULES}
    assert [str(path) for path, text in documented.items() if not text] == []


def test_no_path_of_a_machine_is_written_down() -> None:
    path_of_a_machine = re.compile(r"(?<![\w.<>:{}*])/(?:home|root|work|Users|tmp)/\w")
    suffixes = {".py", ".yaml", ".yml", ".toml", ".md", ".txt", ".json", ".ipynb", ".html"}
    folders = ("econsim", "tests", "docs", "scenarios", "agents", "planners", "analysis", "benchmarks")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in suffixes]
    files += [path for path in ROOT.iterdir() if path.suffix in suffixes]
    files = [path for path in files if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)]
    found = [str(path) for path in files if path_of_a_machine.search(path.read_text(encoding="utf-8"))]
    assert found == []
