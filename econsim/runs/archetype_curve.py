"""Accuracy of archetypes by their number: the error of a shadow sample against the calls that it takes.

The same episode is played with each number of archetypes. The same workers are asked for the shadow sample as far as
they are not asked for a group, so that the curve compares numbers and not samples. ``calls.jsonl`` and the store of
replies are written next to the result, so that a curve that was stopped continues without repeating calls.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from econsim.agents.archetypes import Archetypes, Parameters
from econsim.analysis.statistics import student_margin
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.llm.protocols import EstimatesCalls, UsesLlm, model_name
from econsim.llm.role_service import RoleService
from econsim.llm.service import STORE, Service
from econsim.llm.transcript import TRANSCRIPT, Asker
from econsim.runs.audit_service import begin_asking
from econsim.runs.evaluation import evaluation_key, play
from econsim.runs.llm_session import LEDGER
from econsim.scenario import Scenario
from econsim.scenario.plan import leading_role, must_be_fitted
from econsim.storage.csv_tables import write_csv
from econsim.storage.links import refuse_links
from econsim.storage.locks import locked

if TYPE_CHECKING:
    import pandas as pd

    from econsim.llm.budget import Forecast

__all__ = ["FEWEST_IN_SHADOW", "archetype_curve", "curve_figure"]

FEWEST_IN_SHADOW = 2
"""The smallest shadow sample, since its error has an interval."""
TABLE = "archetypes.csv"


def archetype_curve(
    scenario: Scenario,
    numbers: Sequence[int],
    out: Path,
    shadow: int = 100,
    agreed: bool = False,
    say: Callable[[str], object] = lambda line: None,
) -> pd.DataFrame:
    """Play a scenario with several numbers of archetypes, write ``archetypes.csv``, and return the table.

    Columns, one row per number: ``archetypes``; ``asked``, workers for whom the model is asked without the shadow
    sample; ``questions`` and ``failed`` of the whole episode, with the shadow sample; ``error``, the mean absolute
    difference between a shadow worker's own answers and the actions of its example, with its 95 % interval ``low`` to
    ``high`` over workers; ``differing``, the share of its actions that differ; ``bias``, the mean difference; ``own``,
    the mean own answer.

    Args:
        scenario: a scenario with a role of kind ``archetypes``, whose other agents need no fitting.
        numbers: the numbers of archetypes; other parameters are those of the scenario.
        out: the folder to write to.
        shadow: number of workers of the shadow sample.
        agreed: the user agrees to the forecast number and cost of calls.
        say: a function that shows a line about the progress of calls.

    Raises:
        UserError: no role has archetypes, an agent must be fitted first, there are too few players, or the language
            model cannot be called.
    """
    import pandas as pd

    game = scenario.build_game(dtype=torch.float64)
    role, parameters = _subject(scenario, game)
    if shadow < FEWEST_IN_SHADOW:
        raise UserError(f"--shadow {shadow}: expected at least {FEWEST_IN_SHADOW} workers, whose mean has an interval")
    if not numbers or min(numbers) < 1 or len(set(numbers)) < len(numbers):
        raise UserError(f"--archetypes: expected different numbers of at least 1, found {list(numbers)}")
    agents = _others(scenario, game, role)
    curve = {
        number: Archetypes(parameters.model_copy(update={"archetypes": number, "shadow": shadow}))
        for number in sorted(numbers)
    }
    for agent in curve.values():
        agent.start(game, game.roles[role], 1)  # too few players are an error before any call is made
    out.mkdir(parents=True, exist_ok=True)
    refuse_links(out)
    with locked(out):
        service = _service(scenario, game, role, curve, agents, out, agreed, say)
        try:
            rows = [_row(scenario, game, role, number, agent, agents, service) for number, agent in curve.items()]
            service.check_answers()
        finally:
            service.close()
        table = pd.DataFrame(rows)
        write_csv(out / TABLE, table)
    return table


def curve_figure(table: pd.DataFrame, unit: str = "") -> Any:
    """Draw the error of the shadow sample with its 95 % interval by the number of workers who are asked.

    Args:
        table: as :func:`archetype_curve` returns it.
        unit: of an action.
    """
    from econsim.analysis.canvas import SERIES, in_money, new_figure, plain_numbers

    figure, (axes,) = new_figure()
    margins = [table["error"] - table["low"], table["high"] - table["error"]]
    axes.errorbar(table["asked"], table["error"], yerr=margins, color=SERIES[0], marker="o", capsize=3, linewidth=2)
    for _, row in table.iterrows():
        axes.annotate(
            f"{row['archetypes']:,.0f}", (row["asked"], row["high"]), xytext=(0, 4), textcoords="offset points",
            ha="center", fontsize=9,
        )  # fmt: skip
    axes.set(xscale="log", xlabel="workers for whom the model is asked in a step; above each point: archetypes")
    axes.set_ylabel(in_money("mean absolute error of an action", unit))
    axes.set_ylim(bottom=0.0)
    for axis in ("x", "y"):
        plain_numbers(axes, axis)
    return figure


def _subject(scenario: Scenario, game: Game[Any]) -> tuple[str, Parameters]:
    """Return the one role whose agents are archetypes, and their parameters."""
    chosen = {role: each for role, each in scenario.agents_in(game).items() if each.kind.name == "archetypes"}
    if len(chosen) != 1:
        raise UserError(
            f"{scenario.name}: expected one role of kind archetypes, found {len(chosen)}; set, for example,"
            f" agents.{next(iter(scenario.agents_in(game)), 'worker')}=archetypes"
        )
    ((role, each),) = chosen.items()
    assert isinstance(each.parameters, Parameters)
    return role, each.parameters


def _others(scenario: Scenario, game: Game[Any], subject: str) -> dict[str, Agent]:
    """Return the agents of all other roles, the leader's included."""
    others = {role: each for role, each in scenario.agents_in(game).items() if role != subject}
    if (leader := leading_role(scenario, game)) is not None and scenario.planner is not None:
        others[leader] = scenario.planner
    for role, each in others.items():
        if must_be_fitted(each):
            raise UserError(
                f"{role}: kind {each.kind.name} must be fitted first, and the curve fits nothing; set, for example,"
                " planner=us_federal"
            )
    return {role: each.build() for role, each in others.items()}


def _service(
    scenario: Scenario,
    game: Game[Any],
    role: str,
    curve: dict[int, Archetypes],
    others: dict[str, Agent],
    out: Path,
    agreed: bool,
    say: Callable[[str], object],
) -> Service:
    """Return the service to which all agents that call a language model are connected, after the user has agreed."""
    if scenario.llm is None:
        raise UserError(f"{scenario.name}: archetypes call a language model; set llm.base_url=URL and llm.model=NAME")
    service = Service(scenario.llm, out / STORE, out / LEDGER, out / TRANSCRIPT)
    try:
        forecasts: list[Forecast] = []
        for label, name, agent in [
            *((f"{number} archetypes", role, each) for number, each in curve.items()),
            *(("others", name, each) for name, each in others.items()),
        ]:
            if not isinstance(agent, UsesLlm):
                continue
            asker = Asker(scenario.name, label, scenario.seed, name, model=model_name(agent))
            agent.connect(RoleService(service, asker))
            if isinstance(agent, EstimatesCalls):
                times = 1 if name == role else len(curve)
                calls, taken, given = agent.forecast(game, game.roles[name], 1)
                forecasts.append(service.forecast(times * calls, times * taken, times * given, model=model_name(agent)))
        begin_asking(service, reduce(add, forecasts), agreed, say)
    except BaseException:
        service.close()
        raise
    return service


def _row(
    scenario: Scenario,
    game: Game[Any],
    role: str,
    number: int,
    agent: Archetypes,
    others: dict[str, Agent],
    service: Service,
) -> dict[str, float]:
    """Play an episode with one number of archetypes and return its row."""
    before = _counted(service)
    play(game, {**others, role: agent}, evaluation_key(scenario.seed))
    questions, failed = (now - then for now, then in zip(_counted(service), before, strict=True))
    by_worker = np.array([difference.by_worker for difference in agent.shadow]).mean(0)
    error, count = float(by_worker.mean()), len(by_worker)
    margin = student_margin(float(by_worker.std(ddof=1)) / math.sqrt(count), count - 1)
    means = {
        name: float(np.mean([getattr(difference, of) for difference in agent.shadow]))
        for name, of in (("differing", "differing"), ("bias", "mean"), ("own", "own"))
    }
    return {
        "archetypes": number,
        "asked": number * agent.parameters.answers,
        "questions": questions,
        "failed": failed,
        "error": error,
        "low": error - margin,
        "high": error + margin,
        **means,
    }


def _counted(service: Service) -> tuple[int, int]:
    counters = service.counters.values()
    return sum(counter.questions for counter in counters), sum(counter.failed for counter in counters)
