"""The fit, its profiles and its posterior."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from econsim.calibration.free_parameters import FreeParameter
from econsim.calibration.observations import Observation
from econsim.calibration.posterior import Posterior, posterior_of
from econsim.calibration.profiles import Profile, polished, profile_of
from econsim.calibration.simulated import Differences
from econsim.errors import UserError
from econsim.scenario import Scenario

__all__ = ["Calibration", "calibrate"]

Floats = NDArray[np.float64]
_GLOBAL_SHARE = 0.6  # of the budget for the search over the whole range; the rest polishes the best point


@dataclass(frozen=True)
class Calibration:
    """The result of a calibration.

    estimate: the best parameters by key. metrics: the scenario's metrics there. chi2: the sum of squared standardised
    differences. simulations: how many were needed in all.
    """

    free: tuple[FreeParameter, ...]
    observed: tuple[Observation, ...]
    estimate: dict[str, float]
    metrics: dict[str, float]
    chi2: float
    profiles: tuple[Profile, ...]
    posterior: Posterior
    simulations: int

    @property
    def degrees_of_freedom(self) -> int:
        """Observations less parameters."""
        return len(self.observed) - len(self.free)

    @property
    def p_value(self) -> float | None:
        """Probability of a larger ``chi2`` if the model is true; ``None`` without degrees of freedom."""
        from scipy.stats import chi2

        return float(chi2.sf(self.chi2, self.degrees_of_freedom)) if self.degrees_of_freedom > 0 else None


def calibrate(
    scenario: Scenario,
    free: Sequence[FreeParameter],
    observed: Sequence[Observation],
    policy: str | None = None,
    evaluations: int = 200,
    draws: int = 400,
    seed: int = 0,
    underidentified: bool = False,
    progress: Callable[[int, str], None] = lambda done, message: None,
) -> Calibration:
    """Fit parameters of a scenario to observed metrics.

    An evolution strategy (CMA-ES) searches the whole range, and least squares polish its best point; profiles of the
    likelihood and draws from the posterior follow.

    Args:
        scenario: the scenario, whose agents need no fitting.
        free: the parameters to fit, at least one.
        observed: the observed metrics.
        policy: the policy whose metrics are compared; ``None``: the scenario's own.
        evaluations: simulations of the fit, about.
        draws: draws from the proposal of each of the rounds that find the posterior.
        seed: seed of the search and of the draws.
        underidentified: accept more parameters than observations.
        progress: called after every simulation with their number, and with what is being done.

    Raises:
        UserError: there are no parameters, a key occurs twice, or there are more parameters than observations; and as
            :meth:`Differences.metrics`.
    """
    _check(free, observed, underidentified)
    doing = ["search"]
    differences = Differences(scenario, free, observed, policy, lambda count: progress(count, doing[0]))
    best = polished(differences, _searched(differences, evaluations, seed))
    doing[0] = "profiles"
    profiles = tuple(profile_of(differences, best, number) for number in range(len(free)))
    # A profile may have found a better point than the search.
    best = min([best, *(profile.best for profile in profiles)], key=differences.squared)
    doing[0] = "posterior"
    posterior = posterior_of(differences, best, draws, seed)
    return Calibration(
        tuple(free),
        tuple(observed),
        differences.values(best),
        differences.metrics(best),
        differences.squared(best),
        profiles,
        posterior,
        differences.count,
    )


def _check(free: Sequence[FreeParameter], observed: Sequence[Observation], underidentified: bool) -> None:
    keys = [one.key for one in free]
    if not keys:
        raise UserError("--free: name at least one parameter, for example --free economy.utility.elasticity=0.1:2")
    for key in keys:
        if keys.count(key) > 1:
            raise UserError(f"--free {key}: given twice")
    if len(free) > len(observed) and not underidentified:
        raise UserError(
            f"{len(free)} parameters cannot be identified by {len(observed)} observations: free fewer, observe more, or"
            " add --underidentified to see which combinations fit"
        )


def _searched(differences: Differences, evaluations: int, seed: int) -> Floats:
    """Return the best point of a search over the whole range."""
    from econsim.planners.search.black_box import evolve

    size = len(differences.free)
    generations = max(1, math.ceil(_GLOBAL_SHARE * evaluations / (4 * size + 8)))

    def value(points: torch.Tensor) -> torch.Tensor:
        return torch.tensor([-differences.squared(point) for point in points.numpy()], dtype=torch.float64)

    best, _ = evolve(value, torch.full((size,), 0.5, dtype=torch.float64), generations, seed)
    return np.asarray(best.numpy())
