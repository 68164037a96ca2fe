"""Skills implied by the incomes of quasi-linear isoelastic workers, and their density."""

from __future__ import annotations

import numpy as np

from econsim.analysis.inequality import Floats
from econsim.analysis.inequality.density import kernel_density

__all__ = ["density_of_log_skill", "revealed_log_skill"]

_GRID = 400


def revealed_log_skill(income: Floats, marginal_rate: Floats, elasticity: float) -> Floats:
    """Return the log skill ``[N]`` of workers who earn $z = w^{1 + e} (1 - T')^e$, all above zero."""
    return np.asarray((np.log(income) - elasticity * np.log1p(-marginal_rate)) / (1.0 + elasticity))


def density_of_log_skill(log_skill: Floats, mass: Floats) -> Floats:
    """Return the density of log skill ``[N]`` at each person's skill, by a kernel on an even grid."""
    grid = np.linspace(log_skill.min(), log_skill.max(), _GRID)
    return np.interp(log_skill, grid, kernel_density(grid, log_skill, mass))
