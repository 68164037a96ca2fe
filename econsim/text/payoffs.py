"""Text form of payoff tables: one line per action profile of a one-shot game, or per state and action profile."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from econsim.anonymous import is_crowd
from econsim.game import Box, Enumerable, Game
from econsim.markov import MarkovForm, MarkovGame
from econsim.text.names import option_names

__all__ = ["payoff_lines"]

_MOST_LINES = 200


def payoff_lines(game: Game[Any]) -> list[str]:
    """Return the players' payoffs for each action profile, one line each; in a finite Markov game, for each state too.

    The list is empty for games without a payoff table, for tables of more than 200 lines, and for Markov games whose
    tables differ between periods.
    """
    if any(isinstance(role.action, Box) for role in game.roles.values()):
        return []
    if isinstance(game, MarkovGame):
        return _markov_lines(game, game.markov_form())
    if not isinstance(game, Enumerable) or is_crowd(game):
        return []
    payoffs = game.payoff_tensor()
    return list(_lines(game, payoffs.tolist())) if payoffs[0].numel() <= _MOST_LINES else []


def _markov_lines(game: Game[Any], form: MarkovForm) -> list[str]:
    alike = all(bool((table == table[:1]).all()) for table in (form.rewards, form.transitions))
    if not alike or form.rewards[0, 0].numel() > _MOST_LINES:
        return []
    names = form.state_names or tuple(map(str, range(form.states)))
    lines = []
    for state, name in enumerate(names):
        laws = form.transitions[0, state].flatten(0, -2).tolist()
        for line, law in zip(_lines(game, form.rewards[0, :, state].tolist()), laws, strict=True):
            likely = ", ".join(f"{names[place]} {share:.6g}" for place, share in enumerate(law) if share)
            lines.append(f"State {name}. {line}. Probability of the next state: {likely}")
    return lines


def _lines(game: Game[Any], payoffs: list[Any]) -> Iterator[str]:
    players = [
        (role.name if role.count == 1 else f"{role.name} {number}", option_names(role)[0])
        for role in game.roles.values()
        for number in range(role.count)
    ]
    for choice in product(*(range(len(options)) for _, options in players)):
        actions = [f"{name}: {options[option]}" for (name, options), option in zip(players, choice, strict=True)]
        paid = [f"{name} {_entry(table, choice):.6g}" for (name, _), table in zip(players, payoffs, strict=True)]
        yield f"{', '.join(actions)}. Paid: {', '.join(paid)}"


def _entry(table: Any, choice: tuple[int, ...]) -> float:
    for option in choice:
        table = table[option]
    return float(table)
