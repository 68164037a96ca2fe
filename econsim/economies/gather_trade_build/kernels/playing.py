"""Steps and observations of the economy by its kernels: hands tensors to kernels and wraps what they return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from econsim.economies.gather_trade_build.kernels import arrays
from econsim.economies.gather_trade_build.kernels.constants import ConstantTables
from econsim.economies.gather_trade_build.kernels.observe import observe
from econsim.economies.gather_trade_build.kernels.pictures import BLOCK, CHANNELS
from econsim.economies.gather_trade_build.kernels.step import ledger_changes, step
from econsim.economies.gather_trade_build.world import State
from econsim.game import Observation, Transition
from econsim.kernels.allocation import addresses_of, bytes_per_row, contiguous, like
from econsim.kernels.threads import over_copies, slices_of

if TYPE_CHECKING:
    from econsim.economies.gather_trade_build.economy import GatherTradeBuild

__all__ = ["Kernels"]

_OF_WORLD = arrays.World._fields[:-2]  # without utility and welfare, which belong to the state
_TIME = _OF_WORLD.index("time")
_NO_BOOK = len(arrays.Book._fields)


class Kernels:
    """The kernels of an economy and the constants that they read."""

    def __init__(self) -> None:
        self._tables = ConstantTables()

    def step(self, economy: GatherTradeBuild, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Return what the tensors of :meth:`GatherTradeBuild.step` return; memory that a step leaves as it is stays."""
        copies, (fixed, changing, ledger) = state.world.key.shape[0], _tensors_of(state)
        sizes, constants = self._tables.of(economy, state.world)
        if ledger and ledger_changes(changing[_TIME].data_ptr(), copies, economy.planners_act_every):
            changing, ledger = [*changing, *ledger], []
        *new, rewards, social = like([*changing, *contiguous([state.utility, state.welfare])])
        over = torch.empty(copies, dtype=torch.bool)
        gap = 0 if "trade" in state.parts else _NO_BOOK
        before, after = [*fixed, *changing, *ledger], [*fixed, *new, *ledger]
        options, values = _announced(economy, actions)
        slices = slices_of(copies)
        over_copies(
            step,
            copies,
            sizes,
            constants,
            addresses_of(before, arrays.BOOK, gap),
            addresses_of(after, arrays.BOOK, gap),
            bytes_per_row(before, arrays.BOOK, gap),
            _joined([actions[group.name] for group in economy.groups]).numpy(),
            options,
            values,
            addresses_of([rewards, social, over]),
            np.empty((slices, 6, economy.workers), np.int64),
            np.empty((slices, 3, economy.workers), constants.numbers.dtype),
        )
        return Transition(_with_tensors(state, new), _rewards(economy, rewards, social), over, torch.zeros_like(over))

    def observe(self, economy: GatherTradeBuild, state: State) -> dict[str, Observation]:
        """Return what the tensors of :meth:`GatherTradeBuild.observe` return."""
        copies, workers, money = state.world.key.shape[0], economy.workers, economy.dtype
        sizes, constants = self._tables.of(economy, state.world)
        names = arrays.Sizes(*sizes.tolist())
        planners = economy.planners
        features = torch.empty((copies, workers, names.worker_features), dtype=money)
        masks = torch.empty((copies, workers, names.worker_choices), dtype=torch.bool)
        images = torch.empty((copies, workers, CHANNELS, names.view_height, names.view_width), dtype=torch.uint8)
        planner_masks = torch.empty((copies, len(planners), names.planner_choices), dtype=torch.bool)
        acting = torch.empty((copies, 1), dtype=torch.bool)
        lengths = [len(economy.roles[name].features) for name in planners]
        of_planners = [torch.empty((copies, 1, length), dtype=money) for length in lengths]
        sees_map = bool(planners) and economy.settings.planner_sees_map
        whole_map = torch.empty((copies, 1, CHANNELS, names.height, names.width) if sees_map else 0, dtype=torch.uint8)
        fixed, changing, ledger = _tensors_of(state)
        slices = slices_of(copies)
        over_copies(
            observe,
            copies,
            sizes,
            constants,
            addresses_of([*fixed, *changing, *ledger], arrays.BOOK, 0 if "trade" in state.parts else _NO_BOOK),
            addresses_of([features, masks, images, planner_masks, acting, whole_map]),
            addresses_of(of_planners),
            np.array(lengths, np.int64),
            np.empty((slices, 6, names.tiles + BLOCK), np.uint8),
            np.empty((slices, 3, max(workers, 2)), constants.numbers.dtype),
            np.empty((slices, workers + 1, 2, 2, names.prices), constants.numbers.dtype),
        )
        alive = torch.ones((copies, workers), dtype=torch.bool)
        seen: dict[str, Observation] = {}
        for group in economy.groups:
            of = group.members
            seen[group.name] = Observation(features[:, of], alive[:, of], alive[:, of], masks[:, of], images[:, of])
        for number, (name, own) in enumerate(zip(planners, of_planners, strict=True)):
            mask = planner_masks[:, number, None]
            seen[name] = Observation(own, torch.ones_like(acting), acting, mask, whole_map if sees_map else None)
        return seen


def _tensors_of(state: State) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """Return the tensors of a state in the order of ``arrays``: constant ones, those that change, the tax ledger."""
    world, book, ledger = state.world, state.parts.get("trade"), state.parts.get("tax")
    of_book = [] if book is None else vars(book).values()
    of_ledger = [] if ledger is None else vars(ledger).values()
    changing = [*(getattr(world, name) for name in _OF_WORLD), state.utility, state.welfare, *of_book]
    fixed = [world.key, world.build_payment, world.gather_bonus]
    return contiguous(fixed), contiguous(changing), contiguous(list(of_ledger))


def _with_tensors(state: State, new: list[Tensor]) -> State:
    """Return the state with new tensors in the order of ``arrays``; without those of the ledger, it stays."""
    remaining, parts = iter(new), dict(state.parts)
    world = _with(state.world, {name: next(remaining) for name in _OF_WORLD})
    utility, welfare = next(remaining), next(remaining)
    for name, kind in (("trade", arrays.Book), ("tax", arrays.Ledger)):
        fields = dict(zip(kind._fields, remaining, strict=False)) if parts.get(name) is not None else {}
        if fields:
            parts[name] = _with(parts[name], fields)
    return State(world, parts, utility, welfare)


def _with(instance: Any, fields: Mapping[str, Tensor]) -> Any:
    """Return a frozen dataclass with other fields, as ``dataclasses.replace`` does in several times the time."""
    other = object.__new__(type(instance))
    other.__dict__.update(vars(instance))
    other.__dict__.update(fields)
    return other


def _joined(of_roles: list[Tensor]) -> Tensor:
    joined = of_roles[0] if len(of_roles) == 1 else torch.cat(of_roles, 1)
    return joined.long().contiguous()


def _announced(economy: GatherTradeBuild, actions: Mapping[str, Tensor]) -> tuple[Any, Any]:
    """Return options ``[B, L, K]`` and rates ``[B, L, K]`` that planners announce, one of the two empty."""
    of_planners = [actions[name] for name in economy.planners] or [torch.zeros((0, 0, 0), dtype=torch.int64)]
    nothing = torch.zeros((0, 0, 0), dtype=economy.dtype)
    if of_planners[0].is_floating_point():
        values = of_planners[0] if len(of_planners) == 1 else torch.cat(of_planners, 1)
        return np.empty((0, 0, 0), np.int64), values.detach().to(economy.dtype).contiguous().numpy()
    return _joined(of_planners).numpy(), nothing.numpy()


def _rewards(economy: GatherTradeBuild, rewards: Tensor, social: Tensor) -> dict[str, Tensor]:
    groups = economy.groups
    of_groups = torch.split(rewards, [group.count for group in groups], 1)
    by_group = {group.name: reward for group, reward in zip(groups, of_groups, strict=True)}
    return by_group | {name: social[:, number, None] for number, name in enumerate(economy.planners)}
