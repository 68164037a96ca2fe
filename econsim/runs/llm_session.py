"""Language-model sessions of runs: the forecast of calls, the shared service, and the settings of a resumed run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

from econsim.agents.archetypes import Archetypes, shadow_errors
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.llm.budget import Forecast
from econsim.llm.failures import BudgetSpent, ContextExceeded, EndpointError, ModelNotListed, TooManyFailures
from econsim.llm.key_hosts import key_in_words
from econsim.llm.protocols import EstimatesCalls, UsesLlm, model_name
from econsim.llm.role_service import RoleService
from econsim.llm.service import STORE, Service
from econsim.llm.settings import Settings
from econsim.llm.transcript import TRANSCRIPT, Asker
from econsim.runs.events import messages_of
from econsim.runs.folder import Run
from econsim.runs.llm_probe import first_answer
from econsim.runs.message_board import MessageBoard, message_calls
from econsim.runs.message_log import DECISIONS, DecisionLog
from econsim.runs.scoring import matches
from econsim.scenario import Scenario, with_overrides
from econsim.scenario.plan import Plan
from econsim.split_roles import SplitRoles, base_role

__all__ = [
    "LEDGER",
    "LlmSession",
    "calls_in_words",
    "check_agreed",
    "check_endpoint",
    "check_key_agreed",
    "forecast_calls",
    "in_words",
    "models_in_words",
    "models_of",
    "reasons_in_words",
    "with_settings",
    "with_way_on",
]

LEDGER = "calls.jsonl"
"""The file name of the ledger of calls in a run folder."""
TRAINING = "training"
"""The label of questions that are asked while agents are fitted, in place of the followers of a score."""
MOST_REASONS = 3
"""The number of reasons for repairs and failures that are named in one sentence."""
MOST_WITHOUT_ASKING = 1000
"""The number of calls that a run may make without the user's confirmation."""
_MAY_CHANGE = {
    "api_key_env", "backoff", "base_url", "budget", "concurrency", "failure_share", "on_overflow", "prices",
    "requests_per_minute", "retries", "timeout", "tokens_per_minute",
}  # fmt: skip
"""Settings with other values of which a run may be resumed: they change no reply of the model, except that
``on_overflow`` decides about questions to which there is none."""


class LlmSession:
    """The language-model service of one run, opened when its first agent is connected. Use it as a context manager."""

    def __init__(self, run: Run, game: Game[Any], watch: Callable[[int], object]) -> None:
        """Open nothing yet; ``watch`` is called with the number of questions that are answered, after each answer."""
        self._run, self._game, self._watch = run, game, watch
        self._service: Service | None = None
        self._log: DecisionLog | None = None
        self._with_shadow: dict[str, list[Archetypes]] = {}

    def __enter__(self) -> LlmSession:
        return self

    def __exit__(self, *error: object) -> None:
        if self._service is not None:
            self._service.close()

    def connect(self, agents: Mapping[str, Agent], policy: str = "", response: str = TRAINING, seed: int = 0) -> None:
        """Connect the service to all agents that call a language model.

        Args:
            agents: agents by role.
            policy: the label of their policy, for the transcript, as the others.
            response: the label of the followers; :data:`TRAINING` in a fit.
            seed: the seed of the score or of the fit.

        Raises:
            UserError: the scenario does not set the model, or its store of replies cannot be used.
        """
        llm_agents = {role: agent for role, agent in agents.items() if isinstance(agent, UsesLlm)}
        board = None if response == TRAINING or not llm_agents else self._board(policy, response, seed)
        for role, agent in llm_agents.items():
            if self._service is None:
                settings = _settings(self._run.scenario, role)
                files = (self._run.path / name for name in (STORE, LEDGER, TRANSCRIPT))
                self._service = Service(settings, *files)
                self._service.watch = self._watch
            asker = self._asker(role, policy, response, seed)._replace(model=model_name(agent))
            messages = () if response == TRAINING else messages_of(self._run.scenario)
            agent.connect(RoleService(self._service, asker, messages, board))
            if isinstance(agent, Archetypes) and agent.parameters.shadow and response != TRAINING:
                self._with_shadow.setdefault(role, []).append(agent)

    def _board(self, policy: str, response: str, seed: int) -> MessageBoard | None:
        """Return an empty board for the messages of one score; ``None`` where the scenario has no messages."""
        messages = self._run.scenario.messages
        if messages is None:
            return None
        self._log = self._log or DecisionLog(self._run.path / DECISIONS)
        return MessageBoard(messages, self._game, self._log, {"policy": policy, "response": response, "seed": seed})

    def _asker(self, role: str, policy: str, response: str, seed: int) -> Asker:
        players = self._game.players(role) if isinstance(self._game, SplitRoles) else None
        members = None if players is None else tuple(players.tolist())
        return Asker(policy, response, seed, base_role(role), role.partition("/")[2], members)

    def probe(self, plan: Plan) -> str:
        """Send the first question, before anything is fitted; return a warning if its reply could not be used.

        Raises:
            EndpointError: the question is refused or not answered.
        """
        if self._run.scenario.llm is None or self._run.scenario.llm.mode == "strict_replay":
            return ""
        for agents in plan.build_agents().values():
            self.connect(agents)
        answer = None if self._service is None else first_answer(plan, self._service)
        unusable = answer is not None and answer.outcome == "failed"
        return f"the reply to the first question could not be used: {answer.reason}" if answer and unusable else ""

    def check_answers(self) -> None:
        """Raise :class:`TooManyFailures` if too large a share of the answers, however few, could not be used."""
        if self._service is not None:
            self._service.check_answers()

    def summary(self) -> dict[str, Any] | None:
        """Return the model and the counters of its calls by purpose; ``None`` if no model was used."""
        if self._service is None:
            return None
        settings, counters = self._service.settings, self._service.counters
        model = settings.model_dump(mode="json", include={"model", "provider", "mode", "on_failure"})
        model["simulated"], model["models"] = self._service.simulated, self._service.models
        shadow = {role: errors for role, agents in self._with_shadow.items() if (errors := shadow_errors(agents))}
        purposes = {purpose: counter.plain() for purpose, counter in counters.items()}
        return {**model, "purposes": purposes, **({"shadow": shadow} if shadow else {})}


def forecast_calls(plan: Plan) -> Forecast | None:
    """Return a forecast of the calls that scoring all policies needs; ``None`` if no agent calls a language model.

    No request is sent: the user has not agreed yet.

    Raises:
        UserError: the scenario does not set the model, the user did not allow its key to be sent, a library is missing,
            or there is no store of replies to replay.
    """
    scenario, game = plan.scenario, plan.game
    fitted = plan.build_agents()
    llm_roles: list[str] = []
    estimates: dict[str, list[tuple[int, int, int]]] = {}
    for match in matches(plan, fitted):
        for role, agent in match.agents.items():
            if isinstance(agent, UsesLlm):
                llm_roles.append(role)
                estimates.setdefault(model_name(agent), [(0, 0, 0)])
            if isinstance(agent, EstimatesCalls):
                estimate = agent.forecast(game, game.roles[role], scenario.episodes)
                written = message_calls(scenario, game, role, agent, scenario.episodes)
                estimates.setdefault(model_name(agent), []).extend([estimate, written])
    if not llm_roles:
        return None
    with Service(_settings(scenario, llm_roles[0])) as service:
        forecasts = []
        for name, each in estimates.items():
            calls, inputs, outputs = (sum(column) for column in zip(*each, strict=True))
            forecasts.append(service.forecast(calls, inputs, outputs, name))
        if service.settings.mode == "strict_replay":
            return Forecast(0, 0, 0, 0.0)
        return replace(reduce(add, forecasts), while_training=_is_asked_in_training(plan, fitted))


def _is_asked_in_training(plan: Plan, fitted: Mapping[tuple[str, int], Mapping[str, Agent]]) -> bool:
    """Return whether an agent that asks a language model plays in fits that do not count its calls.

    These are joint training, and fits of agents that ask no model themselves, such as a search.
    """
    for stage in plan.stages:
        players = {**fitted[stage.policy.label, stage.seed], **plan.stand_ins(stage)}
        asking = {role for role, agent in players.items() if isinstance(agent, UsesLlm)}
        if asking and (stage.fit.is_training or not asking.intersection(stage.fit.roles)):
            return True
    return False


def check_endpoint(settings: Settings | None, models: Iterable[str] = ("",)) -> None:
    """Raise :class:`EndpointError` if no server responds or it rejects the key; to be called once the user agreed.

    ``models``: the models that are called, by their names in ``llm.models``.
    """
    if settings is not None:
        for model in models:
            with Service(settings.named(model)) as service:
                service.check()


def check_agreed(forecast: Forecast, settings: Settings | None) -> None:
    """Raise :class:`UserError` if calls cost money, carry a key, are many, or their number cannot be forecast."""
    if settings is None or settings.mode == "strict_replay":
        return
    most = settings.budget.calls
    calls = forecast.calls if most is None else min(forecast.calls, most)
    called = [settings.named(name) for name in forecast.models]
    key = "; ".join(dict.fromkeys(filter(None, map(key_in_words, called))))
    is_unlimited = forecast.while_training and most is None
    if key or forecast.usd or calls > MOST_WITHOUT_ASKING or not forecast.calls or is_unlimited:
        limit = (
            ""
            if settings.budget.model_fields_set or forecast.while_training
            else "; limit them with llm.budget.calls=NUMBER"
        )
        sent = f"; {key}" if key else ""
        raise UserError(f"this run calls {models_in_words(called)}: {forecast}{limit}{sent}. Confirm with --yes")


def check_key_agreed(settings: Settings | None, folder: Path) -> None:
    """Raise :class:`UserError` if the calls of a resumed folder, which may be someone else's, carry a key."""
    models = [] if settings is None else [settings, *map(settings.named, settings.models)]
    key = "; ".join(dict.fromkeys(filter(None, map(key_in_words, models))))
    if key:
        raise UserError(
            f"{folder}: its agents call {models_in_words(models)}, and {key}. Confirm with --yes (in Python:"
            " agreed=True)"
        )


def calls_in_words(forecast: Forecast, settings: Settings) -> str:
    """Return the line with which a run announces its calls; a strict replay makes none."""
    if settings.mode == "strict_replay":
        return f"strict replay: the answers of {settings.model} come from {settings.store}; no calls"
    return f"forecast of calls to {models_in_words(map(settings.named, forecast.models))}: {forecast}"


def models_in_words(models: Iterable[Settings]) -> str:
    """Return the names of models at their providers, each once."""
    return " and ".join(dict.fromkeys(settings.model for settings in models if settings.model))


def in_words(llm_usage: Mapping[str, Any]) -> str:
    """Return a one-sentence summary of a run's calls; ``llm_usage`` is the value of :meth:`LlmSession.summary`."""
    counters = list(llm_usage["purposes"].values())
    names = ("questions", "calls", "repaired", "failed")
    questions, calls, repaired, failed = (sum(counter[name] for counter in counters) for name in names)
    tokens = sum(counter["input_tokens"] + counter["output_tokens"] for counter in counters)
    prices = [counter["usd"] for counter in counters]
    money = "" if None in prices or not sum(prices) else f", {sum(prices):,.4g} US dollars"
    shares = [count / questions if questions else 0.0 for count in (repaired, failed)]
    shortened = sum(counter.get("shortened", 0) for counter in counters)
    left_out = f"; the history of {shortened:,} was shortened to fit the context of the model" if shortened else ""
    return (
        f"{llm_usage['simulated'] or models_of(llm_usage)} answered {questions:,} questions: {calls:,} calls,"
        f" {tokens:,} tokens{money}; {shares[0]:.1%} of the replies were"
        f" repaired{reasons_in_words(counters, 'repaired')}, {shares[1]:.1%} could not be"
        f" used{reasons_in_words(counters, 'failed')}{left_out}"
    )


def models_of(llm_usage: Mapping[str, Any]) -> str:
    """Return the names of the models in the summary of a run's calls, with those of ``llm.models``."""
    named = {f"{model} ({name})" for name, model in llm_usage.get("models", {}).items()}
    is_unnamed_used = any(not purpose.endswith(")") for purpose in llm_usage["purposes"]) or not named
    return " and ".join([*([llm_usage["model"]] if is_unnamed_used else []), *sorted(named)])


def reasons_in_words(counters: Iterable[Mapping[str, Any]], outcome: str) -> str:
    """Return the most frequent reasons for an outcome in brackets, with their counts; empty if there are none."""
    totals: Counter[str] = Counter()
    for counter in counters:
        totals.update(counter.get("reasons", {}).get(outcome, {}))
    listed = "; ".join(f"{reason} ({count:,})" for reason, count in totals.most_common(MOST_REASONS))
    return f" [{listed}]" if listed else ""


def with_settings(run: Run, overrides: Mapping[str, Any] | Sequence[str]) -> Scenario:
    """Return the scenario of an unfinished run with new settings of its language model that change no reply.

    Raises:
        UserError: a key may not be changed, or a value is invalid.
    """
    for text in overrides:
        section, *keys = text.partition("=")[0].strip().split(".")
        own = keys[2:] if keys[:1] == ["models"] else keys
        if section != "llm" or not own or own[0] not in _MAY_CHANGE:
            allowed = ", ".join(f"llm.{name}" for name in sorted(_MAY_CHANGE))
            raise UserError(
                f"{text}: this key cannot be changed when a run is resumed; the keys that can are {allowed}, and the"
                " same of a model in llm.models"
            )
    return with_overrides(run.scenario, overrides)


def with_way_on(error: Exception, run: Run) -> Exception:
    """Return the error; if it came from a language model, add the command that continues the run to its message."""
    resume = f"continue with: {run.command('resume')}"
    if isinstance(error, BudgetSpent):
        error.args = (f"aborted: budget: {error}; all replies are kept; {resume} llm.{error.limit}=MORE",)
    elif isinstance(error, TooManyFailures):
        error.args = (f"{error}; {resume} llm.failure_share=LARGER",)
    elif isinstance(error, ContextExceeded) and run.scenario.llm and run.scenario.llm.on_overflow == "stop":
        error.args = (f"{error}; {resume} llm.on_overflow=shorten",)
    elif isinstance(error, ModelNotListed):
        error.args = (f"{error}; serve this model and {resume}, or start another run with another name in llm.model",)
    elif isinstance(error, EndpointError):
        error.args = (f"{error}; {resume}",)
    return error


def _settings(scenario: Scenario, role: str) -> Settings:
    if scenario.llm is None:
        raise UserError(
            f"{scenario.name}: {role} calls a language model;"
            f" set llm.base_url=http://localhost:8000/v1 and llm.model=NAME"
        )
    return scenario.llm
