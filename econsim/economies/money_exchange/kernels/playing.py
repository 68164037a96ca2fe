"""Steps of the money exchange by its kernels: hands tensors to kernels and wraps what they return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from econsim.economies.money_exchange.economy import PERSON, PLANNER, State
from econsim.economies.money_exchange.kernels.rules import BLOCK, Sizes, step
from econsim.game import Transition
from econsim.kernels.allocation import addresses_of, array_of, contiguous, like
from econsim.kernels.constants import KeptConstants, can_be_read
from econsim.kernels.threads import over_copies, slices_of

if TYPE_CHECKING:
    from econsim.economies.money_exchange.economy import MoneyExchange

__all__ = ["Kernels"]


class Constants(NamedTuple):
    """What kernels need again in every call for batches of the same size."""

    sizes: Sizes
    saving: Any  # [1 | B] float64
    thresholds: Any  # [K] float64
    blocks: Any  # scratch memory
    flags: Any
    unit: Any  # an array in the precision of the game


class Kernels:
    """The kernels of a money exchange and what they need again in every call."""

    def __init__(self) -> None:
        self._constants = KeptConstants(_constants)

    def read(self, game: MoneyExchange, state: State) -> bool:
        """Return whether kernels can read a state: it lies on the CPU, and no gradient is taken."""
        return can_be_read(game, state.wealth, state.rates)

    def step(self, game: MoneyExchange, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Return what the tensors of :meth:`MoneyExchange.step` return."""
        key, time, wealth, squares, without, rates, revenue = contiguous(list(vars(state).values()))
        constants = self._constants.of(game, len(time))
        new = like([time, wealth, squares, without, rates, revenue])
        gains, order = torch.empty(wealth.shape, dtype=game.dtype), game.order(state)
        read = contiguous(
            [
                actions[PERSON].long() if constants.sizes.voluntary else time,  # those that are not read are any tensor
                actions[PLANNER][:, 0].double() if PLANNER in game.roles else rates,
                time if order is None else order,
            ]
        )
        network = [game.constants["rows"], game.constants["neighbours"]] if game.constants else [time, time]
        addresses = addresses_of([key, time, wealth, rates, *new, *read, gains, *network])
        sizes, saving, thresholds, *memory = constants
        over_copies(step, len(time), sizes, saving, thresholds, addresses, *memory)
        return game.transition(State(state.key, *new), gains)


def _constants(game: MoneyExchange, copies: int) -> Constants:
    settings, slices = game.settings, slices_of(copies)
    sizes = Sizes(
        copies,
        game.people,
        len(game.thresholds),
        settings.wealth_tax.every if settings.wealth_tax else 1,
        int(settings.exchange == "pooled"),
        int(settings.activation == "sequential"),
        int(settings.participation == "voluntary"),
        len(game.constants["neighbours"]) if game.constants else -1,
    )
    return Constants(
        sizes=sizes,
        saving=array_of(game.parameters["saving_propensity"].reshape(-1)),
        thresholds=array_of(game.thresholds),
        blocks=np.empty((slices, 2, BLOCK + 1), np.int32),
        flags=np.empty((slices, 2, game.people), np.uint8),
        unit=array_of(torch.ones(1, dtype=game.dtype)),
    )
