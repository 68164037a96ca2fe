"""Strategies by information set: what is played beside an equilibrium, and how often each set is reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from econsim.expected_play import behaviours_of
from econsim.information_tree import Floats, HasGameTree, HasInformationTree
from econsim.report.games.blocks import Block, plain
from econsim.report.games.game_tree import tree_block
from econsim.report.games.play import Play
from econsim.report.games.solving import Solved
from econsim.report.games.words import shares_text

if TYPE_CHECKING:
    from econsim.game import Game
    from econsim.report.games.game_tree import Shares

__all__ = ["tree_blocks"]

_TITLE = "Strategies by information set"
MOST_ROWS = 40


def tree_blocks(game: Game[Any], play: Play, solved: Solved) -> list[Block]:
    """Return the blocks of the game tree and of the strategies.

    Args:
        game: a game with information sets.
        play: the agents of all roles.
        solved: the strategies beside theirs.
    """
    assert isinstance(game, HasInformationTree)
    played = behaviours_of(game, play.agents)
    beside = behaviours_of(game, solved.agents) if solved.agents else None
    columns = {} if played is None else {play.label: played}
    columns |= {} if beside is None else {solved.label: beside}
    blocks = []
    if isinstance(game, HasGameTree):
        of_whom = f"in the play of {play.who}" if played else f"in the {solved.label}"
        shares = _shares(game, next(iter(columns.values()), None))
        blocks.append(tree_block(game.tree_nodes(), list(game.roles), shares, of_whom))
    return [*blocks, _table(game, columns, solved.notes)]


def _table(game: Game[Any], columns: Mapping[str, Sequence[Floats]], notes: Sequence[str]) -> Block:
    assert isinstance(game, HasInformationTree)
    if not columns:
        return Block(_TITLE, notes=tuple(notes))
    tree, first = game.information_tree(), next(iter(columns.values()))
    plans = [own.plan(behaviour) for own, behaviour in zip(tree.players, first, strict=True)]
    rows = []
    for number, (name, own, reached) in enumerate(zip(game.roles, tree.players, tree.reached(plans), strict=True)):
        for place, information_set in enumerate(own.names):
            texts = [_text(game, number, place, behaviours[number]) for behaviours in columns.values()]
            rows.append((float(reached[place]), [name, information_set, f"{reached[place]:.3g}", *texts]))
    likely = sorted(range(len(rows)), key=lambda index: -rows[index][0])[:MOST_ROWS]
    reach = f"Reached: the probability of getting there in the play of the column {next(iter(columns))}."
    if len(rows) > MOST_ROWS:
        reach += f" Of {len(rows):,} information sets, the {MOST_ROWS} that are reached most often are shown."
    header = ("player", "information set", "reached", *columns)
    return Block(_TITLE, header, plain([rows[i][1] for i in sorted(likely)]), (reach, *notes), style="prose")


def _shares(game: Game[Any], behaviours: Sequence[Floats] | None) -> Shares:
    assert isinstance(game, HasInformationTree)
    if behaviours is None:
        return {}
    return {
        (number, information_set): _of_set(game, number, place, behaviours[number])
        for number, own in enumerate(game.information_tree().players)
        for place, information_set in enumerate(own.names)
    }


def _of_set(game: Game[Any], player: int, place: int, behaviour: Floats) -> dict[str, float]:
    assert isinstance(game, HasInformationTree)
    own = game.information_tree().players[player]
    labels = list(game.roles.values())[player].options
    sequences = np.arange(own.first[place], own.first[place + 1])
    return {labels[own.option[sequence]]: float(behaviour[sequence]) for sequence in sequences}


def _text(game: Game[Any], player: int, place: int, behaviour: Floats) -> str:
    return shares_text(_of_set(game, player, place, behaviour))
