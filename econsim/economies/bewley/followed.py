"""The path of the whole population under given agents: what each household faces and chooses in every period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from econsim.economies.bewley.parameters import INSTRUMENTS, Policy
from econsim.economies.bewley.state import State
from econsim.households.chains import Floats
from econsim.households.exploitability import HouseholdPath
from econsim.households.problem import Budget
from econsim.play import play

if TYPE_CHECKING:
    from econsim.economies.bewley import Bewley
    from econsim.game import Agent

__all__ = ["followed"]


def followed(game: Bewley, agents: Mapping[str, Agent], key: Tensor) -> HouseholdPath:
    """Return the path of an episode of ``game``, in which households are a distribution; ``key`` is ``[1]``."""
    states: list[Any] = []
    play(game, agents, key, lambda state, over: states.append(state))
    shape = len(game.chain_values), len(game.grid)
    flows = [state.last for state in states[1:]]
    consumption, hours, assets = (
        np.stack([_table(getattr(each, name), shape) for each in flows]) for name in ("consumption", "hours", "assets")
    )
    budgets = [_budget(game, before, after) for before, after in pairwise(states)]
    return HouseholdPath(budgets, consumption, hours, assets, _table(states[0].mass, shape))


def _table(rows: Tensor, shape: tuple[int, int]) -> Floats:
    return rows[0].double().cpu().numpy().reshape(shape)


def _budget(game: Bewley, before: State, after: State) -> Budget:
    last = after.last
    numbers = before.policy[0].double().clamp(0.0, 1.0).tolist()
    taxes = game.settings.taxes(Policy(**dict(zip(INSTRUMENTS, numbers, strict=True))))
    taxes = replace(taxes, labour_level=float(last.labour_level))
    labour = float((last.mass.double() * last.productivity.double() * last.hours.double()).sum(-1))
    rate, wage, transfer = (float(each) for each in torch.cat([last.interest_rate, last.wage, last.transfer]))
    return taxes.budget(rate, wage, transfer, wage * labour)
