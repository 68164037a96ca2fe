"""A few people are asked for all: who, whose example they are, and how large the error is."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from scripted_minds import Scripted, economy, flat, work

from econsim.agents.archetypes import Archetypes, Parameters
from econsim.errors import UserError
from econsim.llm.questions import Question


def archetypes(service: Any, **parameters: Any) -> Archetypes:
    made = Archetypes(Parameters(**parameters))
    made.connect(service)
    return made


def test_exactly_as_many_calls_as_archetypes_and_answers() -> None:
    game, service = economy(workers=1000), Scripted()
    work(game, archetypes(service, archetypes=20, answers=5), 2, lambda _: flat(game, 0.4))
    assert len(service.asked) == 100


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
