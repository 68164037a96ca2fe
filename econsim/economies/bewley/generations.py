"""Births, deaths, bequests and a pay-as-you-go pension on tensors.

A dead household of a sample is replaced by a newborn, so that the number of households stays the same. A household
stands for all people who were born at its time, and a cohort is larger than that before by the growth of the
population: its weight falls with age. Where births and deaths differ by chance, so does the growth of the population
that a sample stands for; the accounts use the growth that came about.
"""

from __future__ import annotations

from math import log1p
from typing import NamedTuple

import torch
from torch import Tensor

from econsim import random
from econsim.economies.bewley.population import People, distributed, drawn, lottery, next_states, stratified
from econsim.economies.bewley.requirements import require
from econsim.economies.bewley.state import Flows, State
from econsim.households.life_cycle import LifeCycle, expected_periods

__all__ = ["Demography", "SocialSecurity", "first_people", "people_after"]

_ALL_PAID_IN = (
    "bewley: pensions would cost all labour income, since nearly everybody is retired; raise economy.households, or"
    " lower economy.life_cycle.pension.replacement"
)


class SocialSecurity(NamedTuple):
    """The pension in a period."""

    contribution: Tensor  # [B] float64, rate
    pension: Tensor  # [B] float64, of a retired household
    received: Tensor  # [B, N]


class Demography:
    """The population of a life cycle with ``J`` ages; entries of distributions are by age, then productivity.

    Attributes:
        life: the life cycle.
    """

    def __init__(self, life: LifeCycle) -> None:
        self.life = life
        tables = (torch.from_numpy(each) for each in (life.survival, life.efficiency, life.newborns))
        self._survival, self._efficiency, self._newborns = tables
        self._left = torch.from_numpy(expected_periods(life))

    def efficiency(self, age: Tensor, dtype: torch.dtype) -> Tensor:
        """Return labour of a unit of time at productivity one, ``[B, N]``."""
        return self._efficiency.to(age.device, dtype)[age]

    def is_retired(self, age: Tensor) -> Tensor:
        """Return who has a pension, ``[B, N]``."""
        return age >= self.life.retirement

    def observed(self, age: Tensor, dtype: torch.dtype) -> tuple[Tensor, ...]:
        """Return what a household observes of its age, ``[B, N]`` each.

        These are the share of the longest life, retirement, and one over the expected number of periods that it lives,
        the present one included.
        """
        share = (age / (self.life.ages - 1)).to(dtype)
        return share, self.is_retired(age).to(dtype), (1 / self._left.to(age.device))[age].to(dtype)

    def age_of(self, features: Tensor) -> Tensor:
        """Return the age ``[B, N]`` of households who observe ``features`` ``[B, N, 5]``."""
        return (features[..., 2].double() * (self.life.ages - 1)).round().long()

    def social_security(self, age: Tensor, mass: Tensor, earned: Tensor, given: Tensor) -> SocialSecurity:
        """Return the contribution rate and the pension at which contributions pay for pensions.

        Without a retired household nothing is paid in.

        Args:
            age: ``[B, N]``.
            mass: ``[B, N]``.
            earned: mean labour income per household, float64 ``[B]``.
            given: the rate that does not adjust, float64 ``[B]``.
        """
        is_retired = self.is_retired(age)
        retired = (mass.double() * is_retired).sum(-1)
        paid_in = given * retired / (1 - retired) if self.life.adjusts == "contribution" else given
        contribution = torch.where(retired > 0, paid_in, 0.0)
        require(contribution < 1, _ALL_PAID_IN)
        pension = contribution * earned / torch.where(retired > 0, retired, 1.0)
        return SocialSecurity(contribution, pension, is_retired * pension.to(mass.dtype)[:, None])

    def gap(self, last: Flows) -> Tensor:
        """Return contributions less pensions paid in a period, per household ``[B]``."""
        effective = last.productivity * self.efficiency(last.age, last.mass.dtype) * last.hours
        received = self.is_retired(last.age) * last.pension[:, None]
        mass = last.mass.double()
        paid_in = last.contribution * last.wage * (mass * effective.double()).sum(-1)
        return paid_in - (mass * received.double()).sum(-1)

    # --- the population -----------------------------------------------------------------------------------------

    def slots(self, shares: Tensor) -> Tensor:
        """Return the distribution ``[J * S, G]`` that households of a sample are drawn from, before their weights."""
        age = torch.arange(len(shares), device=shares.device) // len(self._newborns)
        number = shares / self._weights(age)[:, None]
        return number / number.sum()

    def begin(self, cells: Tensor, assets: Tensor, mass: Tensor, bequest: float, is_distribution: bool) -> People:
        """Return the population of entries ``[B, N]`` of a distribution, or of a sample drawn from :meth:`slots`."""
        states = len(self._newborns)
        age, received = cells // states, torch.full_like(mass[:, 0], bequest, dtype=torch.float64)
        if not is_distribution:
            mass = self._normalised(age)[0].to(mass.dtype)
        return People(age, cells % states, assets, mass, received, torch.zeros_like(received))

    def after(self, state: State, last: Flows, grid: Tensor, transition: Tensor, is_distribution: bool) -> People:
        """Return the population of the next period, after choices ``last``.

        Args:
            state: at the start of this period.
            last: what households chose.
            grid: ``[G]``, of assets.
            transition: of productivity, ``[S, S]``.
            is_distribution: whether entries are those of a distribution.
        """
        if is_distribution:
            return self._next_distribution(state, last, grid, transition)
        age, key, time = state.age, state.key, state.time
        draw = random.uniform(key, time, "bewley/survival", tuple(age.shape[1:]), torch.float64)
        dies = draw >= self._survival.to(age.device)[age]
        drawn = random.uniform(key, time, "bewley/newborns", tuple(age.shape[1:]), torch.float64)
        bounds = self._newborns.to(age.device).cumsum(-1)[:-1]
        newborn = torch.searchsorted(bounds, drawn, right=True)
        productivity = torch.where(dies, newborn, next_states(key, time, state.productivity, transition))
        older = torch.where(dies, 0, age + 1)
        (_, before), (mass, people) = self._normalised(age), self._normalised(older)
        growth = (1 + self.life.growth) * people / before - 1
        left = (state.mass.double() * dies * last.assets.double()).sum(-1) / (1 + growth)
        assets = torch.where(dies, 0.0, last.assets)
        return People(older, productivity, assets, mass.to(state.mass.dtype), left, growth)

    def _next_distribution(self, state: State, last: Flows, grid: Tensor, transition: Tensor) -> People:
        """Return the distribution of the next period: survivors are a year older, and newborns replace the others."""
        copies, ages = len(state.mass), self.life.ages
        alive = state.mass * self._survival.to(state.mass)[state.age]
        by_age = copies * ages, -1
        moved = lottery(last.assets.reshape(by_age), alive.reshape(by_age), grid, transition)
        older = moved.reshape(copies, ages, -1)[:, :-1] / (1 + self.life.growth)
        born = 1 - older.double().sum((1, 2))
        newborns = torch.zeros_like(moved[:copies]).reshape(copies, len(self._newborns), -1)
        newborns[..., 0] = (born[:, None] * self._newborns.to(born)).to(moved.dtype)
        mass = torch.cat([newborns.reshape(copies, 1, -1), older], 1).reshape(state.mass.shape)
        growth = torch.full_like(state.growth, self.life.growth)
        left = ((state.mass - alive).double() * last.assets.double()).sum(-1) / (1 + growth)
        return People(state.age, state.productivity, state.assets, mass, left, growth)

    def _weights(self, age: Tensor) -> Tensor:
        """Return the number of people whom a household of a sample stands for, relative to a newborn one, float64."""
        return torch.exp(-log1p(self.life.growth) * age.double())

    def _normalised(self, age: Tensor) -> tuple[Tensor, Tensor]:
        """Return the shares ``[B, N]`` of households of a sample, and the sum ``[B]`` of their weights."""
        weights = self._weights(age)
        people = weights.sum(-1)
        return weights / people[:, None], people


def first_people(
    demography: Demography | None,
    key: Tensor,
    shares: Tensor,
    grid: Tensor,
    count: int,
    sampling: str,
    dtype: torch.dtype,
    bequest: float,
) -> People:
    """Return the initial population.

    Args:
        demography: of the life cycle, where there is one.
        key: ``[B]``.
        shares: of the population by productivity, with a life cycle by age first, and assets; ``[S, G]``.
        grid: ``[G]``, of assets.
        count: the number of entries ``N``.
        sampling: ``random``, ``stratified`` or ``distribution``.
        dtype: of assets and shares.
        bequest: to everybody in the first period.
    """
    is_distribution = sampling == "distribution"
    begin = {"random": drawn, "stratified": stratified, "distribution": distributed}[sampling]
    shares = shares.to(key.device)
    if demography is not None and not is_distribution:
        shares = demography.slots(shares)
    cells, assets, mass = begin(key, shares, grid, count, dtype)
    if demography is None:
        none = torch.zeros_like(key, dtype=torch.float64)
        return People(torch.zeros_like(cells), cells, assets, mass, none, none)
    return demography.begin(cells, assets, mass, bequest, is_distribution)


def people_after(
    demography: Demography | None,
    state: State,
    last: Flows,
    grid: Tensor,
    transition: Tensor,
    is_distribution: bool,
) -> People:
    """Return the population of the next period, after choices ``last``; see :meth:`Demography.after`."""
    if demography is not None:
        return demography.after(state, last, grid, transition, is_distribution)
    none = torch.zeros_like(state.growth)
    if is_distribution:
        mass = lottery(last.assets, state.mass, grid, transition)
        return People(state.age, state.productivity, state.assets, mass, none, none)
    following = next_states(state.key, state.time, state.productivity, transition)
    return People(state.age, following, last.assets, state.mass, none, none)
