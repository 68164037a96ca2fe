"""Counterfactuals over time: episodes of a run with a common past, and a reform from a step or a date on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from econsim.analysis.counterfactual import Branches, branches, over_time_table, step_on
from econsim.errors import UserError
from econsim.play import counted
from econsim.runs.backend import TENSORS
from econsim.runs.counterfactual import Followers, Reform, checked_request
from econsim.runs.evaluation import evaluation_key
from econsim.runs.folder import Run
from econsim.runs.machine import computing_on
from econsim.runs.progress import Report
from econsim.runs.recorder import Advice
from econsim.runs.reform_checks import check_silent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["OverTime", "counterfactual_over_time"]


@dataclass(frozen=True)
class OverTime:
    """A reform that holds from a step on.

    table: both sides and their paired difference after each step, see
        :func:`econsim.analysis.counterfactual.over_time_table`.
    step: the step from which it holds, from 1.
    reform: the overrides; notes: caveats; workers: the followers of both sides, in words.
    """

    table: pd.DataFrame
    step: int
    reform: tuple[str, ...]
    notes: tuple[str, ...]
    workers: str

    def figure(self, metrics: Sequence[str] = ()) -> Figure:
        """Draw levels and differences over time, by default of the first three metrics."""
        from econsim.analysis.branch_plot import over_time_plot

        return over_time_plot(self.table, self.step, metrics)


def counterfactual_over_time(
    run: Run | str | Path,
    overrides: Sequence[str] | Mapping[str, Any],
    start: str | int,
    given: Sequence[str] | Mapping[str, Any] = (),
    episodes: int = 16,
    policy: str | None = None,
    followers: Followers | None = None,
    metrics: Sequence[str] = (),
    progress: Report | None = None,
    backend: str = TENSORS,
) -> OverTime:
    """Play a policy of a run up to a step, and from there with and without a reform, under common random numbers.

    Args:
        run: a finished run, or its folder.
        overrides: the reform, as of :func:`econsim.runs.counterfactual.counterfactual`.
        start: the step, from 1, or the date (for a game whose steps are days) from which the reform holds.
        given: overrides of both sides.
        episodes: number of episodes to play.
        policy: label of the run's policy that is the baseline; by default the scenario's own policy.
        followers: ``"evaluation"`` or ``"own"``, as of ``counterfactual``.
        metrics: names of metrics of accounts; by default those that reports show.
        progress: called at every step with the steps done, the steps of all plays, and the seed.
        backend: ``tensors`` or ``kernels``.

    Raises:
        UserError: as of ``counterfactual``; or ``start`` is no step or date of an episode, or the reform changes the
            length of an episode or what a state consists of.
    """
    opened = checked_request(run, overrides, given, episodes)
    with computing_on(opened.environment["threads"]), Advice().listening():
        reform = Reform(opened, overrides, given, policy, followers, backend)
        step = step_on(reform.game, str(start))
        if reform.game.horizon != reform.reform_game.horizon:
            raise UserError(
                f"the reform changes the number of steps of an episode from {reform.game.horizon} to"
                f" {reform.reform_game.horizon}, so that the two sides cannot be compared step by step"
            )
        split = _split(reform, step, episodes, tuple(metrics), progress)
        notes = (*_about_leaders(reform, step), *reform.notes())
        return OverTime(over_time_table(split, len(reform.seeds)), step, reform.overrides, notes, reform.workers())


def _split(reform: Reform, step: int, episodes: int, metrics: tuple[str, ...], progress: Report | None) -> Branches:
    """Return the branches of all training seeds as one batch, in the order of the seeds."""
    key = evaluation_key(reform.run.scenario.seed, episodes)
    steps = 2 * reform.game.horizon - step + 2  # states, of which those before the reform are played once
    parts = []
    for number, seed in enumerate(reform.seeds):
        agents, changed = reform.agents(seed), reform.changed_agents(seed)
        check_silent({**agents, **changed})
        watch = None
        if progress is not None:
            watch = counted(progress, number * steps, len(reform.seeds) * steps, f"seed {seed}")
        parts.append(branches(reform.game, agents, key, step, changed, reform.reform_game, metrics, watch))
    first = parts[0]
    baseline, changed_side = (
        {name: np.concatenate([side[name] for side in each], -1) for name in first.metrics}
        for each in ([part.baseline for part in parts], [part.reform for part in parts])
    )
    return Branches(step, baseline, changed_side, first.metrics, first.first)


def _about_leaders(reform: Reform, step: int) -> list[str]:
    """Return when a changed planner acts first, where that is later than the reform begins."""
    leader = reform.plan.leader
    if leader is None or reform.planners[0] == reform.planners[1]:
        return []
    every = reform.game.roles[leader].acts_every
    due = step + -(step - 1) % every
    return (
        [] if due == step else [f"the role {leader} acts every {every} steps, and under the reform first in step {due}"]
    )
