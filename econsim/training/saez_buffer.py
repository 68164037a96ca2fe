"""Saez's formula as the AI Economist applies it: random taxes fill a buffer, then formula and play alternate.

A round is an episode of every copy. Until the buffer is full each copy's rates are drawn anew every tax period; from
then on all copies play under the newest schedule. After a round its incomes enter the buffer, each once (the published
code counts those of the running episode twice once a copy has added 500), the elasticity is regressed on the buffer and
averaged, and the formula gives the next schedule. A planner that was fitted before goes on with its buffer and its
averages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Agent, Game, Observation, Role
from econsim.learning import Recorder
from econsim.mechanisms.saez import Elasticity, estimate_elasticity, histogram_schedule
from econsim.parameters import Model
from econsim.planners import saez_buffer as planner
from econsim.planners._tax_schedule import thresholds_of
from econsim.play import play
from econsim.training._leader_evaluation import leader_of

__all__ = ["Parameters", "SaezBuffer"]

ACCOUNTS = ("income_by_period", "marginal_rate_by_period")


class Parameters(Model):
    """The formula's parameters are those of the planner that is fitted."""


class SaezBuffer:
    """Fits planners of kind ``saez_buffer``."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents with the planner's schedule fitted.

        Raises:
            UserError: the leader is no planner of this kind, or the game has no tax periods.
        """
        leader = leader_of(game)
        agent = agents[leader]
        if not isinstance(agent, planner.SaezBuffer):
            raise UserError(f"training.saez_buffer: role {leader} needs a planner of kind saez_buffer")
        thresholds = thresholds_of(game, game.roles[leader], "saez_buffer").double().cpu()
        search = _Search(agent.parameters, thresholds)
        search.go_on(agent.state_dict())
        for number in range(agent.parameters.rounds):
            incomes, rates = self._round(game, agents, leader, search, seed, number)
            search.learn(incomes, rates)
            recorder.log("saez_buffer/elasticity", search.elasticity, step=number)
            recorder.log("saez_buffer/samples", len(search.incomes), step=number)
            recorder.progress(number + 1, agent.parameters.rounds, "saez_buffer")
        agent.load_state_dict(search.found())
        return dict(agents)

    def _round(
        self, game: Game[Any], agents: Mapping[str, Agent], leader: str, search: _Search, seed: int, number: int
    ) -> tuple[Tensor, Tensor]:
        """Play an episode of every copy; return incomes and marginal rates of all workers by period, ``[B, N, Y]``."""
        key = random.fold(random.fold(random.keys(seed, search.settings.copies, game.device), "saez_buffer"), number)
        government = _Government(search.schedule)
        accounts = game.accounts(play(game, {**agents, leader: government}, key).state)
        if any(name not in accounts for name in ACCOUNTS):
            raise UserError(
                f"planner: kind saez_buffer needs a game with tax periods (accounts {' and '.join(ACCOUNTS)});"
                f" {type(game).__name__} has none: say planner=saez"
            )
        return accounts[ACCOUNTS[0]], accounts[ACCOUNTS[1]]


class _Search:
    """The buffer, and what follows from it: the average elasticity and the average schedule."""

    def __init__(self, settings: planner.Parameters, thresholds: Tensor) -> None:
        self.settings, self.thresholds = settings, thresholds
        self.incomes, self.rates = torch.zeros(0, dtype=torch.float64), torch.zeros(0, dtype=torch.float64)
        given = settings.elasticity
        self.elasticity = settings.initial_elasticity if isinstance(given, str) else given
        self.interval = (self.elasticity, self.elasticity)
        self.schedule: Tensor | None = None
        self.average = torch.zeros_like(thresholds)

    def learn(self, incomes: Tensor, rates: Tensor) -> None:
        """Take a round's samples ``[B, N, Y]`` in, each once; with enough of them renew elasticity and schedule."""
        periods = incomes.shape[-1]
        self.incomes = torch.cat([self.incomes, incomes.flatten().double().cpu()])[-self.settings.buffer :]
        self.rates = torch.cat([self.rates, rates.flatten().double().cpu()])[-self.settings.buffer :]
        if not self.full:
            return
        if isinstance(self.settings.elasticity, str):
            self._average_elasticity(periods)
        answer = histogram_schedule(self.incomes, self.thresholds, self.elasticity, self.settings.inverse_income)
        kept = 0.0 if self.schedule is None else self.settings.schedule_memory**periods
        self.average = kept * self.average + (1.0 - kept) * answer
        self.schedule = answer

    def found(self) -> dict[str, Tensor]:
        """Return what the planner announces, ``rates`` ``[K]``, and all that a later fit goes on with."""
        elasticity = torch.tensor([self.elasticity, *self.interval], dtype=torch.float64)
        newest = {} if self.schedule is None else {"newest_rates": self.schedule}
        samples = {"incomes": self.incomes, "marginal_rates": self.rates}
        return {"rates": self.average, "elasticity": elasticity, **newest, **samples}

    def go_on(self, found: Mapping[str, Tensor]) -> None:
        """Take up what an earlier search found, if there was one."""
        if not found:
            return
        self.average, self.schedule = found["rates"], found.get("newest_rates")
        self.incomes, self.rates = found["incomes"], found["marginal_rates"]
        self.elasticity, *ends = found["elasticity"].tolist()
        self.interval = (ends[0], ends[1])

    @property
    def full(self) -> bool:
        """Whether there are enough samples for the formula."""
        return len(self.incomes) >= self.settings.fewest

    def _average_elasticity(self, periods: int) -> None:
        try:
            found: Elasticity = estimate_elasticity(self.incomes, self.rates)
        except UserError:
            return  # too few or too equal: the average stays, as published
        kept = self.settings.elasticity_memory**periods
        self.elasticity = kept * self.elasticity + (1.0 - kept) * max(0.0, found.value)
        self.interval = (found.low, found.high)


class _Government:
    """Announces a schedule ``[K]``; without one, rates drawn anew for every copy and tax period."""

    learner: ClassVar[str | None] = None

    def __init__(self, schedule: Tensor | None) -> None:
        self.schedule = schedule

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, ...]:
        return (role.count, *role.action.shape)

    def act(self, observation: Observation, memory: tuple[int, ...], key: Tensor) -> tuple[Tensor, Any]:
        drawn = random.uniform(key, 0, "saez_buffer/rates", memory)
        rates = drawn if self.schedule is None else self.schedule.to(drawn).expand_as(drawn)
        return rates.to(observation.features), memory
