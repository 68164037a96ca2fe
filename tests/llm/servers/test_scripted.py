"""The scripted model against the economy's own exact answers, and against brute force."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
import torch

from econsim.agents.best_response import BestResponse
from econsim.agents.best_response import Parameters as Nothing
from econsim.economies.one_step import OneStep, Parameters
from econsim.leader_evaluation import play_proposals
from econsim.testing.endpoints import Chat, Scripted, Unanswerable
from econsim.testing.endpoints.scripted import candidate, coach, planner, voter, worker
from econsim.testing.endpoints.scripted.facts import facts_of

EXACT = {"worker": BestResponse(Nothing())}
RATES = [0.10, 0.12, 0.22, 0.24, 0.32, 0.35, 0.37]
UNEVEN = [0.9, 0.2, 0.6, 0.1, 0.5, 0.0, 1.0]  # rates that fall: the budget set is not convex


def economy(**parameters: Any) -> OneStep:
    described = {"population": {"kind": "gb2", "sampling": "published"}, **parameters}
    return OneStep(Parameters.model_validate(described)).to(dtype=torch.float64)  # type: ignore[return-value]


def worker_facts(game: OneStep, rates: list[float]) -> list[dict[str, Any]]:
    told = game.briefing("worker")
    cost = told["labour_cost"]
    same = {name: told[name] for name in ("hours_cap", "hours_step", "thresholds", "standard_deduction")}
    skills = (game.income.double() / 40.0).flatten().tolist()
    return [
        {
            "role": "worker",
            "skill": skill,
            "labour_cost_scale": cost["constant"] + cost["per_skill"] * skill,
            "labour_cost_exponent": cost["exponent"],
            "rates": rates,
            **same,
        }
        for skill in skills
    ]


@pytest.mark.parametrize("rates", [RATES, UNEVEN, [0.5] * 7])
@pytest.mark.parametrize("step", [0.5, None])
def test_workers_answer_as_the_economy_says_is_best(rates: list[float], step: float | None) -> None:
    game = economy(hours_step=step, standard_deduction=14_600.0)
    best = game.best_hours(torch.tensor([rates], dtype=torch.float64))[0]
    found = torch.tensor([worker.hours(facts) for facts in worker_facts(game, rates)], dtype=torch.float64)
    # Two closed forms of the same hours, to the rounding of a power in double precision.
    torch.testing.assert_close(found, best, rtol=1e-9, atol=1e-7)


def test_without_taxes_everybody_works_sixty_hours() -> None:
    assert {worker.hours(facts) for facts in worker_facts(economy(hours_step=0.5), [0.0] * 7)} == {60.0}


def test_altruists_work_as_if_nothing_were_taxed_and_adversaries_pay_nothing() -> None:
    facts = worker_facts(economy(hours_step=0.5), RATES)[0]
    assert worker.hours({**facts, "aim": "altruistic"}) == 60.0
    assert worker.hours({**facts, "aim": "adversarial"}) == 0.0


def gap_closed(game: OneStep, **more: Any) -> list[float]:
    """Return the share of the gap that each of 32 tax years closed, from the federal start."""
    rates, history, none, optimum = game.status_quo("planner").tolist(), [], 11302.7, 38292.4
    for year in range(32):
        if year:
            facts = {"rates": rates, "history": history, "highest": 1.0, "exploit": year >= 29, **more}
            rates = planner.rates(facts)
        proposal = torch.tensor([rates], dtype=torch.float64)
        welfare = float(game.accounts(play_proposals(game, EXACT, "planner", proposal, seed=0)[1])["welfare"])
        history.append({"rates": rates, "welfare": welfare})
    # Welfare without taxes and at the searched optimum: an independent computation of the same economy.
    return [(year["welfare"] - none) / (optimum - none) for year in history]


@pytest.mark.parametrize("limits", [{"grid": 0.05}, {"grid": 0.1}, {"grid": 0.1, "largest_move": 0.2}])
def test_the_planner_closes_most_of_the_gap_in_32_tax_years(limits: dict[str, float]) -> None:
    closed = gap_closed(economy(hours_step=0.5), **limits)
    assert closed[0] == pytest.approx(0.383, abs=1e-3)
    assert closed[-1] >= 0.85
    assert closed[-1] == max(closed)  # told to announce the best, it does


def test_the_planner_keeps_to_what_it_may_announce() -> None:
    history = [{"rates": [0.12, 0.37], "welfare": 1.0}, {"rates": [0.3, 0.6], "welfare": 2.0}]
    found = planner.rates(
        {"rates": [0.3, 0.6], "history": history, "grid": 0.1, "highest": 0.6, "largest_move": 0.1, "best": history[1]}
    )
    assert found not in [year["rates"] for year in history]
    assert all(rate <= 0.6 and rate == pytest.approx(round(rate, 1)) for rate in found)
    assert all(abs(rate - now) <= 0.1 + 1e-9 for rate, now in zip(found, [0.3, 0.6], strict=True))


def test_the_first_year_announces_what_is_in_force() -> None:
    assert planner.rates({"rates": [0.12, 0.37], "history": [], "grid": 0.05, "highest": 1.0}) == [0.1, 0.35]


def test_voters_prefer_who_gives_them_more_and_the_first_of_equals() -> None:
    candidates = [{"name": "a", "utility": 1.0}, {"name": "b", "utility": 3.0}, {"name": "c", "utility": 1.0}]
    assert voter.ranking({"candidates": candidates}) == ["b", "a", "c"]


def said(question: str, value: dict[str, Any], *more: str) -> Any:
    properties = {**{name: {"type": "string"} for name in more}, "chosen": value}
    chat = Chat(Scripted.name, ({"role": "user", "content": question},), schema={"properties": properties})
    return json.loads(asyncio.run(Scripted().reply(chat)).text)


def test_the_reply_has_the_form_that_the_request_describes() -> None:
    vote = 'FACTS: {"role": "voter", "candidates": [{"name": "a", "utility": 1}, {"name": "b", "utility": 2}]}'
    assert said(vote, {"type": "string", "enum": ["a", "b"]}) == {"chosen": "b"}
    assert said(vote, {"type": "array"}) == {"chosen": ["b", "a"]}
    content = said('FACTS: {"role": "worker", "utility_change": -1.0}', {"type": "string"}, "thought")
    assert list(content) == ["thought", "chosen"]
    assert content["chosen"] == "no"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"type": "string"}, "I am a scripted model, and I have no opinion."),
        ({"type": "string", "enum": ["yes", "no"]}, "yes"),
        ({"type": "number", "minimum": 0, "maximum": 100}, 50.0),
    ],
)
def test_an_interview_has_an_answer_of_each_form_also_from_a_worker_with_facts(
    form: dict[str, Any], expected: object
) -> None:
    properties = {"answer": form}
    question = 'FACTS: {"role": "worker"}\nThe interviewer asks: Why?'
    chat = Chat(Scripted.name, ({"role": "user", "content": question},), schema={"properties": properties})
    assert json.loads(asyncio.run(Scripted().reply(chat)).text) == {"answer": expected}


def test_only_the_last_line_of_facts_counts() -> None:
    forged = 'FACTS: {"role": "planner"}\nName: x\nFACTS: {"role": "worker", "utility_change": 2}\nreply in JSON'
    assert facts_of(forged) == {"role": "worker", "utility_change": 2}


@pytest.mark.parametrize(
    ("answer", "facts"),
    [
        (worker.hours, {"skill": 20.0}),
        (worker.hours, {"skill": "x", "labour_cost_scale": 1, "labour_cost_exponent": 2}),
        (worker.satisfied, {"role": "worker"}),
        (planner.rates, {"rates": [0.1]}),
        (planner.rates, {"rates": [0.1], "history": [{}], "grid": 0.1, "highest": 1}),
        (voter.ranking, {"candidates": []}),
        (voter.ranking, {"candidates": [{"name": "a"}]}),
    ],
)
def test_what_it_cannot_know_it_refuses(answer: Callable[[dict[str, Any]], Any], facts: dict[str, Any]) -> None:
    with pytest.raises(Unanswerable):
        answer(facts)


def test_candidates_promise_what_is_best_for_them_on_the_grid() -> None:
    facts = {"grid": 0.05, "highest": 0.9, "best_for_you": [0.47, 0.02, 0.99]}
    assert candidate.rates(facts) == [0.45, 0.0, 0.9]
    assert candidate.rates(facts, count=1) == [0.45]
    with pytest.raises(Unanswerable, match="best_for_you"):
        candidate.rates({"grid": 0.05, "highest": 0.9})


def test_voters_approve_of_those_who_are_no_worse_than_the_mean() -> None:
    told = [{"name": name, "utility": worth} for name, worth in (("a", 1.0), ("b", 4.0), ("c", 2.5))]
    assert voter.approval({"candidates": told}) == [0, 1, 1]


def test_the_coach_adds_its_lesson_once() -> None:
    (edit,) = coach.edits({"lessons": []})
    assert edit["do"] == "add"
    assert coach.edits({"lessons": [edit["text"]]}) == []
