"""Runs whose agents ask a model: connected, counted, bounded, killed, resumed and replayed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tiny_server import Server, completion, said

from econsim import kinds
from econsim.errors import UserError
from econsim.llm.service import BudgetSpent, EndpointError, NotRecorded, TooManyFailures
from econsim.report import write_report
from econsim.runs import Run, execute, open_run, resume
from econsim.scenario import Scenario, load

TOYS = [str(Path(__file__).parent / "llm_toys"), str(Path(__file__).parent.parent / "runs" / "run_toys")]
SPEAKING = """
# Pickers ask a model how hard to work.
econsim: 1
name: speaking
economy: {kind: orchard, workers: 8}
agents: {worker: {kind: speaker}}
planner: {kind: flat, rate: 0.5, label: half}
baselines: {free: {kind: free_market}}
"""
CALLS = 2 * 8


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in TOYS:
        kinds.add_plugin(folder)
    # Drawing takes seconds and says nothing about runs.
    monkeypatch.setattr("econsim.report.figures._CAPTIONS", ())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "speaking.yaml"
    path.write_text(SPEAKING)
    return path


@pytest.fixture
def scenario(file: Path, server: Server) -> Any:
    def make(**llm: Any) -> Scenario:
        server.answer = best_response
        given = {"base_url": server.base_url, "model": "m", "backoff": 0.0, **llm}
        return load(file, {f"llm.{key}": value for key, value in given.items()})

    return make


def best_response(body: dict[str, Any]) -> str:
    """The exact answer of the orchard's pickers."""
    return json.dumps({"effort": 1.0 - float(said(body).rsplit(" ", 1)[1])})


def policies(run: Run) -> Any:
    return run.summary["policies"]


def test_a_model_that_responds_exactly_gives_the_numbers_of_exact_workers(
    scenario: Any, file: Path, server: Server, tmp_path: Path
) -> None:
    run = execute(scenario(), tmp_path / "run", quiet=True)
    exact = execute(load(file, {"agents.worker": "best_response"}), tmp_path / "exact", quiet=True)
    for label, found in policies(exact).items():
        # Rates are told with three digits, and are exact in them; efforts are float32.
        assert policies(run)[label]["scenario"] == pytest.approx(found["scenario"], rel=1e-6)
    llm_usage = run.summary["llm"]
    assert (llm_usage["model"], llm_usage["simulated"]) == ("m", "")
    assert llm_usage["purposes"]["effort"]["calls"] == len(server.bodies) == CALLS
    assert llm_usage["purposes"]["effort"]["clean"] == CALLS
    assert "llm" not in exact.summary
    assert not (exact.path / "calls.jsonl").exists()


def test_a_recorded_run_replays_without_its_server(scenario: Any, server: Server, tmp_path: Path) -> None:
    run = execute(scenario(), tmp_path / "run", quiet=True)
    again = execute(scenario(base_url=None, mode="strict_replay", store=str(run.path)), tmp_path / "again", quiet=True)
    assert policies(again) == policies(run)
    assert again.summary["llm"]["purposes"]["effort"]["from_store"] == CALLS
    assert len(server.bodies) == CALLS
    other = scenario(mode="strict_replay", store=str(run.path), model="another")
    with pytest.raises(NotRecorded, match="effort"):
        execute(other, tmp_path / "other", quiet=True)


def test_a_spent_budget_stops_the_run_and_a_larger_one_lets_it_go_on(
    scenario: Any, server: Server, tmp_path: Path
) -> None:
    whole = execute(scenario(), tmp_path / "whole", quiet=True)
    server.bodies.clear()
    with pytest.raises(BudgetSpent, match=r"aborted: budget.*econsim resume .*llm\.budget\.calls=MORE"):
        execute(scenario(budget={"calls": 11}), tmp_path / "run", quiet=True)
    assert "aborted: budget" in (tmp_path / "run" / "log.txt").read_text()
    assert not open_run(tmp_path / "run").finished
    with pytest.raises(BudgetSpent):
        resume(tmp_path / "run", quiet=True)
    run = resume(tmp_path / "run", quiet=True, overrides=["llm.budget.calls=100"])
    assert policies(run) == policies(whole)
    assert run.summary["llm"]["purposes"] == whole.summary["llm"]["purposes"]
    assert Counter(map(said, server.bodies)).most_common(1)[0][1] == 1
    assert run.scenario.llm is not None
    assert run.scenario.llm.budget.calls == 100


@pytest.mark.parametrize("override", ["llm.model=n", "seed=3", "llm=none", "llm.temperature=0", "llm.mode=replay"])
def test_a_run_goes_on_with_the_scenario_it_began_with(scenario: Any, tmp_path: Path, override: str) -> None:
    with pytest.raises(BudgetSpent):
        execute(scenario(budget={"calls": 1}), tmp_path / "run", quiet=True)
    before = (tmp_path / "run" / "scenario.yaml").read_text()
    with pytest.raises(UserError, match="cannot be changed when a run is resumed"):
        resume(tmp_path / "run", quiet=True, overrides=[override])
    assert (tmp_path / "run" / "scenario.yaml").read_text() == before


def test_a_run_that_is_killed_in_a_step_asks_nothing_again_that_was_answered(
    file: Path, server: Server, tmp_path: Path
) -> None:
    children: list[subprocess.Popen[bytes]] = []

    def kill_at_the_sixth(body: dict[str, Any]) -> str:
        if len(server.bodies) == 6:
            time.sleep(0.1)  # the fifth answer is surely committed then
            os.kill(children[0].pid, signal.SIGKILL)
        return best_response(body)

    server.answer = kill_at_the_sixth
    plugins = [word for folder in TOYS for word in ("--plugin", folder)]
    given = [f"llm.base_url={server.base_url}", "llm.model=m", "llm.concurrency=1"]
    command = [sys.executable, "-m", "econsim", *plugins, "run", str(file), *given, "--out", str(tmp_path / "run")]
    children.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
    assert children[0].wait(60) == -signal.SIGKILL
    run = resume(tmp_path / "run", quiet=True)
    asked = Counter(map(said, server.bodies))
    assert sorted(asked.values()) == [1] * (CALLS - 1) + [2]  # only the sixth, which nobody heard the answer of
    whole = execute(load(file, {"llm.base_url": server.base_url, "llm.model": "m"}), tmp_path / "whole", quiet=True)
    assert policies(run) == policies(whole)


def test_many_calls_or_money_need_agreement_before_anything_is_written(
    scenario: Any, server: Server, tmp_path: Path
) -> None:
    many = scenario()
    many = load(tmp_path / "speaking.yaml", {"economy.workers": 600, "llm.base_url": server.base_url, "llm.model": "m"})
    with pytest.raises(UserError, match=r"up to 1,200 calls, about 36,000 input .* Confirm with --yes"):
        execute(many, tmp_path / "run", quiet=True, agreed=False)
    prices = {"input_per_million": 1.0, "output_per_million": 2.0}
    with pytest.raises(UserError, match="US dollars"):
        execute(scenario(prices=prices), tmp_path / "run", quiet=True, agreed=False)
    assert not (tmp_path / "run").exists()
    execute(scenario(), tmp_path / "run", quiet=True, agreed=False)
    assert "forecast of calls to m: up to 16 calls" in (tmp_path / "run" / "log.txt").read_text()


def test_without_a_model_nothing_is_written_and_the_error_says_what_to_give(file: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"worker calls a language model; set llm\.base_url"):
        execute(load(file), tmp_path / "run", quiet=True)
    with pytest.raises(UserError, match="no server responds at"):
        execute(load(file, {"llm.base_url": "http://127.0.0.1:9/v1", "llm.model": "m"}), tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_a_model_that_talks_nonsense_ends_the_run(scenario: Any, server: Server, tmp_path: Path) -> None:
    made = scenario()
    made = load(tmp_path / "speaking.yaml", {**{"economy.workers": 30}, **_llm(made)})
    server.answer = lambda body: "as you like it"
    with pytest.raises(TooManyFailures, match=r"30 of 30 .*econsim resume .*llm\.failure_share=LARGER"):
        execute(made, tmp_path / "run", quiet=True)


def test_the_report_tells_who_answered_and_how_well(scenario: Any, server: Server, tmp_path: Path) -> None:
    made = scenario(simulated="a scripted model that best-responds", on_failure="rule", failure_share=1.0)
    server.answer = lambda body: "hm" if "Picker 3" in said(body) else best_response(body)
    run = execute(made, tmp_path / "run", quiet=True)
    page = write_report(run).read_text()
    assert "a scripted model that best-responds" in page
    assert "12.5%" in page
    assert "The answers come from a scripted model that best-responds, not from a language model." in page
    assert "llm.mode=strict_replay llm.store=runs/run" in page


def test_a_run_ends_without_a_result_when_too_many_of_few_answers_failed(
    scenario: Any, server: Server, tmp_path: Path
) -> None:
    """Sixteen questions: too few to stop the run while it goes on. What was answered is kept."""
    made = scenario(on_failure="rule")
    server.answer = lambda body: "hm"
    with pytest.raises(TooManyFailures, match=r"effort: 16 of 16 replies .*llm\.failure_share=LARGER"):
        execute(made, tmp_path / "run", quiet=True)
    assert not open_run(tmp_path / "run").finished
    assert len(server.bodies) == CALLS
    run = resume(tmp_path / "run", quiet=True, overrides=["llm.failure_share=1"])
    assert run.finished
    assert len(server.bodies) == CALLS


def test_repaired_answers_are_named_with_their_reasons(
    scenario: Any, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = scenario()
    server.answer = lambda body: f"My answer: {best_response(body)}"
    run = execute(made, tmp_path / "run")
    printed = " ".join(capsys.readouterr().out.split())
    assert "100.0% of the replies were repaired [text around the JSON (16)], 0.0% could not be used" in printed
    assert run.summary["llm"]["purposes"]["effort"]["repaired_share"] == 1.0
    page = write_report(run).read_text()
    assert "100.0% of the replies about effort were not in the requested form" in page
    assert "text around the JSON (16)" in page
    ledger = [json.loads(line) for line in (run.path / "calls.jsonl").read_text().splitlines()]
    assert {line["reason"] for line in ledger} == {"text around the JSON"}


def _llm(scenario: Scenario) -> dict[str, Any]:
    assert scenario.llm is not None
    return {f"llm.{key}": value for key, value in scenario.llm.model_dump(exclude_unset=True).items()}


def test_a_scripted_endpoint_is_labelled_in_every_report_without_a_setting(
    scenario: Any, server: Server, tmp_path: Path
) -> None:
    made = scenario()
    server.answer = lambda body: _labelled(completion(best_response(body)))
    run = execute(made, tmp_path / "run", quiet=True)
    again = execute(scenario(base_url=None, mode="strict_replay", store=str(run.path)), tmp_path / "again", quiet=True)
    for each in (run, again):
        assert each.summary["llm"]["simulated"] == "scripted"
        assert "The answers come from scripted, not from a language model." in write_report(each).read_text()
    log = (tmp_path / "again" / "log.txt").read_text()
    assert "strict replay: the answers of m come from" in log
    assert "forecast of calls" not in log


def test_a_run_that_stopped_in_an_outage_goes_on_when_the_server_is_back(
    scenario: Any, file: Path, server: Server, tmp_path: Path
) -> None:
    whole = execute(load(file, {**_llm(scenario()), "economy.workers": 30}), tmp_path / "whole", quiet=True)
    made = load(file, {**_llm(scenario(retries=0)), "economy.workers": 30})
    answered = Counter(said(body) for body in server.bodies)
    server.answer = lambda body: best_response(body) if len(server.bodies) < 5 else web.Response(status=503)
    server.bodies.clear()
    with pytest.raises(TooManyFailures, match="status 503"):
        execute(made, tmp_path / "run", quiet=True)
    server.answer = best_response
    run = resume(tmp_path / "run", quiet=True)
    assert policies(run) == policies(whole)
    assert {said(body) for body in server.bodies} == set(answered)


def test_the_first_question_is_sent_before_anything_is_fitted(
    scenario: Any, file: Path, server: Server, tmp_path: Path
) -> None:
    made = scenario()
    searched = load(file, {**_llm(made), "baselines": {"best": {"kind": "tuned"}}})
    refusal = {"error": {"message": "no such model"}}
    server.listed = [{"id": "mistral"}]
    server.answer = lambda body: web.json_response(refusal, status=404)
    with pytest.raises(EndpointError, match=r"did you mean mistral|known: mistral"):
        execute(searched, tmp_path / "run", quiet=True)
    assert "best:" not in (tmp_path / "run" / "log.txt").read_text()
    assert len(server.bodies) == 1


def test_a_server_that_does_not_answer_the_first_question_stops_the_run(
    scenario: Any, server: Server, tmp_path: Path
) -> None:
    made = scenario(retries=0)
    server.answer = lambda body: web.Response(status=500)
    with pytest.raises(EndpointError, match=r"m did not answer the first question: .* status 500"):
        execute(made, tmp_path / "run", quiet=True)
    assert len(server.bodies) == 1


def _labelled(response: web.Response) -> web.Response:
    response.headers["x-econsim-simulated"] = "scripted"
    return response
