"""Whatever stands in a file, loading it gives a scenario or says what is wrong: never a traceback."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from econsim.errors import UserError
from econsim.scenario import Scenario, library, load
from econsim.scenario.yaml_writer import yaml_text

COUNT = 1000

SCRAPS = [
    *"\t\n\r:,-?[]{}#&*!|>'\"%@`\\/~=<. ",
    "\x00", "\x85", "\u2028", "\ufeff", "\U0001f41f", "- ", ": ", "? ", "<<: ", "---\n", "...\n", "&a ", "*a", "!!set ",
    "!!python/name:os.system ", "%YAML 1.1\n", "1e999", "-.inf", ".nan", "0x", "0b2", "1_", "9" * 400, "null", "none",
    "extends: pond\n", "extends: mutant\n", "kind: ", "label: ", "econsim: 2\n", "[" * 60, "{a: " * 60, "\n  ",
    "2020-13-45",
]  # fmt: skip

VALUES: list[Callable[[], Any]] = [
    lambda: None, lambda: True, lambda: -1, lambda: 0, lambda: 10**30, lambda: 1e308, lambda: float("nan"), lambda: "",
    lambda: "none", lambda: "half", lambda: "pond", lambda: "../half", lambda: "a" * 300, lambda: [], lambda: {},
    lambda: [[]], lambda: {"kind": None}, lambda: {"kind": "quota"}, lambda: {"kind": ["quota"]}, 
    lambda: {"": {"": ""}}, lambda: {"kind": "angler", "catch": {}}, lambda: [{"kind": "quota"}],
    lambda: {"label": [1], "kind": "quota"}, lambda: ["half", "half"], lambda: ["half", "no_fishing", 3],
    lambda: "class", lambda: "__init__", lambda: "\u00e9t\u00e9",
]  # fmt: skip

KEYS = ["kind", "label", "economy", "agents", "planner", "baselines", "evaluation", "training", "extends", "name",
        "growth", "stock", "floor", "headline", "seeds", "", "0", "a.b", "planner_label"]  # fmt: skip


def mutated_text(text: str, dice: random.Random) -> str:
    for _ in range(dice.randint(1, 2)):
        at = dice.randrange(len(text) + 1)
        match dice.randrange(4):
            case 0:
                text = text[:at] + dice.choice(SCRAPS) + text[at:]
            case 1:
                text = text[:at] + text[at + dice.randint(1, 8) :]
            case 2:
                lines = text.splitlines(keepends=True) or [""]
                lines.insert(dice.randrange(len(lines)), dice.choice(lines))
                text = "".join(lines)
            case _:
                text = text[:at] + chr(dice.choice([dice.randrange(1, 128), dice.randrange(128, 0xD800)])) + text[at:]
    return text


def mutated_data(data: Any, dice: random.Random) -> Any:
    if dice.random() < 0.25 or not isinstance(data, (dict, list)) or not data:
        return dice.choice(VALUES)()
    if isinstance(data, list):
        index = dice.randrange(len(data))
        return [*data[:index], mutated_data(data[index], dice), *data[index + 1 :]]
    key = dice.choice(list(data))
    match dice.randrange(4):
        case 0:
            return {name: value for name, value in data.items() if name != key}
        case 1:
            return {(dice.choice(KEYS) if name == key else name): value for name, value in data.items()}
        case 2:
            return {**data, dice.choice(KEYS): dice.choice(VALUES)()}
        case _:
            return {**data, key: mutated_data(data[key], dice)}


def outcome(text: bytes) -> str:
    Path("scenarios/mutant.yaml").write_bytes(text)
    return loaded("mutant", [])


def loaded(name: str, overrides: list[str]) -> str:
    try:
        scenario = load(name, overrides)
    except UserError as error:
        return "refused" if str(error).strip() else "refused without a reason"
    return "read" if isinstance(scenario, Scenario) else "neither"


@pytest.fixture
def pond(workspace: Path) -> str:
    (workspace / "scenarios").mkdir()
    return library.find("scenarios", "pond").read_text(encoding="utf-8")


def test_mutated_text(pond: str) -> None:
    dice = random.Random(1)
    outcomes = Counter(
        outcome(mutated_text(pond, dice).encode("utf-8", errors="surrogatepass")) for _ in range(COUNT // 2)
    )
    # Both happen often, or the mutations would prove little.
    assert outcomes.keys() == {"read", "refused"}
    assert min(outcomes.values()) > COUNT // 40


def test_mutated_bytes(pond: str) -> None:
    dice = random.Random(2)
    for _ in range(COUNT // 10):
        raw = bytearray(pond.encode())
        raw[dice.randrange(len(raw))] = dice.randrange(256)
        assert outcome(bytes(raw)) in ("read", "refused")


def test_mutated_structure(pond: str) -> None:
    dice = random.Random(3)
    original = YAML(typ="safe").load(pond)
    outcomes: Counter[str] = Counter()
    for _ in range(COUNT // 2):
        data = original
        for _ in range(dice.randint(1, 3)):
            data = mutated_data(data, dice)
        outcomes[outcome(yaml_text(data).encode("utf-8"))] += 1
    assert outcomes.keys() == {"read", "refused"}
    assert min(outcomes.values()) > COUNT // 40


def test_mutated_overrides(pond: str) -> None:
    dice = random.Random(4)
    keys = ["economy.fishers", "economy.growth.kind", "planner", "planner.label", "agents.fisher.catch",
            "baselines.half", "evaluation.floor", "training", "seed", "headline.value", *KEYS]  # fmt: skip
    for _ in range(COUNT // 5):
        text = mutated_text(f"{dice.choice(keys)}={dice.choice(['1', 'half', '[a, b]', '{kind: quota}', ''])}", dice)
        assert loaded("pond", [text]) in ("read", "refused")
