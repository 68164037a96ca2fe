"""Interviews and surveys of the personas of a run: from their memory at a step, recorded, and beside the run."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny_server import Server, said, serving
from typer.testing import CliRunner

from econsim.cli.application import app
from econsim.errors import UserError
from econsim.llm.service import TooManyFailures
from econsim.runs import Run, execute
from econsim.runs.interviews import interview
from econsim.runs.surveys import conduct, read_survey
from econsim.scenario import load

WHY = "Why did you work less?"
SCENARIO: dict[str, Any] = {
    "economy.workers": 6, "economy.tax_years": 1, "economy.steps_per_tax_year": 3,
    "planner": {"kind": "llm", "first": "ask"}, "baselines": [], "evaluation": None, "headline": None, "seed": 1,
    "economy.population": {"kind": "personas"},
}  # fmt: skip
SURVEY = """
questions:
  wanted: {ask: How many hours would you like to work?, type: number, low: 0, high: 100}
  fair: {ask: Are taxes fair?, type: choice, options: ["yes", "no"]}
  why: {ask: Why do you think so?}
by: [sex]
sample: 4
"""


def answer(body: dict[str, Any]) -> str:
    text = said(body)
    if '"rates"' in text and "interviewer" not in text:
        return json.dumps({"rates": [0.2] * 7})
    if "The interviewer asks" not in text:
        return json.dumps({"hours": 10 * (1 + text.count("step "))})
    if "Are taxes fair?" in text:
        return json.dumps({"answer": "yes" if "woman" in text else "no"})
    steps = len({line for line in text.splitlines() if ", utility " in line})
    wanted = len(text) % 50 if "NUMBER" in text.splitlines()[-1] else f"I remember {steps} steps."
    return json.dumps({"answer": wanted})


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as made:
        made.answer = answer
        yield made


@pytest.fixture(scope="module")
def run(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Run:
    chosen = {"llm.base_url": server.base_url, "llm.model": "m", "llm.backoff": 0.0}
    scenario = load("llm_economist_bounded", SCENARIO | chosen | {"agents.worker.bounded": False})
    return execute(scenario, tmp_path_factory.mktemp("runs") / "run", quiet=True)


def content(run: Run) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in run.path.iterdir() if path.is_file()}


def test_a_persona_answers_from_its_memory_at_a_step_and_the_run_stays_as_it_is(run: Run, server: Server) -> None:
    before, asked = content(run), len(server.bodies)
    late, early = interview(run, 3, WHY), interview(run, 3, WHY, step=3)
    (persona,) = {entry.persona for entry in run.transcript(player=3)}
    assert persona
    for body in server.bodies[asked:]:
        assert persona in said(body)
        assert f"The interviewer asks: {WHY}" in said(body)
        assert body["messages"][0]["content"] == run.transcript(player=3)[0].system
    assert (late.memory.step, late.answer.value) == (4, "I remember 2 steps.")
    assert (early.memory.step, early.answer.value) == (3, "I remember 1 steps.")
    assert content(run) == before


def test_an_interview_repeats_without_a_call(run: Run, server: Server) -> None:
    first, asked = interview(run, 4, WHY), len(server.bodies)
    assert interview(run, 4, WHY).answer.value == first.answer.value
    assert interview(run, 4, WHY, overrides=["llm.mode=strict_replay"]).answer.value == first.answer.value
    with pytest.raises(UserError, match="not in the response store"):
        interview(run, 5, WHY, overrides=["llm.mode=strict_replay"])
    assert len(server.bodies) == asked


def test_an_answer_that_could_not_be_used_is_asked_again(run: Run, server: Server) -> None:
    question = "What would you change?"
    server.answer = lambda body: json.dumps({"opinion": "none"})
    try:
        before = len(server.bodies)
        with pytest.raises(TooManyFailures, match=r"1 of 1 replies could not be used.*the same command asks again"):
            interview(run, 1, question)
        assert len(server.bodies) == before + 3  # the question, and twice with the error
        with pytest.raises(TooManyFailures):
            interview(run, 1, question)
        seeds = [body["seed"] for body in server.bodies[before:]]
        assert len(seeds) == 6
        assert seeds[3] != seeds[0]
        server.answer = lambda body: json.dumps({"answer": "Hours."})
        assert interview(run, 1, question).answer.value == "Hours."
        asked = len(server.bodies)
        assert interview(run, 1, question).answer.value == "Hours."
        assert interview(run, 1, question, overrides=["llm.mode=strict_replay"]).answer.value == "Hours."
        assert len(server.bodies) == asked == before + 7
    finally:
        server.answer = answer


def test_an_interview_of_nobody_says_who_can_be_asked(run: Run) -> None:
    with pytest.raises(UserError, match="no question with player 17; there are 0 to 5"):
        interview(run, 17, WHY)
    with pytest.raises(UserError, match=r"player 3 answered no question.*up to step 1; choose a later --step"):
        interview(run, 3, WHY, step=1)


def test_the_command_prints_person_and_answer(run: Run) -> None:
    done = CliRunner().invoke(app, ["interview", str(run.path), WHY, "--player", "2"])
    assert "worker 2, step 4: You are" in done.output
    assert "> I remember 2 steps." in done.output


def test_a_survey_has_typed_answers_by_demographics_and_intervals_of_the_draw(
    run: Run, server: Server, tmp_path: Path
) -> None:
    file, before = tmp_path / "taxes.yaml", content(run)
    file.write_text(SURVEY)
    result = conduct(run, read_survey(file), run.path / "surveys" / "taxes")
    assert {name: len(rows) for name, rows in result.said.items()} == {"wanted": 4, "fair": 4, "why": 4}
    values = {(line.question, line.option, line.group): line.estimate for line in result.lines}
    women = {person.player for person in run.transcript(step=2, role="worker") if "woman" in person.persona}
    drawn = [said.memory.player for said in result.said["fair"]]
    share = sum(player in women for player in drawn) / 4
    assert values["fair", "yes", "all"].value == pytest.approx(share)
    for sex, expected in (("female", 1.0), ("male", 0.0)):
        found = values.get(("fair", "yes", f"sex: {sex}"))
        assert found is None or found.value == expected
    wanted = [said.answer.value for said in result.said["wanted"]]
    assert values["wanted", "", "all"].value == pytest.approx(sum(wanted) / 4)
    asked = len(server.bodies)
    done = CliRunner().invoke(app, ["survey", str(run.path), str(file), "llm.mode=strict_replay"])
    assert "4 of 6 people were asked" in done.output
    assert len((run.path / "surveys" / "taxes" / "answers.csv").read_text().splitlines()) == 1 + 12
    assert len(server.bodies) == asked
    assert content(run) == before


def test_a_mistaken_survey_names_line_and_fix(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("questions:\n  fair: {ask: Fair?, type: choice, options: [yes]}\n")
    with pytest.raises(UserError, match=r"wrong\.yaml:2: .*two different options"):
        read_survey(file)
