"""The audit of a scenario's or a run's people: everybody meets flat taxes, and what they do is kept as ``audit.json``.

A scenario plays one tax year; what counts is its last step. Workers who ask a model are asked in every wording that
they know, because what depends on the wording says little about people. ``calls.jsonl`` and the store lie beside the
result: an audit that was stopped goes on without asking again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from econsim.actions import sets_tax_brackets
from econsim.analysis.incentive_audit import RATES, Audit, audit_hours
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.llm.protocols import EstimatesCalls, UsesLlm
from econsim.llm.service import STORE, Service
from econsim.parameters import Chosen
from econsim.play import HeldAction
from econsim.runs.evaluation import evaluation_key, play
from econsim.runs.folder import Run
from econsim.runs.llm_session import LEDGER, check_agreed
from econsim.runs.load_agents import agents_of
from econsim.scenario import Scenario, with_overrides
from econsim.scenario.plan import leading_role, must_be_fitted
from econsim.storage.files import write_json

__all__ = ["Asked", "audit"]

_FORMAT = 1


@dataclass(frozen=True)
class Asked:
    """What people are asked: flat tax rates, how often, and in which wordings (all that they know if none is named)."""

    rates: tuple[float, ...] = RATES
    repeats: int = 1
    wordings: tuple[str, ...] = ()


def audit(source: Scenario | Run, out: Path, asked: Asked | None = None, agreed: bool = False) -> dict[str, Any]:
    """Ask the people of a scenario, or the fitted people of a run, and write ``audit.json``.

    Args:
        source: a scenario whose agents play as they are, or a run.
        out: the folder to write to.
        asked: what they are asked.
        agreed: a model may be asked as often as is foreseen.

    Raises:
        UserError: the game has no hours or no tax rates, an agent has to be trained first, or a model cannot be asked.
    """
    source, what = (source if isinstance(source, Run) else _of_one_year(source)), asked or Asked()
    scenario = source.scenario if isinstance(source, Run) else source
    game = scenario.build_game(dtype=torch.float64)
    leader = _checked(scenario, game, what)
    found = {
        wording: {role: agent for role, agent in agents.items() if role != leader}
        for wording, agents in _variants(source, game, what).items()
    }
    out.mkdir(parents=True, exist_ok=True)
    service = _service(scenario, game, found, len(what.rates) * what.repeats, out, agreed)
    try:
        audits = {wording: _audited(scenario, game, agents, leader, what) for wording, agents in found.items()}
        content = _content(scenario, what, audits, service)
    finally:
        if service is not None:
            service.close()
    write_json(out / "audit.json", content)
    return content


def _audited(scenario: Scenario, game: Game[Any], agents: Mapping[str, Agent], leader: str, asked: Asked) -> Audit:
    """Return how people respond, who meet each rate under the same keys."""
    rates = torch.tensor(asked.rates, dtype=torch.float64)
    key = evaluation_key(scenario.seed, asked.repeats).repeat(len(rates))
    flat = rates.repeat_interleave(asked.repeats)[:, None].expand(-1, *game.roles[leader].action.shape)
    accounts = play(game, {**agents, leader: HeldAction(flat)}, key).accounts
    hours = accounts["hours"].reshape(len(rates), asked.repeats, -1)
    weight = accounts["weight"][0].numpy() if "weight" in accounts else None
    return audit_hours(hours.numpy(), asked.rates, weight)


def _checked(scenario: Scenario, game: Game[Any], asked: Asked) -> str:
    """Return the role that announces taxes, where the scenario can be audited."""
    leader = leading_role(scenario, game)
    taxed = leader is not None and sets_tax_brackets(game, game.roles[leader])
    if leader is None or not taxed or "hours" not in game.accounts(game.reset(evaluation_key(scenario.seed))):
        raise UserError(f"{scenario.name}: an audit needs workers who choose hours and a planner who sets tax rates")
    if getattr(getattr(game, "settings", None), "redraw_population", False):
        raise UserError(f"{scenario.name}: an audit asks the same people; say economy.redraw_population=false")
    if asked.repeats < 1:
        raise UserError(f"repeats: expected 1 or more, not {asked.repeats}")
    audit_hours(torch.zeros(len(asked.rates), 1, 1).numpy(), asked.rates)  # the rates, before anybody is asked
    return leader


def _of_one_year(scenario: Scenario) -> Scenario:
    """Return the scenario with a single tax year, where it counts them: taxes do not change while people are asked."""
    known = hasattr(scenario.economy.parameters, "tax_years")
    return with_overrides(scenario, {"economy.tax_years": 1}) if known else scenario


def _variants(source: Scenario | Run, game: Game[Any], asked: Asked) -> dict[str, dict[str, Agent]]:
    """Return the agents of every wording by role; ``""`` where nobody reads."""
    if isinstance(source, Run):
        plan = source.plan
        return {"": agents_of(source, plan, plan.last, plan.last.seeds[0])}
    chosen_agents = source.agents_in(game)
    for role, chosen in chosen_agents.items():
        if must_be_fitted(chosen):
            raise UserError(
                f"agents.{role}: kind {chosen.kind.name} has to be trained first; run the scenario and audit the run"
            )
    wordings = asked.wordings or _wordings(chosen_agents)
    return {
        wording: {role: _worded(chosen, wording).build() for role, chosen in chosen_agents.items()}
        for wording in wordings or ("",)
    }


def _wordings(agents: Mapping[str, Chosen]) -> Sequence[str]:
    """Return the wordings of agents that read: their own, then those that ship in a folder ``prompts`` beside them."""
    found: list[str] = []
    for chosen in agents.values():
        if (own := getattr(chosen.parameters, "wording", None)) is not None:
            shipped = Path(str(chosen.kind.module.__file__)).parent / "prompts"
            found += [own, *sorted(folder.name for folder in shipped.glob("*/"))]
    return list(dict.fromkeys(found))


def _worded(chosen: Chosen, wording: str) -> Chosen:
    if not wording or not hasattr(chosen.parameters, "wording"):
        return chosen
    return replace(chosen, parameters=chosen.parameters.model_copy(update={"wording": wording}))


def _service(
    scenario: Scenario,
    game: Game[Any],
    found: Mapping[str, Mapping[str, Agent]],
    copies: int,
    out: Path,
    agreed: bool,
) -> Service | None:
    """Return the service of agents that ask a model, connected; ``None`` where nobody asks one."""
    everybody = [(role, agent) for agents in found.values() for role, agent in agents.items()]
    speaking = [agent for _, agent in everybody if isinstance(agent, UsesLlm)]
    if not speaking:
        return None
    if scenario.llm is None:
        raise UserError(f"{scenario.name}: agents ask a language model; give llm.base_url=URL and llm.model=NAME")
    service = Service(scenario.llm, out / STORE, out / LEDGER)
    try:
        service.check()
        for agent in speaking:
            agent.connect(service)
        parts = [
            agent.forecast(game, game.roles[role], copies)
            for role, agent in everybody
            if isinstance(agent, EstimatesCalls)
        ]
        calls, said, answered = (sum(column) for column in zip(*parts, strict=True)) if parts else (0, 0, 0)
        if not agreed:
            check_agreed(service.forecast(calls, said, answered), scenario.llm)
    except BaseException:
        service.close()
        raise
    return service


def _content(scenario: Scenario, asked: Asked, audits: Mapping[str, Audit], service: Service | None) -> dict[str, Any]:
    first = next(iter(audits.values()))
    content: dict[str, Any] = {
        "format": _FORMAT,
        "scenario": scenario.name,
        "agents": scenario.model_dump(mode="json")["agents"],
        "people": first.people,
        "repeats": asked.repeats,
        "audits": [
            {"wording": wording, **asdict(found), "responses": found.responses, "verdict": found.verdict}
            for wording, found in audits.items()
        ],
    }
    if service is not None:
        counters = {purpose: counter.plain() for purpose, counter in service.counters.items()}
        content["llm"] = {
            "model": service.settings.model,
            "simulated": service.settings.simulated,
            "purposes": counters,
        }
    return content
