"""Evaluation episodes and their metrics, played in float64 with random keys that are not used for training.

Every policy is evaluated with the same population and the same shocks (common random numbers).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from econsim import play as playing
from econsim import random
from econsim.analysis.flows import FlowAccounts
from econsim.analysis.inequality import Floats
from econsim.analysis.recording import LONGEST, FrameCollector, Recording
from econsim.expected_play import expected_returns
from econsim.game import Agent, Game, Recordable

__all__ = ["Episode", "evaluation_key", "play", "with_expected_returns"]

_EVALUATION = "evaluation"


@dataclass(frozen=True)
class Episode:
    """The results of a batch of ``B`` episodes.

    accounts: ``{name: [B, ...]}``, final values of stocks and flows per step.
    returns: ``{role: [B, N]}``.
    series: ``{metric: [T]}``, the metrics of flow accounts by step.
    recording: the frames of the first episode, if they were requested and the game can be recorded.
    """

    accounts: dict[str, Tensor]
    returns: dict[str, Tensor]
    series: dict[str, Floats] = field(default_factory=dict)
    recording: Recording | None = None


def evaluation_key(seed: int, episodes: int = 1) -> Tensor:
    """Return the keys ``[episodes]`` of the episodes that score policies; they are not used for training."""
    return random.fold(random.keys(seed, episodes), _EVALUATION)


@torch.no_grad()
def play(
    game: Game[Any],
    agents: Mapping[str, Agent],
    key: Tensor,
    recorded: bool = False,
    watchers: Sequence[Callable[[Any, Tensor], object]] = (),
) -> Episode:
    """Play one episode for each of the keys ``[B]`` in the precision of the game.

    If ``recorded`` is true, keep every frame of the first episode, unless it has more than ``LONGEST`` steps.
    Each of ``watchers`` is called with every state, as ``watch`` of :func:`econsim.play.play` is.
    """
    flows = FlowAccounts(game)
    frames = FrameCollector(game) if recorded and isinstance(game, Recordable) and game.horizon <= LONGEST else None

    def watch(state: Any, over: Tensor) -> None:
        flows(state, over)
        if frames is not None:
            frames(state, over)
        for watcher in watchers:
            watcher(state, over)

    episode = playing.play(game, agents, key, watch)
    recording = None if frames is None else frames.recording()
    return Episode(flows.accounts(episode.state), episode.returns, flows.series, recording)


def with_expected_returns(game: Game[Any], agents: Mapping[str, Agent], episode: Episode) -> Episode:
    """Return the episode with exact expected returns instead of sampled ones, if game and agents provide them."""
    expected = expected_returns(game, agents)
    if expected is None:
        return episode
    returns = {role: expected[role].expand_as(sampled) for role, sampled in episode.returns.items()}
    return replace(episode, returns=returns)
