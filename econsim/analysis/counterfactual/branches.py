"""Branches of episodes: a common past, and from one step on a policy or its reform, under the same shocks.

::

    split = branches(game, agents, key, step=120, reform_agents={"planner": other})
    table = over_time_table(split)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from econsim.accounts import Metric
from econsim.analysis.inequality import Floats
from econsim.analysis.metrics import declared, measure
from econsim.analysis.statistics import student_margin
from econsim.errors import UserError, did_you_mean
from econsim.game import Agent, Game, leaves
from econsim.play import Watch, play_on, play_until

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Branches", "Dated", "branches", "over_time_table", "step_on"]


@runtime_checkable
class Dated(Protocol):
    """A game whose steps are days."""

    first_day: date
    """The date of the initial state."""


@dataclass(frozen=True)
class Branches:
    """The metrics of episodes after each step, under the baseline and under a reform from step ``step`` (from 1) on.

    ``baseline`` and ``reform``: ``{metric: [T, E]}``, equal before ``step``; ``metrics``: their declarations;
    ``first``: the date of the initial state, where steps are days.
    """

    step: int
    baseline: Mapping[str, Floats]
    reform: Mapping[str, Floats]
    metrics: Mapping[str, Metric]
    first: date | None = None


@torch.no_grad()
def branches(
    game: Game[Any],
    agents: Mapping[str, Agent],
    key: Tensor,
    step: int,
    reform_agents: Mapping[str, Agent] | None = None,
    reform_game: Game[Any] | None = None,
    metrics: Sequence[str] = (),
    watch: Watch | None = None,
) -> Branches:
    """Play episodes up to a step, and from there twice: as before, and with other agents or in another game.

    Args:
        game: the game, in the precision of play.
        agents: the agents of all roles.
        key: ``[E]``, one per episode.
        step: the step, from 1, from which the reform holds; step 1 is a reform of the whole episode.
        reform_agents: the agents that change, by role.
        reform_game: the game of the reform, with the same states.
        metrics: metrics of accounts; by default those of tables of policies.
        watch: called at every state, as ``watch`` of :func:`econsim.play.play`.

    Raises:
        UserError: there is no such step or metric, or the reform changes what a state consists of.
    """
    if not 1 <= step <= game.horizon:
        raise UserError(f"from step {step}: expected a step from 1 to {game.horizon}, the last of an episode")
    known = {name: each for name, each in declared(game).items() if not name.startswith("return_")}
    for name in metrics:
        if name not in known:
            raise UserError(f"{name}: no such metric of a step{did_you_mean(name, known)}")
    names = tuple(metrics) or tuple(name for name, each in known.items() if each.show in ("table", "headline"))
    names = names or tuple(known)
    other = reform_game or game
    past = _Series(game, names, watch)
    fork = play_until(game, agents, key, step - 1, past)
    _check_same_states(other, fork.state, key)
    sides = []
    for each, players in ((game, agents), (other, {**agents, **(reform_agents or {})})):
        future = _Series(each, names, watch)
        play_on(each, players, fork, future)
        steps = np.stack([*past.values[1:], *future.values])  # [T, E, M], without the initial state
        sides.append({name: steps[..., at] for at, name in enumerate(names)})
    first = game.first_day if isinstance(game, Dated) else None
    return Branches(step, sides[0], sides[1], {name: known[name] for name in names}, first)


class _Series:
    """Reads metrics at every state: ``values`` holds ``[E, M]`` per state; copies that have ended keep their last."""

    def __init__(self, game: Game[Any], names: Sequence[str], watch: Watch | None) -> None:
        self.values: list[Floats] = []
        self._game, self._names, self._watch = game, names, watch

    def __call__(self, state: Any, over: Tensor) -> None:
        measured = measure(self._game, self._game.accounts(state), {})
        self.values.append(np.stack([measured[name] for name in self._names], -1))
        if self._watch is not None:
            self._watch(state, over)


def _check_same_states(game: Game[Any], state: Any, key: Tensor) -> None:
    own, other = (
        {name: (leaf.shape, leaf.dtype) for name, leaf in leaves(each).items()} for each in (state, game.reset(key))
    )
    if own != other:
        raise UserError(
            "the reform changes what the state of the game consists of, so that it cannot take over within an episode;"
            " leave out --from, and it holds from the start"
        )


def step_on(game: Game[Any], text: str) -> int:
    """Return the step, from 1, that a number or a date names; on a date, the step that begins on that day.

    Raises:
        UserError: it is neither, the game has no dates, or the date is not one of an episode.
    """
    if text.isdecimal():
        return int(text)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UserError(f"from {text}: expected the number of a step, or a date such as 2020-11-01") from None
    if not isinstance(game, Dated):
        raise UserError(f"from {text}: the steps of this game have no dates; give the number of a step")
    step = (day - game.first_day).days + 1
    if not 1 <= step <= game.horizon:
        last = game.first_day + timedelta(days=game.horizon - 1)
        raise UserError(f"from {text}: expected a date from {game.first_day} to {last}, the days of an episode")
    return step


def over_time_table(split: Branches, seeds: int = 1, confidence: float = 0.95) -> pd.DataFrame:
    """Return both branches and their paired difference after every step, one row per metric and step.

    Columns: ``metric``, ``title``, ``unit``, ``step`` (from 1), ``date`` (where steps are days: the day after the
    step), ``baseline``, ``reform``, ``difference``, and its pointwise interval ``low`` to ``high``, Student's t over
    episodes, missing where there is one episode only. Before the reform the difference is zero.

    Args:
        split: the branches.
        seeds: number of training seeds, whose episodes follow each other; with several, intervals are over seeds.
        confidence: of the intervals.
    """
    import pandas as pd

    tables = []
    for name, metric in split.metrics.items():
        before, after = (side[name] for side in (split.baseline, split.reform))
        if seeds > 1:
            before, after = (side.reshape(len(side), seeds, -1).mean(-1) for side in (before, after))
        change = after - before
        mean, count = change.mean(1), change.shape[1]
        margin = np.full_like(mean, np.nan)
        if count > 1:
            margin = student_margin(1.0, count - 1, confidence) * change.std(1, ddof=1) / np.sqrt(count)
        steps = np.arange(1, len(mean) + 1)
        columns = {
            "step": steps,
            **({} if split.first is None else {"date": [split.first + timedelta(days=int(step)) for step in steps]}),
            "baseline": before.mean(1),
            "reform": after.mean(1),
            "difference": mean,
            "low": mean - margin,
            "high": mean + margin,
        }
        tables.append(pd.DataFrame({"metric": name, "title": metric.title, "unit": metric.unit, **columns}))
    return pd.concat(tables, ignore_index=True)
