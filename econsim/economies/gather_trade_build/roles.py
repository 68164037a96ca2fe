"""Roles of Gather-Trade-Build: spaces, names and units of the observations and actions of workers and planners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from econsim.economies.gather_trade_build import observation
from econsim.economies.gather_trade_build.components import Features
from econsim.game import Box, Discrete, MultiDiscrete, Role

if TYPE_CHECKING:
    from econsim.economies.gather_trade_build.economy import GatherTradeBuild

__all__ = ["planner_roles", "worker_roles"]

_WORLD_UNITS = {
    "time": "fraction of the episode",
    "row": "fraction of the map's height, from the top",
    "column": "fraction of the map's width, from the left",
    "coin": "hundreds of coin",
    "stone": "hundreds of units",
    "wood": "hundreds of units",
}
_HELD = ("coin", "stone", "wood")  # planners observe their own, always empty inventory, as published
Views = Mapping[str, Tensor | None]


def worker_roles(economy: GatherTradeBuild, seen: Features, views: Views) -> Iterator[Role]:
    """Yield the role of each class of workers, from the features and views of an initial observation."""
    names, units = observation.names_of(seen.worker), observation.units_of(seen.worker, _units(economy))
    labels = ("nothing", *(label for component in economy.components for label in component.choices(economy)))
    for group in economy.groups:
        actions = Discrete(len(labels))
        role = Role(group.name, group.count, _unbounded(names), actions, features=names, action_labels=labels)
        yield _with_view(replace(role, feature_units=units), views[group.name], economy.workers)


def planner_roles(economy: GatherTradeBuild, seen: Features, views: Views) -> Iterator[Role]:
    """Yield the role of each planner, which also observes features of each of its workers."""
    action = MultiDiscrete(
        tuple(count for component in economy.components for count in component.planner_choices(economy))
    )
    choices = [entry for component in economy.components for entry in component.planner_labels(economy).items()]
    labels, options = tuple(label for label, _ in choices), tuple(names for _, names in choices)
    names, of_workers = observation.names_of(seen.planner), observation.names_of(seen.of_workers)
    units = observation.units_of(seen.planner, _units(economy) | dict.fromkeys(_HELD, "always 0"))
    of_each = observation.units_of(seen.of_workers, _units(economy))
    for number, name in enumerate(economy.planners):
        workers = (economy.tables["planner_of"] == number).nonzero()[:, 0].tolist()
        features = (*names, *(f"{label}_of_worker_{worker}" for worker in workers for label in of_workers))
        role = Role(name, 1, _unbounded(features), action, True, economy.planners_act_every, features)
        role = replace(role, feature_units=(*units, *of_each * len(workers)))
        role = replace(role, action_labels=labels, option_labels=options)
        yield _with_view(role, views[name], economy.workers)


def _units(economy: GatherTradeBuild) -> dict[str, str]:
    """Return the units of all features by name, starting with those of the world."""
    units = dict(_WORLD_UNITS)
    for component in economy.components:
        units |= component.units()
    return units


def _unbounded(names: tuple[str, ...]) -> Box:
    return Box(-torch.inf, torch.inf, (len(names),))


def _with_view(role: Role, view: Tensor | None, workers: int) -> Role:
    """Return the role with the shape of its view, and the number and meaning of the values of each channel."""
    if view is None:
        return role
    counts = observation.counts(workers)
    return replace(role, view=tuple(view.shape[2:]), view_counts=counts, view_labels=observation.CHANNEL_LABELS)
