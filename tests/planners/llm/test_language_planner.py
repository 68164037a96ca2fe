"""A planner who asks a model: what it is told, what it announces, what it remembers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from scripted_minds import Scripted, economy, facts_of, mind

from econsim import kinds, random
from econsim.economies.one_step import OneStep
from econsim.llm.questions import Question
from econsim.planners.llm import Parameters
from econsim.planners.llm.history import Past, Report, Year, histogram
from econsim.planners.llm.narrator import PlannerNarrator

FEDERAL = [0.10, 0.12, 0.22, 0.24, 0.32, 0.35, 0.37]
Reply = Callable[[Question, dict[str, Any]], str]


def years(game: OneStep, planner: Any, count: int, copies: int = 1) -> list[list[float]]:
    """Return the rates in force in the first copy and its welfare, year by year, under exact workers."""
    found = kinds.load("agents", "best_response")
    worker, key = found.build(found.parameters()), random.keys(5, copies)
    state = game.reset(key)
    memories = planner.start(game, game.roles["planner"], copies), worker.start(game, game.roles["worker"], copies)
    records = []
    for time in range(count * (1 + game.settings.steps_per_tax_year)):
        seen = game.observe(state)
        rates, planned = planner.act(seen["planner"], memories[0], random.fold(key, time))
        hours, worked = worker.act(seen["worker"], memories[1], key)
        memories = planned, worked
        state = game.step(state, {"planner": rates, "worker": hours}).state
        if (time + 1) % (1 + game.settings.steps_per_tax_year) == 0:
            records.append([*state.rates[0].tolist(), float(state.welfare[0])])
    return records


def always(rates: list[Any]) -> Reply:
    return lambda question, facts: json.dumps({"rates": rates})


def test_the_first_year_is_the_status_quo_and_the_second_is_asked_for() -> None:
    service = Scripted(always([0.5] * 7))
    found = years(economy(tax_years=3), mind("planners", service), 3)
    assert found[0][:7] == pytest.approx(FEDERAL)
    assert found[1][:7] == [0.5] * 7
    assert len(service.asked) == 2


def test_a_planner_may_be_asked_from_the_start() -> None:
    service = Scripted(always([0.3] * 7))
    assert years(economy(tax_years=2), mind("planners", service, first="ask"), 1)[0][:7] == [0.3] * 7
    assert facts_of(service.asked[0])["history"] == []


def test_facts_tell_every_year_and_the_true_best() -> None:
    proposals = iter([[0.5] * 7, [0.9] * 7, [0.2] * 7])
    service = Scripted(lambda question, facts: json.dumps({"rates": next(proposals)}))
    found = years(economy(tax_years=4), mind("planners", service), 4)
    told = facts_of(service.asked[-1])
    assert [year["welfare"] for year in told["history"]] == pytest.approx([row[-1] for row in found[:3]], rel=1e-9)
    assert told["best"] == max(told["history"], key=lambda year: year["welfare"])
    assert told["best"]["rates"] == [0.5] * 7
    assert (told["tax_year"], told["tax_years"]) == (4, 4)


def test_the_best_year_is_shown_when_the_history_no_longer_holds_it() -> None:
    proposals = iter([[0.5] * 7, [0.9] * 7, [0.95] * 7, [1.0] * 7])
    service = Scripted(lambda question, facts: json.dumps({"rates": next(proposals)}))
    years(economy(tax_years=6), mind("planners", service, history=1, best=1), 5)
    text = service.asked[-1].user
    assert "year 2: rates [0.5, 0.5" in text.split("Your best schedules")[1]
    assert "year 2:" not in text.split("Your best schedules")[0]


def test_the_cue_is_to_announce_the_best_in_the_last_tenth() -> None:
    service = Scripted(always([0.5] * 7))
    years(economy(tax_years=20, workers=5), mind("planners", service), 20)
    exploits = [facts_of(question)["exploit"] for question in service.asked]
    assert exploits == [False] * 17 + [True] * 2
    assert "that you believe is best" in service.asked[-1].user


def test_brackets_that_never_moved_are_named() -> None:
    proposals = iter([[0.1, 0.12, 0.5, 0.5, 0.5, 0.5, 0.5], [0.5] * 7])
    service = Scripted(lambda question, facts: json.dumps({"rates": next(proposals)}))
    years(economy(tax_years=30, workers=20), mind("planners", service, grid=0.01), 3)
    assert "never changed the rate of brackets 1, 2 so far" in service.asked[1].user


def test_moves_may_be_limited() -> None:
    found = years(economy(tax_years=3), mind("planners", Scripted(always([1.0] * 7)), largest_move=0.2), 3)
    assert found[1][:7] == pytest.approx([rate + 0.2 for rate in FEDERAL])
    assert found[2][:7] == pytest.approx([rate + 0.4 for rate in FEDERAL])


def test_rates_are_snapped_to_the_grid_and_those_above_the_highest_are_not_announced() -> None:
    service = Scripted(always([0.12, 0.13, 0.905, 0.5, 0.5, 0.5, 0.5]))
    found = years(economy(tax_years=2), mind("planners", service, highest=0.9, grid=0.05), 2)
    assert found[1][:3] == pytest.approx([0.1, 0.15, 0.9])
    above = Scripted(always([0.12, 0.13, 1.0, 0.5, 0.5, 0.5, 0.5]))
    found = years(economy(tax_years=2), mind("planners", above, highest=0.9, grid=0.05), 2)
    assert found[1][:7] == pytest.approx(FEDERAL)


def test_per_cent_instead_of_shares_are_understood() -> None:
    service = Scripted(always(["35%", "35%", "40 %", "40%", "45%", "50%", "50%"]))
    found = years(economy(tax_years=2), mind("planners", service), 2)
    assert found[1][:7] == pytest.approx([0.35, 0.35, 0.4, 0.4, 0.45, 0.5, 0.5])


def test_without_an_answer_the_rates_in_force_hold_and_are_counted() -> None:
    planner = mind("planners", Scripted(lambda question, facts: '{"rates": [0.1, 0.2]}'))
    found = years(economy(tax_years=3), planner, 3)
    assert found[2][:7] == pytest.approx(FEDERAL)
    assert dict(planner.filled) == {"previous": 2}


def test_each_copy_has_its_own_memory() -> None:
    def reply(question: Question, facts: dict[str, Any]) -> str:
        return json.dumps({"rates": [0.05 * (question.seed % 15)] * 7})

    service = Scripted(reply, temperature=1.0)
    years(economy(tax_years=3, workers=5), mind("planners", service), 3, copies=2)
    first, second = (facts_of(question)["history"] for question in service.asked[-2:])
    assert [len(first), len(second)] == [2, 2]
    assert first[0] == second[0]
    assert first[1]["rates"] != second[1]["rates"]


def test_verdicts_blame_what_moved() -> None:
    past = Past((Year(1, (0.1, 0.5, 0.3), 10.0), Year(2, (0.2, 0.4, 0.3), 8.0), Year(3, (0.2, 0.5, 0.3), 9.0)))
    assert past.verdicts(0) == []
    assert past.verdicts(1) == [(1, "too high"), (2, "too low")]
    assert past.verdicts(2) == [(2, "too low")]
    assert past.untouched() == [3]


def test_the_best_years_are_of_different_schedules() -> None:
    past = Past((Year(1, (0.1,), 5.0), Year(2, (0.2,), 9.0), Year(3, (0.2,), 8.0), Year(4, (0.3,), 7.0)))
    assert [year.number for year in past.top(2)] == [2, 4]


def test_a_histogram_counts_everybody_once() -> None:
    text = histogram([0.0, 5.0, 10.0, 99.0], [0.0, 10.0, 50.0], "USD", [1.0] * 4)
    assert [line.split(": ")[1][0] for line in text.splitlines()] == ["2", "1", "1"]
    assert text.splitlines()[-1].startswith("50 and more USD")


def test_questions_count_people_and_not_rows() -> None:
    game = economy(tax_years=3, workers=4)
    narrator = PlannerNarrator(Parameters(), game.briefing("planner"), 8, ())
    rates = tuple(FEDERAL)
    whole = Report(2, rates, 1.0, [1e4, 5e4, 9e5], [1.0, 2.0, 9.0], [2.0, 4.0, 2.0])
    split = Report(2, rates, 1.0, [1e4, 5e4, 5e4, 9e5], [1.0, 2.0, 2.0, 9.0], [2.0, 2.0, 2.0, 2.0])
    past = Past((Year(1, rates, 1.0),))
    text = narrator.question(past, whole).text
    assert text == narrator.question(past, split).text
    assert "47,150 to 100,525 USD: 4 ##########" in text  # half of eight people
    assert "mean 3.5, median 2" in text


def test_a_forecast_counts_every_call() -> None:
    game, service = economy(tax_years=10, workers=20), Scripted(always([0.5] * 7))
    planner = mind("planners", service)
    calls, asked, _ = planner.forecast(game, game.roles["planner"], 2)
    years(game, planner, 10, copies=2)
    assert calls == len(service.asked) == 18
    # A forecast is right within a half: how long the years' lines are depends on what happens.
    assert asked == pytest.approx(sum(len(it.system) + len(it.user) for it in service.asked) / 4, rel=0.5)
