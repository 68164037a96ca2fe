"""A published simulator, run by ``legacy_taxai.py`` in its own folder: VERSION, RESULT.

Every year under random actions is compared with that of ``econsim`` from the same state; then constant policies play
whole episodes. What the program imports for windows and figures is replaced, and what it misses in numpy is added.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
import yaml
from _legacy_policies import POLICIES

from econsim.economies.legacy_taxai.parameters import LAWS
from econsim.economies.legacy_taxai.state import Flows, State
from econsim.economies.legacy_taxai.year import clipped, live

HOUSEHOLDS, YEARS, SEEDS = 100, 300, 5
TASKS = ("gdp", "gini", "social_welfare", "gdp_gini")
COMPARED = 150  # years of each task


def replace_imports() -> None:
    """Provide what the programs import and do not need without a window."""
    for name in ("pygame", "quantecon", "gym", "gym.spaces", "mpi4py"):
        sys.modules[name] = ModuleType(name)
    sys.modules["gym.spaces"].Box = lambda **bounds: type("Box", (), {"shape": bounds["shape"]})()  # type: ignore[attr-defined]
    np.trapz = np.trapezoid  # type: ignore[attr-defined]
    sys.path.insert(0, str(Path.cwd()))


def program(version: str, task: str, seed: int, households: int = HOUSEHOLDS) -> Any:
    """Return the program's economy; of its survey, rows whose productivity has no logarithm are left out."""
    from entities.household import Household  # type: ignore[import-not-found]
    from env.env_core import economic_society  # type: ignore[import-not-found]

    if version == "taxai_2024" and not hasattr(Household, "all_rows"):
        Household.all_rows = Household.get_real_data
        Household.get_real_data = lambda self: _with_grade(self.all_rows())
    settings = yaml.safe_load(Path("cfg/default.yaml").read_text())["Environment"]
    settings["Entities"][1]["entity_args"]["n"] = households
    settings["env_core"]["env_args"]["gov_task"] = task
    np.random.seed(seed)
    return economic_society(settings)


def _with_grade(columns: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(column[columns[1] > 0] for column in columns)


def given(version: str, shares: Any) -> Any:
    """Return shares as the program takes them."""
    return np.asarray(shares) if version == "smfg" else 2 * np.asarray(shares) - 1


def state_of(economy: Any, before: dict[str, Any]) -> State:
    """Return the state from which the program lived a year, with that year's productivity."""
    one = torch.zeros(1, dtype=torch.float64)
    many = torch.zeros(1, HOUSEHOLDS, dtype=torch.float64)
    of_households = ("saving", "hours", "consumption", "income", "tax", "utility")
    flows = dict.fromkeys(Flows.__dataclass_fields__, one) | dict.fromkeys(of_households, many)
    flows["output"] = one + before["output"] * HOUSEHOLDS
    return State(
        key=torch.zeros(1, dtype=torch.int64),
        time=torch.zeros(1, dtype=torch.int64),
        over=torch.zeros(1, dtype=torch.bool),
        productivity=_row(economy.households.e),
        superstar=torch.zeros(1, HOUSEHOLDS, dtype=torch.bool),
        assets=_row(before["assets"]),
        capital=one + before["capital"],
        debt=one + before["debt"],
        most_hours=one + economy.workinghours_wrapper(1.0),
        last=Flows(**flows),
    )


def _row(values: Any) -> torch.Tensor:
    return torch.from_numpy(np.array(values, float).reshape(1, -1))


def apart(found: Any, expected: Any, scale: float = 0.0) -> float:
    """Return the largest difference, relative to each expected number or, where that is larger, to ``scale``."""
    ours, theirs = np.asarray(found, float).ravel(), np.asarray(expected, float).ravel()
    return float((np.abs(ours - theirs) / np.maximum(np.abs(theirs), max(scale, 1e-300))).max())


def compare_years(version: str) -> dict[str, Any]:
    """Return the largest relative difference of each quantity over random years, and how often ends differ."""
    law, worst, ends, years, ended = LAWS[version], {}, 0, 0, 0  # type: ignore[var-annotated]
    values = {"technology": law.technology, "capital_share": law.capital_share, "depreciation": 0.06}
    numbers = {**values, "interest_rate": 0.04, "consumption_tax": 0.065}
    tensors = {name: torch.tensor([value], dtype=torch.float64) for name, value in numbers.items()}
    for number, task in enumerate(TASKS):
        economy = program(version, task, number)
        draw = np.random.default_rng(number)
        least_saved = 0.9 if version == "smfg" else 0.55  # below, most episodes end in their first year
        for _ in range(COMPARED):
            chosen = np.stack([draw.uniform(least_saved, 1.02, HOUSEHOLDS), draw.uniform(0.2, 1.02, HOUSEHOLDS)], -1)
            taxes = draw.uniform(-0.05, 1.05, 5) * [1, 1, 1, 1, 0.3]
            before = {
                "assets": economy.households.at_next.copy(),
                "capital": economy.Kt_next,
                "debt": economy.Bt_next,
                "output": economy.per_household_gdp,
            }
            action = {"government": given(version, taxes), "Household": given(version, chosen)}
            reward, household_reward, done = economy.step(action)[2:]
            year = live(
                state_of(economy, before),
                tensors,
                law,
                task,  # type: ignore[arg-type]
                clipped(torch.from_numpy(chosen)[None]),
                clipped(torch.from_numpy(taxes)[None]),
            )
            flows, scale = year.flows, float(before["capital"])
            found = {
                "output": apart(flows.output, economy.GDP),
                "wage": apart(flows.wage, economy.WageRate),
                "income": apart(flows.income, economy.income),
                "taxes": apart(flows.tax.sum(-1), np.sum(economy.tax_array), scale * 1e-3),
                "consumption": apart(flows.consumption, economy.consumption),
                "assets": apart(year.assets, economy.households.at_next),
                "capital": apart(year.capital, economy.Kt_next, scale),
                "debt": apart(year.debt, economy.Bt_next, scale),
                "wealth_gini": apart(flows.wealth_gini, economy.wealth_gini),
                "income_gini": apart(flows.income_gini, economy.income_gini),
                "household_reward": apart(flows.utility, household_reward, 1e-3),
                "government_reward": apart(flows.reward, reward, 1e-2),
            }
            worst = {name: max(value, worst.get(name, 0.0)) for name, value in found.items()}
            years += 1
            ends += bool(done) != bool(year.over[0]) and economy.step_cnt < YEARS
            ended += bool(done)
            if done:
                economy.reset()
    return {"years": years, "episodes_ended": ended, "ends_that_differ": ends, "largest_difference": worst}


def play(version: str, household: list[float], taxes: list[float], seed: int) -> dict[str, float]:
    """Return the results of an episode of the program under a constant policy."""
    economy = program(version, "gdp", seed)
    rows = []
    action = {
        "government": given(version, taxes),
        "Household": given(version, np.tile(household, (HOUSEHOLDS, 1))),
    }
    done = False
    while not done:
        reward, household_reward, done = economy.step(action)[2:]
        numbers = economy.per_household_gdp, economy.wealth_gini, economy.income_gini
        rows.append([*map(float, numbers), float(np.mean(household_reward)), float(reward)])
    output, wealth, income, utility, returned = np.array(rows).T
    return {
        "years": len(rows),
        "output": output.mean(),
        "wealth_gini": wealth.mean(),
        "income_gini": income.mean(),
        "utility": utility.sum(),
        "government_return": returned.sum(),
    }


def main(version: str, result: Path) -> None:
    """Compare years, play constant policies, and write both."""
    replace_imports()
    constants = []
    for policy in POLICIES[version]:
        episodes = [play(version, policy["household"], policy["government"], seed) for seed in range(SEEDS)]
        constants.append({name: [episode[name] for episode in episodes] for name in episodes[0]})
    content = {"parity": compare_years(version), "constants": constants}
    assert all(math.isfinite(value) for value in content["parity"]["largest_difference"].values())
    result.write_text(json.dumps(content))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
