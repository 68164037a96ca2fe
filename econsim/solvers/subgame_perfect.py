"""Backward induction in games of perfect information: a subgame-perfect equilibrium in pure strategies.

The last moves are solved first: where every option of an information set leads to an end, or to moves that are solved,
its player chooses the option with the highest expected payoff, which then stands for the whole subgame. Among equally
good options the first is chosen. Chance may move at any point.

The game is read in sequence form. An information set can be solved once its player has no later moves, and all ends
below it agree in the sequences of all other players, which holds for the last moves of a game of perfect information.

Sources: Zermelo (1913); Kuhn (1953), *Extensive Games and the Problem of Information*.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.information_tree import InformationTree
from econsim.learning import Solution, SolverProgress
from econsim.parameters import Model
from econsim.solvers._pace import Pace
from econsim.solvers._trees import tree_of, tree_solution

__all__ = ["Parameters", "SubgamePerfect", "has_perfect_information"]

REFERENCES = (
    "@incollection{kuhn1953extensive, title={Extensive Games and the Problem of Information}, author={Kuhn, Harold "
    "W.}, booktitle={Contributions to the Theory of Games}, volume={2}, pages={193--216}, publisher={Princeton "
    "University Press}, year={1953}}",
)
_CHECK_EVERY = 1000

Place = tuple[int, int]
"""An information set: its player, and its number."""
End = tuple[int, ...]
"""An end of the game or of a solved subgame: the last sequence of each player."""


class Parameters(Model):
    """The solver has no parameters."""


class SubgamePerfect:
    """Solver of games of several moves in which every player observes all earlier moves."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return a pure strategy of each player; see :class:`~econsim.learning.Solver`.

        If the time limit is reached first, players mix all options equally where they are not solved yet.

        Raises:
            UserError: the information sets of the game cannot be listed, a player does not observe all earlier moves,
                or an agent is fixed.
        """
        tree = tree_of(game, fixed, "subgame_perfect")
        induction = _Induction(tree)
        pace = Pace(induction.sets, time_limit, progress)
        while induction.ready:
            if induction.solved % _CHECK_EVERY == 0 and pace.stops(induction.solved, "information sets"):
                break
            induction.solve_next()
        if not induction.ready and induction.solved < induction.sets:
            raise _imperfect(induction)
        rest = induction.sets - induction.solved
        notes = [f"Stopped with {rest:,} of {induction.sets:,} information sets unsolved."] if rest else []
        pairs = zip(tree.players, induction.behaviours, strict=True)
        residuals = {"information_sets": float(induction.solved)}
        return tree_solution(game, [player.plan(behaviour) for player, behaviour in pairs], residuals, notes)


def has_perfect_information(tree: InformationTree) -> bool:
    """Return whether players observe all earlier moves, so that the game can be solved backwards."""
    induction = _Induction(tree)
    while induction.ready:
        induction.solve_next()
    return induction.solved == induction.sets


class _Induction:
    """Backward induction in progress: the remaining ends of the game, and the choices at solved information sets.

    Attributes:
        behaviours: of each player, ``[S]``; uniform where information sets are not solved.
        ready: information sets that can be solved next, as (player, number).
        solved: the number of solved information sets.
        sets: the number of all information sets.
    """

    def __init__(self, tree: InformationTree) -> None:
        self.tree = tree
        self.behaviours = [player.uniform.copy() for player in tree.players]
        self.solved, self.sets = 0, sum(len(player.names) for player in tree.players)
        self._payoffs = {tuple(at): payoff for at, payoff in zip(tree.ends.tolist(), tree.payoffs, strict=True)}
        self._ends: dict[Place, set[End]] = {
            (player, number): set() for player, of in enumerate(tree.players) for number in range(len(of.names))
        }
        self._later = dict.fromkeys(self._ends, 0)  # unsolved information sets of the same player, one move later
        for player, number in self._ends:
            if (before := self._place(player, int(tree.players[player].parent[number]))) is not None:
                self._later[before] += 1
        for end in self._payoffs:
            self._add(end)
        self.ready = [place for place in self._ends if self._is_ready(place)]

    def solve_next(self) -> None:
        """Solve an information set that is ready, and put the best end in the place of its subgame."""
        player, number = place = self.ready.pop()
        ends = sorted(self._ends[place], key=lambda end: end[player])
        payoffs = [self._payoffs.pop(end) for end in ends]
        best = max(range(len(ends)), key=lambda option: payoffs[option][player])
        own, behaviour = self.tree.players[player], self.behaviours[player]
        behaviour[own.first[number] : own.first[number + 1]] = 0.0
        behaviour[ends[best][player]] = 1.0
        for end in ends:
            for other, sequence in enumerate(end):
                if (at := self._place(other, sequence)) is not None:
                    self._ends[at].discard(end)
        parent = int(own.parent[number])
        reached = (*ends[best][:player], parent, *ends[best][player + 1 :])
        self._payoffs[reached] = self._payoffs.get(reached, 0.0) + payoffs[best]
        self._add(reached)
        self.solved += 1
        if (before := self._place(player, parent)) is not None:
            self._later[before] -= 1
        touched = {self._place(other, sequence) for other, sequence in enumerate(reached)}
        self.ready += [at for at in touched if at is not None and at not in self.ready and self._is_ready(at)]

    def _place(self, player: int, sequence: int) -> Place | None:
        """Return the information set in which a sequence ends; none for the empty sequence."""
        return (player, int(self.tree.players[player].information_set[sequence - 1])) if sequence else None

    def _add(self, end: End) -> None:
        for player, sequence in enumerate(end):
            if (place := self._place(player, sequence)) is not None:
                self._ends[place].add(end)

    def _is_ready(self, place: Place) -> bool:
        player, number = place
        ends = self._ends[place]
        if self._later[place] or len(ends) != self.tree.players[player].count[number]:
            return False
        return len({(*end[:player], *end[player + 1 :]) for end in ends}) == 1


def _imperfect(induction: _Induction) -> UserError:
    unsolved = f"{induction.sets - induction.solved:,} of {induction.sets:,} information sets"
    return UserError(
        f"subgame_perfect: expected a game in which players observe all earlier moves; in {unsolved} they do not, or "
        "later moves are hidden; use the solver counterfactual_regret"
    )
