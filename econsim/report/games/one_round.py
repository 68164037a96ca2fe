"""Games of one round: payoffs, equilibria, welfare, the best-response graph and the Schelling diagram."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from econsim.game import Enumerable
from econsim.report.games.blocks import Block
from econsim.report.games.equilibria import equilibria_of
from econsim.report.games.payoffs import payoff_block
from econsim.report.games.response_graph import graph_block
from econsim.report.games.schelling import schelling_block
from econsim.report.games.welfare import welfare_block
from econsim.report.games.words import player_names, player_roles

if TYPE_CHECKING:
    from econsim.game import Game

__all__ = ["one_round_blocks"]

MOST_PROFILES = 100_000


def one_round_blocks(game: Game[Any], played: Mapping[str, float]) -> list[Block]:
    """Return the blocks of a game whose payoffs can be enumerated.

    Args:
        game: the game.
        played: the expected sum of payoffs of the players, by their label, where it is known.
    """
    assert isinstance(game, Enumerable)
    players, labels = player_names(game), [role.options for role in player_roles(game)]
    profiles = prod(map(len, labels))
    if profiles > MOST_PROFILES:
        note = f"{profiles:,} profiles of options are more than a report lists ({MOST_PROFILES:,})."
        return [Block("Payoffs", notes=(note,))]
    payoffs = game.payoff_tensor().cpu().numpy()
    equilibria = equilibria_of(game, payoffs)
    unit = player_roles(game)[0].action_unit
    blocks = [
        payoff_block(payoffs, players, labels, unit),
        equilibria.block,
        welfare_block(payoffs, equilibria.totals, equilibria.complete, played),
        graph_block(payoffs, players, labels),
    ]
    diagram = schelling_block(payoffs, labels)
    return blocks if diagram is None else [*blocks, diagram]
