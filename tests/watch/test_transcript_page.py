"""The transcript of a run on the dashboard: a page of its own, looked up by the name of the run and never by a path."""

import shutil
import threading
from http.client import HTTPConnection
from pathlib import Path

import pytest

pytest.importorskip("dash")

from econsim.llm import Answer, Question, Settings
from econsim.llm.questions import Addressee
from econsim.llm.replies import Amount
from econsim.llm.requests import request_of
from econsim.llm.transcript import TRANSCRIPT, Asker, Transcript
from econsim.watch.server import HOST, make_server


def test_a_run_in_progress_shows_its_transcript(folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "runs" / "going"
    run.mkdir(parents=True)
    for name in ("scenario.yaml", "environment.json"):
        shutil.copy(folder / "done" / name, run)
    question = Question("", "How many <b>hours</b>?", Amount("hours", 0, 9), addressee=Addressee(4, 0, 2))
    transcript = Transcript(run / TRANSCRIPT)
    answer = Answer('{"hours": 8}', 8.0, "clean")
    transcript.add(Asker("mine", role="worker"), [(question, request_of(question, Settings(model="m")), answer)])
    server = make_server(tmp_path / "runs", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        pages = {name: _get(server.server_port, name) for name in ("going", "../runs/going", "nothing")}
    finally:
        server.shutdown()
        server.server_close()
        transcript.close()
    assert "worker 4" in pages["going"]
    assert "How many \\u003cb>hours" in pages["going"]
    assert pages["../runs/going"] == pages["nothing"] == "no such transcript"


def _get(port: int, name: str) -> str:
    connection = HTTPConnection(HOST, port, timeout=30)
    connection.request("GET", f"/transcript?run={name}")
    return connection.getresponse().read().decode()
