"""The posterior without a likelihood, by a neural network that is trained on simulations (neural posterior estimation).

A conditional normalising flow (zuko's neural spline flow) learns the density of parameters given metrics, from
simulations with shocks of their own and with errors of observation (Papamakarios and Murray 2016; Greenberg et al.
2019). After each round the prior is truncated to the range that the posterior reaches, which needs no correction
(Deistler et al. 2022).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from econsim import random
from econsim.calibration.particles import with_errors
from econsim.calibration.posterior import Posterior
from econsim.calibration.simulated import Differences
from econsim.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["neural_posterior", "zuko"]

REFERENCES = (
    "@inproceedings{greenberg2019automatic, title={Automatic posterior transformation for likelihood-free inference}, "
    "author={Greenberg, David and Nonnenmacher, Marcel and Macke, Jakob}, booktitle={International Conference on "
    "Machine Learning}, year={2019}}",
    "@inproceedings{deistler2022truncated, title={Truncated proposals for scalable and hassle-free simulation-based "
    "inference}, author={Deistler, Michael and Goncalves, Pedro J. and Macke, Jakob H.}, booktitle={Advances in Neural "
    "Information Processing Systems}, year={2022}}",
)

Floats = NDArray[np.float64]
_ROUNDS, _DRAWN, _BATCH, _MOST_PASSES, _PATIENCE = 2, 2000, 128, 400, 40
_HELD_OUT, _LEARNING_RATE = 0.15, 2e-3
_WIDER = 0.25  # of the range of the posterior's draws, added to it on both sides
_PREDICTED = 200  # draws that are simulated for the posterior predictive
_STREAM = "calibration/neural"


def zuko() -> Any:
    """Return the module zuko.

    Raises:
        UserError: it is not installed; the message names the extra that installs it.
    """
    try:
        import zuko as module
    except ImportError as error:
        raise UserError(
            f"--posterior neural needs zuko ({error}); install it with: pip install 'econsim[calibration]'"
        ) from None
    return module


def neural_posterior(differences: Differences, simulations: int, seed: int) -> Posterior:
    """Return draws from the posterior that a flow learns from about ``simulations`` simulations.

    The prior is uniform between the bounds. All draws have the same weight; metrics are simulated for 200 of them.

    Raises:
        UserError: zuko is not installed.
    """
    zuko()
    parameters = len(differences.free)
    low, high = np.zeros(parameters), np.ones(parameters)
    points, metrics = np.zeros((0, parameters)), np.zeros((0, len(differences.observed)))
    drawn = points
    each = -(-simulations // _ROUNDS)
    for number in range(_ROUNDS):
        uniform = random.uniform(random.keys(seed, each), number, _STREAM, (parameters,), torch.float64).numpy()
        proposed = low + (high - low) * uniform
        found = [differences.simulated(point, number * each + index) for index, point in enumerate(proposed)]
        points, metrics = np.concatenate([points, proposed]), np.concatenate([metrics, np.stack(found)])
        inside = ((points >= low) & (points <= high)).all(1)
        drawn = _learned(differences, points[inside], metrics[inside], (low, high), seed + number)
        margin = _WIDER * (drawn.max(0) - drawn.min(0))
        low, high = np.clip(drawn.min(0) - margin, low, high), np.clip(drawn.max(0) + margin, low, high)
    chosen = drawn[:_PREDICTED]
    predicted = np.stack([differences.simulated(point, _ROUNDS * each + index) for index, point in enumerate(chosen)])
    values = np.stack([one.at(chosen[:, index]) for index, one in enumerate(differences.free)], 1)
    count = len(chosen)
    return Posterior(
        tuple(one.key for one in differences.free), values, np.full(count, 1.0 / count), predicted, float(count)
    )


def _learned(
    differences: Differences, points: Floats, metrics: Floats, bounds: tuple[Floats, Floats], seed: int
) -> Floats:
    """Return draws ``[S, D]`` from the density of points between bounds, given the observations, that a flow learns."""
    low, high = bounds
    inner = np.clip((points - low) / (high - low), 1e-6, 1 - 1e-6)
    standardised = differences.standardised(metrics)
    unbounded, of_point = _standard(np.log(inner / (1 - inner)))
    _, of_metrics = _standard(_compressed(with_errors(standardised, 0, seed)))

    def context(number: int) -> Tensor:
        """Return what the flow sees in a pass: simulations with new errors of observation, which cost nothing."""
        return _float(of_metrics(_compressed(with_errors(standardised, number, seed))))

    observed = of_metrics(np.zeros((1, metrics.shape[1])))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        flow = zuko().flows.NSF(points.shape[1], metrics.shape[1], transforms=3, hidden_features=(64, 64))
    _fit(flow, _float(unbounded), context, seed)
    normal = random.normal(random.keys(seed, _DRAWN), 0, f"{_STREAM}/draws", (points.shape[1],))
    with torch.no_grad():
        standard = flow(_float(observed)[0]).transform.inv(normal).double().numpy()
    location, scale = of_point(np.zeros((1, points.shape[1])))[0], of_point(np.ones((1, points.shape[1])))[0]
    logits = (standard - location) / (scale - location)
    return np.asarray(low + (high - low) / (1 + np.exp(-logits)))


def _fit(flow: Any, points: Tensor, context: Callable[[int], Tensor], seed: int) -> None:
    """Maximise the likelihood of points given their context, until held-out ones have not gained for some passes."""
    of_held = context(0)
    count = len(points)
    order = random.permutation(random.keys(seed, 1), 0, f"{_STREAM}/held_out", count)[0]
    held, used = order[: int(_HELD_OUT * count)], order[int(_HELD_OUT * count) :]
    optimizer = torch.optim.Adam(flow.parameters(), lr=_LEARNING_RATE)
    best, kept, waited = float("inf"), _copied(flow), 0
    for number in range(_MOST_PASSES):
        seen = context(number + 1)
        shuffled = used[random.permutation(random.keys(seed, 1), number, f"{_STREAM}/batches", len(used))[0]]
        for batch in torch.split(shuffled, _BATCH):
            loss = -flow(seen[batch]).log_prob(points[batch]).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
            optimizer.step()
        with torch.no_grad():
            missed = float(-flow(of_held[held]).log_prob(points[held]).mean())
        waited += 1
        if missed < best:
            best, kept, waited = missed, _copied(flow), 0
        if waited >= _PATIENCE:
            break
    flow.load_state_dict(kept)


def _compressed(standardised: Floats) -> Floats:
    """Return differences so that those of thousands of standard errors leave room for those near zero."""
    return np.arcsinh(standardised)


def _copied(flow: Any) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in flow.state_dict().items()}


def _standard(columns: Floats) -> tuple[Floats, Callable[[Floats], Floats]]:
    """Return columns ``[M, C]`` with mean zero and variance one, and the function that does the same to others."""
    mean, deviation = columns.mean(0), np.maximum(columns.std(0), 1e-12)

    def standard(others: Floats) -> Floats:
        return np.asarray((others - mean) / deviation)

    return standard(columns), standard


def _float(values: Floats) -> Tensor:
    return torch.from_numpy(values).float()
