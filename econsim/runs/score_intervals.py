"""Intervals of scores: over training seeds, or over the episodes of a single seed; differences of policies are paired.

All policies and seeds of a run are evaluated in the same episodes, with the same people and random draws. An interval
over training seeds therefore covers what training varies, and one over episodes the random draws of an episode.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from econsim.analysis.counterfactual import paired_difference
from econsim.analysis.inequality import Floats, arrays
from econsim.analysis.statistics import mean_interval
from econsim.runs.scoring import Score

__all__ = ["intervals", "paired_differences"]

SEEDS, EPISODES = "training seeds", "episodes"


def intervals(scores: Sequence[Score]) -> dict[str, dict[str, Any]]:
    """Return the interval of each metric from the scores of one policy and response, one score per training seed.

    Entries: ``low`` and ``high`` (``None`` where nothing varies), ``count`` values ``over`` what, and ``interval``, how
    the bounds were computed, or why there are none. Empty for one seed and one episode.
    """
    if len(scores) > 1:
        values = {name: arrays([score.metrics[name] for score in scores])[0] for name in scores[0].metrics}
        over = SEEDS
    else:
        values, over = _by_episode(scores[0]), EPISODES
    found = {name: mean_interval(sample.tolist()) for name, sample in values.items()}
    return {
        name: {"low": one.low, "high": one.high, "count": one.count, "over": over, "interval": one.method}
        for name, one in found.items()
    }


def paired_differences(scores: Sequence[Score], baseline: Sequence[Score]) -> dict[str, dict[str, Any]]:
    """Return for each metric the difference of one policy from the baseline, under one response, with its interval.

    Entries: ``difference`` and those of :func:`intervals`. Seeds are paired where both policies have several; a policy
    with one seed is the same for all seeds of the other. Empty for one seed and one episode.
    """
    seeds = sorted({score.seed for score in (scores if len(scores) > 1 else baseline)})
    own, other = scores[0], baseline[0]
    if len(seeds) > 1:
        pairs = [(_of_seed(scores, seed), _of_seed(baseline, seed)) for seed in seeds]
        names = [name for name in own.metrics if name in other.metrics]
        samples = {name: [tuple(side.metrics[name] for side in pair) for pair in pairs] for name in names}
        sides = {name: arrays(sample)[0].T for name, sample in samples.items()}
    else:
        after, before = _by_episode(own), _by_episode(other)
        sides = {name: arrays([values, before[name]])[0] for name, values in after.items() if name in before}
    over = SEEDS if len(seeds) > 1 else EPISODES
    return {name: _difference(before, after, over) for name, (after, before) in sides.items()}


def _difference(before: Floats, after: Floats, over: str) -> dict[str, Any]:
    paired = paired_difference(before, after)
    interval = {"low": paired.low, "high": paired.high, "count": paired.count, "over": over, "interval": paired.method}
    return {"difference": paired.difference, **interval}


def _of_seed(scores: Sequence[Score], seed: int) -> Score:
    return next((score for score in scores if score.seed == seed), scores[0])


def _by_episode(score: Score) -> dict[str, Floats]:
    return {name: values for name, values in score.by_episode.items() if len(values) > 1}
