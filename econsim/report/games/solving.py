"""The equilibrium that is shown beside play: that of the solver that fits the game, if the game is small enough.

Limits are sizes and iterations, not seconds, so that a report does not depend on the speed of the machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from econsim.errors import UserError
from econsim.information_tree import HasInformationTree
from econsim.markov import MarkovGame
from econsim.solvers import default_solver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from econsim.game import Agent, Game
    from econsim.learning import Solution

__all__ = ["Solved", "solved"]

MOST_ENDS, MOST_REWARDS = 50_000, 200_000
"""The largest number of ends of a tree, and of rewards in all periods and states, since reports are written after every
run: some seconds."""
ITERATIONS = 2_000
"""The largest number of iterations of a solver that approaches an equilibrium."""
LARGEST_GAP = 0.01
"""The largest gain from deviating of strategies that are called an equilibrium, as a share of the range of payoffs."""


class Solved(NamedTuple):
    """Strategies beside play.

    Attributes:
        solution: the solution; ``None`` where the solver does not apply.
        label: what its strategies are, as the title of a column.
        notes: its gap, or why it is missing.
    """

    solution: Solution | None
    label: str
    notes: tuple[str, ...]

    @property
    def agents(self) -> Mapping[str, Agent]:
        """The agent of each role; empty where there is none."""
        return {} if self.solution is None else self.solution.agents


def solved(game: Game[Any]) -> Solved:
    """Return an equilibrium of the solver that ``econsim solve`` uses where none is named; without one, why not."""
    from econsim.scenario.loading import solver_choice

    kind = default_solver(game)
    size, most = _size(game)
    if size > most:
        reason = f"{size:,} payoffs are more than a report solves ({most:,})"
        return Solved(None, "", (f"No equilibrium is shown beside it: {reason}. Use econsim solve --solver {kind}.",))
    settings = [f"iterations={ITERATIONS}"] if kind == "counterfactual_regret" else []
    try:
        solution = solver_choice(kind, settings).build().solve(game, {})
    except UserError as error:
        return Solved(None, "", (str(error),))
    gap = solution.certificate.upper
    if gap is None or gap > LARGEST_GAP * _range(game):
        reached = "" if gap is None else f" (a gain from deviating of {gap:.2g} is left)"
        missing = f"No equilibrium is shown beside it: {kind} found none within {ITERATIONS:,} iterations{reached}."
        return Solved(None, "", (f"{missing} econsim solve --solver {kind} continues without a limit.",))
    note = f"Equilibrium: found by {kind}, with a largest gain from deviating of {gap:.2g}; a game can have others."
    return Solved(solution, "equilibrium", (note,))


def _size(game: Game[Any]) -> tuple[int, int]:
    """Return the number of ends of a tree, or of rewards in all periods and states, and the largest that is solved."""
    if isinstance(game, HasInformationTree):
        return len(game.information_tree().payoffs), MOST_ENDS
    assert isinstance(game, MarkovGame)
    return game.markov_form().rewards.numel(), MOST_REWARDS


def _range(game: Game[Any]) -> float:
    """Return the range of payoffs of one round, or at the ends of the game."""
    if isinstance(game, HasInformationTree):
        tree = game.information_tree()
        paid = tree.payoffs / tree.chance[:, None]
        return float(paid.max() - paid.min())
    assert isinstance(game, MarkovGame)
    rewards = game.markov_form().rewards
    return float(rewards.max() - rewards.min())
