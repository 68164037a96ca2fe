"""Sequence-form linear program: exact equilibria of two-player zero-sum games of several moves.

The first player's plan ``x`` maximises the value that the second player's best response leaves it: with the payoff
matrix ``A`` over pairs of sequences and the constraints ``E x = e``, ``F y = f`` of plans, ``max f'u`` subject to
``F'u <= A'x``, ``E x = e`` and ``x >= 0``. The second player's plan is the dual solution. The program is linear in the
size of the game; HiGHS solves it. The method also solves games whose payoffs add up to a constant other than zero.

Sources: Koller, Megiddo and von Stengel (1994); von Stengel (1996), section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.information_tree import Floats, InformationTree, PlayerTree
from econsim.learning import Solution, SolverProgress
from econsim.parameters import Model
from econsim.solvers._trees import tree_of, tree_solution

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Parameters", "SequenceForm"]

REFERENCES = (
    "@inproceedings{koller1994fast, title={Fast Algorithms for Finding Randomized Strategies in Game Trees}, "
    "author={Koller, Daphne and Megiddo, Nimrod and von Stengel, Bernhard}, booktitle={Proceedings of the ACM "
    "Symposium on Theory of Computing}, pages={750--759}, year={1994}}",
    "@article{vonstengel1996efficient, title={Efficient Computation of Behavior Strategies}, author={von Stengel, "
    "Bernhard}, journal={Games and Economic Behavior}, volume={14}, number={2}, pages={220--246}, year={1996}}",
)


class Parameters(Model):
    """The solver has no parameters."""


class SequenceForm:
    """Solver of two-player zero-sum games of several moves by a linear program."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return a behavioural strategy for each player; see :class:`~econsim.learning.Solver`.

        Where a player's own moves never lead, its options are equally likely. If the time limit is reached first, all
        options are equally likely everywhere. The residual ``value`` is the first player's payoff in equilibrium.

        Raises:
            UserError: the information sets of the game cannot be listed, there are not two players, their payoffs do
                not add up to a constant, a player does not recall its own moves, or an agent is fixed.
        """
        tree = tree_of(game, fixed, "sequence_form")
        if len(tree.players) != 2 or not tree.is_constant_sum():
            raise UserError(
                f"sequence_form: expected two players whose payoffs add up to a constant; {type(game).__name__} is not "
                "such a game here; use the solver counterfactual_regret, which certifies how far it is from equilibrium"
            )
        plans = _solved(tree, inf if time_limit is None else monotonic() + time_limit)
        if plans is None:
            uniform = [own.plan(own.uniform) for own in tree.players]
            note = "The time limit was reached first: all options are equally likely. Try counterfactual_regret."
            return tree_solution(game, uniform, {}, [note])
        return tree_solution(game, plans, {"value": float(tree.values(plans)[0])}, [])


def _solved(tree: InformationTree, deadline: float) -> list[Floats] | None:
    """Return the plans of both players in equilibrium; ``None`` if the deadline passed."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, hstack

    first, second = tree.players
    sizes = (len(first.option), len(second.option))
    payoffs = csr_array((tree.payoffs[:, 0], (tree.ends[:, 0], tree.ends[:, 1])), shape=sizes)
    own, other = _plan_constraints(first), _plan_constraints(second)
    free = other.shape[0]
    result = linprog(
        np.concatenate([np.zeros(sizes[0]), [-1.0], np.zeros(free - 1)]),
        A_ub=hstack([-payoffs.T, other.T], "csr"),
        b_ub=np.zeros(sizes[1]),
        A_eq=hstack([own, csr_array((own.shape[0], free))], "csr"),
        b_eq=np.append(1.0, np.zeros(own.shape[0] - 1)),
        bounds=[(0, None)] * sizes[0] + [(None, None)] * free,
        options={"time_limit": max(0.0, deadline - monotonic())},
    )
    if result.status != 0 or result.x is None:
        return None
    solution = (np.asarray(result.x[: sizes[0]]), -np.asarray(result.ineqlin.marginals))
    return [_exactly(player, np.clip(plan, 0.0, None)) for player, plan in zip(tree.players, solution, strict=True)]


def _plan_constraints(player: PlayerTree) -> csr_array:
    """Return the matrix ``[1 + I, S]`` of plans: the empty sequence has weight 1, and options share their parent's."""
    from scipy.sparse import csr_array

    sets, sequences = len(player.names), len(player.option)
    rows = np.concatenate([[0], 1 + player.information_set, 1 + np.arange(sets)])
    columns = np.concatenate([[0], np.arange(1, sequences), player.parent])
    entries = np.concatenate([np.ones(sequences), -np.ones(sets)])
    return csr_array((entries, (rows, columns)), shape=(1 + sets, sequences))


def _exactly(player: PlayerTree, plan: Floats) -> Floats:
    """Return a plan without the rounding of the linear program: the shares of every information set add up to 1."""
    behaviour = player.behaviour(plan)
    total = np.bincount(player.information_set, behaviour[1:], len(player.names))
    behaviour[1:] /= total[player.information_set]
    return player.plan(behaviour)
