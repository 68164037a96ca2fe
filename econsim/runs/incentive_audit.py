"""Incentive audits: the hours that the workers of a scenario or a run choose under flat taxes, as ``audit.json``.

A scenario is played for one tax year, and the last step is measured. Workers that call a language model are audited in
every wording of their prompts, since a response that depends on the wording is weak evidence about the workers.
``calls.jsonl`` and the store of replies are written next to the result, so that an audit that was stopped continues
without repeating calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from econsim.actions import sets_tax_brackets
from econsim.analysis.incentive_audit import RATES, Audit, audit_hours
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.llm.service import Service
from econsim.parameters import Chosen
from econsim.play import HeldAction, counted
from econsim.runs.audit_service import audit_service, questions_of, usage_of
from econsim.runs.evaluation import evaluation_key, play
from econsim.runs.folder import Run
from econsim.runs.load_agents import agents_of
from econsim.runs.progress import Report
from econsim.scenario import Scenario, with_overrides
from econsim.scenario.plan import leading_role, must_be_fitted
from econsim.storage.files import write_json
from econsim.storage.links import refuse_links
from econsim.storage.locks import locked

__all__ = ["Asked", "audit"]

_FORMAT = 2
_DERIVED = ("responses", "verdict", "people_needed")
_OF_ONE_SCENARIO = "published"  # the wording that is kept for one scenario, and not asked elsewhere


@dataclass(frozen=True)
class Asked:
    """The conditions of an audit.

    rates: flat marginal tax rates.
    repeats: number of repetitions per rate.
    wordings: wordings of the prompts; all available ones if empty.
    """

    rates: tuple[float, ...] = RATES
    repeats: int = 1
    wordings: tuple[str, ...] = ()


def audit(
    source: Scenario | Run,
    out: Path,
    asked: Asked | None = None,
    agreed: bool = False,
    say: Callable[[str], object] = lambda line: None,
    progress: Report | None = None,
) -> dict[str, Any]:
    """Audit the workers of a scenario, or the fitted workers of a run, and write ``audit.json``.

    Args:
        source: a scenario whose agents need no training, or a run.
        out: the folder to write to.
        asked: the conditions of the audit.
        agreed: the user agrees to the forecast number and cost of calls to a language model.
        say: a function that shows a line about the progress of calls.
        progress: called at every step with the steps done, the steps of all plays, and the wording.

    Raises:
        UserError: the game has no hours or no tax rates, an agent must be trained first, the language model cannot be
            called, or too many of its answers cannot be used; or the folder contains a symbolic link, or another
            process is writing to it.
    """
    source, conditions = (source if isinstance(source, Run) else _of_one_year(source)), asked or Asked()
    scenario = source.scenario if isinstance(source, Run) else source
    game = scenario.build_game(dtype=torch.float64)
    leader = _checked(scenario, game, conditions)
    workers = {
        wording: {role: agent for role, agent in agents.items() if role != leader}
        for wording, agents in _variants(source, game, conditions).items()
    }
    out.mkdir(parents=True, exist_ok=True)
    refuse_links(out)
    with locked(out):
        num_envs = len(conditions.rates) * conditions.repeats
        service = audit_service(scenario, game, workers, num_envs, out, agreed, say)
        try:
            audits = {}
            steps = game.horizon + 1
            for number, (wording, agents) in enumerate(workers.items()):
                done, total = number * steps, len(workers) * steps
                watch = [] if progress is None else [counted(progress, done, total, wording)]
                audits[wording] = _audited(scenario, game, agents, leader, conditions, service, watch)
            if service is not None:
                service.check_answers()
            content = _content(scenario, conditions, audits, service)
        finally:
            if service is not None:
                service.close()
        write_json(out / "audit.json", content)
    return content


def _audited(
    scenario: Scenario,
    game: Game[Any],
    agents: Mapping[str, Agent],
    leader: str,
    asked: Asked,
    service: Service | None,
    watchers: Sequence[Callable[[Any, torch.Tensor], object]],
) -> Audit:
    """Return the workers' responses; every rate is played with the same random keys."""
    before = questions_of(service)
    rates = torch.tensor(asked.rates, dtype=torch.float64)
    key = evaluation_key(scenario.seed, asked.repeats).repeat(len(rates))
    flat = rates.repeat_interleave(asked.repeats)[:, None].expand(-1, *game.roles[leader].action.shape)
    accounts = play(game, {**agents, leader: HeldAction(flat)}, key, watchers=watchers).accounts
    hours = accounts["hours"].reshape(len(rates), asked.repeats, -1)
    weight = accounts["weight"][0].numpy() if "weight" in accounts else None
    questions, failed = (now - then for now, then in zip(questions_of(service), before, strict=True))
    return audit_hours(hours.numpy(), asked.rates, weight, failed / questions if questions else 0.0)


def _checked(scenario: Scenario, game: Game[Any], asked: Asked) -> str:
    """Return the role that sets taxes, after a check that the scenario can be audited."""
    leader = leading_role(scenario, game)
    taxed = leader is not None and sets_tax_brackets(game, game.roles[leader])
    if leader is None or not taxed or "hours" not in game.accounts(game.reset(evaluation_key(scenario.seed))):
        raise UserError(
            f"{scenario.name}: an audit needs workers who choose hours and a planner who sets tax rates; in any other"
            " game, audit language-model agents with --vary"
        )
    if getattr(getattr(game, "settings", None), "redraw_population", False):
        raise UserError(
            f"{scenario.name}: an audit needs the same population at every rate; set economy.redraw_population=false"
        )
    if asked.repeats < 1:
        raise UserError(f"repeats: expected at least 1, found {asked.repeats}")
    audit_hours(torch.zeros(len(asked.rates), 1, 1).numpy(), asked.rates)  # checks the rates before any call is made
    return leader


def _of_one_year(scenario: Scenario) -> Scenario:
    """Return the scenario with a single tax year, if it has tax years, so that taxes stay constant during an audit."""
    has_tax_years = hasattr(scenario.economy.parameters, "tax_years")
    return with_overrides(scenario, {"economy.tax_years": 1}) if has_tax_years else scenario


def _variants(source: Scenario | Run, game: Game[Any], asked: Asked) -> dict[str, dict[str, Agent]]:
    """Return the agents by role for every wording; the only wording is ``""`` where no agent has a prompt."""
    if isinstance(source, Run):
        plan = source.plan
        return {"": agents_of(source, plan, plan.last, plan.last.seeds[0])}
    chosen_agents = source.agents_in(game)
    for role, chosen in chosen_agents.items():
        if must_be_fitted(chosen):
            raise UserError(
                f"agents.{role}: kind {chosen.kind.name} must be trained first; run the scenario and audit the run"
            )
    wordings = asked.wordings or _wordings(chosen_agents)
    return {
        wording: {role: _worded(chosen, wording).build() for role, chosen in chosen_agents.items()}
        for wording in wordings or ("",)
    }


def _wordings(agents: Mapping[str, Chosen]) -> Sequence[str]:
    """Return the wordings of agents with prompts: the one in use, then those in the ``prompts`` folder of the kind."""
    wordings: list[str] = []
    for chosen in agents.values():
        if (current := getattr(chosen.parameters, "wording", None)) is not None:
            prompts = Path(str(chosen.kind.module.__file__)).parent / "prompts"
            wordings += [current, *sorted({folder.name for folder in prompts.glob("*/")} - {_OF_ONE_SCENARIO})]
    return list(dict.fromkeys(wordings))


def _worded(chosen: Chosen, wording: str) -> Chosen:
    if not wording or not hasattr(chosen.parameters, "wording"):
        return chosen
    return replace(chosen, parameters=chosen.parameters.model_copy(update={"wording": wording}))


def _content(scenario: Scenario, asked: Asked, audits: Mapping[str, Audit], service: Service | None) -> dict[str, Any]:
    first = next(iter(audits.values()))
    content: dict[str, Any] = {
        "format": _FORMAT,
        "scenario": scenario.name,
        "agents": scenario.model_dump(mode="json")["agents"],
        "people": first.people,
        "repeats": asked.repeats,
        "audits": [
            {"wording": wording, **asdict(result), **{name: getattr(result, name) for name in _DERIVED}}
            for wording, result in audits.items()
        ],
    }
    if service is not None:
        content["llm"] = usage_of(service)
    return content
