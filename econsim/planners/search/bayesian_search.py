"""Bayesian search: a Gaussian process of the values so far proposes where to look next, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from econsim.errors import UserError

__all__ = ["bayesian_search"]


def bayesian_search(
    value: Callable[[Tensor], Tensor],
    starts: Tensor,
    candidates: int,
    batch: int,
    seed: int,
    report: Callable[[int, float], object],
) -> tuple[Tensor, Tensor]:
    """Return the best of ``candidates`` points met within the unit cube, ``[D]``, and its value.

    Every round proposes ``batch`` points and learns their values together. The surrogate is a Gaussian process with a
    Matern kernel, points are chosen by the logarithm of expected improvement (optuna's ``GPSampler``).

    Args:
        value: the values ``[C]`` of points ``[C, D]``.
        starts: the first points, ``[S, D]``; random ones fill up a first round that is larger.
        candidates: how many points in all.
        batch: points a round.
        seed: of the proposals.
        report: told after every round how many points are known, and the best value.

    Raises:
        UserError: optuna is not installed.
    """
    names = [f"x{axis}" for axis in range(starts.shape[1])]
    best, best_value = starts[0], torch.full_like(starts[0, 0], -torch.inf)
    with _study(seed, max(10, len(starts))) as (study, space):
        for start in starts[:candidates].tolist():
            study.enqueue_trial(dict(zip(names, start, strict=True)))
        for known in range(0, candidates, batch):
            trials = [study.ask(dict.fromkeys(names, space)) for _ in range(min(batch, candidates - known))]
            points = torch.tensor([[trial.params[name] for name in names] for trial in trials]).to(starts)
            values = value(points)
            for trial, score in zip(trials, values.tolist(), strict=True):
                study.tell(trial, score)
            if values.max() > best_value:
                best, best_value = points[values.argmax()], values.max()
            report(known + len(trials), float(best_value))
    return best, best_value


@contextmanager
def _study(seed: int, random_first: int) -> Iterator[tuple[Any, Any]]:
    """Give a study that says nothing, and the distribution of one coordinate."""
    try:
        optuna = import_module("optuna")
    except ModuleNotFoundError:
        raise UserError(
            "planner.method: bayesian needs optuna; install it with: pip install 'econsim[search]'"
        ) from None
    loud = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        sampler = optuna.samplers.GPSampler(seed=seed % 2**32, n_startup_trials=random_first)
        yield optuna.create_study(direction="maximize", sampler=sampler), optuna.distributions.FloatDistribution(0, 1)
    finally:
        optuna.logging.set_verbosity(loud)
