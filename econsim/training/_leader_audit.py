"""What a leader in training is worth under its learned followers and under exact ones, side by side.

A leader that gains only because its followers err gains nothing in the second figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from econsim.agents.best_response import BestResponse, Parameters
from econsim.game import Agent, Game, Solvable
from econsim.learning import Recorder
from econsim.play import play


@torch.no_grad()
def audit(
    game: Game[Any], agents: Mapping[str, Agent], leader: str, key: torch.Tensor, step: int, recorder: Recorder
) -> None:
    """Log ``audit/learned_return`` and, where the game knows exact answers, ``audit/exact_return`` of the leader.

    Where the game accounts for tax rates, ``audit/rate_<k>`` is that of each bracket under the learned followers, a
    mean over copies.

    Args:
        game: the game of the training; it is played in float64.
        agents: who plays, each as it is scored.
        leader: the leading role.
        key: ``[B]``; the same one in every audit makes steps comparable.
        step: the step that the numbers belong to.
        recorder: where they go.
    """
    precise = game.to(dtype=torch.float64)
    players = {"learned": dict(agents)}
    if isinstance(game, Solvable):
        exact = {name: BestResponse(Parameters()) for name in game.roles if name != leader}
        players["exact"] = {**agents, **exact}
    for name, minds in players.items():
        episode = play(precise, minds, key)
        recorder.log(f"audit/{name}_return", float(episode.returns[leader].mean()), step=step, role=leader)
        rates = precise.accounts(episode.state).get("rates") if name == "learned" else None
        for bracket, rate in enumerate(() if rates is None else rates.mean(0).tolist()):
            recorder.log(f"audit/rate_{bracket}", rate, step=step, role=leader)
