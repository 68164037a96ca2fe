"""Audit of a leader in training: its return under learned followers next to its return under exact best responses.

Gains that the leader makes only through mistakes of the learned followers do not appear in the second return.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from econsim.actions import GivesBestResponses
from econsim.agents.best_response import BestResponse, Parameters
from econsim.game import Agent, Game
from econsim.learning import Recorder
from econsim.play import play


@torch.no_grad()
def audit(
    game: Game[Any], agents: Mapping[str, Agent], leader: str, key: torch.Tensor, step: int, recorder: Recorder
) -> None:
    """Log the leader's ``audit/learned_return`` and, if the game computes best responses, its ``audit/exact_return``.

    If the accounts of the game contain tax rates, ``audit/rate_<k>`` is the marginal tax rate of bracket ``k`` under
    the learned followers, averaged over environment copies.

    Args:
        game: the game of the training; it is played in float64.
        agents: the agents, which play as in an evaluation.
        leader: the leading role.
        key: ``[B]``; the same key in every audit makes the values comparable over steps.
        step: the step for which values are logged.
        recorder: receives the values.
    """
    precise = game.to(dtype=torch.float64)
    casts = {"learned": dict(agents)}
    if isinstance(game, GivesBestResponses):
        exact = {name: BestResponse(Parameters()) for name in game.roles if name != leader}
        casts["exact"] = {**agents, **exact}
    for name, cast in casts.items():
        episode = play(precise, cast, key)
        recorder.log(f"audit/{name}_return", float(episode.returns[leader].mean()), step=step, role=leader)
        rates = precise.accounts(episode.state).get("rates") if name == "learned" else None
        for bracket, rate in enumerate(() if rates is None else rates.mean(0).tolist()):
            recorder.log(f"audit/rate_{bracket}", rate, step=step, role=leader)
