"""Episodes of baseline and reform by cluster, from which the tables of a reform are computed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from econsim.accounts import MONEY, unit_in_words
from econsim.analysis.counterfactual.clusters import linearised
from econsim.analysis.counterfactual.differences import ROUNDING, Difference, paired_difference, without_rounding
from econsim.analysis.counterfactual.incidence import AMOUNTS
from econsim.analysis.counterfactual.paired_play import Played
from econsim.analysis.inequality import Floats

__all__ = ["Parts", "Sides"]


@dataclass(frozen=True)
class Parts:
    """A paired difference and its parts: ``mechanical``, with behaviour held fixed, and ``behavioural``, the rest."""

    paired: Difference
    mechanical: float
    behavioural: float

    @property
    def total(self) -> float:
        """The sum of both parts, in floating point exactly; the paired difference up to rounding."""
        return self.mechanical + self.behavioural


@dataclass(frozen=True)
class Sides:
    """The same episodes under the baseline, under the reform with behaviour held fixed, and under the reform.

    Intervals are over clusters: episodes, or training seeds (``seeds``) where there are several, whose episodes follow
    each other.
    """

    baseline: Played
    held: Played
    reform: Played
    seeds: int = 1

    @property
    def accounts(self) -> list[str]:
        """The accounts of people, among ``AMOUNTS``, that the game has."""
        of_players = self.baseline.accounts_of_people()
        return [name for name in AMOUNTS if name in of_players]

    def unit(self, account: str) -> str:
        """Return the unit of an account, with the game's unit of money."""
        game = self.baseline.game
        units = {declared.name: declared.unit for declared in game.accounts_spec}
        return unit_in_words(units[account], game.unit)

    @property
    def episodes(self) -> int:
        """The number of episodes, of all seeds together."""
        return len(next(iter(self.baseline.returns.values())))

    @property
    def clusters(self) -> int:
        """The number of independent clusters."""
        return self.seeds if self.seeds > 1 else self.episodes

    def people(self, account: str) -> Floats:
        """Return the number of people that each entry of an account represents, ``[E * N]``."""
        weights, (amount, *_) = self.baseline.people(account), self.amounts(account)
        return np.ones_like(amount) if weights is None else weights

    def amounts(self, account: str) -> tuple[Floats, Floats, Floats]:
        """Return an account of people under the baseline, with behaviour held, and under the reform, ``[E * N]`` each.

        Money is zero where it is rounding beside the largest amount of money, such as taxes where none are levied.

        Raises:
            KeyError: no such account.
        """
        sides = (side.accounts_of_people()[account] for side in (self.baseline, self.held, self.reform))
        largest = self._most_money if account in self._money else 0.0
        baseline, held, reform = (without_rounding(values.cpu().numpy().ravel(), largest) for values in sides)
        return baseline, held, reform

    @property
    def _money(self) -> set[str]:
        return {each.name for each in self.baseline.game.accounts_spec if each.unit == MONEY}

    @cached_property
    def _most_money(self) -> float:
        """The largest amount of money of a person on either side."""
        accounts = (side.accounts_of_people() for side in (self.baseline, self.reform))
        largest = [float(each[name].abs().max()) for each in accounts for name in self._money & each.keys()]
        return max(largest, default=0.0)

    def by_cluster(self, amount: Floats, people: Floats) -> Floats:
        """Return one value per cluster, ``[C]``, of an amount per person, both ``[E * N]``; see :func:`linearised`."""
        return linearised(amount.reshape(self.clusters, -1), people.reshape(self.clusters, -1))

    def per_person(self, account: str, people: Floats) -> Parts:
        """Return the change of an account per person; ``people`` ``[E * N]`` are weights, zero outside a group."""
        return _parts(self.by_cluster(amount, people) for amount in self.amounts(account))

    def total(self, account: str) -> Parts:
        """Return the change of the sum of an account over all people, mean over episodes."""
        people, per_cluster = self.people(account), self.episodes // self.clusters
        sums = ((people * amount).reshape(self.clusters, -1).sum(1) for amount in self.amounts(account))
        return _parts(values / per_cluster for values in sums)


def _parts(sides: Iterable[Floats]) -> Parts:
    baseline, held, reform = sides
    means = [float(values.mean()) for values in (baseline, held, reform)]
    rounding = ROUNDING * max(map(abs, means))
    steps = (after - before for before, after in pairwise(means))
    mechanical, behavioural = (step if abs(step) > rounding else 0.0 for step in steps)
    return Parts(paired_difference(baseline, reform), mechanical, behavioural)
