"""A key is sent only to a host that the user allowed in the environment, and only after the user agreed."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tiny_server import Server
from typer.testing import CliRunner

from econsim import kinds
from econsim.cli.application import app
from econsim.errors import ScenarioError, UserError
from econsim.llm import Question, Service, Settings
from econsim.llm.key_hosts import PAIRS, secret_of
from econsim.llm.replies import Words
from econsim.llm.service import BudgetSpent, EndpointError
from econsim.runs import execute, resume
from econsim.scenario import Scenario, load
from econsim.sweep import Options, read_request, resume_sweep, start_sweep
from econsim.sweep.search import SearchRequest, search

KEY = "AKIA-0123456789-of-someone"
QUESTION = Question("", "Who are you?", Words("name", 200))
SPEAKING = """
econsim: 1
name: speaking
economy: {{kind: orchard, workers: 8}}
agents: {{worker: {{kind: speaker}}}}
planner: {{kind: flat, rate: 0.5, label: half}}
llm: {{model: m, base_url: "{base_url}", backoff: 0.0, api_key_env: AWS_SECRET_ACCESS_KEY}}
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    monkeypatch.delenv(PAIRS, raising=False)
    monkeypatch.setattr("econsim.report.figures._CAPTIONS", ())
    for folder in (Path(__file__).parent / "llm_toys", Path(__file__).parent.parent / "runs" / "run_toys"):
        kinds.add_plugin(str(folder))


@pytest.fixture
def file(server: Server, tmp_path: Path) -> Path:
    server.answer = lambda body: '{"effort": 0.5}'
    path = tmp_path / "speaking.yaml"
    path.write_text(SPEAKING.format(base_url=server.base_url))
    return path


@pytest.fixture
def scenario(file: Path) -> Scenario:
    return load(file)


def allow(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PAIRS, f"OTHER@elsewhere, AWS_SECRET_ACCESS_KEY@{urlsplit(server.base_url).netloc}")


def keys(server: Server) -> set[str | None]:
    return {headers.get("Authorization") for headers in server.headers}


def settings(base_url: str, **more: Any) -> Settings:
    return Settings(base_url=base_url, model="m", api_key_env="AWS_SECRET_ACCESS_KEY", **more)


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://llm.example.org/v1", "llm.example.org"),
        ("https://LLM.example.org:443/v1", "llm.example.org"),
        ("https://llm.example.org:8443/v1", "llm.example.org:8443"),
        ("http://llm.example.org/v1", "http://llm.example.org"),
    ],
)
def test_the_error_says_what_to_type_and_typing_it_helps(
    monkeypatch: pytest.MonkeyPatch, base_url: str, host: str
) -> None:
    with pytest.raises(UserError, match=r"to allow it, type: export ECONSIM_LLM_KEY_HOSTS=\S+; for a") as refused:
        Service(settings(base_url))
    command = str(refused.value).partition("export ")[2].partition(";")[0]
    assert command == f"{PAIRS}=AWS_SECRET_ACCESS_KEY@{host}"
    monkeypatch.setenv(*command.split("="))
    assert secret_of(settings(base_url)).word() == KEY
    for other in ("https://evil.example/v1", f"{base_url.replace('example', 'examp1e')}", "https://llm.example.org:1/"):
        with pytest.raises(UserError, match="only if you allow this pair"):
            Service(settings(other))


def test_an_address_that_only_looks_like_another_is_refused() -> None:
    with pytest.raises(ScenarioError, match="ASCII letters"):
        load("one_step", ["llm.model=m", "llm.base_url=https://api.ex\u0430mple.org/v1"])


def test_a_server_on_this_machine_gets_a_key_only_where_it_is_allowed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = lambda body: '{"name": "m"}'
    with Service(settings(server.base_url, mode="off")) as service:
        service.check()
        service.ask([QUESTION])
        assert len(server.headers) == 2
        assert keys(server) == {None}
        server.models = 401
        with pytest.raises(EndpointError, match=f"export {PAIRS}=AWS_SECRET_ACCESS_KEY@127.0.0.1:"):
            service.check()
    allow(server, monkeypatch)
    server.headers.clear()
    with Service(settings(server.base_url, mode="off")) as service:
        service.ask([QUESTION])
    assert keys(server) == {f"Bearer {KEY}"}


def test_nothing_is_sent_before_the_user_agreed(
    scenario: Scenario, file: Path, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(server, monkeypatch)
    with pytest.raises(UserError, match=r"the key in AWS_SECRET_ACCESS_KEY is sent to 127\S+\. Confirm with --yes"):
        execute(scenario, tmp_path / "run", quiet=True, agreed=False)
    request = read_request(str(file), {"seed": "0:2"})
    with pytest.raises(UserError, match="AWS_SECRET_ACCESS_KEY is sent to"):
        start_sweep(request, tmp_path / "sweep", Options(workers=1), quiet=True, agreed=False)
    with pytest.raises(UserError, match="AWS_SECRET_ACCESS_KEY is sent to"):
        search(SearchRequest(scenario=str(file), over={"planner.rate": "uniform(0,1)"}), 1, tmp_path / "search")
    preview = CliRunner().invoke(app, ["sweep", str(file), "seed=0:2", "--dry-run"])
    assert "model calls: up to 16" in preview.output
    assert not server.headers
    assert sorted(path.name for path in tmp_path.iterdir()) == ["speaking.yaml"]
    execute(scenario, tmp_path / "run", quiet=True, agreed=True)
    assert keys(server) == {f"Bearer {KEY}"}


def test_the_runs_of_a_search_call_a_model_that_costs_money_only_after_the_user_agreed(
    file: Path, server: Server, tmp_path: Path
) -> None:
    price = "llm.prices={input_per_million: 1.0, output_per_million: 1.0}"
    command = ["search", str(file), price, "--over", "planner.rate=uniform(0,1)", "--maximise", "revenue"]
    command += ["--budget", "1", "--quiet", "--out", str(tmp_path / "search")]
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 2
    assert "Confirm with --yes" in refused.output
    assert not server.bodies
    agreed = CliRunner().invoke(app, [*command, "--yes"])
    assert agreed.exit_code == 0, agreed.output
    assert server.bodies


def test_resuming_a_received_folder_sends_a_key_only_after_the_user_agreed(
    scenario: Scenario, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = load(tmp_path / "speaking.yaml", {"llm.budget.calls": 1})
    with pytest.raises(BudgetSpent):
        execute(limited, tmp_path / "run", quiet=True)
    assert keys(server) == {None}
    allow(server, monkeypatch)
    server.headers.clear()
    with pytest.raises(UserError, match=r"AWS_SECRET_ACCESS_KEY is sent to .* Confirm with --yes"):
        resume(tmp_path / "run", quiet=True, overrides=["llm.budget.calls=100"])
    refused = CliRunner().invoke(app, ["resume", str(tmp_path / "run"), "llm.budget.calls=100"])
    assert refused.exit_code == 2
    assert not server.headers
    resumed = CliRunner().invoke(app, ["resume", str(tmp_path / "run"), "llm.budget.calls=100", "--yes"])
    assert resumed.exit_code == 0, resumed.output
    assert keys(server) == {f"Bearer {KEY}"}


def test_resuming_a_received_sweep_sends_a_key_only_after_the_user_agreed(
    file: Path, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopping:
        def __init__(self, *given: Any) -> None:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("econsim.sweep.launch.launcher_for", Stopping)
        with pytest.raises(KeyboardInterrupt):
            start_sweep(read_request(str(file), {"seed": "0:2"}), tmp_path / "sweep", Options(workers=1), quiet=True)
    allow(server, monkeypatch)
    with pytest.raises(UserError, match="AWS_SECRET_ACCESS_KEY is sent to"):
        resume_sweep(tmp_path / "sweep", quiet=True)
    assert not server.headers
