"""Initial wealth and productivity from the Survey of Consumer Finances, in place of the stationary distribution."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from econsim.errors import UserError
from econsim.households.chains import Floats
from econsim.households.consumer_finances import Ranking, read_families
from econsim.households.equilibrium import Equilibrium
from econsim.households.families import Families, joint_distribution, typical_families
from econsim.households.problem import Household
from econsim.parameters import Model

__all__ = ["InitialWealth", "initial_distribution", "share_above_grid"]

MOST_ABOVE = 0.05
"""Largest share of wealth above the grid; a start from which more is missing would be another distribution."""


class InitialWealth(Model):
    """Wealth of families with survey weights; see :mod:`econsim.households.consumer_finances`."""

    file: str | None = None
    """Summary extract of the Survey of Consumer Finances, a CSV file, relative to the working directory; null: a
    log-normal distribution with a Pareto tail, which has the mean, the Gini index and the top shares of 2022, and is
    independent of productivity."""
    year: int | None = 2022
    """Year of the survey, which the weights are checked against; null: no check."""
    productivity: Ranking = "INCOME"
    """Column whose ranks are those of productivity: ``INCOME``, ``WAGEINC`` or ``EDUC``; the chain of
    ``economy.productivity`` gives the levels."""
    capital: Literal["equilibrium", "income"] = "equilibrium"
    """Unit of wealth. ``equilibrium``: mean wealth is that of the stationary equilibrium, so that only its distribution
    differs; ``income``: the ratio of mean wealth to mean income is that of the survey."""

    @model_validator(mode="after")
    def _only_a_file_has_ranks(self) -> InitialWealth:
        if self.file is None and self.productivity != "INCOME":
            raise ValueError(f"productivity: {self.productivity} is a column of a file; give file as well")
        return self

    def families(self) -> Families:
        """Return the families; raises :class:`UserError` where the file is invalid."""
        if self.file is None:
            return typical_families()
        return read_families(self.file, "economy.initial.file", self.productivity, self.year)


def initial_distribution(
    families: Families,
    capital: Literal["equilibrium", "income"],
    problem: Household,
    solved: Equilibrium,
    depreciation: float,
) -> tuple[Floats, float]:
    """Return the shares ``[S, G]`` of families over productivity and the household's grid, and what is above the grid.

    Args:
        families: of the survey.
        capital: the unit of their wealth, as of :class:`InitialWealth`.
        problem: of a household.
        solved: the stationary equilibrium under the status quo.
        depreciation: of capital, per period.

    Raises:
        UserError: more than five per cent of wealth is above the grid.
    """
    if capital == "equilibrium":
        scale = solved.aggregates.assets / families.mean_assets
    else:
        scale = (solved.output - depreciation * solved.capital) / families.mean_income
    shares, above = joint_distribution(families, scale, problem.chain, problem.grid)
    if above > MOST_ABOVE:
        richest = scale * families.assets.max()
        raise UserError(
            f"economy.largest_assets: {problem.grid[-1]:g} leaves out {above:.1%} of the initial wealth (the largest is"
            f" {richest:,.0f}); raise it until at most {MOST_ABOVE:.0%} is above it"
        )
    return shares, above


def share_above_grid(above: float, largest: float) -> list[str]:
    """Return a remark where some of the wealth is above the grid."""
    if above < 1e-6:
        return []
    return [
        f"economy.largest_assets: {above:.2%} of the initial wealth lies above {largest:g}, and its owners start with"
        " that much; a higher value keeps it"
    ]
