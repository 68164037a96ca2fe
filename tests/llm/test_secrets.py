"""The API key is sent, and appears nowhere else."""

import json
import logging
import pickle
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from tiny_server import Server, completion

from econsim.errors import ScenarioError
from econsim.llm import Question, Service
from econsim.llm.key_hosts import PAIRS
from econsim.llm.replies import Words
from econsim.llm.secrets import Secret
from econsim.llm.service import EndpointError
from econsim.scenario import load

KEY = "sk-test-0123456789abcdef"
QUESTION = Question("", "Who are you?", Words("name", 200))


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    monkeypatch.setenv("SOME_KEY", KEY)
    monkeypatch.setenv(PAIRS, f"SOME_KEY@{urlsplit(server.base_url).netloc}")


def test_the_key_is_sent_as_a_bearer_token(server: Server) -> None:
    server.answer = lambda body: '{"name": "m"}'
    with Service(server.settings(api_key_env="SOME_KEY")) as service:
        service.ask([QUESTION])
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_without_a_key_no_header_is_sent(server: Server) -> None:
    server.answer = lambda body: '{"name": "m"}'
    with Service(server.settings(api_key_env="NOT_SET")) as service:
        service.ask([QUESTION])
    assert "Authorization" not in server.headers[0]


@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_server_that_echoes_the_key_finds_no_one_to_keep_it(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    text = json.dumps({"name": f"you sent {KEY}"})
    escaped = json.dumps({"error": {"message": f"bad key {KEY}"}}).replace("sk-", "\\u0073k-")
    server.answer = lambda body: completion(text) if status == 200 else web.Response(status=status, text=escaped)
    places = tmp_path / "answers.sqlite", tmp_path / "calls.jsonl"
    with Service(server.settings(api_key_env="SOME_KEY"), *places) as service:
        if status == 200:
            (answer,) = service.ask([QUESTION])
            assert answer.value == "you sent ***"
        else:
            with pytest.raises(EndpointError, match=r"bad key \*\*\*") as caught:
                service.ask([QUESTION])
            assert KEY not in repr(caught.value)
            assert caught.value.__cause__ is None
        assert KEY not in repr(vars(service))
        assert KEY not in repr(vars(service._channels[""].provider))
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert written
    assert KEY.encode() not in written
    assert KEY not in caplog.text


def test_a_secret_is_neither_shown_nor_pickled() -> None:
    secret = Secret.named("SOME_KEY")
    assert secret.word() == KEY
    assert repr(secret) == str(secret) == "Secret(SOME_KEY, set)"
    assert KEY.encode() not in pickle.dumps(secret)


@pytest.mark.parametrize(
    "override",
    [f"llm.api_key_env={KEY}", f"llm.base_url=https://me:{KEY}@host/v1", f"llm.base_url=https://host/v1?key={KEY}"],
)
def test_a_key_in_the_wrong_place_is_refused_and_not_repeated(override: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load("one_step", ["llm.model=m", override])
    assert "llm." in str(caught.value)
    assert KEY not in str(caught.value)


def test_the_list_of_models_gets_the_key_only_where_it_is_allowed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Service(server.settings(api_key_env="SOME_KEY")) as service:
        service.check()
    monkeypatch.delenv(PAIRS)
    with Service(server.settings(api_key_env="SOME_KEY")) as service:
        service.check()
    assert [headers.get("Authorization") for headers in server.headers] == [f"Bearer {KEY}", None]
