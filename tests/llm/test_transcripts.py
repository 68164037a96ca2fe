"""Transcripts of runs: who was asked what, what the reply was understood as, and how a user reads them."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tiny_server import Server, completion, said, serving
from typer.testing import CliRunner

from econsim.cli.application import app
from econsim.errors import RunError, UserError
from econsim.llm import Question
from econsim.llm.questions import Addressee
from econsim.llm.replies import Amount
from econsim.llm.service import Service
from econsim.llm.transcript import Asker, entries
from econsim.report.conversation import conversation
from econsim.runs import Run, execute, open_run
from econsim.scenario import load

KEY = "sk-this-is-a-secret"
PEOPLE = {"economy.population": {"kind": "personas", "source": "uniform"}}
SCENARIO = {
    "economy.workers": 4, "economy.tax_years": 1, "economy.steps_per_tax_year": 2, "planner": "us_federal",
    "baselines": [], "evaluation": None, "headline": None, "seed": 1,
    "agents.worker": [{"kind": "llm", "share": 0.5, "label": "personas"}, {"kind": "fixed_hours", "label": "rule"}],
}  # fmt: skip


def hours(body: dict[str, Any]) -> str:
    """Answer forty hours with a thought, but the first question of a step in words that cannot be used."""
    is_first = "step" in said(body) and "could not be used" not in said(body)
    return "as many as ever" if is_first and body["seed"] % 2 else json.dumps({"thought": "rent is due", "hours": 40})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with serving() as server:
        server.answer = hours
        chosen = {"llm.base_url": server.base_url, "llm.model": "m", "llm.backoff": 0.0, "llm.failure_share": 1.0}
        yield execute(load("llm_economist", SCENARIO | chosen), tmp_path_factory.mktemp("runs") / "run", quiet=True)


def test_every_question_has_its_role_player_step_and_what_was_understood(run: Run) -> None:
    found = run.transcript()
    players = {entry.player for entry in found}
    assert {(entry.role, entry.group, entry.policy, entry.response) for entry in found} == {
        ("worker", "personas", "us_federal", "scenario")
    }
    assert len(players) == 2
    assert players < {0, 1, 2, 3}
    (steps,) = {tuple(sorted({entry.step for entry in found if entry.player == player})) for player in players}
    assert steps == (2, 3)  # the planner acts in the first step of a tax year
    understood = [entry for entry in found if entry.outcome != "failed"]
    assert {(entry.value, json.loads(entry.reply)["thought"]) for entry in understood} == {(40.0, "rent is due")}
    failed = [entry for entry in found if entry.outcome == "failed"]
    assert {(entry.value, entry.reply) for entry in failed} == {(None, "as many as ever")}
    assert all("hours" in entry.reason for entry in failed)


def test_a_transcript_holds_the_bytes_that_were_sent(run: Run) -> None:
    calls = [json.loads(line) for line in (run.path / "calls.jsonl").read_text().splitlines()]
    found = run.transcript()
    assert {entry.request for entry in found} == {call["request"] for call in calls}
    assert len({entry.system for entry in found}) == 1
    assert all("Step" in entry.user or "step" in entry.user for entry in found)


def test_a_selection_names_what_there_is_where_it_finds_nothing(run: Run) -> None:
    player = run.transcript()[0].player
    assert {(entry.player, entry.step) for entry in run.transcript(player=player, step=2)} == {(player, 2)}
    with pytest.raises(UserError, match="no question with player 17; there are"):
        run.transcript(player=17)
    with pytest.raises(UserError, match=r"no question with role workers; there are worker.*worker"):
        run.transcript(role="workers")


def test_the_command_prints_and_exports_a_conversation(run: Run, tmp_path: Path) -> None:
    player, file = str(run.transcript()[0].player), tmp_path / "said.jsonl"
    printed = CliRunner().invoke(app, ["transcript", str(run.path), "--player", player, "--step", "2"])
    assert f"--- step 2 · worker {player} · personas · hours · us_federal (scenario) · m ---" in printed.output
    assert "understood: 40.0" in printed.output
    exported = CliRunner().invoke(app, ["transcript", str(run.path), "--export", str(file)])
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert f"{len(rows)} questions" in exported.output
    assert next(row["reasoning"] for row in rows if row["outcome"] != "failed") == "rent is due"
    (tmp_path / "audit").mkdir()  # a folder with a transcript that is no run
    shutil.copy(run.path / "transcript.sqlite", tmp_path / "audit")
    alone = CliRunner().invoke(app, ["transcript", str(tmp_path / "audit"), "--player", player, "--step", "2"])
    assert alone.output == printed.output
    missing = CliRunner().invoke(app, ["transcript", str(run.path), "--export", str(tmp_path / "none" / "x.jsonl")])
    assert missing.exit_code == 2


def test_the_page_holds_each_rule_once_and_no_markup_of_a_reply(run: Run) -> None:
    page = conversation(run)
    assert page.count(run.transcript()[0].system.split("\n")[0][:60]) == 1
    data = json.loads(page.split('<script type="application/json" id="data">')[1].split("</script>")[0])
    assert len(data["entries"]) == len(run.transcript())
    assert "</script>" not in json.dumps(data)


def test_a_replay_writes_the_same_transcript_without_calls(run: Run, tmp_path: Path) -> None:
    overrides = SCENARIO | {"llm.model": "m", "llm.mode": "strict_replay", "llm.store": str(run.path)}
    again = execute(load("llm_economist", overrides | {"llm.failure_share": 1.0}), tmp_path / "again", quiet=True)
    assert [entry[1:] for entry in again.transcript()] == [entry[1:] for entry in run.transcript()]


def test_texts_are_stored_once_and_a_repeated_question_is_one_entry(server: Server, tmp_path: Path) -> None:
    path, history = tmp_path / "transcript.sqlite", [f"year {year}: forty hours, and so on" * 4 for year in range(50)]
    form = Amount("hours", 0, 100)
    for session in range(2):  # a run that is stopped and resumed
        with Service(server.settings(mode="off"), transcript=path) as service:
            for step in range(20 + 20 * session):
                text = "\n".join([f"worker\nwith\ud800 a story {step}", *history[:step]])
                service.ask([Question("rules " * 100, text, form, addressee=Addressee(0, 0, step + 1))], Asker("p"))
    found = list(entries(path))
    assert [entry.step for entry in found] == list(range(1, 41))
    assert found[-1].user.split("\n")[2:] == history[:39]
    assert sum(len(entry.user) + len(entry.system) for entry in found) > 2 * path.stat().st_size


def test_no_key_is_in_a_transcript(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECONSIM_LLM_KEY_HOSTS", f"SOME_KEY@{urlsplit(server.base_url).netloc}")
    monkeypatch.setenv("SOME_KEY", KEY)
    server.answer = lambda body: completion(json.dumps({"hours": 1, "note": f"the key is {KEY}"}))
    path = tmp_path / "transcript.sqlite"
    with Service(server.settings(api_key_env="SOME_KEY"), transcript=path) as service:
        service.ask([Question("", "how many?", Amount("hours", 0, 100))])
    assert KEY in server.headers[-1]["Authorization"]
    assert KEY.encode() not in path.read_bytes()
    assert "***" in next(entries(path)).reply


def test_a_run_without_a_transcript_and_a_damaged_one_say_so(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    for name in ("scenario.yaml", "environment.json"):
        (folder / name).write_bytes((run.path / name).read_bytes())
    with pytest.warns(UserWarning, match="manifest"), pytest.raises(UserError, match="strict_replay"):
        open_run(folder).transcript()
    (folder / "transcript.sqlite").write_text("not a database " * 100)
    with pytest.warns(UserWarning, match="manifest"), pytest.raises(RunError, match="transcript"):
        open_run(folder).transcript()


def test_no_transcript_is_written_where_none_is_wanted(server: Server, tmp_path: Path) -> None:
    with Service(server.settings(transcript=False), transcript=tmp_path / "t.sqlite") as service:
        service.ask([Question("", "how many?", Amount("hours", 0, 100))])
    assert not (tmp_path / "t.sqlite").exists()
