"""Saez's formula on a buffer of observed incomes: the AI Economist's baseline for economies with tax periods.

Random taxes fill a buffer, then formula and play alternate. A round is an episode of every copy. Until the buffer is
full each copy's rates are drawn anew every tax period; from then on all copies play under the newest schedule. After a
round its incomes enter the buffer, each once (the published code counts those of the running episode twice once a copy
has added 500), the elasticity is regressed on the buffer and averaged, and the formula gives the next schedule. A
planner that was fitted before continues from its buffer and its averages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from torch import Tensor

from econsim import random
from econsim.actions import tax_thresholds
from econsim.errors import UserError
from econsim.game import Agent, Game, Observation, Role
from econsim.learning import Recorder
from econsim.parameters import Model
from econsim.planners._fitted_action import FittedAction
from econsim.planners.saez_buffer.income_buffer import IncomeBuffer
from econsim.play import HeldAction, play

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

    elasticity: Annotated[float, Field(gt=0)] | Literal["estimated"] = "estimated"
    """Elasticity of taxable income to the net-of-tax rate; ``estimated``: regressed on the buffer, slowly averaged."""
    initial_elasticity: float = Field(0.5, gt=0)
    """Where the average starts."""
    elasticity_memory: float = Field(0.98, ge=0, lt=1)
    """Share of the average that a tax period keeps."""
    schedule_memory: float = Field(0.99, ge=0, lt=1)
    """Share of the average schedule that a tax period keeps; the average is what is announced."""
    fewest: int = Field(2000, ge=10)
    """Incomes that the formula needs; rates are random until there are so many."""
    buffer: int = Field(2000, ge=10)
    """Incomes with their marginal rates that are kept, the newest. Where the planner is fitted again and again while
    workers learn (``refit_every``), a buffer of many fits shows how incomes answer to rates once workers have learned
    to."""
    inverse_income: bool = True
    """Welfare weights fall with ``1 / max(income, 1)``; otherwise they are equal."""
    copies: int = Field(16, ge=1)
    """Copies of the game that are played at once."""
    rounds: int = Field(10, ge=1)
    """Episodes of every copy."""

    @model_validator(mode="after")
    def _buffer_holds_enough(self) -> Self:
        if self.buffer < self.fewest:
            raise ValueError(f"buffer={self.buffer} is smaller than fewest={self.fewest}: give buffer={self.fewest}")
        return self


class SaezBuffer(FittedAction):
    """Announces the average schedule that the formula came to."""

    kind = "saez_buffer"

    def __init__(self, parameters: Parameters) -> None:
        super().__init__()
        self.parameters = parameters

    def fit(self, game: Game[Any], role: Role, agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> None:
        """Play round after round, each under the newest schedule.

        Raises:
            UserError: the role sets no tax brackets, or the game has no tax periods.
        """
        buffer = IncomeBuffer(self.parameters, tax_thresholds(game, role, "saez_buffer").double().cpu())
        buffer.resume(self.state_dict())
        for number in range(self.parameters.rounds):
            announcing = _RandomRates() if buffer.schedule is None else HeldAction(buffer.schedule)
            key = random.fold(random.keys(seed, self.parameters.copies, game.device), "saez_buffer")
            buffer.learn(*_round(game, {**agents, role.name: announcing}, random.fold(key, number)))
            recorder.log("saez_buffer/elasticity", buffer.elasticity, step=number)
            recorder.log("saez_buffer/samples", len(buffer.incomes), step=number)
            recorder.progress(number + 1, self.parameters.rounds, "saez_buffer")
        self.load_state_dict(buffer.found())


def _round(game: Game[Any], agents: Mapping[str, Agent], key: Tensor) -> tuple[Tensor, Tensor]:
    """Play an episode under each key ``[B]``; return incomes and marginal rates by period, ``[B, N, Y]``."""
    accounts = game.accounts(play(game, agents, key).state)
    if any(name not in accounts for name in ACCOUNTS):
        raise UserError(
            f"planner: kind saez_buffer needs a game with tax periods (accounts {' and '.join(ACCOUNTS)});"
            f" {type(game).__name__} has none: say planner=saez"
        )
    return accounts[ACCOUNTS[0]], accounts[ACCOUNTS[1]]


class _RandomRates:
    """Announces rates that are drawn anew in every step, for every copy."""

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, ...]:
        return (role.count, *role.action.shape)

    def act(self, observation: Observation, memory: tuple[int, ...], key: Tensor) -> tuple[Tensor, Any]:
        return random.uniform(key, 0, "saez_buffer/rates", memory).to(observation.features), memory
