"""Any game played by agents who ask a model: what they are asked, and what they do with answers and without."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from scripted_minds import mind
from toy_games import Gifts, orchard

from econsim import kinds, random
from econsim.errors import UserError
from econsim.game import Agent
from econsim.llm.questions import Answer, Question
from econsim.llm.requests import request_of
from econsim.llm.settings import Settings
from econsim.play import play
from econsim.scenario import load

Reply = Callable[[Question], str]


def first_legal(question: Question) -> str:
    """Return the first option of a choice, or 0.25."""
    schema = question.form.schema()["properties"]["action"]
    return json.dumps({"action": schema["enum"][0] if "enum" in schema else 0.25})


def largest(question: Question) -> str:
    """Return the last legal option."""
    return json.dumps({"action": question.form.schema()["properties"]["action"]["enum"][-1]})


class Answering:
    """Answers questions in a service's place, and keeps them."""

    def __init__(self, reply: Reply = first_legal, **settings: Any) -> None:
        self.settings = Settings(model="m", base_url="http://127.0.0.1:1/v1", **settings)
        self.reply, self.asked = reply, list[Question]()

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        self.asked += questions
        replies = [(self.reply(question), question.form) for question in questions]
        readings = [(text, form.read(text)) for text, form in replies]
        return [Answer(text, reading.value, reading.outcome, reading.reason) for text, reading in readings]


class Played:
    """An agent, and all that it did."""

    def __init__(self, agent: Agent) -> None:
        self.agent, self.actions, self.seen = agent, list[torch.Tensor](), list[Any]()

    def start(self, *arguments: Any) -> Any:
        return self.agent.start(*arguments)

    def act(self, *arguments: Any) -> Any:
        action, memory = self.agent.act(*arguments)
        self.seen.append(arguments[0])
        self.actions.append(action)
        return action, memory


def played(service: Answering, copies: int = 1, **parameters: Any) -> tuple[Played, Played]:
    """Return givers and collector after an episode in which a model chose for both."""
    giver = Played(mind("agents", service, **parameters))
    collector = Played(mind("planners", service))
    play(Gifts(), {"giver": giver, "collector": collector}, random.keys(1, copies))
    return giver, collector


def test_all_who_act_are_asked_at_once_and_do_what_is_answered() -> None:
    service = Answering(lambda question: largest(question) if question.purpose == "giver" else '{"action": 0.5}')
    giver, collector = played(service, copies=2, history=0)
    gifts = [observation.action_mask.sum(-1) - 1 for observation in giver.seen]  # the largest that is legal
    assert torch.equal(torch.stack(giver.actions), torch.stack(gifts))
    # A leader that acts every second step goes on with its last action in between.
    assert torch.stack(collector.actions).tolist() == [[[0.5]] * 2] * 6
    purposes = [question.purpose for question in service.asked]
    assert (purposes.count("giver"), purposes.count("collector")) == (4 * 2 * 6, 2 * 3)
    assert {question.system for question in service.asked if question.purpose == "giver"} == {service.asked[0].system}


def test_only_what_is_legal_is_offered_and_an_illegal_answer_counts_as_none() -> None:
    service = Answering(lambda question: '{"action": "3"}' if question.purpose == "giver" else '{"action": 0}')
    giver, _ = played(service)
    game, key = Gifts(), random.keys(1, 1)
    state = game.reset(key)
    mask = game.observe(state)["giver"].action_mask
    assert mask is not None
    offered = [
        [label in question.form.schema()["properties"]["action"]["enum"] for label in "0123"]
        for question in service.asked[:4]
    ]
    assert offered == mask[0].tolist()
    expected = torch.where(mask[..., 3], 3, 0)
    assert torch.equal(giver.actions[0], expected)


@pytest.mark.parametrize(("policy", "expected"), [("previous", 2), ("rule", 0)])
def test_without_an_answer_the_previous_action_or_the_rule_stands_in(policy: str, expected: int) -> None:
    replies = {"giver": iter(['{"action": "2"}'] * 4 + ["no idea"] * 100)}
    endless = iter(lambda: '{"action": 0}', None)
    service = Answering(lambda question: next(replies.get(question.purpose, endless)), on_failure=policy)
    giver = mind("agents", service)
    game = Gifts()
    key = random.keys(4, 1)  # everybody owns enough for a gift of two, twice
    state, memory = game.reset(key), giver.start(game, game.roles["giver"], 1)
    actions = []
    for time in range(2):
        action, memory = giver.act(game.observe(state)["giver"], memory, random.fold(key, time))
        actions.append(action)
        state = game.step(state, {"giver": action, "collector": torch.zeros(1, 1)}).state
    assert actions[0].tolist() == [[2] * 4]
    assert actions[1].tolist() == [[expected] * 4]
    assert dict(giver.filled) == {policy: 4}


def test_a_previous_action_that_is_no_longer_legal_does_not_stand_in() -> None:
    service = Answering(lambda question: "no idea", on_failure="previous")
    giver, game = mind("agents", service), Gifts()
    key = random.keys(4, 1)
    state, memory = game.reset(key), giver.start(game, game.roles["giver"], 1)
    observation = game.observe(state)["giver"]
    gave_three = memory.history.with_actions(torch.full((1, 4, 1), 3.0).double(), observation.alive)
    mask = torch.tensor([True, True, False, False]).expand(1, 4, 4)
    poor = type(observation)(observation.features, observation.alive, observation.acting, mask)
    action, _ = giver.act(poor, memory._replace(history=gave_three), key)
    assert action.tolist() == [[0] * 4]


def test_a_fallback_that_the_scenario_names_is_the_rule() -> None:
    service = Answering(lambda question: "no idea", on_failure="rule")
    game = orchard()
    picker = Played(mind("agents", service, fallback={"kind": "fixed_hours", "hours": 0.75}))
    play(game, {"worker": picker, "planner": mind("planners", service)}, random.keys(1, 1))
    assert picker.actions[-1].tolist() == [[0.75] * 5]


def test_questions_tell_the_last_actions_and_as_many_as_are_wanted() -> None:
    tried = iter("0120120120" * 10)
    service = Answering(lambda question: first_legal(question) if question.purpose != "giver" else _giving(tried))
    played(service, history=2)
    by_giver = [question.user for question in service.asked if question.purpose == "giver"][0::4]
    assert "Your last actions" not in by_giver[0]
    assert by_giver[1].startswith("Your last actions, the oldest first: 0\n")
    assert [text.split("\n")[0].count(";") for text in by_giver[2:]] == [1, 1, 1, 1]


def _giving(tried: Any) -> str:
    return json.dumps({"action": next(tried)})


def test_a_memory_is_never_changed_in_place_and_asks_the_same_again() -> None:
    service, game, key = Answering(), Gifts(), random.keys(4, 1)
    giver = mind("agents", service)
    seen = game.observe(game.reset(key))["giver"]
    memory = giver.start(game, game.roles["giver"], 1)
    for _ in range(2):
        giver.act(seen, memory, key)
    assert service.asked[:4] == service.asked[4:]


def test_seeds_are_those_of_the_key_and_differ_between_players() -> None:
    game, key = Gifts(), random.keys(4, 2)
    services = [Answering(temperature=0.7) for _ in range(2)]
    for service in services:
        giver = mind("agents", service)
        giver.act(game.observe(game.reset(key))["giver"], giver.start(game, game.roles["giver"], 2), key)
    seeds = [question.seed for question in services[0].asked]
    assert seeds == [question.seed for question in services[1].asked]
    assert len(set(seeds)) == 8


def test_a_thought_is_asked_for_where_it_is_wanted() -> None:
    service = Answering(lambda question: json.dumps({"thought": "hm", "action": "0"}))
    giver, game, key = mind("agents", service, reasoning=True), Gifts(), random.keys(4, 1)
    giver.act(game.observe(game.reset(key))["giver"], giver.start(game, game.roles["giver"], 1), key)
    assert list(service.asked[0].form.schema()["properties"]) == ["thought", "action"]
    assert '"thought"' in service.asked[0].user


def test_a_forecast_counts_every_call_and_comes_near_to_the_tokens() -> None:
    service, game = Answering(), Gifts()
    giver, collector = mind("agents", service), mind("planners", service)
    play(game, {"giver": giver, "collector": collector}, random.keys(1, 3))
    for agent, role in ((giver, "giver"), (collector, "collector")):
        calls, tokens, _ = agent.forecast(game, game.roles[role], 3)
        asked = [question for question in service.asked if question.purpose == role]
        assert calls == len(asked)
        # A forecast is right where it is within a tenth: numbers have other lengths.
        assert tokens == pytest.approx(sum(len(it.system) + len(it.user) for it in asked) / 4, rel=0.1)


@pytest.mark.parametrize(
    ("room", "role", "parameters", "message"),
    [
        ("agents", "giver", {"bounded": True, "cue": "none"}, r"agents\.giver: bounded, cue of kind llm only apply in"),
        ("planners", "collector", {"largest_move": 0.2}, "planner: largest_move of kind llm only apply in"),
    ],
)
def test_a_parameter_that_would_do_nothing_is_an_error(
    room: str, role: str, parameters: dict[str, Any], message: str
) -> None:
    agent, game = mind(room, Answering(), **parameters), Gifts()
    with pytest.raises(UserError, match=message):
        agent.start(game, game.roles[role], 1)


def test_elections_need_a_game_that_tells_of_tax_years() -> None:
    game, kind = orchard(), kinds.load("planners", "elected_llm")
    election = kind.build(kind.parameters())
    with pytest.raises(UserError, match="planner: kind elected_llm needs a game with prompts for tax years"):
        election.forecast(game, game.roles["planner"], 1)


def test_a_long_game_says_what_it_costs() -> None:
    game = load("gather_trade_build").build()[0]
    worker, planner = mind("agents", Answering()), mind("planners", Answering())
    calls, tokens, _ = worker.forecast(game, game.roles["worker"], 16)
    assert calls == 16 * 4 * 1000
    assert tokens > 1000 * calls
    assert planner.forecast(game, game.roles["planner"], 16)[0] == 16 * 10


def test_the_older_past_can_be_left_out_of_a_question_that_exceeds_the_context() -> None:
    service = Answering()
    played(service, history=8)
    request = request_of(service.asked[-1], service.settings)
    assert len(request.history) >= 2
    assert "; ".join(request.history) in request.user
    shorter = request.with_history(1)
    assert shorter is not None
    assert "; ".join(request.history) not in shorter.user
    assert f"the oldest first: {request.history[-1]}" in shorter.user
