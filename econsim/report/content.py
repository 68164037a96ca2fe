"""Content of the report: its headline, its tables, and the commands that repeat the run, for the page templates."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from econsim.accounts import Metric
from econsim.analysis.metrics import GAP
from econsim.errors import UserError
from econsim.parameters import Chosen, Model
from econsim.runs.backend import KERNELS, TENSORS
from econsim.runs.metric_columns import in_words, main_metric, shown, shown_metrics
from econsim.runs.workers import workers_of

if TYPE_CHECKING:
    import pandas as pd

    from econsim.game import Role
    from econsim.runs.folder import Run

__all__ = [
    "Constant",
    "baseline_of",
    "columns_note",
    "command_for",
    "constants",
    "headline",
    "listed",
    "machine_in_words",
    "notes_of",
    "noun",
    "policy_table",
    "question",
    "repeat_commands",
    "welfare_by_function",
]

_COSTS = (
    Metric("cpu_seconds", "CPU seconds to fit", format="hours"),
    Metric("leader_evaluations", "Leader actions tried"),
)
_BESIDE = 3
"""The number of metrics that the headline gives in addition to the main one."""


class Group(NamedTuple):
    """Adjacent columns of one metric: its title, its unit, and the number of columns."""

    title: str
    unit: str
    columns: int


class Table(NamedTuple):
    """A table as text: groups of columns, the second header row, and rows by label."""

    groups: list[Group]
    responses: list[str]
    rows: list[tuple[str, list[str]]]


class Constant(NamedTuple):
    """A parameter of the economy: its dotted name, its value, and its meaning with unit or range."""

    name: str
    value: str
    meaning: str


def policy_table(summary: dict[str, Any], costs: Mapping[str, Mapping[str, float]] | None = None) -> Table:
    """Return the table of policies and metrics: headline metrics under every response, others under the first.

    ``costs`` of fits (:func:`econsim.runs.costs.fit_costs`) are the last columns.
    """
    policies, responses = summary["policies"], summary["responses"]
    columns = []
    for metric in shown_metrics(summary, "headline", "table"):
        candidates = responses if metric.show == "headline" else responses[:1]
        measured = [
            response
            for response in candidates
            if any(metric.name in policy.get(response, {}) for policy in policies.values())
        ]
        columns.append((metric, measured))
    rows = [
        (label, [_cell(policy.get(response, {}), metric) for metric, shown_for in columns for response in shown_for])
        for label, policy in policies.items()
    ]
    measured_costs = [cost for cost in _COSTS if any(cost.name in fit_cost for fit_cost in (costs or {}).values())]
    for label, cells in rows:
        cells += [_cell((costs or {}).get(label, {}), cost) for cost in measured_costs]
    short = {response: workers_of(summary, response).short for response in responses}
    names = [short[response] if len(shown_for) > 1 else "" for _, shown_for in columns for response in shown_for]
    second_header = [*names, *("" for _ in measured_costs)] if any(names) else []
    groups = [Group(metric.title, metric.unit, len(shown_for)) for metric, shown_for in columns]
    return Table([*groups, *(Group(cost.title, cost.unit, 1) for cost in measured_costs)], second_header, rows)


def columns_note(summary: Mapping[str, Any]) -> str:
    """Return a note on the followers of a table's columns without a second header; empty for a single set."""
    first, *others = summary["responses"]
    return f"Columns without a second header are those under {workers_of(summary, first).words}." if others else ""


def question(run: Run) -> str:
    """Return the question of a run in a sentence, with its policies, its population and its main metric."""
    summary, scenario = run.summary, run.scenario
    roles = run.plan.game.roles.values()
    people = listed([_counted(role) for role in roles if not role.leads])
    metric = main_metric(summary)
    labels, setting = list(summary["policies"]), f"in {scenario.economy.kind.name} with {people}"
    if metric is None:
        return f"What are the results of {listed(labels)} {setting}?"
    if len(labels) == 1:
        return f"What is the {noun(metric)} under {labels[0]} {setting}?"
    return f"Which of {listed(labels)} gives the highest {noun(metric)} {setting}?"


def _counted(role: Role) -> str:
    """Return how many players a role has; a group of a role with the label of its agent."""
    name, _, label = role.name.partition("/")
    return f"{role.count:,} {name}{'s' * (role.count > 1)}" + f" ({label})" * bool(label)


def listed(names: Sequence[str], word: str = "and") -> str:
    """Return names as ``a, b and c``."""
    *before, last = names
    return f"{', '.join(before)} {word} {last}" if before else last


def headline(summary: dict[str, Any]) -> str:
    """Return the main result in one or two sentences."""
    label, policy = list(summary["policies"].items())[-1]
    first, *others = summary["responses"]
    metric, scores = main_metric(summary), policy[first]
    if metric is None:
        return f"This game declares no metrics, so that there is no main result for {label}."
    evaluation = summary["evaluation"] or {}
    sentence = f"Under {label}, {noun(metric)} is {in_words(metric, scores[metric.name])}"
    if GAP.name in scores:
        sentence += (
            f" and closes {scores[GAP.name]:.1%} of the gap from {evaluation['floor']} to {evaluation['ceiling']}"
        )
    sentence += f", scored under {workers_of(summary, first).words}."
    baseline = baseline_of(summary)
    before = summary["policies"].get(baseline or "", {}).get(first, {})
    sentence += _beside(summary, metric, scores, before, baseline)
    if others and metric.name in policy.get(others[0], {}):
        value = in_words(metric, policy[others[0]][metric.name])
        sentence += f" Under {workers_of(summary, others[0]).words}, {noun(metric)} is {value}."
    return sentence


def baseline_of(summary: Mapping[str, Any]) -> str | None:
    """Return the policy that the scenario's own is compared with: current law where the run has it, else the floor.

    ``None`` for a single policy. Summaries that do not name it are of earlier versions.
    """
    *others, _ = summary["policies"]
    floor = (summary["evaluation"] or {}).get("floor")
    return summary.get("baseline") or (floor if floor in others else next(iter(others), None))


def constants(run: Run) -> list[Constant]:
    """Return the parameters of the economy, nested ones by dotted name."""
    return list(_constants(run.scenario.economy.parameters))


def notes_of(run: Run, section: str = "Calibration") -> str:
    """Return a section of the economy's documentation as one paragraph; empty if there is no such section."""
    lines = run.scenario.economy.kind.documentation.splitlines()
    if section not in lines:
        return ""
    paragraph = []
    for line in lines[lines.index(section) + 1 :]:
        if line and not line.startswith(" "):
            break
        paragraph.append(line.strip())
    return " ".join(paragraph).strip().replace("``", "").replace("*", "")


def repeat_commands(run: Run) -> list[str]:
    """Return the commands that repeat this run."""
    environment = run.environment
    options = f"--device {environment['device'].split(':')[0]}"
    options += f" --threads {environment['threads']}" * (environment["threads"] > 1)
    options += f" --backend {run.backend}" * (run.backend != TENSORS)
    return [f"{command_for(run, 'run', '/scenario.yaml')} {options}", command_for(run, "report")]


def machine_in_words(run: Run) -> str:
    """Return the device, CPU threads and backend of a run, as in "cpu with 2 threads and kernels of numba 0.68.1"."""
    environment = run.environment
    with_these = [f"{environment['threads']} threads"] if environment["threads"] > 1 else []
    with_these += [f"kernels of numba {environment['versions']['numba']}"] if run.backend == KERNELS else []
    return " with ".join([environment["device"], *([" and ".join(with_these)] if with_these else [])])


def command_for(run: Run, name: str, file: str = "") -> str:
    """Return a command on the run's folder, or on a file in it, with the plug-ins that the run used."""
    plugins = "".join(f"--plugin {plugin} " for plugin in run.plugins)
    return f"econsim {plugins}{name} {shlex.quote(f'runs/{run.name}{file}')}"


def welfare_by_function(run: Run) -> pd.DataFrame:
    """Return a table with columns ``policy``, ``response`` and one per welfare function, means over seeds.

    Raises:
        UserError: the economy has no accounts of the quantities that the functions need, or none of the functions is
            defined for its amounts.
    """
    import pandas as pd

    from econsim.analysis.welfare import NEEDED, welfare_table

    tables = []
    for (response, _), people in run.players(*NEEDED).groupby(["response", "seed"], sort=False):
        accounts = {str(label): _columns(group) for label, group in people.groupby("policy", sort=False)}
        tables.append(welfare_table(accounts).assign(response=str(response)).reset_index())
    table = pd.concat(tables).groupby(["policy", "response"], sort=False).mean()
    if not table.notna().any(axis=None):
        raise UserError(f"{run.path}: no welfare function is defined for the amounts of this game")
    return table.reset_index()


def _beside(
    summary: dict[str, Any], main: Metric, scores: dict[str, float], before: dict[str, float], baseline: str | None
) -> str:
    """Return the next metrics of the report in a sentence, each with its value under the baseline."""
    others = [*shown_metrics(summary, "headline"), *shown_metrics(summary, "table")]
    others = [metric for metric in others if metric.name not in (main.name, GAP.name) and metric.name in scores]
    clauses = []
    for metric in others[:_BESIDE]:
        under = f" ({shown(before[metric.name], metric.format)} under {baseline})" if metric.name in before else ""
        clauses.append(f"{metric.title} {in_words(metric, scores[metric.name])}{under}")
    return f" {'; '.join(clauses)}." if clauses else ""


def noun(metric: Metric) -> str:
    """Return the title of a metric within a sentence."""
    return metric.title[:1].lower() + metric.title[1:]


def _columns(people: pd.DataFrame) -> dict[str, Any]:
    return {str(name): people[name].to_numpy(copy=True) for name in people}


def _constants(parameters: Model, prefix: str = "") -> Iterator[Constant]:
    for name, field in type(parameters).model_fields.items():
        value = getattr(parameters, name)
        nested = value.parameters if isinstance(value, Chosen) else value
        shown = value.kind.name if isinstance(value, Chosen) else None
        if isinstance(nested, Model):
            yield Constant(prefix + name, shown or "", field.description or "")
            yield from _constants(nested, f"{prefix}{name}.")
        else:
            yield Constant(prefix + name, _plain(value), field.description or "")


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.10g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(entry) for entry in value)
    return "none" if value is None else str(value)


def _cell(values: Mapping[str, float], metric: Metric) -> str:
    value = values.get(metric.name)
    return "" if value is None else shown(value, metric.format)
