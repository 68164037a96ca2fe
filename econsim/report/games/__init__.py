"""Pages about games: what a game with an exact view (payoff tables, information sets, finite states) looks like.

Each part is a :class:`~econsim.report.games.blocks.Block`. Parts that are too large for a page are left out, and a note
says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from econsim.report.games.blocks import Block

if TYPE_CHECKING:
    from econsim.game import Game
    from econsim.report.games.play import Play
    from econsim.report.games.solving import Solved
    from econsim.runs.folder import Run

__all__ = ["blocks_of_game", "blocks_of_run"]


def blocks_of_game(game: Game[Any], play: Play, beside: Solved | None = None) -> list[Block]:
    """Return the blocks about a game and the play of agents; none for a game without an exact view.

    Args:
        game: the game.
        play: the agents of all roles.
        beside: the strategies shown beside theirs; by default an equilibrium of the solver that fits the game.
    """
    from econsim.errors import UserError
    from econsim.game import Enumerable
    from econsim.information_tree import HasInformationTree
    from econsim.markov import MarkovGame
    from econsim.report.games.play import play_block

    if not isinstance(game, (Enumerable, HasInformationTree, MarkovGame)):
        return []
    try:
        first, total = play_block(game, play)
    except UserError as error:  # a player does not recall its own moves
        return [Block("Play and best responses", notes=(str(error),))]
    if isinstance(game, HasInformationTree | MarkovGame):
        from econsim.report.games.information_sets import tree_blocks
        from econsim.report.games.solving import solved
        from econsim.report.games.states import state_blocks

        blocks = tree_blocks if isinstance(game, HasInformationTree) else state_blocks
        return [first, *blocks(game, play, beside or solved(game))]
    from econsim.report.games.one_round import one_round_blocks

    return [first, *one_round_blocks(game, {} if total is None else {play.label: total})]


def blocks_of_run(run: Run) -> list[Block]:
    """Return the blocks about a run's game: its reference policies, or play of its own policy and gaps in training."""
    from econsim.report.games.play import Play
    from econsim.report.games.references import reference_blocks
    from econsim.report.games.training_gap import training_block

    if beside := reference_blocks(run):
        return beside
    policy = run.plan.last
    seed = f", seed {policy.seeds[0]}" if len(policy.seeds) > 1 else ""
    play = Play(run.agents, f"the run's players (policy {policy.label}{seed})", "played")
    blocks = blocks_of_game(run.plan.game, play)
    gap = training_block(run) if blocks else None
    return blocks if gap is None else [*blocks, gap]
