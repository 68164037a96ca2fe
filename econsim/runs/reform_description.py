"""Description of a reform of a run: both policies by name, the keys that change, the tax schedules of both sides."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from econsim.analysis.counterfactual import Played, Sides
from econsim.analysis.taxation import TaxReform
from econsim.parameters import Chosen
from econsim.runs.baseline import is_in_force, is_law
from econsim.runs.comparison import different_keys
from econsim.runs.folder import Run
from econsim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

__all__ = ["ReformDescription", "ReformRequest", "described"]

_OF_EACH_LEADER = ("planner", "period", "bracket")
"""The axes of the account with the rates that each of several leaders set."""


@dataclass(frozen=True)
class ReformRequest:
    """A reform of a run as it was requested.

    overrides: the reform as texts ``key=value``; ``given`` those of both sides.
    policy: the label of the baseline; ``followers``, which agents follow on both sides.
    """

    run: Run
    overrides: tuple[str, ...]
    given: tuple[str, ...]
    episodes: int
    policy: str
    followers: str
    metrics: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The reform in one line."""
        return " ".join(self.overrides)

    @property
    def command(self) -> str:
        """The command that makes the report of this reform again."""
        plugins = [word for name in self.run.plugins for word in ("--plugin", name)]
        given = [word for text in self.given for word in ("--given", text)]
        metrics = [word for name in self.metrics for word in ("--metric", name)]
        words = ["econsim", *plugins, "counterfactual", f"runs/{self.run.name}", *self.overrides, *given, *metrics]
        words += ["--policy", self.policy, "--followers", self.followers, "--episodes", str(self.episodes)]
        return shlex.join([*words, "--report"])


@dataclass(frozen=True)
class ReformDescription:
    """A reform in words and tables.

    baseline: the label of the policy that is reformed; ``is_current_law``: whether it leaves current law in force.
    changes: keys that the reform changes, ``key``, ``baseline`` and ``reform``, as text.
    schedules: by leader, for each side, ``baseline`` and ``reform``, its bracket schedule in the last tax period, in
        the game's money (mean rates over episodes and seeds); without leaders that have none on a side.
    """

    baseline: str
    is_current_law: bool
    changes: pd.DataFrame
    schedules: Mapping[str, Mapping[str, TaxReform]]


def described(
    request: ReformRequest,
    leader: str | None,
    scenarios: tuple[Scenario, Scenario],
    planners: tuple[Chosen | None, Chosen | None],
    sides: Sides,
) -> ReformDescription:
    """Return the description of a reform, from the scenarios and the planners of baseline and reform."""
    names = ("baseline", "reform")
    contents = {
        name: _content(scenario, planner) for name, scenario, planner in zip(names, scenarios, planners, strict=True)
    }
    played = (sides.baseline, sides.reform)
    before, after = (_schedules(side, scenario) for side, scenario in zip(played, scenarios, strict=True))
    alone = next(iter(before.values())) if len(before) == 1 else None
    in_force = alone is not None and is_in_force(sides.baseline.game, leader, alone.rates)
    schedules = {name: dict(zip(names, (before[name], after[name]), strict=True)) for name in before if name in after}
    return ReformDescription(request.policy, in_force or is_law(planners[0]), different_keys(contents), schedules)


def _content(scenario: Scenario, planner: Chosen | None) -> dict[str, Any]:
    """Return the keys of a scenario that a reform can change, as plain data under the names that its author used."""
    plain = scenario.model_dump(mode="json", exclude_none=True)
    sections = {name: plain[name] for name in (scenario.game_key, "agents") if name in plain}
    parameters = {} if planner is None else planner.dump()
    return sections | {"planner": {key: value for key, value in parameters.items() if value is not None}}


def _schedules(played: Played, scenario: Scenario) -> dict[str, TaxReform]:
    """Return the bracket schedule of each leader on a side: its mean rates, with the deduction of the economy."""
    if "thresholds" not in played.accounts:
        return {}
    thresholds = played.accounts["thresholds"][0].tolist()
    deduction = float(scenario.game.dump().get("standard_deduction", 0.0))
    return {
        leader: TaxReform(thresholds, rates.double().cpu().mean(0).tolist(), deduction)
        for leader, rates in _rates(played).items()
    }


def _rates(played: Played) -> dict[str, Tensor]:
    """Return the rates in the last tax period of each episode, ``[E, K]``, by leader."""
    leaders = [role.name for role in played.game.roles.values() if role.leads for _ in range(role.count)]
    if len(leaders) == 1:
        return {leaders[0]: played.accounts["rates"]} if "rates" in played.accounts else {}
    by_period = (account.name for account in played.game.accounts_spec if account.axes == _OF_EACH_LEADER)
    history = played.accounts.get(next(by_period, ""))
    return {} if history is None else dict(zip(leaders, history[:, :, -1].unbind(1), strict=True))
