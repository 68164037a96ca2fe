"""What a leader in training is worth under its learned followers and under exact ones, side by side.

A leader that gains only because its followers err gains nothing in the second figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from econsim.agents.best_response import BestResponse, Parameters
from econsim.game import Agent, Game, Solvable
from econsim.training import Recorder
from econsim.training._play import play


@torch.no_grad()
def audit(
    game: Game[Any], agents: Mapping[str, Agent], leader: str, key: torch.Tensor, step: int, recorder: Recorder
) -> None:
    """Log ``audit/learned_return`` and, where the game knows exact answers, ``audit/exact_return`` of the leader.

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
        returns = play(precise, minds, key).returns[leader]
        recorder.log(f"audit/{name}_return", float(returns.mean()), step=step, role=leader)
