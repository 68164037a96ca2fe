"""Finite Markov games: strategies in the states that are reached, and the payoffs of the first round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from econsim.markov import MarkovGame, joint_policy, profile_of, reached_states, values
from econsim.report.games.blocks import Block, plain
from econsim.report.games.payoffs import payoff_block
from econsim.report.games.play import Play
from econsim.report.games.solving import Solved
from econsim.report.games.words import PLAYED, number, player_names, player_roles, shares_text

if TYPE_CHECKING:
    from torch import Tensor

    from econsim.game import Game

__all__ = ["first_round_block", "state_blocks"]

_TITLE = "Strategies by state"
MOST_ROWS = 12


def state_blocks(game: Game[Any], play: Play, solved: Solved) -> list[Block]:
    """Return the blocks of the first round's payoffs and of the strategies in the states that are reached.

    Args:
        game: a finite Markov game.
        play: the agents of all roles.
        solved: the strategies beside theirs.
    """
    assert isinstance(game, MarkovGame)
    played = profile_of(game, play.agents)
    beside = profile_of(game, solved.agents) if solved.agents else None
    columns = {} if played is None else {play.label: played}
    columns |= {} if beside is None else {solved.label: beside}
    if not columns:
        return [Block(_TITLE, notes=solved.notes)]
    label, last = list(columns.items())[-1]
    return [first_round_block(game, joint_policy(last), label), _table(game, columns, solved.notes)]


def first_round_block(game: Game[Any], joint: Tensor, label: str) -> Block:
    """Return the block of expected returns of the first round, with play by a joint policy, or by ``label``, after it.

    Args:
        game: a finite Markov game.
        joint: ``[H, S, A_1, ..., A_P]``.
        label: this policy in words.
    """
    assert isinstance(game, MarkovGame)
    form = game.markov_form()
    state = int(form.start.argmax())
    paid = form.action_values(0, values(form, joint.to(form.start.device))[1])[:, state].cpu().numpy()
    labels = [role.options for role in player_roles(game)]
    block = payoff_block(paid, player_names(game), labels)
    name = form.state_names[state] if form.state_names else str(state)
    note = f"Expected returns of the whole game by the choices of the first round, in the state {name!r}."
    note += f" Play after it is that of the column {label} below."
    return replace(block, title="Payoffs of the first round", notes=(note, *block.notes))


def _table(game: Game[Any], columns: Mapping[str, Sequence[Tensor]], notes: Sequence[str]) -> Block:
    assert isinstance(game, MarkovGame)
    form, names = game.markov_form(), player_names(game)
    first = joint_policy(next(iter(columns.values())))
    reached, by_state = reached_states(form, first), values(form, first)
    places = (reached > PLAYED).nonzero().tolist()
    likely = sorted(sorted(places, key=lambda place: -float(reached[tuple(place)]))[:MOST_ROWS])
    rows = []
    for period, state in likely:
        name = form.state_names[state] if form.state_names else str(state)
        worth = ", ".join(number(float(value)) for value in by_state[period, :, state])
        texts = [_text(game, player, of[player][period, state]) for of in columns.values() for player in range(len(of))]
        rows.append([f"{period + 1}", name, f"{reached[period, state]:.3g}", worth, *texts])
    titles = [f"{name}, {label}" for label in columns for name in names]
    header = ("period", "state", "reached", f"value of {', '.join(names)}", *titles)
    reach = f"Reached: the probability of getting there in the play of the column {next(iter(columns))}; value: the"
    reach += " expected return from there on."
    if len(places) > len(rows):
        reach += f" Of {len(places):,} that are reached, the {MOST_ROWS} that are reached most often are shown."
    return Block(_TITLE, header, plain(rows), (reach, *notes), style="prose")


def _text(game: Game[Any], player: int, shares: Tensor) -> str:
    if len(shares) > 2 and float(shares.max() - shares.min()) < PLAYED:
        return "all equally"
    return shares_text(dict(zip(player_roles(game)[player].options, shares.tolist(), strict=True)))
