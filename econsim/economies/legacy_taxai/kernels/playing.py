"""Years and observations by kernels: hands tensors to kernels and wraps what they return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from econsim.economies.legacy_taxai.kernels.arrays import (
    FLOWS,
    GOVERNMENT_REWARD,
    INSTRUMENTS,
    OVER,
    OWN,
    PARAMETERS,
    REWARDS,
    ROWS,
    STOCKS,
    SUPERSTAR,
    TASKS,
    TIME,
    TOTALS,
    TRUNCATED,
)
from econsim.economies.legacy_taxai.kernels.rules import Sizes, close, live, observe
from econsim.economies.legacy_taxai.state import Flows, State
from econsim.economies.legacy_taxai.year import NOT_NOUGHT
from econsim.game import Observation, Transition
from econsim.kernels.allocation import addresses_of, array_of, contiguous
from econsim.kernels.constants import KeptConstants, can_be_read
from econsim.kernels.recycling import Recycled
from econsim.kernels.threads import over_copies

if TYPE_CHECKING:
    from econsim.economies.legacy_taxai import LegacyTaxai

__all__ = ["Kernels"]


class Constants(NamedTuple):
    """What kernels need again in every call for batches of the same size."""

    sizes: Sizes
    parameters: Any  # [1 | B, 5] float64
    after: Recycled  # the state after a year and what it returns, by their places in ``arrays``
    seen: Recycled  # observations of households of themselves, and of all
    net: tuple[int, int, int]  # [B, 2 or 4, N], the shape of scratch memory
    unit: Any  # an array in the precision of the game
    alive: Tensor  # [B, N] bool, all True
    one: Tensor  # [B, 1] bool, all True


class Kernels:
    """The kernels of a legacy economy and what they need again in every call."""

    def __init__(self) -> None:
        self._constants = KeptConstants(_constants)

    def read(self, game: LegacyTaxai, state: State, *actions: Tensor) -> bool:
        """Return whether kernels can read a state and actions: they lie on the CPU, and no gradient is taken."""
        return can_be_read(game, *_tensors(state), *actions)

    def step(self, game: LegacyTaxai, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Return what the tensors of :meth:`LegacyTaxai.step` return."""
        copies = len(state.time)
        constants = self._constants.of(game, copies)
        held = contiguous(_tensors(state))
        read = contiguous([actions["household"].double(), actions["government"][:, 0].double()])
        new, after = constants.after.take()
        before, sizes, net = addresses_of(held), constants.sizes, np.empty(constants.net)
        over_copies(live, copies, sizes, constants.parameters, before, after, addresses_of(read), net)
        net.sort(-1)
        over_copies(close, copies, sizes, before, after, net, constants.unit)
        rewards = {"household": new[REWARDS], "government": new[GOVERNMENT_REWARD]}
        return Transition(_state(state, new), rewards, new[OVER], new[TRUNCATED])

    def observe(self, game: LegacyTaxai, state: State) -> dict[str, Observation]:
        """Return what the tensors of :meth:`LegacyTaxai.observe` return."""
        copies = len(state.time)
        constants = self._constants.of(game, copies)
        held = contiguous([state.productivity, state.assets, state.last.income, state.last.wage])
        ranked = np.stack([array_of(held[1]), array_of(held[2])])
        ranked.sort(-1)
        (own, shared), written = constants.seen.take()
        addresses = np.concatenate([addresses_of(held), written])
        over_copies(observe, copies, constants.sizes, addresses, ranked, constants.unit)
        alive, one = constants.alive, constants.one
        return {
            "household": Observation(own, alive, alive, shared=shared),
            "government": Observation(shared[:, None], one, one),
        }


def _tensors(state: State) -> list[Tensor]:
    """Return the tensors of a state by their places in ``arrays``."""
    last = state.last
    return [
        *(getattr(state, name) for name in OWN),
        *(getattr(last, name) for name in FLOWS),
        *(getattr(state, name) for name in STOCKS),
        *(getattr(last, name) for name in TOTALS),
        *(state.time, state.over, state.superstar, last.instruments, state.key, state.most_hours),
    ]


def _state(before: State, new: list[Tensor]) -> State:
    """Return the state after a year, whose tensors are ``new``."""
    own, flows = new[: len(OWN)], new[len(OWN) : ROWS]
    stocks, totals = new[ROWS : ROWS + len(STOCKS)], new[ROWS + len(STOCKS) : TIME]
    named = dict(zip((*OWN, *STOCKS), (*own, *stocks), strict=True))
    last = dict(zip((*FLOWS, *TOTALS), (*flows, *totals), strict=True))
    return State(
        key=before.key,
        time=new[TIME],
        over=new[OVER],
        superstar=new[SUPERSTAR],
        most_hours=before.most_hours,
        last=Flows(instruments=new[INSTRUMENTS], **last),
        **named,
    )


def _constants(game: LegacyTaxai, copies: int) -> Constants:
    law, settings = game.law, game.settings
    households, taxed = settings.households, game.roles["government"].action
    amounts, numbers = torch.empty(copies, households, dtype=torch.float64), torch.empty(copies, dtype=torch.float64)
    flags, rewards = torch.empty(copies, dtype=torch.bool), torch.empty(copies, households, dtype=game.dtype)
    columns = [game.parameters[name].double().reshape(-1) for name in PARAMETERS]
    rows = max(len(column) for column in columns)
    falls = settings.task == "gini" and not law.closed_goods  # the reward is the fall of Gini indices through taxes
    shared = len(game.roles["household"].shared_features)
    return Constants(
        sizes=Sizes(
            households=households,
            horizon=game.horizon,
            closed_goods=int(law.closed_goods),
            saves_wealth=int(law.saves_wealth),
            saturated=int(law.saturated),
            ends_at_gini=law.ends_at_gini,
            added=0.0 if law.closed_goods else NOT_NOUGHT,
            task=TASKS.index(settings.task),
        ),
        parameters=array_of(torch.stack([column.expand(rows) for column in columns], 1)),
        after=Recycled(
            [
                *[amounts] * ROWS,
                *[numbers] * (TIME - ROWS),
                *(torch.empty(copies, dtype=torch.int64), flags, torch.empty(copies, households, dtype=torch.bool)),
                torch.empty(copies, *taxed.shape, dtype=torch.float64),
                *(rewards, torch.empty(copies, 1, dtype=game.dtype), flags),
            ]
        ),
        seen=Recycled(
            [
                torch.empty(copies, households, 2, dtype=game.dtype),
                torch.empty(copies, shared, dtype=game.dtype),
            ]
        ),
        net=(copies, 4 if falls else 2, households),
        unit=array_of(torch.ones(1, dtype=game.dtype)),
        alive=torch.ones(copies, households, dtype=torch.bool),
        one=torch.ones(copies, 1, dtype=torch.bool),
    )
