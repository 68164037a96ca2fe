"""Optional protocols of games with an economy: declared incomes, inputs of optimal taxes, and the utility of money.

The protocols of all games are in :mod:`econsim.game`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

__all__ = [
    "LOWEST_RATE",
    "DeclaresIncomes",
    "GivenRate",
    "KnownLaws",
    "LabourIncomes",
    "MoneyUtility",
    "OptimalTaxInputs",
    "SetsLogLinearTax",
    "StatesFindings",
    "rate_too_low",
]

LOWEST_RATE = -1.0
"""The lowest marginal tax rate of any schedule: a subsidy as high as the income that is subsidised."""


@dataclass(frozen=True)
class GivenRate:
    """The mark of a planner's parameter that is a marginal tax rate, ``Annotated[float, GivenRate()]``.

    A scenario whose economy has a parameter ``lowest_rate`` refuses such a rate below it when it is loaded.
    """


def rate_too_low(rate: float, lowest: float) -> str:
    """Return what is wrong with a given ``rate`` below the ``lowest`` rate of the economy, and how to allow it."""
    return (
        f"the rate {rate:g} is below the lowest marginal tax rate of the economy, {lowest:g}; set"
        f" economy.lowest_rate={rate:g} to allow it"
    )


@runtime_checkable
class DeclaresIncomes(Protocol):
    """A game that knows which incomes its players declare under a tax schedule on any brackets.

    A law on other brackets than those of the game is then weighted by these incomes, so that every bracket raises the
    revenue of the law. Without them, planners use US incomes of the American Community Survey.
    """

    def declared_incomes(self, thresholds: Tensor, rates: Tensor) -> tuple[Tensor, Tensor]:
        """Return taxable incomes, ``[N]`` or ``[B, N]`` float64, and the number of people with each, ``[N]``.

        Args:
            thresholds: ``[K]``, lower thresholds of the brackets, money.
            rates: ``[K]``, marginal tax rates.
        """


@runtime_checkable
class KnownLaws(Protocol):
    """A game in which the distribution of an account among many players, after many steps, is known exactly."""

    def known_laws(self) -> Mapping[str, Tensor]:
        """Return by account the probability of the whole numbers 0, 1, 2 ..., float64 ``[K]``; none where not known."""


@runtime_checkable
class OptimalTaxInputs(Protocol):
    """A game that knows what formulas of optimal taxes need: how incomes respond to taxes, and its social weights."""

    elasticity_meaning: str
    """What kind of elasticity :meth:`taxable_income_elasticity` returns, in words."""

    def taxable_income(self, state: Any) -> Tensor:
        """Return the income of each entry to which the schedule applies, float64 ``[B, N]``, after deductions."""

    def taxable_income_elasticity(self, state: Any) -> Tensor:
        """Return the elasticity of taxable income with respect to the net-of-tax rate, float64 ``[B]``."""

    def marginal_social_weights(self, state: Any) -> Tensor:
        """Return the rise of social welfare per unit of money given to each entry, float64 ``[B, N]``, on any scale.

        An entry that represents several people has the sum of their weights.
        """

    def effort_values(self, state: Any) -> Tensor:
        """Return the rise of social welfare per unit of income that an entry earns by more work, ``[B, N]``.

        On the scale of the weights, at the players' optimum, apart from tax revenue: zero where welfare depends on
        utility alone, since the work costs what it earns; not zero where it counts consumption without that cost.
        """


@runtime_checkable
class MoneyUtility(Protocol):
    """A game whose account ``utility`` is not in money, and that gives the utility of additional money."""

    def utility_with(self, accounts: Mapping[str, Tensor], lump_sum: Tensor) -> Tensor:
        """Return the utility ``[B, N]`` of players who consume a ``lump_sum`` ``[B, N]`` more and act as before.

        Args:
            accounts: those of an episode, ``{name: [B, N]}``.
            lump_sum: in money; NaN results where consumption would not be positive are allowed.
        """


@dataclass(frozen=True)
class LabourIncomes:
    """Labour incomes of a population under a policy.

    income: ``[N]`` before taxes, relative to their mean.
    people: ``[N]``, the shares of the population that have them.
    social_weight: ``[N]``, the rise of social welfare per unit of money given to each person, on any scale.
    """

    income: NDArray[Any]
    people: NDArray[Any]
    social_weight: NDArray[Any]


@runtime_checkable
class SetsLogLinearTax(Protocol):
    r"""A game whose leader sets a log-linear tax on labour income, $T(y) = y - \lambda y^{1 - \tau}$.

    Incomes are relative to their mean.
    Schedules of other forms, such as a law with brackets, are set as the log-linear schedule closest to them.
    """

    @property
    def earnings_elasticity(self) -> float:
        """The compensated elasticity of labour income by the net-of-tax rate; zero where hours are no choice."""

    @property
    def labour_brackets(self) -> tuple[Sequence[float], Sequence[float]]:
        """Lower thresholds, multiples of mean labour income, and marginal rates in its place; empty: none."""

    def check_log_linear_tax(self) -> None:
        """Check that such schedules can be found and set, before work starts.

        Raises:
            UserError: labour incomes are not known, or the leader does not set such a tax.
        """

    def labour_incomes(self, action: Tensor | None) -> LabourIncomes:
        """Return incomes where an action is in force for ever; ``None``: the policy before the leader acts."""

    def log_linear_action(self, average_rate: float, progressivity: float) -> Tensor:
        r"""Return the action with $1 - \lambda$ ``average_rate`` and $\tau$ ``progressivity``, else as before.

        Raises:
            UserError: the leader does not set one of the two, or a value is out of its range.
        """


@runtime_checkable
class StatesFindings(Protocol):
    """A game that states what its own laws leave open, such as accounts that do not close; runs warn of it."""

    def findings(self, by_episode: Mapping[str, NDArray[Any]]) -> Iterator[str]:
        """Yield sentences about the episodes of one policy, from its metrics by episode, ``{name: [E]}``."""
