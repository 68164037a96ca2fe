"""What planners with a schedule share: a game with tax brackets, and announcing the same rates to every copy."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, cast

from torch import Tensor

from econsim.errors import UserError
from econsim.game import Box, Game, MultiDiscrete, Observation, Role, Space


class Taxed(Protocol):
    """A game with an income tax: its bracket thresholds ``[K]`` in money.

    Its leaders' action is one entry a bracket; where entries are options, floating-point actions are the rates
    themselves. It may also say whose ``law`` its brackets are and what its unit of money is in US dollars
    (``usd_per_unit``).
    """

    thresholds: Tensor


def thresholds_of(game: Game[Any], role: Role, kind: str) -> Tensor:
    """Return the game's bracket thresholds ``[K]``.

    Raises:
        UserError: the game has no tax brackets for this role to set.
    """
    thresholds = getattr(game, "thresholds", None)
    if not isinstance(thresholds, Tensor) or not role.leads or not _one_entry_a_bracket(role.action, thresholds):
        raise UserError(f"planner: kind {kind} sets tax brackets; {type(game).__name__} has none for role {role.name}")
    return cast(Taxed, game).thresholds


def _one_entry_a_bracket(action: Space, thresholds: Tensor) -> bool:
    shape = tuple(thresholds.shape)
    return action == Box(0.0, 1.0, shape) or (isinstance(action, MultiDiscrete) and action.shape == shape)


def announce(rates: Tensor, observation: Observation) -> Tensor:
    """Return ``rates`` ``[K]`` as the action of the one planner of every copy, ``[B, 1, K]``."""
    return rates.to(observation.features).expand(*observation.alive.shape, -1)


class FittedSchedule(ABC):
    """Announces one schedule that a learner fitted; subclasses say which learner."""

    learner: ClassVar[str | None]

    def __init__(self) -> None:
        self.fitted: dict[str, Tensor] = {}

    @property
    def known(self) -> Tensor | None:
        """The fitted action; ``None`` before a fit."""
        return self.fitted.get("rates")

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Tensor:
        """Return the fitted rates ``[K]`` on the game's device; raises ``UserError`` before a fit."""
        if "rates" not in self.fitted:
            raise UserError(
                f"planner: {self.learner} is not fitted; econsim.run or econsim.training.{self.learner} does it"
            )
        return self.fitted["rates"].to(game.device)

    def act(self, observation: Observation, memory: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rates for every copy, ``[B, 1, K]``."""
        return announce(memory, observation), memory

    def state_dict(self) -> dict[str, Tensor]:
        """Return what the learner fitted: the action ``rates`` ``[K]``, and more that it reports."""
        return dict(self.fitted)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`state_dict` returned."""
        self.fitted = dict(state)
