"""Voters who ask a language model: what they are told, how ballots are read, and what stands in for a missing one."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from aiohttp import web
from tiny_server import Server, said

from econsim import random
from econsim.economies.one_step import OneStep, Parameters
from econsim.errors import UserError
from econsim.llm.service import EndpointError, Service
from econsim.mechanisms.voting import median_flat_tax
from econsim.planners import elected_llm
from econsim.report.elections import election_tables
from econsim.report.reported_run import ReportedRun
from econsim.runs import execute
from econsim.runs.elections import elections_of
from econsim.scenario import load

INCOMES = (30_000.0, 30_000.0, 80_000.0)
FLAT = {"schedule": "flat", "finest_step": 1e-4}


class Recorder:
    def log(self, name: str, value: float, *, step: int, role: str = "") -> None: ...
    def progress(self, done: int, total: int, message: str = "") -> None: ...
    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None: ...
    def restore(self) -> None: ...


def facts(body: dict[str, Any]) -> dict[str, Any]:
    line = [line for line in said(body).splitlines() if line.startswith("FACTS: ")][-1]
    found: dict[str, Any] = json.loads(line.removeprefix("FACTS: "))
    return found


def sincere(body: dict[str, Any]) -> str:
    """Vote for what brings most, and promise and announce what is best for oneself."""
    told = facts(body)
    if told["role"] == "candidate":
        return json.dumps({"rates": told["best_for_you"][:1]})
    utility = {each["name"]: each["utility"] for each in told["candidates"]}
    ranking = sorted(utility, key=lambda name: -utility[name])
    mean = sum(utility.values()) / len(utility)
    answer = {"vote": ranking[0], "ranking": ranking, "approve": [int(each > mean) for each in utility.values()]}
    return json.dumps({told["key"]: answer[told["key"]]})


def elections(
    server: Server, answer: Callable[[dict[str, Any]], Any], years: int = 2, copies: int = 1, **contest: Any
) -> tuple[elected_llm.LanguageElection, list[list[float]]]:
    """Hold elections and return the planner and the first bracket's rate, ``[years][B]``."""
    server.answer = answer
    people = {"kind": "listed", "incomes": INCOMES}
    law = {"brackets": (0.0, 50_000.0), "status_quo": (0.1, 0.3), "tax_years": years}
    game = OneStep(Parameters.model_validate({"workers": 3, "population": people, **law}))
    game.dtype = torch.float64
    settings = server.settings(failure_share=1.0, simulated="scripted", **contest.pop("llm", {}))
    office = elected_llm.LanguageElection(elected_llm.Parameters.model_validate({**FLAT, **contest}))
    office.fit(game, game.roles["planner"], {"planner": office}, 0, Recorder())
    key, rates = random.keys(0, copies), []
    with Service(settings) as service:
        office.connect(service)
        state, memory = game.reset(key), office.start(game, game.roles["planner"], copies)
        for time in range(game.horizon):
            action, memory = office.act(game.observe(state)["planner"], memory, random.fold(key, time))
            hours = game.best_response("worker", game.observe(state)["worker"])
            state = game.step(state, {"planner": action, "worker": hours}).state
            if time % 2 == 0:
                rates.append(action[:, 0, 0].tolist())
    return office, rates


MAJORITY = float(median_flat_tax(torch.tensor(30_000 / (sum(INCOMES) / 3)), 0.4))


@pytest.mark.parametrize("rule", ["plurality", "approval", "borda", "ranked_choice", "minimax"])
def test_sincere_answers_elect_whom_rational_voters_elect(server: Server, rule: str) -> None:
    _, rates = elections(server, sincere, copies=2, rule=rule)
    assert rates == [[pytest.approx(MAJORITY, abs=1e-4)] * 2] * 2
    assert {facts(body)["key"] for body in server.bodies} <= {"vote", "ranking", "approve"}


def test_voters_are_told_what_each_platform_brings_and_what_became_of_earlier_winners(server: Server) -> None:
    elections(server, sincere)
    assert len(server.bodies) == 2 * 3  # one question a voter and year
    first, last = server.bodies[0], server.bodies[-1]
    assert "worker_0, worker_1, worker_2" in first["messages"][0]["content"]
    assert "has to announce the rates that it promised" in first["messages"][0]["content"]
    assert "Earlier elections" not in said(first)
    assert "You are worker_2.\nIn 40 hours a week you earn 80,000 USD a year." in said(last)
    assert "year 1: worker_0 won, first choice of 67 %; rates 47.2 47.2 %" in said(last)
    rich = facts(last)["candidates"]
    assert rich[2]["rates"] == [0, 0]
    assert rich[2]["utility"] == pytest.approx(80_000 * 1.5 / 1.4)  # 60 hours' pay less their cost, z / (1 + e)
    assert rich[2]["utility"] > rich[0]["utility"]


def test_earlier_elections_are_left_out_where_a_question_exceeds_the_context(server: Server) -> None:
    def limited(body: dict[str, Any]) -> Any:
        error = {
            "error": {
                "message": "the request exceeds the available context size",
                "type": "exceed_context_size_error",
                "n_ctx": 100,
            }
        }
        return web.json_response(error, status=400) if "year 1: " in said(body) else sincere(body)

    _, rates = elections(server, limited)
    assert rates == [[pytest.approx(MAJORITY, abs=1e-4)]] * 2
    assert len(server.bodies) == 2 * 3 + 3  # each voter of the second year is asked again
    assert "year 1: " not in said(server.bodies[-1])


def test_uninformed_voters_see_rates_only(server: Server) -> None:
    elections(server, lambda body: '{"vote": "worker_2"}', informed=False)
    assert "utility" not in facts(server.bodies[0])["candidates"][0]
    assert "would bring you" not in said(server.bodies[0])


@pytest.mark.parametrize(("votes", "winner"), [((2, 2, 0), 2), ((1, 0, 1), 1), ((0, 2, 0), 0)])
def test_the_platform_with_most_of_the_recorded_votes_is_in_force(
    server: Server, votes: tuple[int, ...], winner: int
) -> None:
    """The votes, which go against the voters' own interests, are counted here from what was answered."""
    recorded, told = list[str](), dict[str, float]()

    def voting(body: dict[str, Any]) -> str:
        candidates = facts(body)["candidates"]
        told.update((each["name"], each["rates"][0]) for each in candidates)
        recorded.append(candidates[votes[len(recorded)]]["name"])
        return json.dumps({"vote": recorded[-1]})

    platforms = {"low": 0.1, "middle": 0.35, "high": 0.6}
    listed = {name: {"kind": "flat", "rate": rate} for name, rate in platforms.items()}
    _, ((rate,),) = elections(server, voting, years=1, rule="plurality", platforms=listed)
    assert told == pytest.approx(platforms)
    assert Counter(recorded).most_common(1) == [(list(platforms)[winner], 2)]
    assert rate == pytest.approx(platforms[list(platforms)[winner]])


def test_platforms_are_asked_for_and_broken(server: Server) -> None:
    def promising(body: dict[str, Any]) -> str:
        told = facts(body)
        if told["role"] == "candidate":
            return '{"rates": [0.25]}' if told["purpose"] == "platform" else '{"rates": [0.6]}'
        return '{"vote": "worker_2"}'

    _, rates = elections(server, promising, politicians="asked", binding=False)
    assert rates == [[0.6], [0.6]]
    assert len(server.bodies) == 2 * (3 + 3 + 1)  # platforms, votes and the winner's announcement
    assert "promised 25 25 %, announced 60 60 %" in said(server.bodies[-1])
    server.bodies.clear()
    _, bound = elections(server, promising, politicians="asked")
    assert bound == [[0.25], [0.25]]


def test_a_ballot_that_cannot_be_read_is_the_previous_one_else_the_estimated_one(server: Server) -> None:
    office, rates = elections(server, lambda body: "no idea", llm={"on_failure": "previous"})
    assert rates == [[pytest.approx(MAJORITY, abs=1e-4)]] * 2
    assert office.filled == {"rule": 3, "previous": 3}

    def once(body: dict[str, Any]) -> str:
        return '{"vote": "worker_2"}' if "Earlier elections" not in said(body) else "no idea"

    office, rates = elections(server, once, llm={"on_failure": "previous"})
    assert rates == [[0.0], [0.0]]
    assert office.filled == {"previous": 3}


def test_without_a_service_it_says_what_to_give(server: Server) -> None:
    office = elected_llm.LanguageElection(elected_llm.Parameters())
    with pytest.raises(UserError, match="has not been fitted"):
        office.start(OneStep(Parameters()), OneStep(Parameters()).roles["planner"], 1)
    with pytest.raises(UserError, match=r"llm\.base_url"):
        office.seeds(random.keys(0, 1), "vote", 1)


def test_a_recorded_election_replays_to_the_same_numbers(server: Server, tmp_path: Path) -> None:
    server.answer = sincere
    own = {"baselines": ["free_market"], "evaluation.ceiling": None, "economy.tax_years": 3, "headline": None}
    chosen = {"planner": {"kind": "elected_llm", **FLAT}, "llm.base_url": server.base_url, "llm.model": "scripted"}
    first = execute(load("one_step_democratic", own | chosen), tmp_path / "first", quiet=True)
    asked = len(server.bodies)
    assert asked == 1 + 3 * 3  # the test question, and three voters in three years
    store = {"llm.mode": "strict_replay", "llm.store": str(tmp_path / "first" / "answers.sqlite")}
    again = execute(load("one_step_democratic", own | chosen | store), tmp_path / "again", quiet=True)
    assert len(server.bodies) == asked
    assert first.summary["policies"] == again.summary["policies"]


def test_a_run_records_who_stood_who_voted_for_whom_and_who_won(server: Server, tmp_path: Path) -> None:
    """In the first year two voters name worker_0; in the second one of them names worker_2, another answers nothing."""
    asked: list[tuple[int, str]] = []

    def voting(body: dict[str, Any]) -> str:
        year = 2 if "Earlier elections" in said(body) else 1
        voter = said(body).split("You are worker_", 1)[1][0]
        asked.append((year, voter))
        name = {(1, "0"): 0, (1, "1"): 0, (1, "2"): 2, (2, "0"): 2, (2, "2"): 2}.get((year, voter))
        return "no idea" if name is None else json.dumps({"vote": f"worker_{name}"})

    server.answer = voting
    own = {"baselines": ["free_market"], "evaluation.ceiling": None, "economy.tax_years": 2, "headline": None}
    chosen = {"planner": {"kind": "elected_llm", **FLAT}, "llm.base_url": server.base_url, "llm.model": "scripted"}
    refused = {"llm.on_failure": "previous", "llm.failure_share": 1.0}
    run = execute(load("one_step_democratic", own | chosen | refused), tmp_path / "run", quiet=True)
    ((policy, response, _, (first, second)),) = elections_of(run)
    assert (policy, response) == ("elected_llm", "exact")
    assert set(asked) == {(year, voter) for year in (1, 2) for voter in "012"}
    assert [(each.step, each.votes, each.winner) for each in (first, second)] == [
        (1, ((0,), (0,), (2,)), 0),
        (3, ((2,), (0,), (2,)), 2),
    ]
    assert first.support == pytest.approx((2 / 3, 0, 1 / 3))
    assert (first.substituted, second.substituted) == (0, 1)
    assert first.announced == first.promised[0] == (pytest.approx(MAJORITY, abs=1e-4),) * 2
    (table,) = election_tables(run)
    assert table.rows[0] == ["1", "worker_0", "47.2", "67%", "0, 1", "elected"]
    assert table.rows[5] == ["2", "worker_2", "0", "67%", "0, 2", "elected"]
    assert "1 of 6 ballots could not be read" in table.note
    assert "votes" in ReportedRun(run.path).plot.available


@pytest.mark.parametrize("politicians", ["computed", "asked"])
def test_a_model_that_the_server_does_not_have_is_an_error_before_the_search(
    server: Server, tmp_path: Path, politicians: str
) -> None:
    refusal = {"error": {"message": "no such model"}}
    server.listed, server.answer = [{"id": "mistral"}], lambda body: web.json_response(refusal, status=404)
    own = {"baselines": ["free_market"], "evaluation.ceiling": None, "headline": None}
    chosen = {"planner": {"kind": "elected_llm", "politicians": politicians, **FLAT}}
    called = {"llm.base_url": server.base_url, "llm.model": "mistrall"}
    with pytest.raises(EndpointError, match=r"does not list the model 'mistrall' .did you mean mistral"):
        execute(load("one_step_democratic", own | chosen | called), tmp_path / "run", quiet=True)
    assert not (tmp_path / "run" / "checkpoints").exists()
    (body,) = server.bodies
    assert ("Reply with" in said(body)) or ("rates" in said(body))
