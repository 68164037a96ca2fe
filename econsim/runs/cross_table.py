"""The cross-table of runs: every planner with every set of workers, in the same episodes.

A planner is a baseline, or a run's own planner under one training seed. A set of workers is the evaluation workers
(exact where the game has exact best responses), the workers that a run trained under one of its policies and seeds, or
the workers of a scenario.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from econsim.analysis.counterfactual import paired_difference
from econsim.analysis.metrics import measure
from econsim.analysis.statistics import mean_interval
from econsim.errors import EconsimWarning, UserError, did_you_mean
from econsim.game import Agent, FittedAgent, Game
from econsim.parameters import Chosen
from econsim.play import counted
from econsim.runs.backend import TENSORS, on_backend
from econsim.runs.evaluation import evaluation_key, play, with_expected_returns
from econsim.runs.folder import Run, open_run
from econsim.runs.load_agents import agents_of, check_finished
from econsim.runs.machine import computing_on
from econsim.runs.progress import Report
from econsim.runs.recorder import Advice
from econsim.scenario.plan import Policy

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["cross_table"]

_DIFFERENCES = ("difference", "difference_low", "difference_high", "difference_interval")
EVALUATION, OWN = "evaluation workers", "scenario's workers"


Watch = Callable[[Any, torch.Tensor], object]


@dataclass
class _Sides:
    """Planners, or sets of workers, by label; ``chosen`` holds their configurations, ``None`` where fitted."""

    agents: dict[str, Mapping[str, Agent]] = field(default_factory=dict)
    chosen: dict[str, Mapping[str, Chosen] | None] = field(default_factory=dict)

    def add(self, label: str, prefix: str, chosen: Mapping[str, Chosen], agents: Mapping[str, Agent]) -> None:
        """Add agents of a run; the label gets the ``prefix`` where they were fitted or the label is already in use."""
        fitted = any(isinstance(agent, FittedAgent) for agent in agents.values())
        if not fitted and self.chosen.get(label) == chosen:
            return
        if fitted or label in self.agents:
            label = f"{prefix}{label}"
        self.agents[label], self.chosen[label] = agents, None if fitted else chosen


def cross_table(
    paths: Iterable[str | Path],
    episodes: int = 16,
    metric: str = "welfare",
    progress: Report | None = None,
    backend: str = TENSORS,
) -> pd.DataFrame:
    """Evaluate every planner of the runs with every set of workers of the runs.

    All pairs are evaluated in the same episodes (common random numbers), those that score the first run. The table has
    one row per pair, with the columns ``planner``, ``workers``, ``metric``, ``mean`` over ``episodes`` with its 95 %
    interval ``low`` to ``high``, and ``difference`` from the first planner with the same workers, with its interval
    ``difference_low`` to ``difference_high``, paired by episode. ``interval`` and ``difference_interval`` say how the
    bounds were computed, or why there are none; the first planner has no difference.

    Args:
        paths: folders of finished runs of the same game.
        episodes: number of episodes to play.
        metric: a metric of an episode, see :func:`econsim.analysis.metrics.measure`.
        progress: called at every step with the steps done, the steps of all pairs, and the planner.
        backend: ``tensors`` or ``kernels``, which plays a game on the kernels that it offers (``docs/kernels.md``).

    Raises:
        UserError: no run is given, a run is not finished or has no planner, the runs are of different games, there is
            no such metric, or kernels are requested without numba.
    """
    import pandas as pd

    runs = [open_run(path) for path in paths]
    _check(runs, episodes)
    first = runs[0].scenario
    backed = on_backend(first.build_game(dtype=torch.float64), backend)
    if backed.reason:
        warnings.warn(f"backend: tensors, because {backed.reason}", EconsimWarning, stacklevel=2)
    game = backed.game
    key = evaluation_key(first.seed, episodes)
    rows = []
    with computing_on(runs[0].environment["threads"]), Advice().listening():
        planners, workers = _sides(runs)
        pairs, steps = list(product(planners.agents, workers.agents)), game.horizon + 1
        first_planner: dict[str, list[float]] = {}
        for number, (planner, worker_set) in enumerate(pairs):
            agents = {**workers.agents[worker_set], **planners.agents[planner]}
            done, total = number * steps, len(pairs) * steps
            watchers = [] if progress is None else [counted(progress, done, total, planner)]
            values = _values(game, agents, key, metric, watchers)
            labels = {"planner": planner, "workers": worker_set, "metric": metric}
            rows.append({**labels, **_statistics(values, first_planner.get(worker_set))})
            first_planner.setdefault(worker_set, values)
    return pd.DataFrame(rows)


def _check(runs: list[Run], episodes: int) -> None:
    if not runs:
        raise UserError("evaluate: give at least one run folder")
    if len({run.path.resolve() for run in runs}) < len(runs):
        raise UserError("evaluate: a run is given twice")
    if episodes < 1:
        raise UserError(f"--episodes {episodes}: expected at least 1")
    for run in runs:
        check_finished(run)
        if run.plan.game.roles.keys() != runs[0].plan.game.roles.keys():
            raise UserError(f"{run.path}: its groups of agents differ from those of {runs[0].path}")
        different = _difference(runs[0].scenario.game.dump(), run.scenario.game.dump())
        if different is not None:
            key = f"{run.scenario.game_key}.{different}"
            raise UserError(
                f"{run.path}: its game differs from that of {runs[0].path}: {key}; planners and workers can only be"
                " exchanged between runs of the same game"
            )


def _difference(one: Any, other: Any, name: str = "") -> str | None:
    """Return the first key in which two parameter sets differ, with both values; ``None`` if they are the same."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return None if one == other else f"{name} is {other} instead of {one}"
    for key in {**one, **other}:
        difference = _difference(one.get(key), other.get(key), f"{name}.{key}" if name else key)
        if difference is not None:
            return difference
    return None


def _sides(runs: list[Run]) -> tuple[_Sides, _Sides]:
    """Return the distinct planners and sets of workers of the runs."""
    planners, workers = _Sides(), _Sides()
    for run in runs:
        prefix = f"{run.name}: " if len(runs) > 1 else ""
        plan = run.plan
        if plan.leader is None:
            raise UserError(f"{run.path}: this run has no planner, so there is no table of planners and workers")
        if run.scenario.evaluation is not None:
            built = {role: chosen.build() for role, chosen in plan.evaluation.items()}
            workers.add(EVALUATION, prefix, plan.evaluation, built)
        for policy in plan.policies:
            _add_policy(run, policy, plan.leader, prefix, planners, workers)
    return planners, workers


def _add_policy(run: Run, policy: Policy, leader: str, prefix: str, planners: _Sides, workers: _Sides) -> None:
    """Add the planner of a policy under each of its seeds, and the workers that belong to the policy, if any."""
    for seed in policy.seeds:
        agents = agents_of(run, run.plan, policy, seed)
        rest = {role: agent for role, agent in agents.items() if role != leader}
        seeded = f", seed {seed}" if len(policy.seeds) > 1 else ""
        fitted = isinstance(agents[leader], FittedAgent)
        planner = f"{policy.label}{seeded if fitted else ''}"
        planners.add(planner, prefix, {leader: policy.agents[leader]}, {leader: agents[leader]})
        if policy.own_followers or run.scenario.evaluation is None:
            trained = any(isinstance(agent, FittedAgent) for agent in rest.values())
            label = f"trained under {policy.label}{seeded}" if trained else OWN
            workers.add(label, prefix, {role: policy.agents[role] for role in rest}, rest)


def _values(
    game: Game[Any], agents: Mapping[str, Agent], key: torch.Tensor, metric: str, watchers: Sequence[Watch]
) -> list[float]:
    """Return the value of the metric in each episode."""
    episode = with_expected_returns(game, agents, play(game, agents, key, watchers=watchers))
    metrics = measure(game, episode.accounts, episode.returns)
    if metric not in metrics:
        raise UserError(f"--metric {metric}: no such metric of an episode{did_you_mean(metric, metrics)}")
    return [float(value) for value in metrics[metric]]


def _statistics(values: list[float], first_planner: list[float] | None) -> dict[str, Any]:
    """Return the statistics of a row; ``first_planner`` has the values of the first planner in the same episodes."""
    mean = mean_interval(values)
    entries = {"mean": mean.mean, "low": mean.low, "high": mean.high, "interval": mean.method, "episodes": mean.count}
    if first_planner is None:
        return entries | dict.fromkeys(_DIFFERENCES)
    paired = paired_difference(first_planner, values)
    differences = (paired.difference, paired.low, paired.high, paired.method)
    return entries | dict(zip(_DIFFERENCES, differences, strict=True))
