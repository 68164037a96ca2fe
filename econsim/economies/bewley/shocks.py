"""Aggregate shocks as in Krusell and Smith (1998): bad and good times, and employment that depends on them.

Output has the factor productivity of the times. A household with work supplies ``hours`` of labour, others none. Exact
households forecast capital with the law of motion of :mod:`econsim.households.krusell_smith`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.households.equilibrium import Stops
from econsim.households.krusell_smith import Economy, LawOfMotion, drawn_times, krusell_smith
from econsim.households.problem import asset_grid
from econsim.parameters import Model

if TYPE_CHECKING:
    from econsim.economies.bewley.parameters import Parameters

__all__ = ["LEAST_HELD", "AggregateShocks", "Shocks", "shocks_of"]

LEAST_HELD = 1e-3
"""Lowest assets under shocks: without work and assets, households could not consume anything."""
_RANGE = 0.82, 1.22  # of the grid of capital, relative to that without risk
_SEED = 1


class AggregateShocks(Model):
    """A Markov chain of bad and good times, in this order; a period is a quarter with the defaults."""

    productivity: tuple[float, float] = (0.99, 1.01)
    """Factor of output."""
    unemployment: tuple[float, float] = (0.10, 0.04)
    """Share of households without work."""
    hours: float = Field(0.3271, gt=0, le=1)
    """Labour of a household with work."""
    spell: float = Field(8.0, gt=1)
    """Mean duration of bad and of good times, in periods."""
    unemployment_spell: tuple[float, float] = (2.5, 1.5)
    """Mean duration of unemployment, in periods."""
    capital_points: int = Field(8, ge=3, le=100)
    """Grid points of capital, of the exact policies."""
    simulated: int = Field(1500, ge=200, le=100_000)
    """Periods of the simulation in which exact households' law of motion is found, without its first third."""
    tolerance: float = Field(1e-4, gt=0, lt=0.01)
    """Largest change of a coefficient of the law of motion at which its search ends."""


class Shocks:
    """Chains of times and of employment, and the law of motion that exact households forecast with.

    Attributes:
        values: ``[2]``, labour of a household without and with work.
        grid: ``[G]``, of assets.
        law: found when it is first needed.
    """

    def __init__(self, parameters: Parameters, shocks: AggregateShocks) -> None:
        firm = parameters.firm()
        employed = shocks.hours * (1 - sum(shocks.unemployment) / 2)
        self.mean_labour = employed
        capital = firm.capital_intensity(1 / parameters.discount - 1) * employed
        grid = asset_grid(LEAST_HELD, parameters.largest_assets, parameters.grid_points, 4.0)
        bad, good = (firm.productivity * level for level in shocks.productivity)
        self.economy = Economy(
            discount=parameters.discount,
            risk_aversion=parameters.risk_aversion,
            capital_share=firm.capital_share,
            depreciation=firm.depreciation,
            productivity=(bad, good),
            unemployment=shocks.unemployment,
            hours=shocks.hours,
            spell=shocks.spell,
            unemployment_spell=shocks.unemployment_spell,
            assets=grid,
            capital=capital * np.linspace(*_RANGE, shocks.capital_points),
        )
        self._settings = shocks
        self._law: LawOfMotion | None = None
        self.grid = torch.from_numpy(grid)
        self.values = torch.tensor([0.0, shocks.hours], dtype=torch.float64)
        self._employment = torch.from_numpy(self.economy.employment())
        self._factor = torch.tensor(shocks.productivity, dtype=torch.float64)

    @property
    def law(self) -> LawOfMotion:
        """The law of motion of capital; raises ``UserError`` if it did not converge."""
        return self.solve(lambda done, message: False)

    def solve(self, stops: Stops) -> LawOfMotion:
        """Return the law of motion of capital, found once; ``stops`` is that of :func:`krusell_smith`."""
        if self._law is None:
            settings = self._settings
            times = drawn_times(self.economy, settings.simulated, _SEED)
            discarded = settings.simulated // 3
            self._law = krusell_smith(self.economy, times, discarded, settings.tolerance, stops=stops)
            self._last = int(times[-1])
        return self._law

    def start(self) -> tuple[Tensor, int, dict[str, float]]:
        """Return the distribution ``[2, G]`` at the end of the simulation, its times, and output and prices in it."""
        mass = torch.from_numpy(self.law.distribution)
        capital, economy, now = float((mass * self.grid).sum()), self.economy, self._last
        rate, wage = (float(each) for each in economy.prices(np.asarray(capital), now))
        labour = economy.hours * (1 - economy.unemployment[now])
        output = (rate + economy.depreciation) * capital + wage * labour
        means = {"output": output, "interest_rate": rate, "wage": wage, "debt": 0.0, "labour_level": 1.0}
        return mass, now, means

    def factor(self, times: Tensor) -> Tensor:
        """Return the factor of output, float64 ``[B]``."""
        return self._factor.to(times.device)[times]

    def after(self, key: Tensor, time: Tensor, times: Tensor) -> Tensor:
        """Return the times of the next period, drawn from their chain, ``[B]`` int64."""
        draw = random.uniform(key, time, "bewley/times", (1,), torch.float64)[:, 0]
        return torch.where(draw < 1 - 1 / self.economy.spell, times, 1 - times)

    def transition(self, times: Tensor, after: Tensor) -> Tensor:
        """Return the transition of employment from these times to the next, ``[B, 2, 2]``."""
        return self._employment.to(times.device)[times, after]

    def choices(self, assets: Tensor, labour: Tensor, capital: Tensor, times: Tensor) -> Tensor:
        """Return the spent share of resources above the lowest assets, ``[B, N, 1]``, between grid points on lines.

        Args:
            assets: ``[B, N]``.
            labour: of each household, ``[B, N]``; zero without work.
            capital: per household, ``[B]``.
            times: ``[B]``, bad (0) or good (1).
        """
        tables = torch.from_numpy(self.law.assets).to(assets)  # [4, K, A] by times and employment
        nodes, grid = torch.from_numpy(self.economy.capital).to(assets), self.grid.to(assets)
        lower = (torch.searchsorted(nodes, capital.contiguous()) - 1).clamp(0, len(nodes) - 2)
        near = ((nodes[lower + 1] - capital) / (nodes[lower + 1] - nodes[lower]))[:, None]
        state = 2 * times[:, None] + (labour > 0)
        below = (torch.searchsorted(grid, assets.contiguous(), right=True) - 1).clamp(0, len(grid) - 2)
        weight = (assets - grid[below]) / (grid[below + 1] - grid[below])
        saved = torch.zeros_like(assets)
        for share, place in ((near, lower[:, None]), (1 - near, lower[:, None] + 1)):
            saved += share * ((1 - weight) * tables[state, place, below] + weight * tables[state, place, below + 1])
        numbers = capital.cpu().numpy(), times.cpu().numpy()
        rate, wage = (torch.from_numpy(np.asarray(each)).to(assets)[:, None] for each in self.economy.prices(*numbers))
        room = (1 + rate) * assets + wage * labour - LEAST_HELD
        return (1 - (saved - LEAST_HELD) / room)[..., None]


def shocks_of(parameters: Parameters) -> Shocks | None:
    """Return the shocks of an economy, made once for all numbers of households and periods; none where it has none.

    Raises:
        UserError: the unemployment rates and spells leave no chance of keeping work.
    """
    if parameters.aggregate_shocks is None:
        return None
    others = {"households": 1, "periods": 1, "status_quo": type(parameters.status_quo)()}
    return _made(parameters.model_copy(update=others), parameters.aggregate_shocks)


@lru_cache(maxsize=64)
def _made(parameters: Parameters, shocks: AggregateShocks) -> Shocks:
    found = Shocks(parameters, shocks)
    chances = found.economy.employment()
    if chances.min() < 0 or chances.max() > 1:
        raise UserError(
            "economy.aggregate_shocks: the shares and spells of unemployment need chances outside of 0 to 1; choose"
            " rates that are closer to each other, or longer spells"
        )
    return found
