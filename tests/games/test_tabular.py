"""Tabular Markov games: tables as written, files with their mistakes, exact and simulated play that agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

import econsim
from econsim import random
from econsim.agents.markov_strategy import MarkovStrategy
from econsim.agents.markov_strategy import Parameters as Strategy
from econsim.agents.mixed_strategy import MixedStrategy
from econsim.agents.mixed_strategy import Parameters as Mix
from econsim.errors import UserError
from econsim.expected_play import certificate_of, expected_returns
from econsim.game import Agent
from econsim.games._classics import CLASSICS
from econsim.games.tabular import Parameters, Stage, Tabular
from econsim.markov import MarkovGame, profile_of
from econsim.play import play
from econsim.testing import check_game

COMMONS = """state,farmer,herder,next_state,probability,payoff_farmer,payoff_herder
green,save,save,green,1,1,1
green,save,use,green,0.5,0,3
green,save,use,bare,0.5,0,1
green,use,save,green,0.5,3,0
green,use,save,bare,0.5,1,0
green,use,use,bare,1,1,1
"""


def tabular(**parameters: Any) -> Tabular:
    return Tabular(Parameters.model_validate(parameters))


def written(folder: Path, text: str) -> str:
    (folder / "commons.csv").write_text(text)
    return str(folder / "commons.csv")


@pytest.mark.parametrize("parameters", [{"repeats": "chicken"}, {"random": {"players": 3, "states": 3}}])
def test_it_keeps_every_promise_of_a_game(parameters: dict[str, Any]) -> None:
    game = tabular(**parameters)
    assert isinstance(game, MarkovGame)
    assert [check for check in check_game(game) if not check.passed] == []


def test_every_classic_stage_can_be_repeated() -> None:
    assert set(Stage.__args__) == set(CLASSICS)  # type: ignore[attr-defined]


def test_a_file_is_read_as_written_and_a_state_without_rows_ends_the_game(tmp_path: Path) -> None:
    game = tabular(file=written(tmp_path, COMMONS), horizon=3)
    form = game.markov_form()
    assert game.settings.tables.states == ("green", "bare")
    assert form.rewards[0, :, 0, 0, 1].tolist() == [0.0, 2.0]  # the mean of 3 and 1
    assert form.rewards[2, :, 0, 1, 0].tolist() == [2.0, 0.0]
    assert form.transitions[1, 0, 0, 1].tolist() == [0.5, 0.5]
    assert form.rewards[:, :, 1].abs().sum() == 0
    assert (form.transitions[:, 1, ..., 1] == 1).all()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("save,use,bare,0.5", "save,use,bare,0.4", r"csv:3: state green, farmer save, herder use: .* a sum of 0.9"),
        ("use,use,bare,1,1,1\n", "use,use,bare,1,,1\n", r"csv:7: column payoff_farmer: expected a payoff, found ''"),
        ("use,use,bare,1,1,1\n", "use,use,bare,1,nan,1\n", r"csv:7: column payoff_farmer: expected a payoff"),
        ("green,use,use,bare,1,1,1\n", "", r"csv: no row for state green, farmer use, herder use"),
        ("save,use,bare,0.5", "save,use,bare,1.5", r"csv:4: column probability: expected a probability between 0 and"),
        ("green,save,use,bare", "green,save,use,green", r"csv:4: column next_state: expected each next state once"),
        ("payoff_farmer,payoff_herder", "x,y", r"expected a column for each player and|a column for each player"),
        (",payoff_herder", ",reward_herder", "column herder: expected a column payoff_herder too, or none of both"),
        ("payoff_farmer,", "payoff_famer,", "column farmer: expected a column payoff_farmer too"),
    ],
)
def test_a_mistake_in_a_file_is_named_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in COMMONS
    with pytest.raises(UserError, match=message):
        tabular(file=written(tmp_path, COMMONS.replace(old, new)), horizon=3)


TWO: dict[str, Any] = {
    "rewards": {"a": [[[1, 2], [3, 4]], [[0, 0], [0, 0]]], "b": [[[1, 2], [3, 4]], [[0, 0], [0, 0]]]},
    "transitions": np.full((2, 2, 2, 2), 0.5).tolist(),
    "horizon": 2,
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rewards": None}, "expected one of classic"),
        ({"classic": "soccer"}, "expected one of classic"),
        ({"horizon": None}, "horizon: expected the number of periods"),
        ({"rewards": {"a": [[[1, 2], [3, None]], [[0, 0], [0, 0]]]}}, r"a: the value at \[0, 1, 1\] is missing"),
        ({"rewards": {"a": TWO["rewards"]["a"], "b": [[[1, 2], [3]], [[0, 0], [0, 0]]]}}, "rows of different length"),
        ({"transitions": np.full((2, 2, 2, 2), 0.4).tolist()}, "transitions from 0, 0, 0: .* found a sum of 0.8"),
        ({"transitions": np.full((2, 2, 2, 3), 1 / 3).tolist()}, "transitions: expected 2 by 2 by 2 by 2, found"),
        ({"horizon": 10_000_000}, r"10,000,000 periods, 2 states and 2 x 2 .* are 80,000,000 numbers; at most"),
        ({"rewards": {"a": TWO["rewards"]["a"], "b": [[[1, 2], [3, 1e200]], [[0, 0], [0, 0]]]}}, "b: .* found 1e.200"),
        ({"start": {"x": 1.0}}, "start: no state is called 'x'"),
        ({"states": ["one"]}, "states: expected 2 different names, found 1"),
        ({"options": {"c": ["x", "y"]}}, "options: no player is called 'c'"),
    ],
)
def test_mistaken_tables_are_refused(change: dict[str, Any], message: str) -> None:
    assert tabular(**TWO).markov_form().states == 2
    with pytest.raises(ValidationError, match=message):
        tabular(**{**TWO, **change})


def test_a_game_that_is_too_large_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"2,000 states, 10 x 10 action profiles .* at most 50,000,000"):
        tabular(random={"states": 2000, "options": 10})


def test_random_tables_follow_from_the_seed_and_may_be_zero_sum() -> None:
    form, same = (tabular(random={"seed": 3, "zero_sum": True}).markov_form() for _ in range(2))
    other = tabular(random={"seed": 4}).markov_form()
    assert torch.equal(form.rewards, same.rewards)
    assert not torch.equal(form.transitions, other.transitions)
    torch.testing.assert_close(form.rewards.sum(1), torch.ones_like(form.rewards[:, 0]))
    torch.testing.assert_close(form.transitions.sum(-1), torch.ones_like(form.transitions[..., 0]))
    assert not torch.equal(form.rewards[0], form.rewards[1])  # every period has tables of its own


def test_play_agrees_with_exact_expectations_of_markov_strategies() -> None:
    game = tabular(random={"states": 3, "options": 2, "seed": 1}, horizon=4, discount=0.9)
    laws = random.uniform(random.keys(5, 2), 0, "test", (4, 3, 1), torch.float64)
    laws = torch.cat([laws, 1 - laws], -1)
    agents: dict[str, Agent] = {
        name: MarkovStrategy(Strategy(probabilities=law.tolist())) for name, law in zip(game.roles, laws, strict=True)
    }
    profile = profile_of(game, agents)
    assert profile is not None
    torch.testing.assert_close(torch.stack(profile), laws)
    expected, sampled = expected_returns(game, agents), play(game, agents, random.keys(2, 20_000)).returns
    assert expected is not None
    for name, values in expected.items():
        error = float(sampled[name].std()) / 20_000**0.5
        assert float(sampled[name].mean()) == pytest.approx(float(values), abs=4 * error)


def test_repeated_defection_is_an_equilibrium_of_the_repeated_dilemma() -> None:
    game = tabular(repeats="prisoners_dilemma", horizon=5)
    defect: dict[str, Agent] = {name: MixedStrategy(Mix(probabilities=(0, 1))) for name in game.roles}
    returns, gap = expected_returns(game, defect), certificate_of(game, defect)
    assert returns is not None
    assert float(returns["row"]) == 5.0
    assert gap is not None
    assert gap.lower == gap.upper == 0.0
    assert "class history" in gap.deviation_class
    cooperate: dict[str, Agent] = {name: MixedStrategy(Mix(probabilities=(1, 0))) for name in game.roles}
    gap = certificate_of(game, cooperate)
    assert gap is not None
    assert gap.lower == 10.0  # 5 instead of 3 in every period


def test_a_strategy_of_another_size_is_refused_by_name() -> None:
    game = tabular(repeats="prisoners_dilemma", horizon=5)
    agent = MarkovStrategy(Strategy(probabilities=(((0.5, 0.5),),)))
    with pytest.raises(UserError, match=r"agents.row.probabilities: expected lists \[5 or 1\]\[5\]\[2\]"):
        agent.start(game, game.roles["row"], 1)
    matrix = econsim.make("normal_form", classic="chicken")
    with pytest.raises(UserError, match="no states that can be listed; use tabular"):
        agent.start(matrix, matrix.roles["row"], 1)


def test_a_goal_of_soccer_ends_the_play_and_moves_the_score_once() -> None:
    game = tabular(classic="soccer")
    form, names = game.markov_form(), game.settings.tables.states
    place = names.index("left at 1-4; right at 2-1; left has the ball")
    right, stay = 3, 4
    assert form.rewards[0, :, place, right, stay].tolist() == [1.0, -1.0]
    assert form.transitions[0, place, right, stay, -1] == 1.0
    blocked = names.index("left at 1-1; right at 1-2; left has the ball")
    lost = names.index("left at 1-1; right at 1-2; right has the ball")
    assert form.transitions[0, blocked, right, stay, lost] == 1.0  # the ball goes to the player who stood there
    torch.testing.assert_close(form.rewards[0].sum(0), torch.zeros_like(form.rewards[0, 0]))


def tit_for_two_tats(game: Tabular) -> MarkovStrategy:
    """Return the row player that defects after two defections of the column player in a row."""
    states = game.settings.tables.states
    rows = [[0.0, 1.0] if state.count(", defect") == 2 else [1.0, 0.0] for state in states]
    return MarkovStrategy(Strategy.model_validate({"probabilities": [rows] * game.horizon}))


def test_a_strategy_uses_the_rounds_that_the_state_remembers() -> None:
    game = tabular(repeats="prisoners_dilemma", memory=2, horizon=6)
    assert game.settings.tables.states[:2] == ("start", "cooperate, cooperate")
    assert len(game.settings.tables.states) == 1 + 4 + 16
    agents: dict[str, Agent] = {
        "row": tit_for_two_tats(game),
        "column": MixedStrategy(Mix.model_validate({"probabilities": [0, 1]})),
    }
    expected = expected_returns(game, agents)
    assert expected is not None
    # It cooperates twice, for 0 against 5, and defects in the other four rounds.
    assert [float(expected[name]) for name in ("row", "column")] == [4.0, 14.0]
    played = play(game, agents, random.keys(1, 2)).returns
    assert played["row"][:, 0].tolist() == [4.0, 4.0]
    # The best response defects in every other round, and in the last: 5 + 3 + 5 + 3 + 5 + 5.
    certificate = certificate_of(game, agents)
    assert certificate is not None
    assert certificate.lower == pytest.approx(26.0 - 14.0)


def test_any_game_of_one_round_can_be_repeated(tmp_path: Path) -> None:
    ones = np.ones((2, 2, 2)).tolist()
    payoffs = {"a": [[[1, 0], [0, 0]], [[0, 0], [0, 2]]], "b": ones, "c": ones}
    game = tabular(repeats={"payoffs": payoffs, "options": {"a": ["x", "y"]}}, memory=0, horizon=3)
    assert game.settings.tables.states == ("start",)
    assert game.settings.tables.options[0] == ("x", "y")
    agents: dict[str, Agent] = {
        name: MixedStrategy(Mix.model_validate({"probabilities": [0, 1]})) for name in game.roles
    }
    expected = expected_returns(game, agents)
    assert expected is not None
    assert [float(value) for value in expected.values()] == [6.0, 3.0, 3.0]
    rows = ["row,column,payoff_row,payoff_column", "stag,stag,4,4", "stag,hare,1,3", "hare,stag,3,1", "hare,hare,3,3"]
    (tmp_path / "stag.csv").write_text("\n".join(rows))
    read = tabular(repeats={"file": str(tmp_path / "stag.csv")})
    named = tabular(repeats="stag_hunt")
    assert (read.settings.tables.rewards == named.settings.tables.rewards).all()
    assert read.settings.tables.states == named.settings.tables.states
    stored = Parameters.model_validate(read.settings.model_dump())
    assert stored.tables.states == named.settings.tables.states


def test_a_memory_without_a_stage_game_or_too_long_is_refused() -> None:
    with pytest.raises(ValidationError, match="memory belongs to repeats"):
        tabular(classic="soccer", memory=2)
    with pytest.raises(ValidationError, match="66,430 states, 3 x 3 action profiles"):
        tabular(repeats="rock_paper_scissors", memory=5)
