"""The fit, its profiles and its posterior."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from econsim.calibration.free_parameters import FreeParameter
from econsim.calibration.gradients import GradientBias, descended
from econsim.calibration.neural import neural_posterior, zuko
from econsim.calibration.observations import Observation
from econsim.calibration.particles import particles_of
from econsim.calibration.posterior import Posterior, posterior_of
from econsim.calibration.profiles import Profile, polished, profile_of
from econsim.calibration.simulated import Differences
from econsim.errors import UserError
from econsim.scenario import Scenario

__all__ = ["Calibration", "PosteriorMethod", "Search", "calibrate"]

Search = Literal["evolution", "gradient"]
PosteriorMethod = Literal["importance", "particles", "neural"]
Floats = NDArray[np.float64]
_GLOBAL_SHARE = 0.6  # of the budget for the search over the whole range; the rest polishes the best point


@dataclass(frozen=True)
class Calibration:
    """The result of a calibration.

    estimate: the best parameters by key. metrics: the scenario's metrics there. simulated: the observed metrics as
    simulated there, ``[O]``. chi2: the sum of squared standardised differences. gradient: the bias of the gradient by
    parameter, if the search used it. simulations: how many were needed in all.
    """

    free: tuple[FreeParameter, ...]
    observed: tuple[Observation, ...]
    estimate: dict[str, float]
    metrics: dict[str, float]
    simulated: Floats
    chi2: float
    profiles: tuple[Profile, ...]
    posterior: Posterior
    gradient: tuple[GradientBias, ...]
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
    search: Search = "evolution",
    posterior: PosteriorMethod = "importance",
    simulations: int = 3000,
    progress: Callable[[int, str], None] = lambda done, message: None,
) -> Calibration:
    """Fit parameters of a scenario to observed metrics.

    An evolution strategy (CMA-ES) or gradients search the whole range, and least squares polish the best point;
    profiles of the likelihood and draws from the posterior follow.

    Args:
        scenario: the scenario, whose agents need no fitting.
        free: the parameters to fit, at least one.
        observed: the observed metrics.
        policy: the policy whose metrics are compared; ``None``: the scenario's own.
        evaluations: simulations of the fit, about.
        draws: draws from the proposal of each of the rounds that find the posterior; the number of particles.
        seed: seed of the search and of the draws.
        underidentified: accept more parameters than observations.
        search: ``gradient`` needs a game whose accounts have derivatives by the parameters; their bias is stated.
        posterior: ``importance`` weighs draws by the likelihood, under the shocks that all simulations share;
            ``particles`` (ABC-SMC) and ``neural`` (a flow, trained on simulations) need no likelihood, and include the
            randomness of episodes, since each simulation has shocks of its own.
        simulations: simulations for the posterior of ``particles`` and ``neural``, about.
        progress: called after every simulation with their number, and with what is being done.

    Raises:
        UserError: there are no parameters, a key occurs twice, or there are more parameters than observations; the
            game has no derivatives; zuko is needed and not installed; and as :meth:`Differences.simulated`.
    """
    _check(free, observed, underidentified)
    if posterior == "neural":
        zuko()  # before hours of simulations
    doing = ["search"]
    differences = Differences(scenario, free, observed, policy, lambda count: progress(count, doing[0]))
    bias: tuple[GradientBias, ...] = ()
    if search == "gradient":
        start, bias = descended(differences, seed)
    else:
        start = _searched(differences, evaluations, seed)
    best = polished(differences, start)
    doing[0] = "profiles"
    profiles = tuple(profile_of(differences, best, number) for number in range(len(free)))
    # A profile may have found a better point than the search.
    best = min([best, *(profile.best for profile in profiles)], key=differences.squared)
    doing[0] = "posterior"
    drawn = _posterior(differences, best, posterior, draws, simulations, seed)
    return Calibration(
        tuple(free),
        tuple(observed),
        differences.values(best),
        differences.metrics(best),
        differences.simulated(best),
        differences.squared(best),
        profiles,
        drawn,
        bias,
        differences.count,
    )


def _posterior(
    differences: Differences, best: Floats, method: PosteriorMethod, draws: int, simulations: int, seed: int
) -> Posterior:
    if method == "importance":
        return posterior_of(differences, best, draws, seed)
    if method == "particles":
        return particles_of(differences, draws, simulations, seed)
    return neural_posterior(differences, simulations, seed)


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
