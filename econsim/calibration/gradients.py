"""Search by gradients: forward mode for few parameters, reverse mode with checkpoints for many, each with its bias.

A derivative of one simulation can differ from the derivative of what it estimates: where an episode makes discrete
choices, parts of the effect are lost (Quera-Bofarull et al. 2023). The bias is therefore stated, against finite
differences of the whole scenario under the same shocks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.autograd import forward_ad

from econsim import random
from econsim.calibration.differentiable import DifferentiableMetrics
from econsim.calibration.simulated import Differences
from econsim.errors import UserError

__all__ = ["MOST_FORWARD", "GradientBias", "descended", "forward_jacobian", "gradient_bias", "reverse_gradient"]

REFERENCES = (
    "@article{quera2023challenges, title={Some challenges of calibrating differentiable agent-based models}, "
    "author={Quera-Bofarull, Arnau and Dyer, Joel and Calinescu, Anisoara and Wooldridge, Michael}, "
    "journal={arXiv preprint arXiv:2307.01085}, year={2023}}",
)

Floats = NDArray[np.float64]
MOST_FORWARD = 8
"""Parameters up to which derivatives are taken forwards, in one simulation for each."""
_STARTS = 4
_STEP = 0.005  # of finite differences, a share of the ranges: large enough that discrete choices change too


class GradientBias(NamedTuple):
    """A derivative of the sum of squares by automatic differentiation, and by finite differences, at one point.

    ``mode`` is ``forward`` or ``reverse``; ``at`` the value of the parameter; ``bias`` is relative to the finite
    difference, and NaN where that vanishes.
    """

    key: str
    mode: str
    at: float
    derivative: float
    finite_difference: float

    @property
    def bias(self) -> float:
        """The relative bias: -1 if the derivative misses the whole effect."""
        if self.finite_difference == 0:
            return float("nan")
        return (self.derivative - self.finite_difference) / abs(self.finite_difference)


def descended(differences: Differences, seed: int) -> tuple[Floats, tuple[GradientBias, ...]]:
    """Return the best point of descents from four starts, and the biases of the gradient at the first of them.

    Raises:
        UserError: the game has no derivatives by these parameters.
    """
    from scipy.optimize import least_squares, minimize

    metrics, parameters = DifferentiableMetrics(differences), len(differences.free)
    starts = random.uniform(random.keys(seed, _STARTS), 0, "calibration/starts", (parameters,)).double().numpy()
    starts = np.concatenate([np.full((1, parameters), 0.5), 0.05 + 0.9 * starts[1:]])
    bias = gradient_bias(metrics, starts[0])
    found = []
    for start in starts:
        if parameters <= MOST_FORWARD:
            jacobian: Callable[[Floats], Floats] = lambda shares: forward_jacobian(metrics, shares)  # noqa: E731
            found.append(least_squares(differences, start, jac=jacobian, bounds=(0.0, 1.0), max_nfev=30).x)
        else:
            gradient: Callable[[Floats], Floats] = lambda shares: reverse_gradient(metrics, shares)  # noqa: E731
            bounds = [(0.0, 1.0)] * parameters
            found.append(minimize(differences.squared, start, jac=gradient, bounds=bounds, method="L-BFGS-B").x)
    return np.asarray(min(found, key=differences.squared)), bias


def forward_jacobian(metrics: DifferentiableMetrics, shares: Floats) -> Floats:
    """Return the derivatives of the standardised differences, ``[O, D]``, in one simulation per parameter.

    Raises:
        UserError: an operation of the game has no forward derivative.
    """
    point, columns = torch.from_numpy(np.clip(shares, 1e-9, 1 - 1e-9)), []
    for number in range(len(point)):
        direction = torch.zeros_like(point)
        direction[number] = 1.0
        try:
            with forward_ad.dual_level():
                dual = forward_ad.make_dual(point, direction)  # type: ignore[no-untyped-call]
                tangent = forward_ad.unpack_dual(metrics(dual)).tangent  # type: ignore[no-untyped-call]
        except (NotImplementedError, RuntimeError) as error:
            raise UserError(f"--search gradient: this game has no forward derivative ({error})") from None
        columns.append(torch.zeros(len(metrics.differences.observed)) if tangent is None else tangent)
    return np.stack([column.double().numpy() for column in columns], 1)


def reverse_gradient(metrics: DifferentiableMetrics, shares: Floats) -> Floats:
    """Return the gradient of the sum of squares, ``[D]``, in one simulation and one pass back."""
    point = torch.from_numpy(np.clip(shares, 1e-9, 1 - 1e-9)).requires_grad_()
    squared = (metrics.checkpointed(point) ** 2).sum()
    if not squared.requires_grad:
        return np.zeros(len(shares))
    (gradient,) = torch.autograd.grad(squared, point)
    return np.asarray(gradient.numpy())


def gradient_bias(metrics: DifferentiableMetrics, shares: Floats) -> tuple[GradientBias, ...]:
    """Return the bias of each parameter's derivative of the sum of squares at a point within the bounds."""
    differences, mode = metrics.differences, "forward" if len(shares) <= MOST_FORWARD else "reverse"
    if mode == "forward":
        gradient = 2.0 * differences(shares) @ forward_jacobian(metrics, shares)
    else:
        gradient = reverse_gradient(metrics, shares)
    rows = []
    for number, one in enumerate(differences.free):
        ends = np.repeat(shares[None], 2, 0)
        ends[:, number] = np.clip([shares[number] - _STEP, shares[number] + _STEP], 0.0, 1.0)
        rise = differences.squared(ends[1]) - differences.squared(ends[0])
        slope = rise / (ends[1, number] - ends[0, number])
        rows.append(GradientBias(one.key, mode, float(one.at(shares[number])), float(gradient[number]), slope))
    return tuple(rows)
