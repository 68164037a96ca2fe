"""Solvers: exact methods that return agents with a certificate, one kind per module (:mod:`econsim.kinds`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from econsim.game import Game

__all__ = ["default_solver"]


def default_solver(game: Game[Any]) -> str:
    """Return the kind of solver that is used for a game where the user names none.

    It finds a subgame-perfect equilibrium where players observe all moves, the maximal lottery of a preference game,
    the stationary equilibrium of an economy of households who save, with or without ages, or their law of motion under
    aggregate shocks, the path after a monetary shock where prices are sticky, the best policy of players who each face
    a decision problem of their own, the equilibrium in the limit of many players where payoffs are given by counts and
    too many to list, all equilibria of two players, and the best correlated equilibrium of any other number of players.

    Raises:
        UserError: no shipped solver applies to the game.
    """
    from econsim.anonymous import is_crowd
    from econsim.errors import UserError
    from econsim.game import Enumerable
    from econsim.games.preference import Preference
    from econsim.households.protocols import HasStickyPrices, SolvesHouseholds, SolvesLifeCycles
    from econsim.information_tree import HasInformationTree
    from econsim.markov import DecisionGame, MarkovGame

    if isinstance(game, HasInformationTree):
        from econsim.solvers.subgame_perfect import has_perfect_information

        tree = game.information_tree()
        if has_perfect_information(tree):
            return "subgame_perfect"
        return "sequence_form" if len(tree.players) == 2 and tree.is_constant_sum() else "counterfactual_regret"
    if isinstance(game, SolvesLifeCycles) and game.has_ages:
        return "life_cycle"
    if isinstance(game, SolvesHouseholds):
        return "law_of_motion" if game.has_shocks else "stationary_equilibrium"
    if isinstance(game, HasStickyPrices):
        return "monetary_shock"
    if isinstance(game, MarkovGame):
        return "backward_induction"
    if isinstance(game, DecisionGame):
        return "value_iteration"
    if isinstance(game, Preference):
        return "maximal_lottery"
    if isinstance(game, Enumerable):
        players = sum(role.count for role in game.roles.values())
        if is_crowd(game):
            return "mean_field"
        return "vertex_enumeration" if players == 2 else "correlated"
    reason = (
        "the shipped solvers need payoffs that can be enumerated, information sets that can be listed, or finite states"
    )
    raise UserError(f"solve: {type(game).__name__} has no default solver: {reason}; name a solver with --solver")
