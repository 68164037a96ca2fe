"""Gains of households who save from their best response to the prices that all households make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from econsim.analysis.equilibrium.gains import Gain, paired_gain
from econsim.game import Agent
from econsim.households.exploitability import exploitability
from econsim.households.protocols import SolvesHouseholds

__all__ = ["HouseholdGain", "household_gain"]


class HouseholdGain(NamedTuple):
    """The gain in utility, and in consumption equivalents: ``mean``, ``largest`` and by type of household."""

    gain: Gain
    equivalents: dict[str, float]


def household_gain(game: SolvesHouseholds, agents: Mapping[str, Agent], key: Tensor) -> HouseholdGain:
    """Return the gain of a household from its best response, while all others keep their policies.

    The agents play once for the whole population; returns are discounted utilities from the first period on, in which
    the last prices and choices are repeated for ever.
    """
    path = game.household_path(agents, key)
    found = exploitability(game.household_problem, path)
    own, best = ((path.mass * value.total).sum() for value in (found.own, found.best))
    gain = paired_gain(torch.tensor([[own]]), torch.tensor([[best]]))
    most = (found.best.total - found.own.total)[path.mass > 1e-9].max()
    gain = replace(gain, low=None, high=None, over="nothing", count=1, largest=float(most))
    return HouseholdGain(gain, {"mean": found.mean, "largest": found.largest, **found.by_type})
