"""Mutated scenarios: changes of the text and of the values of shipped scenarios, and the outcome of loading them."""

from __future__ import annotations

import random
import re
import signal
import warnings
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch

from econsim.errors import ScenarioError, UserError
from econsim.scenario import Scenario, load
from econsim.scenario.plan import plan_of
from econsim.scenario.yaml_reader import read
from econsim.scenario.yaml_writer import yaml_text

SOURCES = sorted((Path(__file__).resolve().parents[1] / "scenarios").glob("*.yaml"))
SECONDS = 60.0  # after which loading counts as a hang
EXTREMES = [0, -1, 1, 2, 0.5, -0.0, 1e-320, 1e308, -1e308, 10**30, float("nan"), float("inf"), -float("inf")]
VALUES = [
    *EXTREMES,
    None,
    True,
    "",
    "none",
    "one_step",
    "../one_step",
    "é" * 40,
    "a" * 300,
    [],
    {},
    [[]],
    {"kind": None},
    {"kind": "one_step"},
    {"": {"": ""}},
    ["ppo", "ppo"],
    [0.1, 0.9],
    "__init__",
    "1e999",
    "0x",
    [float("nan")],
]
SCRAPS = [
    *"\t\n:,-?[]{}#&*!|>'\"%@`\\ ",
    "\x00",
    "\u2028",
    "\ufeff",
    "\U0001f41f",
    ".nan",
    "-.inf",
    "1e999",
    "9" * 400,
    "<<: ",
    "---\n",
    "&a ",
    "*a",
    "!!set ",
    "!!python/name:os.system ",
    "[" * 60,
    "{a: " * 60,
    "2020-13-45",
]


def mutant(draw: random.Random) -> str:
    """Return a shipped scenario with one to three changes of its text or of its values."""
    path = draw.choice(SOURCES)
    if draw.random() < 0.5:
        text = path.read_text("utf-8")
        for _ in range(draw.randint(1, 3)):
            text = _changed_text(text, draw)
        return text
    data = read(path).plain()
    for _ in range(draw.randint(1, 3)):
        _change_value(data, draw)
    return yaml_text(data)


def outcome(text: str, folder: Path) -> tuple[str, str]:
    """Load a scenario, build its game and plan it; return the outcome and, for a fault, its description."""
    path = folder / "mutant.yaml"
    path.write_text(text, "utf-8", errors="surrogatepass")
    signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with warnings.catch_warnings(action="ignore"):
            scenario = load(path)
            plan = plan_of(scenario, scenario.build_game("cpu"))
            plan.check_agents()
    except UserError as error:
        return ("refused", "") if _is_clear(error, text) else ("refused_unclearly", str(error))
    except _Hang:
        return "hang", f"not loaded within {SECONDS:g} seconds"
    except BaseException as error:
        return "other_exception", f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    missing = [name for name, value in plan.game.parameters.items() if torch.isnan(value).any()]
    missing += [key for key, value in _leaves(scenario) if value != value]
    return ("nan", ", ".join(missing)) if missing else ("accepted", "")


class _Hang(BaseException):
    pass


def _stop(*_: Any) -> None:
    raise _Hang


def _is_clear(error: UserError, text: str) -> bool:
    """Return whether every line of a refusal has a place, or the message names the file or a key of the scenario."""
    if isinstance(error, ScenarioError):
        return all(problem.where and problem.message for problem in error.problems)
    keys = {*Scenario.model_fields, "economy", *re.findall(r"\w+(?=\s*:)", text)}
    return "mutant.yaml" in str(error) or not keys.isdisjoint(re.findall(r"\w+", str(error)))


def _leaves(scenario: Scenario) -> Iterator[tuple[str, Any]]:
    remaining: list[tuple[str, Any]] = [("", scenario.model_dump(mode="python"))]
    while remaining:
        key, value = remaining.pop()
        if isinstance(value, dict):
            remaining += [(f"{key}.{name}", entry) for name, entry in value.items()]
        elif isinstance(value, list | tuple):
            remaining += [(f"{key}.{index}", entry) for index, entry in enumerate(value)]
        elif isinstance(value, float):
            yield key, value


def _changed_text(text: str, draw: random.Random) -> str:
    lines = text.splitlines(keepends=True) or [""]
    line, at = draw.randrange(len(lines)), draw.randrange(len(text) + 1)
    match draw.randrange(8):
        case 0:
            del lines[line]
        case 1:
            lines.insert(draw.randrange(len(lines)), lines[line])
        case 2:
            lines.insert(draw.randrange(len(lines)), lines.pop(line))
        case 3:
            lines[line] = " " * draw.randint(1, 5) + lines[line]
        case 4:
            lines.insert(line, draw.choice(draw.choice(SOURCES).read_text("utf-8").splitlines(keepends=True)))
        case 5:
            lines[line] = re.sub(r"\d[\d.]*", lambda _: repr(draw.choice(EXTREMES)), lines[line], count=1)
        case 6:
            return text[:at] + draw.choice(SCRAPS) + text[at:]
        case _:
            return text[:at] + text[at + draw.randint(1, 8) :]
    return "".join(lines)


def _change_value(data: Any, draw: random.Random) -> None:
    """Change one value of a nested mapping: another type, an extreme, a removed, renamed or foreign key."""
    parent, key = draw.choice(list(_places(data)) or [({}, "name")])
    match draw.randrange(5):
        case 0 if isinstance(parent, dict):
            parent.pop(key, None)
        case 1 if isinstance(parent, dict):
            parent[draw.choice([f"{key}s", key[1:], key.upper(), "kind", "", "é"])] = parent.pop(key, None)
        case 2:
            other, name = draw.choice(list(_places(read(draw.choice(SOURCES)).plain())))
            parent[str(name) if isinstance(parent, dict) else key] = deepcopy(other[name])
        case _:
            parent[key] = deepcopy(draw.choice(VALUES))


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every mapping or list in a value, with each of its keys or indices."""
    if isinstance(data, dict | list):
        for key in list(data) if isinstance(data, dict) else range(len(data)):
            yield data, key
            yield from _places(data[key])
