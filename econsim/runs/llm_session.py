"""Agents that ask a language model: what a run foresees of it, the service they share, and how it goes on later."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from econsim.errors import UserError
from econsim.game import Agent
from econsim.llm.budget import Forecast
from econsim.llm.failures import BudgetSpent, EndpointError, TooManyFailures
from econsim.llm.protocols import EstimatesCalls, UsesLlm
from econsim.llm.service import STORE, Service
from econsim.llm.settings import Settings
from econsim.runs.folder import Run, open_run
from econsim.runs.scoring import matches
from econsim.scenario import Scenario, with_overrides
from econsim.scenario.plan import Plan
from econsim.storage.files import write_text

__all__ = ["LEDGER", "LlmSession", "check_agreed", "forecast_calls", "in_words", "with_settings", "with_way_on"]

LEDGER = "calls.jsonl"
"""The name of a ledger in the folder of a run."""
MOST_WITHOUT_ASKING = 1000
"""Calls that a run may make before the user has to agree."""
_MAY_CHANGE = {
    "api_key_env", "backoff", "base_url", "budget", "concurrency", "failure_share", "prices",
    "requests_per_minute", "retries", "timeout", "tokens_per_minute",
}  # fmt: skip
"""What changes no answer, so that a run may go on with other values."""


class LlmSession:
    """The service of one run, opened when its first speaking agent is connected. Use it as a context."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._service: Service | None = None

    def __enter__(self) -> LlmSession:
        return self

    def __exit__(self, *error: object) -> None:
        if self._service is not None:
            self._service.close()

    def connect(self, agents: Mapping[str, Agent]) -> None:
        """Give the service to all agents that ask a model.

        Raises:
            UserError: the scenario does not say which model, or its store cannot be used.
        """
        speaking = {role: agent for role, agent in agents.items() if isinstance(agent, UsesLlm)}
        for role, agent in speaking.items():
            if self._service is None:
                settings = _settings(self._run.scenario, role)
                self._service = Service(settings, self._run.path / STORE, self._run.path / LEDGER)
            agent.connect(self._service)

    def summary(self) -> dict[str, Any] | None:
        """Return which model was asked and what became of the questions, by purpose; ``None`` where none was."""
        if self._service is None:
            return None
        settings, counters = self._service.settings, self._service.counters
        known = settings.model_dump(mode="json", include={"model", "provider", "mode", "on_failure", "simulated"})
        return {**known, "purposes": {purpose: counter.plain() for purpose, counter in counters.items()}}


def forecast_calls(plan: Plan) -> Forecast | None:
    """Return what scoring all policies will ask of a model; ``None`` where no agent asks one.

    Raises:
        UserError: the scenario does not say which model, a library is missing, there is no store to replay, or nobody
            listens where the model should be.
    """
    scenario, game = plan.scenario, plan.game
    fitted = plan.build_agents()
    speaking: list[str] = []
    parts: list[tuple[int, int, int]] = []
    for match in matches(plan, fitted):
        for role, agent in match.agents.items():
            speaking += [role] if isinstance(agent, UsesLlm) else []
            if isinstance(agent, EstimatesCalls):
                parts.append(agent.forecast(game, game.roles[role], scenario.episodes))
    if not speaking:
        return None
    with Service(_settings(scenario, speaking[0])) as service:
        service.check()
        calls, asked, answered = (sum(column) for column in zip(*parts, strict=True)) if parts else (0, 0, 0)
        return service.forecast(calls, asked, answered)


def check_agreed(forecast: Forecast, settings: Settings | None) -> None:
    """Raise :class:`UserError` where money, or many calls, are at stake."""
    if settings is None or settings.mode == "strict_replay":
        return
    most = settings.budget.calls
    calls = forecast.calls if most is None else min(forecast.calls, most)
    if forecast.usd or calls > MOST_WITHOUT_ASKING or not forecast.calls:
        bound = "" if settings.budget.model_fields_set else "; llm.budget.calls=NUMBER bounds them"
        raise UserError(f"this run asks {settings.model}: {forecast}{bound}. Say --yes to agree")


def in_words(llm_usage: Mapping[str, Any]) -> str:
    """Return what became of a run's questions in one sentence; ``llm_usage`` is :meth:`LlmSession.summary`."""
    found = list(llm_usage["purposes"].values())
    questions, calls, failed = (sum(it[name] for it in found) for name in ("questions", "calls", "failed"))
    tokens = sum(it["input_tokens"] + it["output_tokens"] for it in found)
    prices = [it["usd"] for it in found]
    money = "" if None in prices or not sum(prices) else f", {sum(prices):,.4g} US dollars"
    share = failed / questions if questions else 0.0
    return (
        f"{llm_usage['simulated'] or llm_usage['model']} answered {questions:,} questions: {calls:,} calls,"
        f" {tokens:,} tokens{money}; {share:.1%} of the replies could not be used"
    )


def with_settings(run: Run, overrides: Mapping[str, Any] | Sequence[str]) -> Run:
    """Return an unfinished run with other settings of its model, those that change no answer.

    Raises:
        UserError: another key, or a wrong value; nothing was written.
    """
    for text in overrides:
        room, _, key = text.partition("=")[0].strip().partition(".")
        if room != "llm" or key.split(".")[0] not in _MAY_CHANGE:
            allowed = ", ".join(f"llm.{name}" for name in sorted(_MAY_CHANGE))
            raise UserError(f"{text}: a run goes on with the scenario it began with; it may change {allowed}")
    changed = with_overrides(run.scenario, overrides)
    write_text(run.path / "scenario.yaml", changed.dump())
    return open_run(run.path)


def with_way_on(error: Exception, folder: Path) -> Exception:
    """Return the error, which says how to go on where it came from a model."""
    resume = f"continue with: econsim resume {shlex.quote(str(folder))}"
    if isinstance(error, BudgetSpent):
        error.args = (f"aborted: budget: {error}; all answers are kept; {resume} llm.budget.{error.limit}=MORE",)
    elif isinstance(error, TooManyFailures):
        error.args = (f"{error}; {resume} llm.failure_share=LARGER",)
    elif isinstance(error, EndpointError):
        error.args = (f"{error}; {resume}",)
    return error


def _settings(scenario: Scenario, role: str) -> Settings:
    if scenario.llm is None:
        raise UserError(
            f"{scenario.name}: {role} asks a language model;"
            f" give llm.base_url=http://localhost:8000/v1 and llm.model=NAME"
        )
    return scenario.llm
