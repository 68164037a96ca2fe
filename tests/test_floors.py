"""The house holds: rooms import from floors below, names say what a module is, files stay small, paths relative."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "econsim"
MODULES = sorted(PACKAGE.rglob("*.py"))

FLOORS = {
    **dict.fromkeys(["random", "errors", "kinds", "parameters", "held_tensors", "storage"], 0),
    **dict.fromkeys(["accounts", "game", "acceleration", "actions", "play", "expected_play", "learning"], 1),
    **dict.fromkeys(["leader_evaluation", "split_roles", "mechanisms", "populations"], 1),
    **dict.fromkeys(["economies", "games", "llm", "nn"], 2),
    "text": 2.5,
    "agents": 3,
    "rl": 3.2,
    "planners": 3.5,
    **dict.fromkeys(["training", "solvers"], 4),
    "analysis": 5,
    "scenario": 7,
    "runs": 7.1,
    "report": 8,
    "sweep": 8.1,
    "watch": 8.2,
    **dict.fromkeys(["interop", "testing", "cli", "__init__", "__main__"], 9),
}
# Neighbours on one floor, never in a circle.
NEIGHBOURS = {
    "parameters": {"kinds", "errors"},
    "kinds": {"errors"},
    "acceleration": {"game"},
    "storage": {"errors"},
    "game": {"accounts"},
    "actions": {"game"},
    "play": {"game"},
    "split_roles": {"accounts", "game"},
    "expected_play": {"game"},
    "leader_evaluation": {"game", "play"},
    "learning": {"game"},
    "mechanisms": {"game"},
    "populations": {"game", "mechanisms"},
    "__init__": {"interop", "testing"},
    "__main__": {"cli"},
    "cli": {"__init__", "testing"},
    "interop": {"__init__"},
}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
MOST_LINES = 500


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and room of every use of econsim in a module, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for name in _names(node):
            package, _, rest = name.partition(".")
            room = rest.split(".")[0]
            if package == "econsim" and room and not room.startswith("__"):
                yield node.lineno, room if room in FLOORS else "__init__"


def _names(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=aliases):
            return [alias.name for alias in aliases]
        case ast.ImportFrom(module="econsim", names=aliases):
            return [f"econsim.{alias.name}" for alias in aliases]
        case ast.ImportFrom(module=str(module)):
            return [module]
        case ast.Attribute(value=ast.Name(id="econsim"), attr=attribute):
            return [f"econsim.{attribute}"]
    return []


def test_every_room_has_a_floor() -> None:
    assert {_room(path) for path in MODULES} <= FLOORS.keys()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_only_from_floors_below(path: Path) -> None:
    room = _room(path)
    allowed = {room, *NEIGHBOURS.get(room, set())}
    wrong = [
        f"line {line}: {room} (floor {FLOORS[room]}) imports {other} (floor {FLOORS[other]})"
        for line, other in _imports(path)
        if other not in allowed and FLOORS[other] >= FLOORS[room]
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
    lines += ["    import econsim", "    econsim.make(econsim.__version__)"]
    module.write_text("\n".join(lines))
    assert sorted(_imports(module)) == [(2, "runs"), (3, "cli"), (4, "game"), (6, "__init__")]


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
