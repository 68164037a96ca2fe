"""Saez's formula on a buffer of observed incomes: the baseline of the AI Economist for economies with tax periods.

The buffer is first filled with incomes under random taxes; then play and formula alternate. A round is one episode of
every environment copy. Until the buffer has enough incomes, the rates of each copy are drawn anew in every tax period;
afterwards, all copies play under the newest schedule. After each round, its incomes are added to the buffer, each once
(the published code counts those of the current episode twice once a copy has added 500), and the formula gives the next
schedule. By default the elasticity of taxable income and the social weights are those of the economy
(:class:`econsim.economics.OptimalTaxInputs`). The published baseline (``planner: saez_buffer_published``) estimates the
elasticity by a regression on the buffer, with a moving average, and has inverse-income weights. A planner that has been
fitted before continues from its buffer and averages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim import random
from econsim.actions import lowest_rate, tax_thresholds
from econsim.errors import UserError
from econsim.game import Agent, Game, Observation, Role
from econsim.learning import Recorder
from econsim.parameters import Model
from econsim.planners._fitted_action import FittedAction
from econsim.planners._optimal_tax_inputs import effort_values_of, elasticity_of, explanation, marginal_weights_of
from econsim.planners.saez_buffer.income_buffer import IncomeBuffer
from econsim.play import HeldAction, counted, play
from econsim.rl.checkpoint_schedule import CheckpointSchedule

__all__ = ["Parameters", "SaezBuffer"]

REFERENCES = (
    "@article{saez2001using, title={Using Elasticities to Derive Optimal Income Tax Rates}, author={Saez, Emmanuel}, "
    "journal={Review of Economic Studies}, volume={68}, number={1}, pages={205--229}, year={2001}}",
    "@article{zheng2022ai, title={The {AI} Economist: Taxation policy design via two-level deep multiagent "
    "reinforcement learning}, author={Zheng, Stephan and Trott, Alexander and Srinivasa, Sunil and Parkes, David C. "
    "and Socher, Richard}, journal={Science Advances}, volume={8}, number={18}, year={2022}}",
)
ACCOUNTS = ("income_by_period", "marginal_rate_by_period")


class Parameters(Model):
    """Parameters of the buffered Saez planner."""

    elasticity: Annotated[float, Field(gt=0)] | Literal["economy", "estimated"] = "economy"
    """Elasticity of taxable income with respect to the net-of-tax rate; ``economy``: that of the economy's workers by
    theory; ``estimated``: by regression on the buffer, with a moving average."""
    initial_elasticity: float = Field(0.5, gt=0)
    """Initial value of the moving average of the elasticity."""
    elasticity_memory: float = Field(0.98, ge=0, lt=1)
    """Weight of the previous average of the elasticity, per tax period."""
    schedule_memory: float = Field(0.99, ge=0, lt=1)
    """Weight of the previous average of the schedule, per tax period; the planner announces the average."""
    fewest: int = Field(2000, ge=10)
    """Minimum number of incomes for the formula; rates are random until the buffer has so many."""
    buffer: int = Field(2000, ge=10)
    """Capacity of the buffer, which keeps the newest incomes with their marginal tax rates. If the planner is refitted
    while workers learn (``refit_every``), a buffer that covers many fits shows how incomes respond to tax rates after
    workers have learned to respond."""
    welfare_weights: Literal["economy", "inverse_income", "equal"] = "economy"
    """Social welfare weights. ``economy``: the marginal weights of the economy's welfare function at the end of an
    episode; ``inverse_income``: proportional to ``1 / max(income, 1)`` of a tax period, as published; ``equal``."""
    method: Literal["brackets", "histogram"] = "brackets"
    """``brackets``: the first-order condition of each bracket's rate; ``histogram``: the formula for a schedule without
    brackets, on a histogram of incomes, as published."""
    copies: int = Field(16, ge=1)
    """Number of environment copies played in parallel."""
    rounds: int = Field(10, ge=1)
    """Number of rounds, each an episode of every environment copy."""

    @model_validator(mode="after")
    def _buffer_holds_enough(self) -> Self:
        if self.buffer < self.fewest:
            raise ValueError(
                f"buffer={self.buffer} is smaller than fewest={self.fewest}; give at least buffer={self.fewest}"
            )
        return self


class SaezBuffer(FittedAction):
    """Announces the moving average of the schedules that the formula gives."""

    kind = "saez_buffer"

    def __init__(self, parameters: Parameters) -> None:
        super().__init__()
        self.parameters = parameters

    def fit(self, game: Game[Any], role: Role, agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> None:
        """Play all rounds, each under the newest schedule; continues from the recorder's newest checkpoint.

        Raises:
            UserError: the role does not set tax brackets, or the game has no tax periods.
        """
        thresholds, lowest = tax_thresholds(game, role, "saez_buffer").double().cpu(), lowest_rate(game, role)
        buffer = IncomeBuffer(self.parameters, thresholds, lowest)
        done, stored = recorder.restore() or (0, self.state_dict())
        buffer.resume(stored)
        schedule, rounds, units = CheckpointSchedule(), self.parameters.rounds, game.horizon + 2
        for number in range(done, rounds):
            planner = _RandomRates(lowest) if buffer.schedule is None else HeldAction(buffer.schedule)
            key = random.fold(random.keys(seed, self.parameters.copies, game.device), "saez_buffer")
            watch = counted(recorder.progress, number * units, rounds * units, "saez_buffer")
            state = play(game, {**agents, role.name: planner}, random.fold(key, number), watch).state
            if self.parameters.elasticity == "economy":
                buffer.elasticity = elasticity_of(game, state)
                buffer.interval = (buffer.elasticity, buffer.elasticity)
            buffer.learn(*_samples(game, state), *self._social(game, state))
            recorder.log("saez_buffer/elasticity", buffer.elasticity, step=number)
            recorder.log("saez_buffer/samples", len(buffer.incomes), step=number)
            recorder.progress((number + 1) * units, rounds * units, "saez_buffer")
            if schedule.is_due(number + 1):
                recorder.checkpoint(number + 1, buffer.found())
        self.load_state_dict(buffer.found())

    def explanation(self, game: Game[Any]) -> str:
        """Return which elasticity and which social weights the schedule rests on."""
        chosen, found = self.parameters, self.fitted["elasticity"]
        return explanation(chosen.elasticity, found, chosen.welfare_weights, game, averaged=True)

    def _social(self, game: Game[Any], state: Any) -> tuple[Tensor, Tensor]:
        """Return social weights and effort values ``[B, N]`` of an episode; weights have mean one in every copy."""
        if self.parameters.welfare_weights != "economy":
            return torch.ones(()), torch.zeros(())
        weights = marginal_weights_of(game, state)
        mean = weights.mean(-1, keepdim=True)
        return weights / mean, effort_values_of(game, state) / mean


def _samples(game: Game[Any], state: Any) -> tuple[Tensor, Tensor]:
    """Return incomes and marginal tax rates by period of finished episodes, ``[B, N, Y]``."""
    accounts = game.accounts(state)
    if any(name not in accounts for name in ACCOUNTS):
        raise UserError(
            f"planner: kind saez_buffer needs a game with tax periods (accounts {' and '.join(ACCOUNTS)});"
            f" {type(game).__name__} has none; use planner=saez"
        )
    return accounts[ACCOUNTS[0]], accounts[ACCOUNTS[1]]


class _RandomRates:
    """Announces rates between the lowest and one that are drawn anew at every step, for every environment copy."""

    def __init__(self, lowest: float) -> None:
        self.lowest = lowest

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, ...]:
        return (role.count, *role.action.shape)

    def act(self, observation: Observation, memory: tuple[int, ...], key: Tensor) -> tuple[Tensor, Any]:
        share = random.uniform(key, 0, "saez_buffer/rates", memory)
        return (self.lowest + (1.0 - self.lowest) * share).to(observation.features), memory
