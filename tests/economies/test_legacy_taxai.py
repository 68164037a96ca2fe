"""The published simulators: their step laws beside a plain implementation, what they leave open, and their corners."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from econsim import random
from econsim.analysis.flows import FlowAccounts
from econsim.economies.legacy_taxai import LegacyTaxai, Parameters
from econsim.economies.legacy_taxai.findings import findings
from econsim.economies.legacy_taxai.households import MULTIPLE, next_productivity
from econsim.errors import UserError
from econsim.play import play
from econsim.scenario import load

VERSIONS = ("taxai_2023", "taxai_2024", "smfg")
MOST_TAXED = (1.0, 1.0, 1.0, 1.0, 0.0)


class Constant:
    """Everybody takes the same action in every year."""

    def __init__(self, *action: float) -> None:
        self.numbers = torch.tensor(action, dtype=torch.float64)

    def start(self, game: Any, role: Any, num_envs: int) -> tuple[int, int]:
        return num_envs, role.count

    def act(self, observation: Any, memory: tuple[int, int], key: Tensor) -> tuple[Tensor, Any]:
        return self.numbers.expand(*memory, -1), memory


def _economy(version: str, **others: Any) -> LegacyTaxai:
    game = LegacyTaxai(Parameters(version=version, **others)).to(dtype=torch.float64)  # type: ignore[arg-type]
    assert isinstance(game, LegacyTaxai)
    return game


def _plain_gini(amounts: list[float]) -> float:
    """Return one less twice the area below the Lorenz curve, by trapezoids."""
    total, held, area = sum(amounts), 0.0, 0.0
    for amount in sorted(amounts):
        area += (2 * held + amount) / (2 * total * len(amounts))
        held += amount
    return 1 - 2 * area


def _plain_year(version: str, task: str, before: dict[str, Any], chosen: Any, instruments: Any) -> dict[str, Any]:
    """Return a year household by household; capital is written with all balance sheets, as in the published code."""
    smfg = version == "smfg"
    technology, alpha = (10.0, 0.7445) if smfg else (1.0, 1 / 3)
    count, capital, debt = len(before["assets"]), before["capital"], before["debt"]
    tau, xi = 0.2 * instruments[0], 0.05 * instruments[1]
    tau_a, xi_a = 0.2 * instruments[2], 0.05 * instruments[3]
    effective = [e * before["most_hours"] * h for e, (_, h) in zip(before["productivity"], chosen, strict=True)]
    labour = sum(effective)
    output = technology * capital**alpha * labour ** (1 - alpha)
    wage = (1 - alpha) * technology * (capital / labour) ** alpha
    spending = 0.3 * instruments[4] * output
    income = [wage * work + 0.04 * a for work, a in zip(effective, before["assets"], strict=True)]
    net_income = [(1 - tau) / (1 - xi) * i ** (1 - xi) for i in income]
    net_assets = [(1 - tau_a) / (1 - xi_a) * a ** (1 - xi_a) for a in before["assets"]]
    consumption = []
    for (saving, _), i, a in zip(chosen, net_income, net_assets, strict=True):
        consumption.append(((1 - saving) * i if smfg else (1 - (0.5 + 0.5 * saving)) * (i + a)) / 1.065)
    over = sum(consumption) + spending > output
    if over and smfg:
        factor = (output - spending) / sum(consumption)
        consumption = [factor * c for c in consumption]
    assets = [i + a - 1.065 * c for i, a, c in zip(net_income, net_assets, consumption, strict=True)]
    taxes = sum(income) + sum(before["assets"]) - sum(net_income) - sum(net_assets) + 0.065 * sum(consumption)
    next_debt = 1.04 * debt + spending - taxes
    if smfg:
        next_capital = 1.04 * (capital - sum(before["assets"])) - spending + taxes + sum(assets)
    else:
        gross = alpha * (capital / labour) ** (alpha - 1) + 1 - 0.06
        next_capital = sum(assets) - next_debt + gross * capital + 1.04 * (debt - sum(before["assets"]))
    utility = []
    for c, (_, h) in zip(consumption, chosen, strict=True):
        value = math.log(c) - (5 * h) ** 3 / 3 if version == "taxai_2023" else math.log(c / 1000) - 10 * h**3 / 3
        utility.append(value if version == "taxai_2023" else 1 / (1 + math.exp(-value)))
    wealth_gini, income_gini = _plain_gini(net_assets if smfg else assets), _plain_gini(net_income)
    growth = output / before["output"] - 1
    rewards = {
        "gdp": 100 * (next_capital / capital - 1) if smfg else growth,
        "gini": -wealth_gini * income_gini,
        "social_welfare": sum(utility),
        "gdp_gini": growth - wealth_gini * income_gini,
    }
    if smfg:
        falls = (1 - wealth_gini / _plain_gini(before["assets"]), 1 - income_gini / _plain_gini(income))
        rewards["gini"] = 100 * sum(falls)
    most = max(wealth_gini, income_gini)
    over = over or (most >= 1 if smfg else most > 0.9) or min(assets) < 0 or next_capital < 0
    assert count == len(assets)
    return {
        "assets": assets,
        "capital": next_capital,
        "debt": next_debt,
        "output": output,
        "consumption": consumption,
        "utility": utility,
        "wealth_gini": wealth_gini,
        "income_gini": income_gini,
        "reward": rewards[task],
        "over": over,
    }


@pytest.mark.parametrize("task", ["gdp", "gini", "social_welfare", "gdp_gini"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_year_is_that_of_a_plain_implementation(version: str, task: str) -> None:
    game = _economy(version, households=17, task=task)
    key = random.keys(3, 4)
    state, compared = game.reset(key), 0
    for year in range(12):
        draw = random.uniform(key, year, "test", (17, 2), torch.float64) * 0.4 + torch.tensor([0.6, 0.3])
        instruments = random.uniform(key, year, "test/taxes", (1, 5), torch.float64)
        after = game.step(state, {"household": draw, "government": instruments}).state
        for copy in range(4):
            if state.over[copy]:
                assert after.time[copy] == state.time[copy]
                continue
            compared += 1
            before = {
                "productivity": after.productivity[copy].tolist(),
                "assets": state.assets[copy].tolist(),
                **{name: getattr(state, name)[copy].item() for name in ("capital", "debt", "most_hours")},
                "output": state.last.output[copy].item(),
            }
            chosen = draw[copy].clamp(0.001, 0.99).tolist()
            plain = _plain_year(version, task, before, chosen, instruments[copy, 0].clamp(0.001, 0.99).tolist())
            for name, value in plain.items():
                found = getattr(after if name in ("assets", "capital", "debt", "over") else after.last, name)[copy]
                # The published forms differ from these by sums of large numbers: 1e-9 of the largest is allowed.
                scale = before["capital"] if name in ("capital", "debt") else 0.0
                assert found.tolist() == pytest.approx(value, rel=1e-9, abs=1e-9 * scale), name
        state = after
    assert compared > 4


def _results(
    version: str, household: tuple[float, float], taxes: tuple[float, ...], **others: Any
) -> dict[str, Tensor]:
    game = _economy(version, **others)
    flows = FlowAccounts(game)
    agents = {"household": Constant(*household), "government": Constant(*taxes)}
    episode = play(game, agents, random.keys(0, 4), flows)
    returned = {f"return_{name}": value.mean(-1) for name, value in episode.returns.items()}
    return {**flows.accounts(episode.state), **returned}


def test_the_corner_of_smfg_has_the_published_return_and_output() -> None:
    # Published: 3450 and 1.32e13 after training at 100 households. The corner gives 3412 +- 15 and 1.05e13 +- 10 %.
    found = _results("smfg", (1.0, 1.0), MOST_TAXED)
    assert bool((found["survived"] == 1).all())
    assert found["return_government"].mean().item() == pytest.approx(3412, abs=15)
    assert found["output"].mean().item() == pytest.approx(1.05e13, rel=0.1)
    for name in ("saving_at_bounds", "hours_at_bounds", "instruments_at_bounds"):
        assert bool((found[name] == 1).all())


def test_consumption_above_output_ends_an_episode_in_its_first_year() -> None:
    found = _results("taxai_2023", (0.0, 0.5), (0.0, 0.0, 0.0, 0.0, 0.0), periods=3)
    assert bool((found["years"] == 1).all())
    assert bool((found["survived"] == 0).all())


def test_resources_close_in_taxai_and_leak_in_smfg_by_the_income_of_capital_less_four_and_six_per_cent() -> None:
    closed = _results("taxai_2024", (0.9, 0.5), MOST_TAXED, periods=20)
    assert closed["resource_leak"].abs().max() < 1e-12  # sums of 100 numbers in float64
    assert closed["balance_leak"].abs().min() > 0.01
    game = _economy("smfg")
    state = game.reset(random.keys(1, 2))
    actions = {"household": torch.full((2, 100, 2), 0.97), "government": torch.full((2, 1, 5), 0.5)}
    after = game.step(state, actions).state
    # K' = 1.04 K + (1 - a) Y - C - G by algebra, so that the constraint misses a Y - 0.10 K.
    expected = 0.7445 - 0.10 * state.capital / after.last.output
    assert torch.allclose(game.accounts(after)["resource_leak"], expected, rtol=1e-9)


def test_the_rows_of_a_file_are_read_as_the_programs_do(tmp_path: Path) -> None:
    path = tmp_path / "scf.csv"
    path.write_text("WGT,ASSET,EDUC,INCOME\n1,0,12,5\n9,100,-1,6\n1,300,8,7\n1,300,8,7\n")
    rows = {version: _economy(version, file=str(path))._rows for version in VERSIONS}
    assets = {version: row.assets.tolist() for version, row in rows.items() if row is not None}
    assert assets == {"taxai_2023": [100, 300], "taxai_2024": [0, 300, 300], "smfg": [0, 100, 300, 300]}
    smfg = rows["smfg"]
    assert smfg is not None
    assert smfg.level.tolist() == pytest.approx([12, 0.1, 8, 8])
    path.write_text("WGT,ASSET,INCOME\n1,2,3\n")
    with pytest.raises(UserError, match="has no column 'EDUC'"):
        _economy("smfg", file=str(path))
    with pytest.raises(UserError, match=r"economy\.file: cannot read"):
        load("legacy_taxai", {"economy.file": str(tmp_path / "none.csv")}).build()


def test_productivity_has_the_stationary_moments_and_superstars_are_five_hundred_times_the_mean() -> None:
    key, count = random.keys(0, 2), 5_000
    level, superstar = torch.ones(2, count, dtype=torch.float64), torch.zeros(2, count, dtype=torch.bool)
    for year in range(200):
        level, superstar = next_productivity(key, torch.full_like(key, year), level, superstar)
    logs = level[~superstar].log()
    # sigma / sqrt(1 - rho^2) = 1.059; the standard error of 10,000 draws is 0.0075.
    assert logs.std().item() == pytest.approx(0.2 / math.sqrt(1 - 0.982**2), abs=0.03)
    chosen = torch.zeros(2, count, dtype=torch.bool)
    chosen[:, 0] = True
    following, remain = next_productivity(key, torch.full_like(key, 301), level, chosen)
    mean = level[:, 1:].sum(-1) / (count - 1)
    assert bool(remain[:, 0].all())  # these draws are below 0.99
    assert torch.allclose(following[:, 0], MULTIPLE * mean)


def test_findings_tell_the_sign_of_a_leak_and_keep_survivors_apart() -> None:
    names = ("saving_at_bounds", "hours_at_bounds", "instruments_at_bounds")
    by_episode = {
        "survived": np.array([1.0, 0.0, 0.0]),
        "years": np.array([300.0, 2.0, 4.0]),
        "output": np.array([1e12, 1e5, 3e5]),
        "return_government": np.array([3400.0, -500.0, -700.0]),
        "resource_leak": np.array([-3.0, -3.0, 0.0]),
        "balance_leak": np.array([600.0, 0.0, 0.0]),
        **dict.fromkeys(names, np.array([0.2, 0.2, 0.2])),
    }
    survival, resources, balance = findings(by_episode)
    assert "1 of 3 episodes last to the end; over these, output per household 1e+12, government return 3400" in survival
    assert "over the others, output per household 2e+05, government return -600, 3.0 years" in survival
    assert "200.0% of output a year appears in consumption, spending and capital without being produced" in resources
    assert "200 times household assets have neither capital nor public debt" in balance


def test_a_run_says_what_is_open_at_a_bound_and_who_lasted(tmp_path: Path) -> None:
    from econsim.runs import execute

    run = execute(load("legacy_taxai", {"episodes": 2, "economy.periods": 20}), tmp_path / "run", quiet=True)
    text = " ".join(run.summary["warnings"])
    assert "2 of 2 episodes last to the end" in text
    assert "of output a year is neither consumed, spent nor added to capital" in text
    assert "of household assets have neither capital nor public debt behind them" in text
    assert "Corner solution: 100% of savings, 100% of hours, 100% of instruments" in text
