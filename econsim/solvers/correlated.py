"""Correlated equilibria by linear program, of games with any number of players.

A joint distribution over profiles of options is a *correlated equilibrium* if nobody gains by answering a recommended
option with another one, and a *coarse* one if nobody gains by playing one option whatever is recommended. Both sets are
polytopes, so that an equilibrium with the highest or the lowest sum of payoffs, or the best one for one player, is a
linear program (HiGHS); that of highest entropy is a convex program. Agents draw independently and play only their
marginal distributions; the solution's ``joint`` is the equilibrium.

The price of anarchy is the highest sum of payoffs of any profile over the lowest sum in equilibrium, and the price of
stability is the same over the highest sum in equilibrium, where all of these sums are positive. Where all are negative,
payoffs are costs, and the prices are the costs in equilibrium over the lowest cost. Otherwise there are no prices.

Sources: Aumann (1974); Moulin and Vial (1978) for coarse equilibria; Koutsoupias and Papadimitriou (1999) for the price
of anarchy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from math import inf, prod
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from pydantic import Field

from econsim.errors import UserError, did_you_mean
from econsim.expected_play import cce_gap, ce_gap
from econsim.game import Agent, Game
from econsim.learning import Solution, SolverProgress, TotalPayoffs
from econsim.parameters import Model
from econsim.solvers._entropy import most_entropy
from econsim.solvers._tables import Floats, joint_solution, payoff_table, player_names

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Correlated", "Parameters", "incentives", "optimum", "total_payoffs"]

REFERENCES = (
    "@article{aumann1974subjectivity, title={Subjectivity and Correlation in Randomized Strategies}, author={Aumann, "
    "Robert J.}, journal={Journal of Mathematical Economics}, volume={1}, number={1}, pages={67--96}, year={1974}}",
    "@article{moulin1978strategically, title={Strategically Zero-Sum Games: The Class of Games Whose Completely Mixed "
    "Equilibria Cannot Be Improved Upon}, author={Moulin, Herv{\\'e} and Vial, Jean-Philippe}, journal={International "
    "Journal of Game Theory}, volume={7}, pages={201--221}, year={1978}}",
)
MOST_TERMS = 20_000_000
"""The largest number of coefficients of the incentive constraints."""
MOST_CONSTRAINTS = 1_000
"""The largest number of incentive constraints with the objective ``max_entropy``."""
_FEASIBLE = 1e-10
_FEW_STEPS = (
    300  # of the simplex method, or one for eight constraints: where they do not suffice, they took little time
)
_SMALLEST = 1e-12  # probabilities below this one are rounding of the linear program


class Parameters(Model):
    """Parameters of correlated equilibria."""

    concept: Literal["ce", "cce"] = "ce"
    """``ce``: correlated equilibrium; ``cce``: coarse correlated equilibrium, the larger set."""
    objective: str = Field(default="max_welfare", min_length=1)
    """``max_welfare`` or ``min_welfare``: the highest or lowest sum of payoffs; ``max_entropy``: the distribution of
    highest entropy; ``player NAME``: the highest payoff of that player."""


class Correlated:
    """Solver of correlated and coarse correlated equilibria."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return an equilibrium as the solution's joint distribution; see :class:`~econsim.learning.Solver`.

        If the time limit is reached first, all profiles are equally probable, or have the probabilities that the
        convex program has reached; the certificate holds the gain that is left.

        Raises:
            UserError: payoffs cannot be enumerated, an agent is fixed, the game is too large, or the objective is not
                known.
        """
        table = payoff_table(game, fixed, "correlated")
        deadline = None if time_limit is None else monotonic() + time_limit
        weights = self._objective(table, player_names(game))
        _check_size(table.shape[1:], self.parameters.concept)
        self._check_rows(table.shape[1:])
        constraints = incentives(table, self.parameters.concept)
        if weights is None:
            found, finished = most_entropy(constraints.toarray(), deadline)
        else:
            best = optimum(weights, constraints, deadline)
            found, finished = (_uniform(table) if best is None else best), best is not None
        joint = found.reshape(table.shape[1:])
        known = {} if weights is None else {self.parameters.objective: found}
        notes = _prices(table, constraints, known, deadline) if finished else ["The time limit was reached."]
        gap = ce_gap if self.parameters.concept == "ce" else cce_gap
        return joint_solution(game, joint, gap(torch.from_numpy(table), torch.from_numpy(joint)), notes)

    def _objective(self, table: Floats, players: Sequence[str]) -> Floats | None:
        """Return the payoff of each profile that is maximised, ``[profiles]``; ``None`` for entropy."""
        words = self.parameters.objective.split()
        match words:
            case ["max_entropy"]:
                return None
            case ["max_welfare" | "min_welfare"]:
                sign = 1.0 if words[0] == "max_welfare" else -1.0
                return np.asarray(sign * table.sum(0).ravel())
            case ["player", name] if name in players:
                return np.asarray(table[players.index(name)].ravel())
            case ["player", name]:
                raise UserError(f"solver.objective: no player is called {name!r}{did_you_mean(name, players)}")
        raise UserError(
            "solver.objective: expected max_welfare, min_welfare, max_entropy or 'player NAME', found "
            f"{self.parameters.objective!r}"
        )

    def _check_rows(self, shape: tuple[int, ...]) -> None:
        fine = self.parameters.concept == "ce"
        rows = sum(count * (count - 1) if fine else count for count in shape)
        size = " by ".join(map(str, shape))
        if self.parameters.objective == "max_entropy" and rows > MOST_CONSTRAINTS:
            raise UserError(
                f"correlated: {size} options have {rows:,} incentive constraints, more than {MOST_CONSTRAINTS:,} for "
                "max_entropy; use the objective max_welfare"
            )


def _check_size(shape: tuple[int, ...], concept: str) -> None:
    terms = prod(shape) * sum(count - 1 if concept == "ce" else count for count in shape)
    if terms > MOST_TERMS:
        size = " by ".join(map(str, shape))
        fits = "regret_matching fits large zero-sum games" if len(shape) == 2 else "use fewer options or players"
        raise UserError(
            f"correlated: the incentive constraints of {size} options have {terms:,} coefficients, more than "
            f"{MOST_TERMS:,}; {fits}"
        )


def incentives(table: Floats, concept: str) -> csr_array:
    """Return the incentive constraints: rows of the gains of each deviation in each profile, ``[K, profiles]``.

    Their products with a joint distribution must not be positive.

    Args:
        table: payoffs ``[P, A_1, ..., A_P]``.
        concept: ``ce``, one row per recommended option and other option; or ``cce``, one row per option.
    """
    from scipy.sparse import csr_array

    shape = table.shape[1:]
    profiles = np.arange(prod(shape)).reshape(shape)
    values, rows, columns, count = [], [], [], 0
    for player, options in enumerate(shape):
        own = np.moveaxis(table[player], player, 0).reshape(options, -1)
        numbers = np.moveaxis(profiles, player, 0).reshape(options, -1)
        gains = own[None] - own[:, None]  # [recommended, option, others]
        recommended, option = np.nonzero(~np.eye(options, dtype=np.bool_))
        row = np.arange(len(option)) if concept == "ce" else option
        values.append(gains[recommended, option].ravel())
        columns.append(numbers[recommended].ravel())
        rows.append(np.repeat(count + row, own.shape[1]))
        count += len(option) if concept == "ce" else options
    data = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    return csr_array(data, shape=(count, prod(shape)))


def optimum(weights: Floats, constraints: Any, deadline: float | None) -> Floats | None:
    """Return the equilibrium ``[profiles]`` with the highest expected weight; ``None`` after the deadline.

    The simplex method finds equilibria of few profiles in few steps. Others, such as most of those with the lowest
    payoffs, are probabilities of hundreds of profiles: after ``_FEW_STEPS`` or more, the dual program is solved by an
    interior point method instead, which takes about as many steps in programs of any size.

    Args:
        weights: ``[profiles]``.
        constraints: rows of :func:`incentives`, ``[K, profiles]``.
        deadline: on the clock of :func:`time.monotonic`.
    """
    steps = max(_FEW_STEPS, constraints.shape[0] // 8)
    for method in (partial(_by_simplex, steps=steps), _by_interior_point, _by_simplex):
        limit = inf if deadline is None else deadline - monotonic()
        if limit <= 0:
            break
        found = method(weights, constraints, limit)
        if found is not None:
            joint = np.where(found > _SMALLEST, found, 0.0)
            return np.asarray(joint / joint.sum())
    return None


def _by_simplex(weights: Floats, constraints: Any, limit: float, steps: int | None = None) -> Floats | None:
    """Return the optimal probabilities ``[profiles]``, ``None`` after ``limit`` seconds or so many steps."""
    from scipy.optimize import linprog

    options: Any = {"time_limit": limit, "primal_feasibility_tolerance": _FEASIBLE}
    if steps is not None:
        options["maxiter"] = steps
    result = linprog(
        -weights,
        A_ub=constraints,
        b_ub=np.zeros(constraints.shape[0]),
        A_eq=np.ones((1, len(weights))),
        b_eq=[1.0],
        options=options,
    )
    return result.x if result.status == 0 else None


def _by_interior_point(weights: Floats, constraints: Any, limit: float) -> Floats | None:
    """Return the optimal probabilities ``[profiles]`` as the prices of the dual program, ``None`` after ``limit``.

    The dual program is ``min v`` subject to ``G' y + v >= weights`` and ``y >= 0`` for constraints ``G x <= 0``.
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, hstack

    rows, height = constraints.shape[0], csr_array(np.ones((len(weights), 1)))
    dual: Any = hstack([-csr_array(constraints).T, -height], format="csc")
    result = linprog(
        np.append(np.zeros(rows), 1.0),
        A_ub=dual,
        b_ub=-weights,
        bounds=[(0.0, None)] * rows + [(None, None)],
        method="highs-ipm",
        options={"time_limit": limit, "dual_feasibility_tolerance": _FEASIBLE},
    )
    return -result.ineqlin.marginals if result.status == 0 else None


def _uniform(table: Floats) -> Floats:
    return np.full(table[0].size, 1.0 / table[0].size)


def total_payoffs(table: Floats, concept: Literal["ce", "cce"], time_limit: float | None = None) -> TotalPayoffs | None:
    """Return the range of total payoffs in all correlated (``ce``) or coarse correlated (``cce``) equilibria.

    ``None`` where the linear programs take longer than ``time_limit`` seconds.

    Args:
        table: payoffs ``[P, A_1, ..., A_P]``.
        concept: the set of equilibria.
        time_limit: in seconds.

    Raises:
        UserError: the incentive constraints have more than ``MOST_TERMS`` coefficients.
    """
    _check_size(table.shape[1:], concept)
    deadline = None if time_limit is None else monotonic() + time_limit
    return _total_payoffs(table, incentives(table, concept), {}, deadline)


def _total_payoffs(
    table: Floats, constraints: csr_array, known: Mapping[str, Floats], deadline: float | None
) -> TotalPayoffs | None:
    """Return the range; ``known`` holds equilibria by their objective, for which no program is solved again."""
    total = table.sum(0).ravel()
    worst, best = (
        known[name] if name in known else optimum(sign * total, constraints, deadline)
        for name, sign in (("min_welfare", -1.0), ("max_welfare", 1.0))
    )
    if worst is None or best is None:
        return None
    return TotalPayoffs(float(total @ worst), float(total @ best), float(total.max()))


def _prices(table: Floats, constraints: csr_array, known: Mapping[str, Floats], deadline: float | None) -> list[str]:
    """Return notes on the sums of payoffs in equilibrium and on the prices of anarchy and stability."""
    totals = _total_payoffs(table, constraints, known, deadline)
    if totals is None:
        return ["The time limit was reached before the range of total payoffs was known."]
    lines = [
        f"Total payoffs in equilibrium: {totals.lowest:.4g} to {totals.highest:.4g}; the highest of any profile is "
        f"{totals.optimum:.4g}."
    ]
    if totals.prices is not None:
        anarchy, stability = totals.prices
        lines.append(f"Price of anarchy {anarchy:.4g}, price of stability {stability:.4g}.")
    return lines
