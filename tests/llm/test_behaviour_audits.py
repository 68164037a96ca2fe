"""Behavioural audits of models whose dependence on memory, prompt and model is known, over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from econsim.cli.application import app
from econsim.errors import UserError
from econsim.report.behaviour_audit import behaviour_table, drift_table, fragment
from econsim.runs.behaviour_audit import Varied, behaviour_audit
from econsim.scenario import Scenario, load
from econsim.testing.endpoints import Chat, serve

MEMORY = {"retrieval": {"count": 1}, "reflection": {"every": 2}}


def biased(chat: Chat) -> str:
    """Take the first option, but defect once a conclusion says so; the other model takes the last one."""
    if chat.key == "reflection":
        return json.dumps({"reflection": "I shall change."})
    if chat.key == "answer":  # what it says of itself follows what it concluded
        return json.dumps({"answer": 9 if "I shall change." in chat.question else 4})
    options = chat.properties["action"]["enum"]
    if "I shall change." in chat.question:
        return json.dumps({"action": "defect"})
    if chat.temperature == 0.9:  # the other model
        return json.dumps({"action": options[-1]})
    return json.dumps({"action": options[0]})


def scenario(base_url: str, **overrides: Any) -> Scenario:
    row = {"kind": "llm", "history": 2, "memory": MEMORY, "characters": ["You are a farmer."]}
    return load(
        "prisoners_dilemma",
        {
            **{"game": {"kind": "tabular", "repeats": "prisoners_dilemma", "horizon": 4, "discount": 1.0}},
            **{"agents": {"row": row, "column": {"kind": "markov_strategy"}}, "evaluation": "none", "headline": None},
            **{"llm.model": "scripted", "llm.base_url": base_url, "llm.temperature": 0.0, "episodes": 5},
            **overrides,
        },
    )


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("audit")
    others = {"llm.models": {"other": {"temperature": 0.9}}}
    kinds = ("memory", "paraphrase", "order", "models", "replicates", "drift")
    with serve(biased) as base_url:
        return behaviour_audit(scenario(base_url, **others), folder, Varied(kinds), agreed=True)


def test_what_changes_behaviour_is_found_and_what_does_not_is_not(content: dict[str, Any]) -> None:
    """Rounds 1 and 2 are cooperative, rounds 3 and 4 follow the conclusion: half of the choices."""
    found = {row["variant"]: (row["change"]["verdict"], row["before"], row["after"]) for row in content["rows"]}
    assert found == {
        "without history": ("does not change", 0.5, 0.5),
        "without retrieval": ("does not change", 0.5, 0.5),
        "without reflection": ("changes", 0.5, 1.0),
        "wording plain": ("does not change", 0.5, 0.5),
        "options reversed": ("changes", 0.5, 0.0),
        "model other (scripted)": ("changes", 0.5, 0.0),
        "replicate 2": ("does not change", 0.5, 0.5),
        "replicate 3": ("does not change", 0.5, 0.5),
        "late against early steps": ("changes", 1.0, 0.0),
    }
    first = {row["variant"]: row["first_changed"] for row in content["rows"]}
    assert (first["options reversed"], first["wording plain"], first["model other (scripted)"]) == (1.0, 0.0, 1.0)
    assert content["unit"] == "episodes"


def test_drift_of_answers_about_oneself_is_measured_beyond_the_noise_of_asking(content: dict[str, Any]) -> None:
    drift = content["drift"]
    assert drift["players"] == 1
    assert drift["change"]["difference"]["mean"] == pytest.approx(0.5)  # from 4 to 9 on a scale of 10
    assert drift["change"]["verdict"] == "no verdict"  # of one player
    assert {(row["first"], row["again"], row["last"]) for row in drift["questions"]} == {(4.0, 4.0, 9.0)}
    shown = drift_table(content)
    assert shown is not None
    assert "answers change by +5 points of 10 (mean of 1 player) more" in shown.notes[0]
    assert content["llm"]["purposes"]["persona"]["questions"] == 3 * 3


def test_the_table_names_verdicts_and_the_page_is_escaped(content: dict[str, Any]) -> None:
    shown = behaviour_table(content)
    rows = {row[1]: row for row in shown.rows}
    assert rows["without reflection"][3:6] == ["cooperate", "0.50 to 1.00", "+0.5"]
    assert any("replicates: the same questions with other seeds" in note for note in shown.notes)
    content["rows"][0]["variant"] = "a<b>"
    assert "<td>a&lt;b&gt;</td>" in fragment(content)


def test_a_model_that_knows_the_game_by_its_names_is_found_and_calls_are_not_repeated(tmp_path: Path) -> None:
    def recognising(chat: Chat) -> str:
        options = chat.properties["action"]["enum"]
        return json.dumps({"action": "cooperate" if "cooperate" in options else options[-1]})

    one_round = {"game": {"kind": "normal_form", "classic": "prisoners_dilemma"}, "agents.row.memory": {}}
    both = {"agents.column": {"kind": "llm"}, "agents.row": {"kind": "llm"}}
    with serve(recognising) as base_url:
        chosen = scenario(base_url, **one_round, **both)
        contents = [behaviour_audit(chosen, tmp_path, Varied(("names", "order")), agreed=True) for _ in range(2)]
    verdicts = {(row["variation"], row["role"]): row["change"]["verdict"] for row in contents[0]["rows"]}
    assert verdicts["names", "row"] == verdicts["names", "column"] == "changes"
    assert verdicts["order", "row"] == "does not change"
    assert contents[0]["rows"] == contents[1]["rows"]
    assert len((tmp_path / "calls.jsonl").read_text().splitlines()) == 2 * 3  # at temperature 0, episodes share calls


def test_answers_that_were_replaced_give_no_verdict(tmp_path: Path) -> None:
    silent = {"llm.failure_share": 1.0, "llm.retries_with_error": 0, "agents.row.memory": {}, "game.horizon": 1}
    with serve(lambda chat: "I would rather not say.") as base_url:
        content = behaviour_audit(scenario(base_url, **silent), tmp_path, Varied(("order",)), agreed=True)
    assert [row["change"]["verdict"] for row in content["rows"]] == ["no verdict"]
    assert "100% of the answers could not be used" in behaviour_table(content).rows[0][-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prisoners_dilemma", "--vary", "memory"], "no agent of kind llm, whose behaviour could be audited"),
        (["prisoners_dilemma", "--vary", "memry"], "--vary memry: there is no such variation (did you mean memory?"),
        (["prisoners_dilemma", "--question", "Who?"], "--question: belongs to --vary drift"),
        (["prisoners_dilemma", "--vary", "order", "--rate", "0.5"], "belong to the audit of incentives"),
        (["one_step", "agents.worker=ppo", "--vary", "memory"], "must be trained first"),
    ],
)
def test_audits_that_cannot_be_are_explained(arguments: list[str], message: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["audit", *arguments, "--out", str(tmp_path / "out"), "--quiet"])
    assert done.exit_code == 2, done.output
    assert message in " ".join(done.output.split())


def test_the_command_prints_the_table_and_writes_both_files(tmp_path: Path) -> None:
    with serve(biased) as base_url:
        model = [f"llm.base_url={base_url}", "llm.model=scripted", "llm.temperature=0", "episodes=5", "headline=none"]
        command = ["audit", "prisoners_dilemma", "agents.row=llm", *model, "--vary", "order", "--out", str(tmp_path)]
        done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "reversed" in done.output
    assert "The answers come from scripted, not from a language model." in " ".join(done.output.split())
    assert {"behaviour.json", "behaviour.html"} <= {path.name for path in tmp_path.iterdir()}


def test_an_unagreed_audit_asks_nothing(tmp_path: Path) -> None:
    many = scenario("http://127.0.0.1:1/v1", episodes=400)
    with pytest.raises(UserError, match="Confirm with --yes"):
        behaviour_audit(many, tmp_path, Varied(("memory",)))
