"""The assumption analysis: adopters and non-adopters of a policy, and survival apart from conditional means."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import econsim
from econsim import random
from econsim.agents.exact_household import ExactHousehold, Parameters
from econsim.analysis.adoption import adoption_table
from econsim.cli.adopting import adoption
from econsim.errors import UserError
from econsim.game import Box, Game, Observation, Role, Transition, tensors
from econsim.play import HeldAction, play
from econsim.scenario import load


@tensors
class Stock:
    """A common stock."""

    time: Tensor  # [B]
    left: Tensor  # [B]


class Commons(Game[Stock]):
    """Two periods; the game ends after the first if the players take more than half of the stock of one."""

    def __init__(self) -> None:
        self.roles = {"taker": Role("taker", 4, Box(0.0, 1.0, (1,)), Box(0.0, 1.0, ()))}
        self.parameters, self.horizon = {}, 2

    def reset(self, key: Tensor) -> Stock:
        return Stock(torch.zeros_like(key), torch.ones(key.shape, dtype=torch.float64))

    def observe(self, state: Stock) -> dict[str, Observation]:
        here = torch.ones((len(state.time), 4), dtype=torch.bool)
        return {"taker": Observation(state.left[:, None, None].expand(-1, 4, 1), here, here)}

    def step(self, state: Stock, actions: Mapping[str, Tensor]) -> Transition[Stock]:
        taken = actions["taker"].double()
        left = state.left - taken.mean(-1)
        after = Stock(state.time + 1, left)
        return Transition(after, {"taker": taken}, left < 0.5, after.time >= 2)

    def conserved(self, state: Stock) -> dict[str, Tensor]:
        return {}


def test_survival_is_reported_apart_from_means_over_surviving_episodes() -> None:
    modest, greedy = (HeldAction(torch.tensor(amount, dtype=torch.float64)) for amount in (0.2, 0.8))
    table = adoption_table(Commons(), {"taker": modest}, "taker", greedy, random.keys(0, 3), (0.0, 0.25, 0.75))
    # Mean takings are 0.2, 0.35 and 0.65: only the last ends the game, after one period.
    assert table["survived"].tolist() == [1.0, 1.0, 0.0]
    assert table["adopters_return"].tolist()[:2] == pytest.approx([0.4, 0.4])
    assert math.isnan(table["non_adopters_return"][0])
    assert table["non_adopters_return"][1] == pytest.approx(1.6)
    assert table.iloc[2, 2:].isna().all()


def test_groups_add_up_to_the_economy_and_the_share_of_zero_is_plain_play() -> None:
    game = econsim.make("bewley", households=20, periods=6, grid_points=40, productivity={"states": 3})
    exact: Game[Any] = game.to(dtype=torch.float64)
    agents = {
        "household": ExactHousehold(Parameters()),
        "government": HeldAction(torch.zeros(6, dtype=torch.float64)),
    }
    key = random.keys(2, 3)
    spender = HeldAction(torch.tensor([0.9, 0.3], dtype=torch.float64))
    table = adoption_table(exact, agents, "household", spender, key, (0.0, 0.25))
    alone = play(exact, agents, key)
    assert table["adopters_return"][0] == pytest.approx(float(alone.returns["household"].mean()), rel=1e-12)
    assert table["leader_return"][0] == pytest.approx(float(alone.returns["government"].mean()), rel=1e-12)
    whole = 0.75 * table["adopters_assets"][1] + 0.25 * table["non_adopters_assets"][1]
    assert whole < table["adopters_assets"][0]
    assert table["non_adopters_assets"][1] < table["adopters_assets"][1]  # who spends nine tenths owns less
    # All earn and save in one economy, so that the accounts of both groups add up to its means.
    hours = 0.75 * table["adopters_hours"][1] + 0.25 * table["non_adopters_hours"][1]
    assert table["non_adopters_hours"][1] == pytest.approx(0.3)
    assert 0.2 < hours < 0.4


@pytest.mark.parametrize(("shares", "role"), [((0.01,), "household"), ((1.0,), "household"), ((0.5,), "government")])
def test_what_divides_nobody_is_refused(shares: tuple[float, ...], role: str) -> None:
    game = econsim.make("bewley", households=20, periods=2, grid_points=40, productivity={"states": 3})
    agents = {name: HeldAction(torch.zeros(each.action.shape)) for name, each in game.roles.items()}
    with pytest.raises(UserError, match=r"or non-adopters without a player|only players of a role that"):
        adoption_table(game, agents, role, agents["household"], random.keys(0, 1), shares)


def test_the_command_prints_and_stores_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = [f"economy.{name}" for name in ("households=8", "periods=3", "grid_points=40", "largest_assets=100")]
    lone = ["episodes=1", "headline=none", "evaluation=none", "baselines=[]", "economy.productivity.states=3"]
    run = econsim.run(load("bewley", [*small, *lone]), out=tmp_path / "run", quiet=True, report=False)
    adoption(run.path, "exact_household", None, "0,0.5", 2, tmp_path / "table.csv", True)
    shown = capsys.readouterr().out
    assert "survived" in shown
    assert "100%" in shown
    assert "means over these" in shown
    rows = (tmp_path / "table.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 3
    assert rows[0].startswith("non_adopters,survived,leader_return,adopters_return")
    with pytest.raises(UserError, match="--shares 0;1: expected numbers separated by commas"):
        adoption(run.path, "exact_household", None, "0;1", 2, None, True)
    with pytest.raises(UserError, match="--non-adopters ppo: this agent needs training"):
        adoption(run.path, "ppo", None, "0,0.5", 2, None, True)
