"""Made (synthetic) data: 51 states whose numbers are drawn at random, so that a scenario runs without a user's data.

Only the codes of the states are real. The ranges of the draws give an epidemic that grows at low levels of stringency
and shrinks at high ones, unemployment between 4 and 20 per cent, and the published range of weights of health, 0.41 to
0.97.
"""

from __future__ import annotations

from datetime import date, timedelta

import torch
from torch import Tensor

from econsim import random
from econsim.economies.pandemic_states.tables import LEVELS, Tables

__all__ = ["CODES", "made_tables"]

CODES = (
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY",
    "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH",
    "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY",
)  # fmt: skip
"""Codes of the 50 states and the District of Columbia."""
SEED = 20200322
BEFORE = 60  # days of history before the first day of an episode
FEDERAL_HEALTH_WEIGHT = 0.757  # as inferred by Trott et al. (2021)
REVIEW = 28  # days between two changes of the made policy
CLOSED = 9  # days before the start on which states close
SUBSIDIES = ((24, 250e9), (280, 160e9), (355, 400e9))  # days after the start, and US dollars


def made_tables(start: date, days: int, filters: int) -> Tables:
    """Return made data of 51 states for an episode of ``days`` days, with ``filters`` filters of unemployment."""
    key, count = random.keys(SEED, 1), len(CODES)

    def drawn(name: str, low: float, high: float, shape: tuple[int, ...] = (count,)) -> Tensor:
        return low + (high - low) * random.uniform(key, 0, f"pandemic_states/{name}", shape, torch.float64)[0]

    population = drawn("population", 13.3, 17.4).exp().round()  # 0.6 to 36 million
    infected = (population * drawn("infected", 2e-4, 2e-3)).round()
    open_rate, closed_rate = drawn("open rate", 0.15, 0.22), drawn("closed rate", 0.03, 0.06)
    slope = (closed_rate - open_rate) / (LEVELS - 1)
    return Tables(
        CODES,
        population,
        infected,
        (infected * drawn("recovered", 0.3, 0.8)).round(),
        torch.zeros(count, dtype=torch.float64),
        open_rate - slope,
        slope,
        drawn("unemployment", 3.0, 5.0),
        drawn("unemployment weights", 0.0, 2.0 / filters, (count, filters)),
        drawn("health weight", 0.41, 0.97),
        FEDERAL_HEALTH_WEIGHT,
        start - timedelta(days=BEFORE),
        _policy(key, days),
        {start + timedelta(days=day): amount for day, amount in SUBSIDIES if day <= days},
    )


def _policy(key: Tensor, days: int) -> Tensor:
    """Return made levels ``[D, N]`` int8: all states close before the start, and then change their level at reviews."""
    reviews = -(-(days + 1) // REVIEW) + 1
    steps = random.integers(key, 0, "pandemic_states/policy", 4, (reviews, len(CODES)))[0] - 2  # -2 to 1
    steps[0] = random.integers(key, 0, "pandemic_states/closing", 4, (len(CODES),))[0] + 6  # 6 to 9
    steps[8:11] += 2  # stricter again in the second winter
    levels = [steps[0]]
    for step in steps[1:]:
        levels.append((levels[-1] + step).clamp(2, LEVELS))
    after = torch.stack(levels).repeat_interleave(REVIEW, 0)[: days + CLOSED + 1]
    before = torch.ones((BEFORE - CLOSED, len(CODES)), dtype=torch.int64)
    return torch.cat([before, after]).to(torch.int8)
