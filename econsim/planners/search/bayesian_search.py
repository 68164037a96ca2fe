"""Bayesian optimisation: batches of candidates proposed by a Gaussian process of the values observed so far."""

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
    """Return the best of ``candidates`` points in the unit cube, ``[D]``, and its value.

    In every round, ``batch`` points are proposed and evaluated together. The surrogate model is a Gaussian process with
    a Matern kernel, and points are chosen by the logarithm of expected improvement (``GPSampler`` of optuna).

    Args:
        value: returns the values ``[C]`` of points ``[C, D]``.
        starts: the first points, ``[S, D]``; the rest of a larger first round is random.
        candidates: total number of points.
        batch: number of points per round.
        seed: seed of the proposals.
        report: called after every round with the number of points evaluated and the best value.

    Raises:
        UserError: optuna is not installed.
    """
    names = [f"x{axis}" for axis in range(starts.shape[1])]
    best, best_value = starts[0], torch.full_like(starts[0, 0], -torch.inf)
    with _study(seed, max(10, len(starts))) as (study, space):
        for start in starts[:candidates].tolist():
            study.enqueue_trial(dict(zip(names, start, strict=True)))
        for evaluated in range(0, candidates, batch):
            trials = [study.ask(dict.fromkeys(names, space)) for _ in range(min(batch, candidates - evaluated))]
            points = torch.tensor([[trial.params[name] for name in names] for trial in trials]).to(starts)
            values = value(points)
            for trial, score in zip(trials, values.tolist(), strict=True):
                study.tell(trial, score)
            if values.max() > best_value:
                best, best_value = points[values.argmax()], values.max()
            report(evaluated + len(trials), float(best_value))
    return best, best_value


@contextmanager
def _study(seed: int, random_first: int) -> Iterator[tuple[Any, Any]]:
    """Yield a study without log output, and the distribution of one coordinate."""
    try:
        optuna = import_module("optuna")
    except ModuleNotFoundError:
        raise UserError(
            "planner.method: bayesian needs optuna; install it with: pip install 'econsim[search]'"
        ) from None
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        sampler = optuna.samplers.GPSampler(seed=seed % 2**32, n_startup_trials=random_first)
        yield optuna.create_study(direction="maximize", sampler=sampler), optuna.distributions.FloatDistribution(0, 1)
    finally:
        optuna.logging.set_verbosity(verbosity)
