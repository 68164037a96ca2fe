"""Games of OpenSpiel as trees: the same values as its own algorithms and as our own games, and clear refusals."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

import pytest

import econsim
from econsim.agents.behavioural_strategy import BehaviouralStrategy
from econsim.agents.behavioural_strategy import Parameters as Behaviour
from econsim.errors import UserError
from econsim.expected_play import expected_play, expected_returns
from econsim.games.extensive_form import ExtensiveForm, Parameters
from econsim.scenario import load

needs_openspiel = pytest.mark.skipif(find_spec("pyspiel") is None, reason="OpenSpiel is not installed")


def game_of(name: str) -> ExtensiveForm:
    return ExtensiveForm(Parameters(openspiel=name))


def test_without_openspiel_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspiel", None)
    with pytest.raises(UserError, match=r"OpenSpiel is not installed: pip install 'econsim\[openspiel\]'"):
        econsim.make("extensive_form", openspiel="kuhn_poker")


def test_one_game_is_given() -> None:
    with pytest.raises(UserError, match=r"expected one of classic .*, openspiel, file and efg"):
        econsim.make("extensive_form", openspiel="kuhn_poker", classic="kuhn")


@needs_openspiel
@pytest.mark.parametrize(
    ("name", "ours", "value"),
    [("kuhn_poker", {"classic": "kuhn"}, -1 / 18), ("leduc_poker", {"classic": "leduc"}, None)],
)
def test_poker_is_the_same_game_as_ours(name: str, ours: dict[str, Any], value: float | None) -> None:
    import pyspiel
    from open_spiel.python.algorithms import exploitability
    from open_spiel.python.policy import UniformRandomPolicy

    game, own = game_of(name), econsim.make("extensive_form", **ours)
    uniform = {player: BehaviouralStrategy(Behaviour()) for player in game.roles}
    first, second = expected_returns(game, uniform), expected_returns(own, uniform)
    assert float(first["player_1"]) == pytest.approx(float(second["player_1"]), abs=1e-12)
    spiel = pyspiel.load_game(name)
    expected = expected_play(game, uniform)
    assert expected is not None
    gains = float((expected.best - expected.own).sum())
    assert gains == pytest.approx(exploitability.nash_conv(spiel, UniformRandomPolicy(spiel)), abs=1e-9)
    if value is not None:
        solved = econsim.solve(load("kuhn", {"game.classic": None, "game.openspiel": name}), "sequence_form")
        assert float(expected_returns(game, solved.agents)["player_1"]) == pytest.approx(value, abs=1e-9)


@needs_openspiel
def test_simultaneous_moves_are_not_seen_by_those_who_move_later() -> None:
    solution = econsim.solve("extensive_form", "sequence_form", openspiel="matrix_rps")
    returns = expected_returns(game_of("matrix_rps"), solution.agents)
    assert float(returns["player_1"]) == pytest.approx(0.0, abs=1e-9)  # who moves second would win, if it knew


@needs_openspiel
def test_a_loaded_scenario_contains_the_game(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load("kuhn", {"game.classic": None, "game.openspiel": "tiny_hanabi"})
    monkeypatch.setitem(sys.modules, "pyspiel", None)
    assert scenario.game.parameters.openspiel is None
    assert len(scenario.game.build().roles) == 2


@needs_openspiel
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("kuhn_pokr", "OpenSpiel has no game 'kuhn_pokr'.*kuhn_poker"),
        ("kuhn_poker(payers=3)", "kuhn_poker.payers=3.*payers"),
        ("mfg_crowd_modelling", "is a mean-field game"),
        ("leduc_poker", "more than 500 nodes"),
    ],
)
def test_what_is_no_small_tree_is_refused(name: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("econsim.games._openspiel.MOST_NODES", 500)
    with pytest.raises(UserError, match=message):
        game_of(name)
