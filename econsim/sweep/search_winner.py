"""Held-out evaluation of the best trial of a search; see :mod:`econsim.sweep.held_out`."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

from econsim.random import held_out_seeds
from econsim.runs.machine import computing_on
from econsim.sweep.effects import interval_of
from econsim.sweep.goals import Goal
from econsim.sweep.held_out import FEWEST, HeldOut, evaluated_once, widest
from econsim.sweep.trials import scenario_of
from econsim.sweep.winner import Winner

if TYPE_CHECKING:
    from econsim.sweep.search import ParameterSearch

__all__ = ["held_out_trial"]


def held_out_trial(search: ParameterSearch) -> HeldOut:
    """Return the best trial with its interval on held-out seeds, computed once and then read from the folder.

    Raises:
        UserError: another process is using the folder.
        RunError: the file of earlier evaluations is damaged.
    """
    request, winner = search.request, _winner(search)
    identity = json.dumps([request.metric, winner.levels], default=str)
    training_seeds = scenario_of(request, winner.levels).seeds
    count = max(FEWEST, request.seeds)
    seeds = held_out_seeds(f"{(search.path / 'search.yaml').read_text('utf-8')}\n{identity}", count, training_seeds)

    def metrics() -> dict[str, list[float]]:
        with computing_on(search.worker.options["threads"]):
            return {request.metric: list(search.worker.values(winner.levels, seeds))}

    evaluation = evaluated_once(search.path, identity, metrics)
    interval = widest(evaluation.metrics[request.metric])
    return HeldOut(winner, interval, evaluation.looks, evaluation.winners, "search")


def _winner(search: ParameterSearch) -> Winner:
    trial, levels = search.study.best_trial, dict(search.best)
    levels.pop("value")
    tried = {json.dumps(each.params, sort_keys=True) for each in search.study.get_trials(deepcopy=False) if each.values}
    goal = Goal(search.request.metric, 1 if search.request.maximise else -1)
    interval = interval_of(_of_seeds(trial.intermediate_values))
    return Winner(goal, len(tried), f"trial {trial.number}", "", levels, interval, ())


def _of_seeds(means: dict[int, float]) -> list[float]:
    """Return the value under each seed from the means over the first 1, 2, ... seeds, which a trial reports."""
    sums = [0.0, *(count * mean for count, mean in sorted(means.items()))]
    return [after - before for before, after in pairwise(sums)]
