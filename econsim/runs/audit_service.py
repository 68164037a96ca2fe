"""Service of an audit: the agents of several conditions, connected to one store of answers, ledger and transcript."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.llm.budget import Forecast
from econsim.llm.protocols import EstimatesCalls, UsesLlm, model_name
from econsim.llm.role_service import RoleService
from econsim.llm.service import STORE, Service
from econsim.llm.transcript import TRANSCRIPT, Asker
from econsim.runs.events import messages_of
from econsim.runs.llm_progress import QuestionProgress
from econsim.runs.llm_session import LEDGER, check_agreed
from econsim.runs.message_board import MessageBoard, check_messages, message_calls
from econsim.runs.message_log import DECISIONS, DecisionLog
from econsim.scenario import Scenario
from econsim.split_roles import SplitRoles, base_role

__all__ = ["audit_service", "questions_of", "usage_of"]


def audit_service(
    scenario: Scenario,
    game: Game[Any],
    conditions: Mapping[str, Mapping[str, Agent]],
    num_envs: int,
    out: Path,
    agreed: bool,
    say: Callable[[str], object],
    more_calls: tuple[int, int, int] = (0, 0, 0),
) -> Service | None:
    """Connect the agents that call a language model to a service and return it; ``None`` if there are none.

    Args:
        scenario: the scenario, with the settings of the model.
        game: its game.
        conditions: the agents by role, by the label of each condition, which the transcript shows.
        num_envs: the number of episodes that each condition plays.
        out: the folder of the audit.
        agreed: the user agrees to the forecast calls.
        say: called with lines about the progress of calls.
        more_calls: calls, input and output tokens that agents do not forecast.

    Raises:
        UserError: the model is not configured, or the user has to agree to the calls.
    """
    all_agents = [(role, agent) for agents in conditions.values() for role, agent in agents.items()]
    if not any(isinstance(agent, UsesLlm) for _, agent in all_agents):
        return None
    if scenario.llm is None:
        raise UserError(f"{scenario.name}: agents call a language model; set llm.base_url=URL and llm.model=NAME")
    check_messages(scenario, game)
    service = Service(scenario.llm, out / STORE, out / LEDGER, out / TRANSCRIPT)
    try:
        log = DecisionLog(out / DECISIONS)
        for label, agents in conditions.items():
            labels = {"policy": scenario.name, "response": label, "seed": scenario.seed}
            messages = scenario.messages
            board = None if messages is None else MessageBoard(messages, game, log, labels)
            for role, agent in agents.items():
                if isinstance(agent, UsesLlm):
                    asker = _asker(scenario, game, label, role)._replace(model=model_name(agent))
                    agent.connect(RoleService(service, asker, messages_of(scenario), board))
        forecasts = [
            service.forecast(*estimate, model=model_name(agent))
            for role, agent in all_agents
            if isinstance(agent, EstimatesCalls)
            for estimate in (
                agent.forecast(game, game.roles[role], num_envs),
                message_calls(scenario, game, role, agent, num_envs),
            )
        ]
        forecasts += [service.forecast(*more_calls)] if more_calls[0] else []
        forecast = reduce(add, forecasts) if forecasts else Forecast(0, 0, 0, 0.0)
        begin_asking(service, forecast, agreed, say)
    except BaseException:
        service.close()
        raise
    return service


def begin_asking(service: Service, forecast: Forecast, agreed: bool, say: Callable[[str], object]) -> None:
    """Check that the user agrees to the forecast calls and that the server answers; then report progress to ``say``.

    Raises:
        UserError: the user has to agree to the calls.
        EndpointError: the server does not answer.
    """
    if not agreed:
        check_agreed(forecast, service.settings)
    service.watch = QuestionProgress(say, forecast.calls)
    service.check()


def usage_of(service: Service) -> dict[str, Any]:
    """Return the model and the counters of its calls by purpose, for the result of an audit."""
    counters = {purpose: counter.plain() for purpose, counter in service.counters.items()}
    return {
        "model": service.settings.model,
        "models": service.models,
        "simulated": service.simulated,
        "purposes": counters,
    }


def questions_of(service: Service | None) -> tuple[int, int]:
    """Return the numbers of all questions so far, and of those without an answer that could be used."""
    counters = [] if service is None else list(service.counters.values())
    return sum(counter.questions for counter in counters), sum(counter.failed for counter in counters)


def _asker(scenario: Scenario, game: Game[Any], label: str, role: str) -> Asker:
    players = game.players(role) if isinstance(game, SplitRoles) else None
    members = None if players is None else tuple(players.tolist())
    return Asker(scenario.name, label, scenario.seed, base_role(role), role.partition("/")[2], members)
