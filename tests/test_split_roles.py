"""Groups of one role's players as roles of their own: the same game, however its players are grouped."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch
from toy_games import Gifts

import econsim
from econsim import random
from econsim.agents import best_response, elastic_rule, fixed_hours
from econsim.game import Agent, Game, Heuristic, Solvable
from econsim.planners import flat
from econsim.play import play
from econsim.split_roles import SplitRoles, base_role
from econsim.testing.conformance import check_game
from econsim.text import RoleText

KEY = random.keys(3, 4)
EVEN, ODD = tuple(range(0, 12, 2)), tuple(range(11, 0, -2))
FLAT = flat.Flat(flat.Parameters(rate=0.4))


def economy(**parameters: Any) -> Game[Any]:
    return econsim.make("one_step", workers=12, **parameters).to(dtype=torch.float64)


def split(game: Game[Any]) -> SplitRoles:
    return SplitRoles(game, {"worker": {"even": EVEN, "odd": ODD}})


def exact() -> Agent:
    return best_response.BestResponse(best_response.Parameters())


def rule() -> Agent:
    return elastic_rule.ElasticRule(elastic_rule.Parameters())


@pytest.mark.parametrize("parameters", [{}, {"utility": {"kind": "isoelastic", "risk_aversion": 0.5}}])
def test_exact_answers_do_not_depend_on_the_grouping(parameters: dict[str, Any]) -> None:
    # With income effects everybody's answer depends on the rebate, and so on all others.
    game = economy(**parameters)
    whole = play(game, {"worker": exact(), "planner": FLAT}, KEY)
    parts = play(split(game), {"worker/even": exact(), "worker/odd": exact(), "planner": FLAT}, KEY)
    for name, value in game.accounts(whole.state).items():
        assert torch.equal(value, game.accounts(parts.state)[name]), name
    assert torch.equal(whole.returns["worker"][:, EVEN], parts.returns["worker/even"])
    assert torch.equal(whole.returns["worker"][:, ODD], parts.returns["worker/odd"])


def test_every_group_does_as_its_agent_says() -> None:
    game = economy()
    fixed = fixed_hours.FixedHours(fixed_hours.Parameters(hours=35))
    mixed = play(split(game), {"worker/even": fixed, "worker/odd": rule(), "planner": FLAT}, KEY)
    alone = play(game, {"worker": rule(), "planner": FLAT}, KEY)
    hours = game.accounts(mixed.state)["hours"]
    assert (hours[:, EVEN] == 35).all()
    assert torch.equal(hours[:, ODD], game.accounts(alone.state)["hours"][:, ODD])


def test_a_split_game_keeps_the_promises_of_its_game() -> None:
    for game in (SplitRoles(Gifts(), {"giver": {"a": (2,), "b": (3, 0, 1)}}), split(economy())):
        broken = [check for check in check_game(game) if not check.passed]
        assert broken == []


def test_optional_protocols_are_those_of_the_game() -> None:
    trade = econsim.make("gather_trade_build")
    parts = SplitRoles(trade, {"worker": {"a": (0, 3), "b": (1, 2)}})
    assert isinstance(parts, Heuristic)
    assert not isinstance(parts, Solvable)
    assert isinstance(split(economy()), Solvable)
    assert not isinstance(SplitRoles(Gifts(), {"giver": {"all": range(4)}}), Solvable)  # type: ignore[dict-item]
    seen = trade.observe(trade.reset(KEY))["worker"]
    groups = parts.observe(parts.reset(KEY))
    assert groups["worker/b"].view is not None
    assert seen.view is not None
    assert torch.equal(groups["worker/b"].view, seen.view[:, (1, 2)])
    routine = {name: parts.routine()(parts.roles[name], groups[name], KEY) for name in ("worker/a", "worker/b")}
    assert torch.equal(routine["worker/b"], trade.routine()(trade.roles["worker"], seen, KEY)[:, (1, 2)])


def test_parameters_precision_and_copies_keep_the_groups() -> None:
    game = split(economy())
    other = game.with_parameters(elasticity=0.2).to(dtype=torch.float32)
    assert isinstance(other, SplitRoles)
    assert other.roles.keys() == game.roles.keys()
    seen = other.observe(other.reset(KEY))["worker/odd"]
    fresh = split(economy(utility={"kind": "calibrated", "elasticity": 0.2}).to(dtype=torch.float32))
    expected = fresh.observe(fresh.reset(KEY))["worker/odd"]
    assert torch.equal(other.best_response("worker/odd", seen), fresh.best_response("worker/odd", expected))
    for again in (copy.deepcopy(game), pickle.loads(pickle.dumps(game))):
        assert torch.equal(again.best_response("worker/odd", seen), game.best_response("worker/odd", seen))


def test_every_player_is_in_one_group() -> None:
    for groups in ({"a": (0, 1), "b": (1, 2, 3)}, {"a": (0, 1, 2)}):
        with pytest.raises(ValueError, match="must contain each of 4 players exactly once"):
            SplitRoles(Gifts(), {"giver": groups})
    assert base_role("worker/odd") == base_role("worker") == "worker"


def test_a_group_is_told_what_its_role_is_told_of_its_own_players() -> None:
    game = economy(population={"kind": "personas"})
    parts: Any = split(game)
    whole, even = game.briefing("worker"), parts.briefing("worker/even")  # type: ignore[attr-defined]
    assert even["personas"] == tuple(whole["personas"][player] for player in EVEN)
    assert even["traits"]["age"] == tuple(whole["traits"]["age"][player] for player in EVEN)
    assert {name: even[name] for name in ("unit", "thresholds", "hours_cap")} == {
        name: whole[name] for name in ("unit", "thresholds", "hours_cap")
    }


def test_the_text_of_a_group_is_that_of_its_role() -> None:
    game = Gifts()
    parts = SplitRoles(game, {"giver": {"a": (2,), "b": (3, 0, 1)}})
    assert RoleText(parts, parts.roles["giver/a"]).rules == RoleText(game, game.roles["giver"]).rules
