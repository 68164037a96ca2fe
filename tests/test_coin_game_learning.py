"""Learning in the coin game: a team soon spares coins of the other colour, and selfish players take what they reach."""

from __future__ import annotations

from typing import Any

import pytest
from memory_recorder import MemoryRecorder

from econsim import random
from econsim.kernels import numba_version
from econsim.play import play
from econsim.scenario import load

SHORT: dict[str, Any] = {
    "agents.player.hidden": [64],
    "game.horizon": 32,
    "training.iterations": 24,
    "training.copies": 256,
    "training.follower": {"learning_rate": 6e-3, "epochs": 2, "gae_lambda": 0.9, "entropy_weight": 0.01},
}


@pytest.mark.skipif(numba_version() is None, reason="numba is not installed")
def test_a_team_learns_to_spare_coins_that_selfish_players_take() -> None:
    shares, coins = {}, {}
    for pooled in (0.0, 1.0):
        scenario = load("coin_game", {**SHORT, "game.pooled_share": pooled})
        game, agents = scenario.build("cpu")
        game = game.on_kernels()  # type: ignore[attr-defined]
        assert scenario.training is not None
        fitted = scenario.training.build().fit(game, agents, 0, MemoryRecorder())
        accounts = game.accounts(play(game, fitted, random.keys(9, 128)).state)
        shares[pooled] = float(accounts["own_colour_share"].mean())
        coins[pooled] = float(accounts["coins_per_step"].mean())
    assert 0.4 < shares[0.0] < 0.65
    assert coins[0.0] > 0.3  # at random, 0.23
    assert shares[1.0] > 0.75
