"""What the report says: its headline, its tables, how to repeat the run. The template lays it out."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from econsim.errors import UserError
from econsim.parameters import Chosen, Model

if TYPE_CHECKING:
    import pandas as pd

    from econsim.runs.folder import Run

__all__ = [
    "COLUMNS",
    "Constant",
    "constants",
    "headline",
    "interval_notes",
    "notes_of",
    "policy_table",
    "question",
    "repeat_commands",
    "shown",
    "welfare_by_function",
]

RESPONSE_WORDS = {"exact": "exact", "learned": "learned", "scenario": "own"}
_EVERY_RESPONSE = ("welfare", "gap_closed", "mean_hours")
COLUMNS = (
    ("welfare", "Welfare", "amount"),
    ("gap_closed", "Gap closed", "share"),
    ("mean_hours", "Mean hours", "hours"),
    ("productivity", "Productivity", "amount"),
    ("equality", "Equality", "index"),
    ("mean_houses", "Mean houses", "amount"),
    ("mean_labour", "Mean labour", "amount"),
    ("income_gini", "Gini of income", "index"),
    ("consumption_gini", "Gini of consumption", "index"),
    ("revenue", "Revenue", "amount"),
    ("mean_utility", "Mean utility", "amount"),
)
_COSTS = (("cpu_seconds", "CPU s to fit", "hours"), ("leader_evaluations", "Plans tried", "amount"))
_SHARED = (("productivity", "amount"), ("equality", "index"))


class Table(NamedTuple):
    """A table as text: groups of columns ``(title, columns within)``, their second header, and rows by label."""

    groups: list[tuple[str, int]]
    responses: list[str]
    rows: list[tuple[str, list[str]]]


class Constant(NamedTuple):
    """A parameter of the economy: its dotted name, value and meaning with unit or range."""

    name: str
    value: str
    meaning: str


def policy_table(summary: dict[str, Any], costs: Mapping[str, Mapping[str, float]] | None = None) -> Table:
    """Return the policies; welfare, gap and hours under every response side by side, the rest under the first.

    ``costs`` of fits (:func:`econsim.runs.costs.fit_costs`) come last.
    """
    policies, responses = summary["policies"], summary["responses"]
    columns = []
    for name, title, kind in COLUMNS:
        within = responses if name in _EVERY_RESPONSE else responses[:1]
        known = [it for it in within if any(name in policy.get(it, {}) for policy in policies.values())]
        if known:
            columns.append((name, title, kind, known))
    rows = [
        (label, [_cell(policy, it, name, kind) for name, _, kind, its in columns for it in its])
        for label, policy in policies.items()
    ]
    within = [RESPONSE_WORDS[it] if len(its) > 1 else "" for *_, its in columns for it in its]
    known_costs = [cost for cost in _COSTS if any(cost[0] in it for it in (costs or {}).values())]
    for name, _, kind in known_costs:
        for label, cells in rows:
            value = (costs or {}).get(label, {}).get(name)
            cells.append("" if value is None else shown(value, kind))
    second = [*within, *("" for _ in known_costs)] if any(within) else []
    groups = [(title, len(its)) for _, title, _, its in columns] + [(title, 1) for _, title, _ in known_costs]
    return Table(groups, second, rows)


def question(run: Run) -> str:
    """Return what a run asks, in a sentence: which policies it compares, for whom, and by what."""
    summary, scenario = run.summary, run.scenario
    roles = scenario.build("cpu")[0].roles.values()
    people = listed([f"{role.count:,} {role.name}{'s' * (role.count > 1)}" for role in roles if not role.leads])
    by = (
        "welfare" if any("welfare" in it[summary["responses"][0]] for it in summary["policies"].values()) else "returns"
    )
    labels, where = list(summary["policies"]), f"in the economy {scenario.economy.kind.name} with {people}"
    if len(labels) == 1:
        return f"What {by} does {labels[0]} bring {where}?"
    return f"Which of {listed(labels, 'or')} brings the best {by} {where}?"


def listed(names: Sequence[str], word: str = "and") -> str:
    """Return names as ``a, b and c``."""
    *before, last = names
    return f"{', '.join(before)} {word} {last}" if before else last


def headline(summary: dict[str, Any]) -> str:
    """Return the finding in one or two sentences with numbers."""
    label, policy = list(summary["policies"].items())[-1]
    first, *others = summary["responses"]
    found = policy[first]
    if "welfare" not in found:
        returns = ", ".join(f"{name[7:]} {value:.4g}" for name, value in found.items() if name.startswith("return_"))
        return f"Played by {label}, the roles earn on average: {returns}."
    sentence = f"The policy {label} reaches a welfare of {shown(found['welfare'])}"
    evaluation = summary["evaluation"] or {}
    if "gap_closed" in found:
        sentence += (
            f" and closes {found['gap_closed']:.1%} of the gap from {evaluation['floor']} to {evaluation['ceiling']}"
        )
    sentence += {"exact": ", scored under workers who respond exactly.", "learned": "."}.get(first, ".")
    floor = summary["policies"].get(evaluation.get("floor") or "", {}).get(first, {})
    if "mean_hours" in found and "mean_hours" in floor:
        sentence += (
            f" People work {found['mean_hours']:.1f} hours a week ({floor['mean_hours']:.1f} under"
            f" {evaluation['floor']}); the Gini coefficient of what they consume is {found['consumption_gini']:.2f}"
            f" ({floor['consumption_gini']:.2f})."
        )
    sentence += _shared_out(found, floor, evaluation.get("floor"), summary["unit"])
    if others and "welfare" in policy.get(others[0], {}):
        own = RESPONSE_WORDS[others[0]]
        sentence += f" Under the run's {own} workers welfare is {shown(policy[others[0]]['welfare'])}."
    return sentence


def interval_notes(summary: dict[str, Any]) -> list[str]:
    """Return, for each policy trained under several seeds, its mean and 95 % interval in words."""
    notes = []
    for label, policy in summary["policies"].items():
        for response, intervals in policy["intervals"].items():
            if "welfare" in intervals and label == list(summary["policies"])[-1]:
                it = intervals["welfare"]
                notes.append(
                    f"{label}, {RESPONSE_WORDS[response]} workers: mean welfare over {it['count']} training seeds"
                    f" {shown(policy[response]['welfare'])}, 95 % interval {shown(it['low'])} to {shown(it['high'])}."
                )
    return notes


def shown(value: float, kind: str = "amount") -> str:
    """Return a number as text: an ``amount`` (whole where it is large), a ``share``, ``hours`` or an ``index``."""
    if kind == "amount":
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    # Adding zero turns a rounded -0 into 0.
    pattern = {"share": "{:.1%}", "hours": "{:.1f}", "index": "{:.3f}"}[kind]
    return pattern.format(round(value, 3) + 0.0)


def constants(run: Run) -> list[Constant]:
    """Return the parameters of the economy, nested ones by dotted name."""
    return list(_constants(run.scenario.economy.parameters))


def notes_of(run: Run, section: str = "Calibration") -> str:
    """Return a section of the economy's own documentation as one paragraph; empty where there is none."""
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
    device = run.environment["device"].split(":")[0]
    return [
        f"econsim run {shlex.quote(f'runs/{run.name}/scenario.yaml')} --device {device}",
        f"econsim report {shlex.quote(f'runs/{run.name}')}",
    ]


def welfare_by_function(run: Run) -> pd.DataFrame:
    """Return ``policy``, ``response`` and one column a welfare function, means over seeds.

    Raises:
        UserError: the economy does not account for what the functions need.
    """
    import pandas as pd

    from econsim.analysis.welfare import NEEDED, welfare_table

    missing = [name for name in NEEDED if name not in run.accounts]
    if missing:
        raise UserError(f"{run.path}: this economy has no {', '.join(missing)} to judge by")

    parts = []
    for (response, _), people in run.accounts.groupby(["response", "seed"], sort=False):
        accounts = {str(label): _columns(group) for label, group in people.groupby("policy", sort=False)}
        parts.append(welfare_table(accounts).assign(response=str(response)).reset_index())
    return pd.concat(parts).groupby(["policy", "response"], sort=False).mean().reset_index()


def _shared_out(found: dict[str, float], floor: dict[str, float], named: str | None, unit: str) -> str:
    """Return how much there is and how equally it is shared, where the economy accounts for both."""
    if "productivity" not in found or "equality" not in found:
        return ""
    both = [f" ({shown(floor[name], kind)} under {named})" if name in floor else "" for name, kind in _SHARED]
    return (
        f" Together people own {shown(found['productivity'])}{' ' * bool(unit)}{unit}{both[0]}, with an equality of"
        f" {shown(found['equality'], 'index')}{both[1]}."
    )


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


def _cell(policy: dict[str, Any], response: str, name: str, kind: str) -> str:
    value = policy.get(response, {}).get(name)
    return "" if value is None else shown(value, kind)
