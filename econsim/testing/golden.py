"""Golden traces: stored results of a scenario's game under random legal play, for regression tests.

They are stored in ``tests/golden`` and written by ``python -m econsim.testing.golden write NAME ...``. A change of a
trace must be intended; otherwise it is a mistake.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.testing.play import play

if TYPE_CHECKING:
    from econsim.scenario import Scenario

FOLDER = Path("tests") / "golden"
SEED = 7
COPIES = 2
STEPS = 20
# Relative tolerance: the order of summation and the rounding of powers differ between processors.
TOLERANCE = 1e-12


def golden_trace(scenario: Scenario, steps: int = STEPS) -> dict[str, Any]:
    """Return the trace of two environment copies over at most ``steps`` steps (float64, CPU, fixed seed).

    ``rewards`` and ``accounts`` hold, by name, one row per step with one number per environment copy: a sum over
    players with weights that rise from 1 to 2, so that an exchange of two players changes the trace.
    """
    game, _ = scenario.build(device="cpu", dtype=torch.float64)
    rewards: dict[str, list[list[float]]] = {}
    accounts: dict[str, list[list[float]]] = {}
    for moment in play(game, random.keys(SEED, COPIES), steps):
        _append(rewards, moment.transition.rewards)
        _append(accounts, game.accounts(moment.transition.state))
    return {"scenario": scenario.name, "seed": SEED, "rewards": rewards, "accounts": accounts}


def write_golden(scenario: Scenario, folder: Path = FOLDER) -> Path:
    """Write the trace to ``folder/NAME.json`` and return the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{scenario.name}.json"
    path.write_text(json.dumps(golden_trace(scenario), indent=1) + "\n", encoding="utf-8")
    return path


def compare_golden(scenario: Scenario, folder: Path = FOLDER) -> list[str]:
    """Return descriptions of the differences between the stored trace and a new one; empty if they agree to 1e-12.

    Raises:
        UserError: no trace of this scenario is stored.
    """
    path = folder / f"{scenario.name}.json"
    if not path.is_file():
        raise UserError(
            f"{path}: no golden trace; write it with: python -m econsim.testing.golden write {scenario.name}"
        )
    stored, now = json.loads(path.read_text(encoding="utf-8")), golden_trace(scenario)
    return [*_differences("rewards", stored, now), *_differences("accounts", stored, now)]


def _append(table: dict[str, list[list[float]]], values: Mapping[str, Tensor]) -> None:
    for name, value in values.items():
        flat = value.double().flatten(1) if value.ndim > 1 else value.double()[:, None]
        weights = torch.linspace(1.0, 2.0, flat.shape[1], dtype=torch.float64)
        table.setdefault(name, []).append([float(total) for total in (flat * weights).sum(-1)])


def _differences(section: str, stored: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    before, after = stored[section], now[section]
    differences = [f"{section}: {name} is in one trace only" for name in sorted(before.keys() ^ after.keys())]
    for name in sorted(before.keys() & after.keys()):
        if len(before[name]) != len(after[name]):
            differences.append(f"{section}: {name} has {len(after[name])} steps, expected {len(before[name])}")
        for step, (old, new) in enumerate(zip(before[name], after[name], strict=False)):
            if not all(map(_close, old, new)):
                differences.append(f"{section}: {name} at step {step} is {new}, expected {old}")
    return differences


def _close(old: float, new: float) -> bool:
    return math.isclose(old, new, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _main(arguments: list[str]) -> int:
    from econsim.scenario import load

    if len(arguments) < 2 or arguments[0] != "write":
        sys.stderr.write("usage: python -m econsim.testing.golden write NAME ...\n")
        return 2
    try:
        for name in arguments[1:]:
            sys.stdout.write(f"{write_golden(load(name))}\n")
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
