r"""Aggregate shocks: the economy of Krusell and Smith, with a law of motion of capital that households forecast with.

Productivity $z$ and individual employment follow one Markov chain; output is $Y = z K^\alpha (l N_z)^{1 - \alpha}$ with
employment $N_z$. Households forecast $\log K' = b_{0z} + b_{1z} \log K$, decide by the endogenous grid method on a grid
of own assets and of capital, and the whole distribution is simulated by Young's lottery. The coefficients are those of
a regression on the simulated capital, until they agree with what households forecast with.

Sources: Krusell and Smith (1998), "Income and Wealth Heterogeneity in the Macroeconomy", Journal of Political Economy
106(5); Young (2010) for the simulation without sampling.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch

from econsim import random
from econsim.errors import UserError
from econsim.households.chains import Floats
from econsim.households.equilibrium import Stops
from econsim.households.fixed_points import fixed_point
from econsim.households.problem import asset_grid

__all__ = ["ROUNDS", "Economy", "LawOfMotion", "drawn_times", "krusell_smith"]

ROUNDS = 60
"""The largest number of laws that are tried."""
_LIMIT = 4000  # iterations of the policy
_STEP = 0.3  # towards the coefficients of the regression; longer ones can alternate between two laws
_LEAST = 1e-9  # consumption; without work and assets there is none, so that households avoid that state


@dataclass(frozen=True)
class Economy:
    r"""The calibration of Krusell and Smith (1998), per quarter; bad times come before good ones, no work before work.

    productivity, unemployment: in bad and good times.
    hours: $l$, of an employed household.
    spell: mean duration of bad and of good times.
    unemployment_spell: mean duration of unemployment in bad and in good times.
    """

    discount: float = 0.99
    risk_aversion: float = 1.0
    capital_share: float = 0.36
    depreciation: float = 0.025
    productivity: tuple[float, float] = (0.99, 1.01)
    unemployment: tuple[float, float] = (0.10, 0.04)
    hours: float = 0.3271
    spell: float = 8.0
    unemployment_spell: tuple[float, float] = (2.5, 1.5)
    assets: Floats = field(default_factory=lambda: asset_grid(0.0, 400.0, 150, 4.0))
    capital: Floats = field(default_factory=lambda: np.linspace(9.5, 14.0, 10))

    @property
    def times(self) -> Floats:
        """Transition of times, ``[2, 2]``."""
        stay = 1 - 1 / self.spell
        return np.array([[stay, 1 - stay], [1 - stay, stay]])

    def employment(self) -> Floats:
        """Return transitions of employment ``[2, 2, 2, 2]`` by times and next times, which keep unemployment as given.

        When times become bad, the chance to stay without work is 1.25 times that in bad times; when they become good,
        0.75 times that in good times.
        """
        stays = [1 - 1 / spell for spell in self.unemployment_spell]
        chances = {(0, 0): stays[0], (1, 1): stays[1], (1, 0): 1.25 * stays[0], (0, 1): 0.75 * stays[1]}
        rows = np.empty((2, 2, 2, 2))
        for (now, later), stay in chances.items():
            before, after = self.unemployment[now], self.unemployment[later]
            lost = (after - stay * before) / (1 - before)
            rows[now, later] = [[stay, 1 - stay], [lost, 1 - lost]]
        return rows

    def prices(self, capital: Floats, times: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return the interest rate and the wage of an hour at capital per household in bad (0) or good (1) times."""
        state = np.asarray(times)
        level, employed = np.asarray(self.productivity)[state], 1 - np.asarray(self.unemployment)[state]
        intensity = capital / (self.hours * employed)
        rate = self.capital_share * level * intensity ** (self.capital_share - 1) - self.depreciation
        return rate, (1 - self.capital_share) * level * intensity**self.capital_share


@dataclass(frozen=True)
class LawOfMotion:
    """The result: coefficients ``[2, 2]`` (bad, good times; constant, slope), and how well households forecast.

    explained: R squared of the regression, in bad and good times.
    forecast_error: the largest error of capital, relative, where the law is iterated over the whole simulation.
    capital: ``[T]``, simulated. distribution: ``[2, A]``, by employment, at the end of the simulation.
    assets: ``[4, K, A]``, households' assets at the end of a period, by times and employment (bad times without work,
        with work, good times without, with), capital and own assets.
    residual: the largest change of a coefficient in the last round.
    discarded: the number of first periods that the regression leaves out.
    """

    coefficients: Floats
    explained: tuple[float, float]
    forecast_error: float
    capital: Floats
    distribution: Floats
    assets: Floats
    residual: float
    rounds: int
    discarded: int


def drawn_times(economy: Economy, periods: int, seed: int) -> npt.NDArray[np.int64]:
    """Return bad (0) and good (1) times ``[T]``, drawn from their chain; the first are good."""
    key = random.keys(seed, 1)
    draws = random.uniform(key, 0, "krusell_smith/times", (periods,), torch.float64)[0].numpy()
    times = np.ones(periods, np.int64)
    for period in range(1, periods):
        times[period] = times[period - 1] if draws[period] < 1 - 1 / economy.spell else 1 - times[period - 1]
    return times


def krusell_smith(
    economy: Economy,
    times: npt.NDArray[np.int64],
    discarded: int = 100,
    tolerance: float = 1e-5,
    rounds: int = ROUNDS,
    stops: Stops = lambda done, message: False,
) -> LawOfMotion:
    """Return the law of motion that households forecast with and that their choices lead to.

    Args:
        economy: the calibration.
        times: ``[T]``, bad (0) or good (1), of the simulation.
        discarded: the first periods, which the regression leaves out.
        tolerance: of the coefficients.
        rounds: the largest number of laws that are tried.
        stops: takes the number of laws and a message, and returns whether to stop.

    Raises:
        UserError: the coefficients did not converge; the message gives the largest change.
    """
    model = _Model(economy, times)
    law = np.array([[0.0, 1.0], [0.0, 1.0]])
    law[:, 1], law[:, 0] = 0.96, 0.04 * np.log(economy.capital.mean())
    change = np.inf
    for done in range(1, rounds + 1):
        capital = model.simulated(law)
        found, explained = _regression(capital, times, discarded)
        change = float(np.abs(found - law).max())
        if change <= tolerance:
            error = _forecast_error(law, capital, times, discarded)
            return LawOfMotion(law, explained, error, capital, model.mass, model.assets, change, done, discarded)
        if stops(done, f"change {change:.2g}"):
            break
        law = law + _STEP * (found - law)
    raise UserError(
        f"the law of motion did not converge: after {done} rounds a coefficient changes by {change:.2g} (tolerance"
        f" {tolerance:g}); simulate more periods or allow more rounds"
    )


class _Model:
    """Households' policies under a law of motion, and the simulation; each starts from the last one."""

    def __init__(self, economy: Economy, times: npt.NDArray[np.int64]) -> None:
        self.economy, self.times = economy, times
        grid, capital = economy.assets, economy.capital
        moves = economy.times[:, :, None, None] * economy.employment()
        self.joint = moves.transpose(0, 2, 1, 3).reshape(4, 4)  # states are (times, employment)
        state = np.repeat([0, 1], 2)
        rate, wage = economy.prices(capital[None, :], state[:, None])  # [4, K]
        income = wage * economy.hours * np.array([0.0, 1.0, 0.0, 1.0])[:, None]
        self.gross = 1 + rate
        self.owned = self.gross[:, :, None] * grid + income[:, :, None]  # [4, K, A]
        self.consumption: Floats = (self.owned * 0.05 + 0.1).clip(max=self.owned + 1e-3)
        self.mass, self.assets = self._first_mass(), np.empty_like(self.consumption)

    def _first_mass(self) -> Floats:
        economy = self.economy
        mean, grid = economy.capital.mean(), economy.assets
        below = int(np.searchsorted(grid, mean)) - 1
        share = (grid[below + 1] - mean) / (grid[below + 1] - grid[below])
        jobless = economy.unemployment[int(self.times[0])]
        mass = np.zeros((2, len(grid)))
        mass[:, below] = np.array([jobless, 1 - jobless]) * share
        mass[:, below + 1] = np.array([jobless, 1 - jobless]) * (1 - share)
        return mass

    def simulated(self, law: Floats) -> Floats:
        """Return capital ``[T]`` where households forecast with a law, and keep the last distribution."""
        assets = self.assets = self._policy(law)
        economy, grid, jobs = self.economy, self.economy.assets, self.economy.employment()
        mass, path = self._first_mass(), np.empty(len(self.times))
        for period, now in enumerate(self.times):
            path[period] = (mass * grid).sum()
            chosen = _between(economy.capital, assets[2 * now : 2 * now + 2], path[period])
            below = np.clip(np.searchsorted(grid, chosen, "right") - 1, 0, len(grid) - 2)
            stay = np.clip((grid[below + 1] - chosen) / (grid[below + 1] - grid[below]), 0.0, 1.0)
            moved = np.stack(
                [
                    np.bincount(below[job], mass[job] * stay[job], len(grid))
                    + np.bincount(below[job] + 1, mass[job] * (1 - stay[job]), len(grid))
                    for job in (0, 1)
                ]
            )
            later = self.times[min(period + 1, len(self.times) - 1)]
            mass = jobs[now, later].T @ moved
        self.mass = mass
        return path

    def _policy(self, law: Floats) -> Floats:
        """Return assets of the next period, ``[4, K, A]``, where capital follows a law."""
        economy, grid = self.economy, self.economy.assets
        following = np.exp(law[:, :1] + law[:, 1:] * np.log(economy.capital))  # [2, K]
        place = np.clip(np.searchsorted(economy.capital, following) - 1, 0, len(economy.capital) - 2)
        step = economy.capital[place + 1] - economy.capital[place]
        weight = (economy.capital[place + 1] - following) / step  # beyond the grid: on the same line
        gross = np.stack([economy.prices(following, np.full_like(place, later))[0] for later in (0, 1)]) + 1
        sigma = economy.risk_aversion

        def image(point: Floats) -> Floats:
            consumption, new = point.reshape(self.owned.shape), np.empty(self.owned.shape)
            for now in (0, 1):
                lower, w = place[now], weight[now][None, :, None]
                later = w * consumption[:, lower] + (1 - w) * consumption[:, lower + 1]
                marginal = later**-sigma * np.repeat(gross[:, now], 2, 0)[:, :, None]
                for state in (2 * now, 2 * now + 1):
                    chosen = (economy.discount * np.tensordot(self.joint[state], marginal, 1)) ** (-1 / sigma)
                    for number in range(len(economy.capital)):
                        owned, nodes = self.owned[state, number], chosen[number] + grid
                        spent = np.interp(owned, nodes, chosen[number])
                        beyond = owned > nodes[-1]
                        spent[beyond] = owned[beyond] - grid[-1]
                        new[state, number] = np.where(owned <= nodes[0], owned - grid[0], spent)
            return np.maximum(new, _LEAST).ravel()

        solved = fixed_point(image, self.consumption.ravel(), 1e-8, _LIMIT, lambda point: bool(point.min() > 0))
        if not solved.residual <= 1e-8:
            raise UserError(
                f"the household's policy did not converge: consumption still changes by {solved.residual:.2g}"
            )
        self.consumption = solved.value.reshape(self.owned.shape)
        saved: Floats = np.clip(self.owned - self.consumption, grid[0], grid[-1])
        return saved


def _between(nodes: Floats, values: Floats, at: float) -> Floats:
    """Return values ``[E, A]`` between those ``[E, K, A]`` at nodes of capital."""
    below = int(np.clip(np.searchsorted(nodes, at) - 1, 0, len(nodes) - 2))
    weight = (nodes[below + 1] - at) / (nodes[below + 1] - nodes[below])
    mixed: Floats = weight * values[:, below] + (1 - weight) * values[:, below + 1]
    return mixed


def _regression(capital: Floats, times: npt.NDArray[np.int64], discarded: int) -> tuple[Floats, tuple[float, float]]:
    """Return coefficients and R squared of log capital on that of the period before, by times."""
    logs, now = np.log(capital), times[discarded:-1]
    before, after = logs[discarded:-1], logs[discarded + 1 :]
    rows, explained = [], []
    for state in (0, 1):
        x, y = before[now == state], after[now == state]
        slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
        rows.append([float(y.mean() - slope * x.mean()), slope])
        errors = y - rows[-1][0] - slope * x
        explained.append(float(1 - errors @ errors / ((y - y.mean()) ** 2).sum()))
    return np.array(rows), (explained[0], explained[1])


def _forecast_error(law: Floats, capital: Floats, times: npt.NDArray[np.int64], discarded: int) -> float:
    """Return the largest relative error of capital that the law forecasts from its own forecasts (Den Haan 2010)."""
    log, worst = float(np.log(capital[discarded])), 0.0
    for period in range(discarded, len(capital) - 1):
        log = float(law[times[period], 0] + law[times[period], 1] * log)
        worst = max(worst, abs(float(np.exp(log)) / float(capital[period + 1]) - 1))
    return worst
