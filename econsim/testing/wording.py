"""Check of the text interface: every role has a text form, and replies are converted to the actions they name."""

from __future__ import annotations

import json

from torch import Tensor

from econsim.errors import UserError
from econsim.game import Observation, TextInterface
from econsim.testing.harness import Promise, Trial, require
from econsim.text import RoleText, acting_players, seen_by

__all__ = ["ALL", "text"]

_MOMENTS = 4  # number of steps that are checked
_PLAYERS = 3  # number of players per role and step


def text(trial: Trial) -> str | None:
    """Check that every role has a text form, and that replies with random legal actions give these actions back."""
    game = trial.game
    if isinstance(game, TextInterface):
        try:
            _ = [game.briefing(name) for name in game.roles]
        except UserError as error:
            return f"not checked: the game's own wording does not support its parameters ({error})"
    texts = {name: RoleText(game, role) for name, role in game.roles.items()}
    for moment in trial.episode[:_MOMENTS]:
        for name, worded in texts.items():
            _answers_come_back(worded, moment.observations[name], moment.actions[name], f"{name} at step {moment.time}")
    return None


def _answers_come_back(worded: RoleText, observation: Observation, actions: Tensor, where: str) -> None:
    acting = acting_players(observation)
    players = acting & (acting.flatten().cumsum(0).reshape(acting.shape) <= _PLAYERS)
    numbers = actions.double().reshape(*players.shape, -1)[players].tolist()
    for seen, action in zip(seen_by(observation, players), map(tuple, numbers), strict=True):
        require(bool(worded.question(seen)), f"{where}: the question is empty")
        form = worded.form(seen)
        reading = form.read(json.dumps({form.key: worded.action.answer(action)}))
        is_recovered = reading.value is not None and worded.action.action(reading.value) == action
        require(is_recovered, f"{where}: {worded.action.named(action)} is not recovered: {reading.reason}")


ALL: tuple[Promise, ...] = (text,)
