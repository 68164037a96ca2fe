"""The path of the whole population under given agents: what each household faces and chooses in every period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from econsim.economies.bewley.parameters import policy_of
from econsim.economies.bewley.state import State
from econsim.game import Observation, Role
from econsim.households.chains import Floats
from econsim.households.cross_section import CrossSection
from econsim.households.exploitability import HouseholdPath, Lives
from econsim.households.problem import Budget
from econsim.play import play

if TYPE_CHECKING:
    from econsim.economies.bewley import Bewley
    from econsim.game import Agent

__all__ = ["followed"]


def followed(game: Bewley, agents: Mapping[str, Agent], key: Tensor, windfall: float | None = None) -> HouseholdPath:
    """Return the path of an episode of ``game``, in which households are a distribution; ``key`` is ``[1]``."""
    states: list[Any] = []
    asked = _Asked(agents["household"])
    play(game, {**agents, "household": asked}, key, lambda state, over: states.append(state))
    people = _People(game)
    shape = people.shape
    flows = [state.last for state in states[1:]]
    consumption, hours, assets = (
        np.stack([_table(getattr(each, name), shape) for each in flows]) for name in ("consumption", "hours", "assets")
    )
    budgets = [_budget(game, before, after) for before, after in pairwise(states)]
    lives = None if people.life is None else Lives(people.life, np.array([float(each.pension) for each in flows]))
    path = HouseholdPath(budgets, consumption, hours, assets, _table(states[0].mass, shape), lives=lives)
    if windfall is None:
        return path
    spent = people.spent(asked, states[-2], path, windfall * float(flows[-1].output))
    tables = (_table(each, shape) for each in (states[-2].mass, flows[-1].income))
    mass, income = tables
    return replace(path, last=CrossSection(mass, consumption[-1], assets[-1], income, spent))


class _Asked:
    """An agent that can be asked again what it would do in the last period."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.last: tuple[Observation, Any, Tensor] | None = None

    def start(self, game: Any, role: Role, num_envs: int) -> Any:
        """Return the memory of the agent."""
        return self.agent.start(game, role, num_envs)

    def act(self, observation: Observation, memory: Any, key: Tensor) -> tuple[Tensor, Any]:
        """Return the actions of the agent."""
        self.last = observation, memory, key
        return self.agent.act(observation, memory, key)

    def instead(self, features: Tensor) -> Tensor:
        """Return the actions in the last period with other features ``[B, N, F]``, and the same random draws."""
        assert self.last is not None
        observation, memory, key = self.last
        return self.agent.act(observation.with_fields(features=features), memory, key)[0]


class _People:
    """The rows of a distribution, by productivity, with a life cycle by age first.

    Attributes:
        life: the life cycle, where there is one.
        shape: the number of rows and of grid points.
    """

    def __init__(self, game: Bewley) -> None:
        self.game, problem = game, game.household_problem
        self.life = None if game.demography is None else game.demography.life
        self.productivity = problem.chain.values if self.life is None else self.life.productivity(problem.chain)
        self.shape = len(self.productivity), len(problem.grid)

    def spent(self, asked: _Asked, state: State, path: HouseholdPath, amount: float) -> Floats:
        """Return the share ``[S, G]`` of a windfall of ``amount`` that is spent at once in the last period."""
        game, budget, before = self.game, path.budgets[-1], path.consumption[-1]
        richer = state.assets.double() + amount / budget.gross_return  # cash at hand rises by the return on assets
        features = game.observe(state)["household"].features.clone()
        features[..., 0] = game.log_wealth(richer).to(features)
        chosen = _tables(asked.instead(features), self.shape)
        share, hours = chosen[0], chosen[1] if len(chosen) > 1 else np.ones_like(before)
        resources = budget.gross_return * _table(richer, self.shape) + self._received(path)
        resources = resources + budget.net_earnings(self.productivity[:, None], hours)
        least, most = game.settings.least, game.settings.largest_assets
        saved = np.minimum(least + (1 - share) * (resources - least), most)
        share_spent: Floats = (resources - saved - (1 + budget.consumption_tax) * before) / amount
        return share_spent

    def _received(self, path: HouseholdPath) -> Floats | float:
        """Return transfers and pensions of the last period, ``[S, 1]`` with a life cycle."""
        last = path.budgets[-1]
        if path.lives is None:
            return last.transfer
        transfers = [budget.transfer for budget in path.lives.budgets(len(path.budgets) - 1, last)]
        return np.repeat(transfers, self.shape[0] // len(transfers))[:, None]


def _tables(actions: Tensor, shape: tuple[int, ...]) -> list[Floats]:
    return [_table(each, shape) for each in actions.unbind(-1)]


def _table(rows: Tensor, shape: tuple[int, ...]) -> Floats:
    return rows[0].double().cpu().numpy().reshape(shape)


def _budget(game: Bewley, before: State, after: State) -> Budget:
    last = after.last
    numbers = before.policy[0].double().clamp(0.0, 1.0).tolist()
    taxes = game.settings.taxes(policy_of(numbers))
    taxes = replace(taxes, labour_level=float(last.labour_level))
    labour = last.mass.double() * last.productivity.double() * last.hours.double()
    if game.demography is not None:
        labour = labour * game.demography.efficiency(last.age, torch.float64)
    rate, wage, transfer = (float(each) for each in torch.cat([last.interest_rate, last.wage, last.transfer]))
    net = (1 - float(last.contribution)) * wage
    budget = taxes.budget(rate, net, transfer, net * float(labour.sum(-1)))
    # Bequests earn interest in the period in which they are received.
    return replace(budget, transfer=transfer + budget.gross_return * float(last.bequest))
