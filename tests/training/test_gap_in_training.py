"""The exact gap of players that is recorded during training, and its figure."""

from __future__ import annotations

from typing import Any

import pytest
from memory_recorder import MemoryRecorder

import econsim
from econsim.agents import ppo as player
from econsim.expected_play import certificate_of
from econsim.game import Agent
from econsim.rl.exact_gap import NASH_GAP, gap_is_due, record_gap
from econsim.training import ppo

SMALL: dict[str, Any] = {"iterations": 3, "copies": 4}


def test_training_in_a_game_with_an_exact_view_records_the_gap_of_its_players() -> None:
    game, recorder = econsim.make("normal_form", classic="matching_pennies"), MemoryRecorder()
    agents: dict[str, Agent] = {role: player.Ppo(player.Parameters(hidden=(4,))) for role in game.roles}
    fitted = ppo.Ppo(ppo.Parameters.model_validate(SMALL)).fit(game, agents, 0, recorder)
    gaps = recorder.values("", NASH_GAP)
    assert len(gaps) == 3
    at_the_end = certificate_of(game, fitted)
    assert at_the_end is not None
    assert gaps[-1] == pytest.approx(at_the_end.lower, abs=1e-6)


def test_about_fifty_iterations_are_recorded_and_the_last_one_always() -> None:
    game = econsim.make("normal_form", classic="matching_pennies")
    steps = [iteration for iteration in range(1030) if gap_is_due(game, iteration, 1030)]
    assert len(steps) == 52
    assert steps[-1] == 1029


def test_the_gap_of_mixed_strategies_is_recorded() -> None:
    game, recorder = econsim.make("normal_form", classic="matching_pennies"), MemoryRecorder()
    mixed = econsim.load("matching_pennies", **{"agents.row.probabilities": [0.75, 0.25]}).agents
    record_gap(game, {role: choice.build() for role, choice in mixed.items()}, 7, recorder)
    assert [(name, step) for _, name, step, _ in recorder.rows] == [(NASH_GAP, 7)]
    assert recorder.values("", NASH_GAP)[0] == pytest.approx(0.5)


def test_large_games_record_nothing() -> None:
    assert not gap_is_due(econsim.make("congestion", drivers=18), 0, 1)
    assert gap_is_due(econsim.make("congestion", drivers=4), 0, 1)
    assert not gap_is_due(econsim.make("one_step"), 0, 1)
