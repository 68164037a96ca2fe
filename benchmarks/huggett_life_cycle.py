"""The life-cycle economy of Huggett (1996) with uncertain lifetimes and no credit, solved with his parameters.

Run: ``python benchmarks/huggett_life_cycle.py``. Ages 20 to 98, a pension from 65 on that contributions of 10 % pay
for, a tax on labour and capital income of 0.195 / (1 - delta K / Y), accidental bequests to everybody, and a
log-normal process of earnings on his 18 states. Death probabilities are those of Jordan (1975) that the paper names,
and the profile of earnings by age is that of the paper, both as the public replications of the paper give them.

Huggett's abstract says that the economies produce the US wealth Gini, and less than half of the share of wealth of the
richest hundredth of US households.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from _record import record
from scipy.special import ndtr

from econsim.households.chains import Chain, chain_of
from econsim.households.closures import Closure
from econsim.households.equilibrium import Taxes, Technology
from econsim.households.life_cycle import LifeCycle
from econsim.households.overlapping_generations import Generations, generations_equilibrium
from econsim.households.problem import Household, asset_grid
from econsim.households.statistics import gini, top_share

DEATH = """
159 169 174 172 165 156 149 145 145 149 156 163 171 181 193 207 225 246 270 299 332 368 409 454 504 558 617 686 766 865
955 1058 1162 1264 1368 1475 1593 1730 1891 2074 2271 2476 2690 2912 3143 3389 3652 3930 4225 4538 4871 5230 5623 6060
6542 7066 7636 8271 8986 9788 10732 11799 12895 13920 14861 16039 17303 18665 20194 21877 23601 25289 26973 28612 30128
31416 32915 34450 100000
"""  # in 100,000, from age 20 on; nobody lives at 99
EARNINGS = """
911 1573 2268 2752 3218 3669 4114 4559 4859 5164 5474 5786 6097 6311 6517 6711 6893 7060 7213 7355 7489 7619 7747 7783
7825 7874 7931 7994 7923 7850 7771 7679 7567 7351 7105 6822 6500 6138 5675 5183 4672 3935 3239 2596 1955 1408 959 604
459 342 246 165 91
"""  # in 10,000, from age 20 on; zero from 73 on
ENTRY, RETIREMENT, GROWTH = 20, 65, 0.012
PERSISTENCE, VARIANCE, NEWBORN_VARIANCE = 0.96, 0.045, 0.38
FIRM, CONTRIBUTION, PUBLIC = Technology(0.36, 0.06, 0.895944), 0.1, 0.195
POINTS = 500


def earnings_chain() -> tuple[Chain, np.ndarray]:
    """Return his 18 states, of which one is at six standard deviations, and the distribution of newborns."""
    deviation = np.sqrt(NEWBORN_VARIANCE)
    logs = np.append(np.linspace(-4, 4, 17), 6.0) * deviation
    bounds = (logs[1:] + logs[:-1]) / 2
    cumulated = ndtr((bounds - PERSISTENCE * logs[:, None]) / np.sqrt(VARIANCE))
    moves = np.diff(cumulated, prepend=0.0, append=1.0, axis=1)
    newborns = np.diff(ndtr(bounds / deviation), prepend=0.0, append=1.0)
    return chain_of(np.exp(logs), moves, normalise=False), newborns


def solve(points: int) -> tuple[Household, Generations, float]:
    """Return households, the equilibrium and the tax rate at which public consumption is 19.5 % of output."""
    chain, newborns = earnings_chain()
    survival = 1 - np.array(DEATH.split(), float) / 1e5
    efficiency = np.zeros(len(survival))
    efficiency[: len(EARNINGS.split())] = np.array(EARNINGS.split(), float) / 1e4
    retirement = RETIREMENT - ENTRY
    life = LifeCycle(survival, efficiency, retirement, newborns, GROWTH, "replacement", CONTRIBUTION, ENTRY)
    household = Household(1.011, 1.5, chain, asset_grid(0.0, 300.0, points))
    rate = PUBLIC / (1 - FIRM.depreciation * 3)
    while True:
        rules = Taxes(0.0, 1 - rate / (1 - CONTRIBUTION), 0.0, rate, closure=Closure("spending"))
        found = generations_equilibrium(household, life, FIRM, rules)
        solved = found.equilibrium
        new = PUBLIC / (1 - FIRM.depreciation * solved.capital / solved.output)
        if abs(new - rate) < 1e-8:
            return household, found, rate
        rate = new


def described() -> dict[str, Any]:
    """Return prices and the distribution of wealth, with the time of one solution."""
    start = time.process_time()
    household, found, rate = solve(POINTS)
    seconds = time.process_time() - start
    solved, mass = found.equilibrium, found.equilibrium.distribution
    wealth = np.broadcast_to(household.grid, mass.shape)
    coarser = solve(POINTS // 2)[1].equilibrium
    return {
        "cpu_seconds": seconds,
        "interest_rate": solved.interest_rate,
        "tax": rate,
        "capital_over_output": solved.capital / solved.output,
        "spending_over_output": solved.aggregates.spending / solved.output,
        "pension": found.pension,
        "bequest": found.bequest,
        "gini": gini(wealth, mass),
        "top_1": top_share(wealth, mass, 0.01),
        "top_5": top_share(wealth, mass, 0.05),
        "top_20": top_share(wealth, mass, 0.2),
        "without_wealth": float(mass[:, 0].sum()),
        "residuals": solved.residuals,
        "interest_rate_on_half_the_grid": coarser.interest_rate,
    }


if __name__ == "__main__":
    record("huggett_life_cycle", described())
