"""Preference game: two candidates each choose an alternative, and the share of voters who prefer it is the payoff.

State
    The alternative of each candidate, ``[B, 2]`` (-1 before the round), and time.

Actions
    Role ``candidate``: one of the alternatives.

Observations
    ``round``: 0 before the round and 1 after it. Candidates observe nothing else before they choose.

Dynamics
    One round, in which both choose; then the game ends by its own rule.

Rewards
    ``P(own > other)``, the share of voters who prefer the candidate's alternative to that of the other; 1/2 where both
    choose the same. The payoffs of both add up to 1.

Conservation
    No quantity is conserved in general. The game has no accounts; payoffs are returns.

Calibration
    None: shares are given, or follow from rankings or utilities of weighted voters, such as personas.

Checks
    An equilibrium strategy is a maximal lottery (von Neumann winner), and its value is 1/2. With three rankings in a
    cycle and shares ``q`` below 1/2 it is ``(1 - 2 q_3, 1 - 2 q_1, 1 - 2 q_2)``; a Condorcet winner is chosen with
    certainty.

References:
    Fishburn (1984), *Probabilistic Social Choice Based on Simple Voting Comparisons*; Laffond, Laslier and Le Breton
    (1993), *The Bipartisan Set of a Tournament Game*; Munos et al. (2024), *Nash Learning from Human Feedback*.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator
from torch import Tensor

from econsim.games._one_round import OneRound, check_profiles
from econsim.games._preference_files import read_preferences
from econsim.games._rankings import Ranking, shares_of
from econsim.parameters import Model

__all__ = ["Parameters", "Preference"]

REFERENCES = (
    "@article{fishburn1984probabilistic, title={Probabilistic Social Choice Based on Simple Voting Comparisons}, "
    "author={Fishburn, Peter C.}, journal={Review of Economic Studies}, volume={51}, number={4}, pages={683--692}, "
    "year={1984}}",
    "@inproceedings{munos2024nash, title={Nash Learning from Human Feedback}, author={Munos, R{\\'e}mi and others}, "
    "booktitle={International Conference on Machine Learning}, year={2024}}",
)
CLASSICS = {
    "condorcet_cycle": (("a", "b", "c"), ((1 / 2, 2 / 3, 1 / 3), (1 / 3, 1 / 2, 2 / 3), (2 / 3, 1 / 3, 1 / 2))),
    "lopsided_cycle": (("a", "b", "c"), ((0.5, 0.75, 0.4), (0.25, 0.5, 0.65), (0.6, 0.35, 0.5))),
    "strong_cycle": (("a", "b", "c"), ((0.5, 0.9, 0.2), (0.1, 0.5, 0.8), (0.8, 0.2, 0.5))),
}
TOLERANCE = 1e-9


class Parameters(Model):
    """Parameters of a preference game: one of a named cycle, rankings, a table of shares, or a file."""

    classic: Literal["condorcet_cycle", "lopsided_cycle", "strong_cycle"] | None = None
    """Three alternatives, each beaten by another. ``condorcet_cycle``: three rankings, equally frequent;
    ``lopsided_cycle``: the same with shares of 0.4, 0.25 and 0.35; ``strong_cycle``: majorities of 0.9, 0.8 and 0.8."""
    rankings: tuple[Ranking, ...] | None = Field(default=None, min_length=1)
    """Rankings of voters, each with all alternatives."""
    shares: list[list[float]] | None = Field(default=None, min_length=2)
    """The share of voters who prefer the alternative of the row to that of the column; ``shares[a][b] + shares[b][a]``
    is 1, and 0.5 on the diagonal."""
    file: str | None = None
    """CSV file, relative to the working directory: a table of shares with a first column ``alternative``, or one row
    per voter with a utility in the column of each alternative, and optionally a ``weight``. A loaded scenario, and so
    a run, contains its ``shares`` and ``alternatives`` instead."""
    precision: float | None = Field(default=None, gt=0)
    """Of the voters of ``file``, in inverse units of utility: the share who prefer ``a`` is logistic in the difference
    of utilities. Null: every voter prefers the alternative with the higher utility."""
    alternatives: tuple[str, ...] = ()
    """Names of the alternatives of ``shares``, in order; alternatives without names are numbered."""

    @model_validator(mode="before")
    @classmethod
    def _read_file(cls, given: Any) -> Any:
        """Replace the name of a file by its content, so that a run does not depend on the file."""
        if not isinstance(given, dict) or not isinstance(given.get("file"), str):
            return given
        content = read_preferences(given["file"], given.get("precision"))
        read = {"file": None, "precision": None, "shares": content.shares.tolist()}
        return {"alternatives": content.alternatives, **given, **read}

    @model_validator(mode="after")
    def _one_game(self) -> Parameters:
        if sum(source is not None for source in (self.classic, self.rankings, self.shares)) != 1:
            raise ValueError(f"expected one of classic ({', '.join(CLASSICS)}), rankings, shares or file")
        if self.precision is not None:
            raise ValueError("precision belongs to a file of voters")
        if self.shares is None and self.alternatives:
            raise ValueError("alternatives belong to shares; rankings name them")
        check_profiles(len(self.table), 2)  # mistakes in the table are found before work starts
        return self

    @property
    def table(self) -> NDArray[np.float64]:
        """The share of voters who prefer the row to the column, ``[C, C]``."""
        if self.classic is not None:
            return np.array(CLASSICS[self.classic][1])
        return shares_of(self.rankings) if self.rankings is not None else _checked(self.shares or [], self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the alternatives."""
        if self.classic is not None:
            return CLASSICS[self.classic][0]
        if self.rankings is not None:
            return tuple(sorted(self.rankings[0].order))
        count = len(self.shares or ())
        if self.alternatives and len(set(self.alternatives)) != count:
            raise ValueError(f"alternatives: expected {count} different names, found {len(self.alternatives)}")
        return self.alternatives or tuple(map(str, range(count)))


def _checked(shares: list[list[float]], names: tuple[str, ...]) -> NDArray[np.float64]:
    for name, row in zip(names, shares, strict=True):
        if len(row) != len(shares):
            raise ValueError(f"shares: expected {len(shares)} numbers in the row of {name}, found {len(row)}")
    table = np.array(shares)
    for row, column in np.argwhere((np.abs(table + table.T - 1) > TOLERANCE) | (table < 0) | (table > 1)):
        pair = f"{names[row]} over {names[column]}"
        expected = "0.5" if row == column else "shares between 0 and 1 that add up to 1 with the reverse"
        raise ValueError(
            f"shares: {pair}: expected {expected}, found {table[row, column]:g} and {table[column, row]:g}"
        )
    symmetric: NDArray[np.float64] = (table + 1 - table.T) / 2
    return symmetric


class Preference(OneRound):
    """Preference game of one round; the module docstring describes it."""

    unit = "share of voters"

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        super().__init__("candidate", 2, parameters.names)
        self.parameters = {}
        self.constants = {"shares": torch.from_numpy(parameters.table)}  # [C, C]

    def payoffs(self, choices: Tensor) -> Tensor:
        """Return the share of voters who prefer each candidate's alternative, float64 ``[B, 2]``."""
        shares: Tensor = self.constants["shares"][choices, choices.flip(1)]
        return shares
