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

__all__ = ["ReformDescription", "ReformRequest", "described"]


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
    schedules: by side, ``baseline`` and ``reform``, its bracket schedule in the game's money (mean rates over episodes
        and seeds); empty where a side has none, or the game has several leaders with a schedule each.
    """

    baseline: str
    is_current_law: bool
    changes: pd.DataFrame
    schedules: Mapping[str, TaxReform]


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
    schedules = {name: _schedule(side, scenario) for name, side, scenario in zip(names, played, scenarios, strict=True)}
    present = {name: schedule for name, schedule in schedules.items() if schedule is not None}
    before = present.get("baseline")
    in_force = before is not None and is_in_force(sides.baseline.game, leader, before.rates)
    return ReformDescription(
        request.policy, in_force or is_law(planners[0]), different_keys(contents), present if len(present) == 2 else {}
    )


def _content(scenario: Scenario, planner: Chosen | None) -> dict[str, Any]:
    """Return the keys of a scenario that a reform can change, as plain data under the names that its author used."""
    plain = scenario.model_dump(mode="json", exclude_none=True)
    sections = {name: plain[name] for name in (scenario.game_key, "agents") if name in plain}
    parameters = {} if planner is None else planner.dump()
    return sections | {"planner": {key: value for key, value in parameters.items() if value is not None}}


def _schedule(played: Played, scenario: Scenario) -> TaxReform | None:
    """Return the bracket schedule of a side: its mean rates, with the deduction of the economy."""
    accounts, roles = played.accounts, played.game.roles.values()
    leaders = sum(role.count for role in roles if role.leads)
    if "rates" not in accounts or "thresholds" not in accounts or leaders != 1:
        return None
    rates, thresholds = (accounts[name].double().cpu() for name in ("rates", "thresholds"))
    deduction = float(scenario.game.dump().get("standard_deduction", 0.0))
    return TaxReform(thresholds[0].tolist(), rates.mean(0).tolist(), deduction)
