"""Steps and observations of the economy by its kernels: hands tensors to kernels and wraps what they return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from econsim.economies.gather_trade_build.kernels.arrays import LEDGER, WORLD
from econsim.economies.gather_trade_build.kernels.constants import ConstantTables, Tables
from econsim.economies.gather_trade_build.kernels.memory import TIME, LastState, with_tensors
from econsim.economies.gather_trade_build.kernels.observe import observe
from econsim.economies.gather_trade_build.kernels.pictures import BLOCK
from econsim.economies.gather_trade_build.kernels.step import ledger_changes, step
from econsim.economies.gather_trade_build.world import State
from econsim.game import Observation, Transition
from econsim.kernels.allocation import addresses_of
from econsim.kernels.threads import over_copies, slices_of

if TYPE_CHECKING:
    from econsim.economies.gather_trade_build.economy import GatherTradeBuild

__all__ = ["Kernels"]

_NOTHING = torch.empty(0, dtype=torch.int64)  # at the address zero


class Kernels:
    """The kernels of an economy and what they need again in every call."""

    def __init__(self) -> None:
        self._tables = ConstantTables()
        self._last = LastState()

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave out what is kept where an economy is pickled or copied: it is made again."""
        return Kernels, ()

    def step(self, economy: GatherTradeBuild, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Return what the tensors of :meth:`GatherTradeBuild.step` return; memory that a step leaves as it is stays."""
        copies, memory = state.world.key.shape[0], self._last.memory(state)
        tables = self._tables.of(economy, state)
        new, changing = tables.changing.take()
        after = memory.addresses.copy()
        after[WORLD : WORLD + changing.size] = changing
        taxed = state.parts.get("tax") is not None
        if taxed and ledger_changes(memory.addresses[TIME], copies, tables.sizes.period):
            ledger, after[LEDGER:] = tables.ledger.take()
            new += ledger
        (rewards, social, over), outcomes = tables.outcomes.take()
        read = [_joined([actions[group.name] for group in economy.groups]), *_announced(economy, actions)]
        slices = slices_of(copies)
        over_copies(
            step,
            copies,
            tables.numbers,
            tables.constants,
            memory.addresses,
            after,
            tables.row_bytes,
            outcomes,
            addresses_of(read),
            np.empty((slices, 6, economy.workers), np.int64),
            np.empty((slices, 3, economy.workers), tables.constants.numbers.dtype),
        )
        next_state = with_tensors(state, new)
        if not memory.copies:
            self._last.keep(next_state, after)
        rewards = economy.with_accrued(rewards, state, next_state)  # few runs ask for it: not worth a kernel
        return Transition(next_state, _rewards(economy, rewards, social), over, tables.never)

    def observe(self, economy: GatherTradeBuild, state: State) -> dict[str, Observation]:
        """Return what the tensors of :meth:`GatherTradeBuild.observe` return."""
        copies, memory = state.world.key.shape[0], self._last.memory(state)
        tables = self._tables.of(economy, state)
        seen, addresses = tables.seen.take()
        slices, money = slices_of(copies), tables.constants.numbers.dtype
        over_copies(
            observe,
            copies,
            tables.numbers,
            tables.constants,
            memory.addresses,
            addresses,
            tables.planner_lengths,
            np.empty((slices, 7, tables.sizes.tiles + BLOCK), np.uint8),
            np.empty((slices, tables.sizes.worker_features + economy.workers), money),
            np.empty((slices, economy.workers, 2, 2 * tables.sizes.prices), money),
        )
        return _of_workers(economy, seen, tables) | _of_planners(economy, seen, tables)


def _of_workers(economy: GatherTradeBuild, seen: list[Tensor], tables: Tables) -> dict[str, Observation]:
    features, masks, images = seen[:3]
    if len(economy.groups) == 1:
        return {economy.groups[0].name: Observation(features, tables.alive, tables.alive, masks, images)}
    observations: dict[str, Observation] = {}
    for group in economy.groups:
        of, alive = group.members, tables.alive[:, group.members]
        observations[group.name] = Observation(features[:, of], alive, alive, masks[:, of], images[:, of])
    return observations


def _of_planners(economy: GatherTradeBuild, seen: list[Tensor], tables: Tables) -> dict[str, Observation]:
    _, _, _, masks, acting, whole_map, *of_planners = seen
    view = whole_map if economy.settings.planner_sees_map else None
    masks_of = _columns(masks, len(economy.planners))
    return {
        name: Observation(own, tables.planner_alive, acting, mask, view)
        for name, own, mask in zip(economy.planners, of_planners, masks_of, strict=True)
    }


def _columns(of_planners: Tensor, planners: int) -> list[Tensor]:
    """Return the column ``[B, 1, ...]`` of each planner of ``[B, L, ...]``."""
    return [of_planners] if planners == 1 else [of_planners[:, number, None] for number in range(planners)]


def _joined(of_roles: list[Tensor]) -> Tensor:
    joined = of_roles[0] if len(of_roles) == 1 else torch.cat(of_roles, 1)
    return joined.long().contiguous()


def _announced(economy: GatherTradeBuild, actions: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return options ``[B, L, K]`` and rates ``[B, L, K]`` that planners announce, one of the two empty."""
    of_planners = [actions[name] for name in economy.planners]
    if not of_planners:
        return _NOTHING, _NOTHING
    if of_planners[0].is_floating_point():
        values = of_planners[0] if len(of_planners) == 1 else torch.cat(of_planners, 1)
        return _NOTHING, values.detach().to(economy.dtype).contiguous()
    return _joined(of_planners), _NOTHING


def _rewards(economy: GatherTradeBuild, rewards: Tensor, social: Tensor) -> dict[str, Tensor]:
    groups = economy.groups
    counts = [group.count for group in groups]
    of_groups = [rewards] if len(groups) == 1 else torch.split(rewards, counts, 1)
    by_group = {group.name: reward for group, reward in zip(groups, of_groups, strict=True)}
    return by_group | dict(zip(economy.planners, _columns(social, len(economy.planners)), strict=True))
