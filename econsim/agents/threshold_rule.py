"""Threshold rule: players choose an option by the range in which one of their features lies.

For example, governors of ``pandemic_states`` who close when many people are infected:
``{kind: threshold_rule, feature: infected, thresholds: [0.1, 0.5], options: [level_2, level_5, level_9]}``. Without
thresholds it is one constant option.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim.actions import check_discrete
from econsim.errors import UserError, did_you_mean
from econsim.game import Game, Observation, Role
from econsim.parameters import Model

__all__ = ["Parameters", "ThresholdRule"]


class Parameters(Model):
    """Parameters of a threshold rule."""

    feature: str | None = None
    """Name of the feature, in the unit of the observation; none is needed without thresholds."""
    thresholds: tuple[float, ...] = ()
    """Bounds of the ranges, rising; a value on a bound belongs to the range above it."""
    options: tuple[str, ...] = Field(min_length=1)
    """The option for each range, lowest range first, by name or as its index from 0."""

    @model_validator(mode="after")
    def _fits_together(self) -> Parameters:
        if len(self.options) != len(self.thresholds) + 1:
            raise ValueError(
                f"options: expected {len(self.thresholds) + 1}, one more than thresholds, found {len(self.options)}"
            )
        if any(low >= high for low, high in pairwise(self.thresholds)):
            raise ValueError(f"thresholds: expected rising numbers, found {list(self.thresholds)}")
        if self.thresholds and self.feature is None:
            raise ValueError("feature: name the feature that thresholds divide into ranges")
        return self


class _Rule(NamedTuple):
    """Column of the feature, thresholds ``[R - 1]``, and the option of each of the ``R`` ranges."""

    column: int
    thresholds: Tensor
    options: Tensor


class ThresholdRule:
    """Plays the option of the range in which a feature lies; where that option is illegal, the first legal one."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> _Rule:
        """Look up the feature and the options.

        Raises:
            UserError: the role has no such feature or option, or its action is not one discrete choice.
        """
        check_discrete(role, "threshold_rule")
        column = 0
        if self.parameters.feature is not None:
            if self.parameters.feature not in role.features:
                similar = did_you_mean(self.parameters.feature, role.features)
                raise UserError(f"agents.{role.name}.feature: no feature {self.parameters.feature!r}{similar}")
            column = role.features.index(self.parameters.feature)
        thresholds = torch.tensor(self.parameters.thresholds, dtype=torch.float64, device=game.device)
        options = [_option(name, role) for name in self.parameters.options]
        return _Rule(column, thresholds, torch.tensor(options, device=game.device))

    def act(self, observation: Observation, memory: _Rule, key: Tensor) -> tuple[Tensor, _Rule]:
        """Return options ``[B, N]``."""
        value = observation.columns(memory.column, memory.column + 1)[..., 0].double().contiguous()
        chosen = memory.options[torch.searchsorted(memory.thresholds, value, right=True)]
        mask = observation.action_mask
        if mask is None:
            return chosen, memory
        is_legal = mask.gather(-1, chosen[..., None])[..., 0]
        return torch.where(is_legal, chosen, mask.long().argmax(-1)), memory


def _option(name: str, role: Role) -> int:
    if name in role.options:
        return role.options.index(name)
    if name.isdecimal() and int(name) < len(role.options):
        return int(name)
    raise UserError(f"agents.{role.name}.options: no option {name!r}{did_you_mean(name, role.options)}")
