"""A few people are asked for all: who, whose example they are, and how large the error is."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from scipy.stats import chisquare
from scripted_minds import Scripted, economy, flat, work

from econsim import make, random
from econsim.agents.archetypes import Archetypes, Parameters
from econsim.economies.pandemic_states import PandemicStates
from econsim.economies.pandemic_states import Parameters as Pandemic
from econsim.errors import UserError
from econsim.llm.questions import Answer, Question


class TextScripted(Scripted):
    """A model that is asked without facts, in the text of any game."""

    def _answer(self, question: Question) -> Answer:
        reading = question.form.read(self.reply(question, {}))
        return Answer("", reading.value, reading.outcome, reading.reason)


def archetypes(service: Any, **parameters: Any) -> Archetypes:
    made = Archetypes(Parameters(**parameters))
    made.connect(service)
    return made


def test_exactly_as_many_calls_as_archetypes_and_answers() -> None:
    game, service = economy(workers=1000), Scripted()
    work(game, archetypes(service, archetypes=20, answers=5), 2, lambda _: flat(game, 0.4))
    assert len(service.asked) == 100


def test_conclusions_of_those_who_are_asked_have_their_number_in_the_role() -> None:
    def reply(question: Question, facts: dict[str, Any]) -> str:
        return json.dumps({question.purpose: 40 if question.purpose == "hours" else "Work less."})

    game, service = economy(workers=100), TextScripted(reply)
    mind = {"memory": {"reflection": {"every": 1}}}
    work(game, archetypes(service, archetypes=3, answers=2, mind=mind), 4, lambda _: flat(game, 0.4))
    hours, reflections = (
        [question.addressee.player for question in service.asked if question.purpose == purpose]
        for purpose in ("hours", "reflection")
    )
    assert reflections == hours[:6]
    assert reflections != [*range(6)]


def test_a_million_people_need_as_many_calls_as_a_thousand() -> None:
    calls = []
    for people in (1000, 1_000_000):
        game = make("money_exchange", people=people, participation="voluntary")
        service = TextScripted(lambda question, facts: json.dumps({"action": "stay out"}))
        agent, role = archetypes(service, archetypes=20, answers=3, shadow=10, by="wealth"), game.roles["person"]
        key = random.keys(0, 1)
        action, _ = agent.act(game.observe(game.reset(key))["person"], agent.start(game, role, 1), key)
        assert action.shape == (1, people)
        assert bool((action == 1).all())
        calls.append(len(service.asked))
    assert calls == [70, 70]


def test_actions_have_the_frequencies_of_the_answers_and_their_mean_does_not() -> None:
    game = economy(workers=6000, hours_step=1)
    answered = [20, 35, 60]

    def reply(question: Question, facts: dict[str, Any]) -> str:
        return json.dumps({"hours": answered[[0, 0, 0, 1, 1, 2][question.seed % 6]]})

    service = Scripted(reply)
    worker = archetypes(service, archetypes=3, answers=12)
    memory = worker.start(game, game.roles["worker"], 1)
    hours = work(game, worker, 2, lambda _: flat(game, 0.4))[-1].hours[0]
    copying = torch.ones(6000, dtype=torch.bool)
    copying[memory.asked] = False
    for group in range(3):
        own = hours[memory.asked[group * 12 : group * 12 + 12]]
        expected = torch.tensor([float((own == option).double().mean()) for option in answered])
        members = hours[copying & (memory.example // 12 == group)]
        counts = torch.tensor([float((members == option).sum()) for option in answered])
        offered = expected > 0
        assert counts[~offered].sum() == 0
        # Three tests at 0.1 % each; seeds are fixed.
        assert chisquare(counts[offered], expected[offered] * counts.sum()).pvalue > 1e-3
        assert counts.sum() > 1900
        if int(offered.sum()) > 1:  # what a mean would give: everybody plays the same
            same = torch.zeros(int(offered.sum()))
            same[0] = counts.sum()
            assert chisquare(same, expected[offered] * counts.sum()).pvalue < 1e-6


def test_the_nearest_examples_are_copied_equally_often_and_err_less() -> None:
    game = economy(workers=2003)
    rates = torch.tensor([[[0.1, 0.12, 0.22, 0.24, 0.5, 0.7, 0.9]]], dtype=torch.float64)
    exact, errors = game.best_hours(rates[:, 0])[0], []
    for examples in ("drawn", "nearest"):
        worker = archetypes(Scripted(), archetypes=4, answers=10, shadow=300, examples=examples)
        memory = worker.start(game, game.roles["worker"], 1)
        hours = work(game, worker, 2, lambda _: rates)[-1].hours[0]
        errors.append((float((hours - exact).abs().mean()), worker.shadow[0].absolute))
        counts = torch.bincount(memory.example, minlength=40)
        if examples == "nearest":
            # Groups of 500 or 501 in ten parts; of those in a part, up to ten are asked and copy themselves.
            assert counts.min() >= 41
            assert counts.max() <= 52
            ranks = game.income[0].argsort().argsort()
            ordered = ranks[memory.asked[:40]]
            assert torch.equal(ordered, ordered.sort().values)
    assert errors[1][0] < 0.5 * errors[0][0]
    # The mean of 300 absolute errors about as large as their mean: four standard errors are a quarter of it.
    assert errors[1][1] == pytest.approx(errors[1][0], rel=0.25)


def test_replies_that_cannot_be_used_are_counted() -> None:
    game = economy(workers=400)

    def reply(question: Question, facts: dict[str, Any]) -> str:
        return "I would rather not." if question.seed % 4 == 0 else json.dumps({"hours": 40})

    service = Scripted(reply)
    worker = archetypes(service, archetypes=10, answers=5, shadow=20)
    states = work(game, worker, 4, lambda _: flat(game, 0.4))
    failed = sum(question.seed % 4 == 0 for question in service.asked)
    assert 20 < failed < 100
    assert sum(worker.filled.values()) == failed
    # By default a worker without an answer repeats its hours, or the rule decides: never zero.
    assert float(states[-1].hours.min()) > 0


def test_players_of_other_games_are_grouped_by_a_feature() -> None:
    game = PandemicStates(Pandemic(days=5, cooldown=2)).to(dtype=torch.float64)
    role = game.roles["governor"]

    def reply(question: Question, facts: dict[str, Any]) -> str:
        return json.dumps({"action": "level_8"})

    service = TextScripted(reply)
    agent = archetypes(service, archetypes=5, answers=2, shadow=5, by="infected", examples="nearest")
    state, memory = game.reset(random.keys(0, 1)), agent.start(game, role, 1)
    infected = game.observe(state)["governor"].features[0, :, 1]
    groups = memory.example // 2
    for lower in range(4):
        assert infected[groups == lower].max() <= infected[groups == lower + 1].min()
    action, _ = agent.act(game.observe(state)["governor"], memory, random.keys(1, 1))
    assert len(service.asked) == 15
    assert action.tolist() == [[8] * 51]
    assert agent.shadow[0].differing == 0.0
    seen = game.observe(state)["governor"]
    mask = seen.action_mask.clone()  # type: ignore[union-attr]
    mask[0, :7, 1:] = False
    action, _ = agent.act(seen.with_fields(action_mask=mask), agent.start(game, role, 1), random.keys(1, 1))
    assert action[0, :8].tolist() == [0] * 7 + [8]
    assert agent.replaced > 0
    with pytest.raises(UserError, match=r"agents.governor.by: the players of this game have no 'skill'.*infected"):
        archetypes(service, archetypes=5, answers=2).start(game, role, 1)


def test_groups_cover_all_and_examples_are_of_ones_own_group() -> None:
    game = economy(workers=997)
    memory = archetypes(Scripted(), archetypes=10, answers=4).start(game, game.roles["worker"], 1)
    ranks = game.income[0].argsort().argsort()
    own, examples = ranks * 10 // 997, ranks[memory.asked[memory.example]] * 10 // 997
    assert torch.equal(own, examples)
    assert torch.bincount(memory.example, minlength=40).min() >= 10
    assert torch.equal(memory.example[memory.asked], torch.arange(40))


def test_groups_by_persona_hold_people_alike() -> None:
    game = economy(workers=600, population={"kind": "personas"})
    traits = game.briefing("worker")["traits"]
    memory = archetypes(Scripted(), archetypes=2, answers=4, alike=("sex",)).start(game, game.roles["worker"], 1)
    group = memory.example // 4
    sexes = [{traits["sex"][player] for player in (group == number).nonzero().flatten()} for number in range(2)]
    # Two groups of half the people each, sorted by sex: at most one holds both.
    assert sorted(map(len, sexes)) in ([1, 1], [1, 2])
    by_skill = archetypes(Scripted(), archetypes=2, answers=4).start(game, game.roles["worker"], 1)
    assert not torch.equal(group, by_skill.example // 4)


def test_traits_that_nobody_knows() -> None:
    game = economy(workers=60)
    with pytest.raises(UserError, match=r"population\.kind=personas"):
        archetypes(Scripted(), archetypes=2, answers=4, alike=("age",)).start(game, game.roles["worker"], 1)


def test_where_everybody_is_asked_it_is_the_kind_llm_exactly() -> None:
    game = economy(workers=60)
    hours = work(game, archetypes(Scripted(), archetypes=20, answers=3), 2, lambda _: flat(game, 0.4))[-1].hours[0]
    assert torch.equal(hours, game.best_hours(flat(game, 0.4)[:, 0])[0])


def test_a_group_keeps_the_distribution_of_its_answers() -> None:
    game = economy(workers=4000, hours_step=1)
    said: list[int] = []

    def reply(question: Question, facts: dict[str, Any]) -> str:
        said.append(20 if question.seed % 2 else 60)
        return json.dumps({"hours": said[-1]})

    worker = archetypes(Scripted(reply), archetypes=1, answers=10)
    hours = work(game, worker, 2, lambda _: flat(game, 0.4))[-1].hours[0]
    assert set(hours.tolist()) == {20.0, 60.0}
    # Examples are drawn evenly: 4,000 draws of a share have a standard error of at most 0.8 points; four of those.
    assert float((hours == 20.0).double().mean()) == pytest.approx(said.count(20) / 10, abs=0.032)


def test_the_shadow_sample_measures_the_error_and_changes_nothing() -> None:
    game = economy(workers=2000, brackets=[0, 47150, 191950], status_quo=[0.0, 0.0, 0.0])
    rates = torch.tensor([[[0.1, 0.5, 0.8]]], dtype=torch.float64)
    plain, shadowed = (archetypes(Scripted(), archetypes=50, answers=2, shadow=count) for count in (0, 200))
    hours = [work(game, worker, 2, lambda _: rates)[-1].hours[0] for worker in (plain, shadowed)]
    assert torch.equal(*hours)
    exact = game.best_hours(rates[:, 0])[0]
    true_error = float((exact - hours[0]).abs().mean())
    (found,) = shadowed.shadow
    # The mean of 200 absolute errors that are about as large as their mean: four standard errors are 0.3 of it.
    assert found.absolute == pytest.approx(true_error, rel=0.3)
    assert found.absolute < 1.0  # hours, of 45


def test_more_archetypes_err_less() -> None:
    game = economy(workers=2000)
    rates = torch.tensor([[[0.1, 0.12, 0.22, 0.24, 0.5, 0.7, 0.9]]], dtype=torch.float64)
    exact = game.best_hours(rates[:, 0])[0]
    errors = [
        float(
            (work(game, archetypes(Scripted(), archetypes=n, answers=1), 2, lambda _: rates)[-1].hours[0] - exact)
            .abs()
            .mean()
        )
        for n in (4, 40, 400)
    ]
    assert errors[0] > errors[1] > errors[2]


def test_more_archetypes_than_people() -> None:
    game = economy(workers=10)
    with pytest.raises(
        UserError,
        match="the role has 10; reduce archetypes, answers or shadow, or query the model for all players with kind llm",
    ):
        work(game, archetypes(Scripted(), archetypes=6, answers=2), 1, lambda _: flat(game, 0.4))


def test_other_people_in_every_copy() -> None:
    game = economy(workers=50, redraw_population=True, population={"kind": "gb2"})
    with pytest.raises(UserError, match="the same population in every environment copy"):
        work(game, archetypes(Scripted(), archetypes=6, answers=2), 1, lambda _: flat(game, 0.4))
