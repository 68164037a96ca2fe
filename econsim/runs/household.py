"""Schedules of an income tax that settings name: the law, a planner, a run's policy, or brackets; and households."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from econsim import kinds
from econsim.analysis.taxation import TaxReform
from econsim.economics import LOWEST_RATE
from econsim.errors import UserError, did_you_mean
from econsim.game import TaxSchedules
from econsim.mechanisms.us_law import FilingStatus, Law
from econsim.parameters import Model
from econsim.play import ConstantPolicy
from econsim.runs.folder import open_run
from econsim.runs.summary import schedule_of
from econsim.scenario import library
from econsim.scenario.loading import planner_choice
from econsim.scenario.plan import must_be_fitted

__all__ = ["Household", "LawAndReform"]


class LawAndReform(Model):
    """The law of a year, and a reform of it."""

    filing: FilingStatus = "single"
    """Filing status."""
    year: int = Field(2024, ge=2018, le=2026)
    """Tax year."""
    reform: str | dict[str, Any] | None = None
    """Name or YAML file of a planner, or the folder of a run (RUN or RUN:POLICY)."""
    brackets: tuple[float, ...] | None = None
    """Lower thresholds of the reform's brackets, US dollars; none: those of the law."""
    rates: tuple[Annotated[float, Field(ge=LOWEST_RATE, le=1)], ...] | None = None
    """Marginal tax rates of the reform, one per bracket; negative ones are the phase-in of a refundable credit."""
    deduction: float | Literal["standard"] | None = None
    """Deduction under the reform, US dollars, or the standard deduction; none: zero, or that of the run's economy."""

    @model_validator(mode="after")
    def _one_reform(self) -> Self:
        if isinstance(self.reform, dict) and not isinstance(self.reform.get("kind"), str):
            raise ValueError("reform: name a planner as well, for example reform=flat reform.rate=0.2")
        if self.rates is not None and self.reform is not None:
            raise ValueError("expected either reform, or brackets and rates, not both")
        if self.brackets is not None and self.rates is None:
            raise ValueError("brackets: give rates as well, one per bracket, for example rates=[0.1,0.3]")
        if self.deduction is not None and self.reform is None and self.rates is None:
            raise ValueError("deduction: applies to a reform; give reform, or brackets and rates, as well")
        return self

    @property
    def law(self) -> Law:
        """The law of the tax year and filing status."""
        return Law(year=self.year, filing_status=self.filing)

    @property
    def reform_label(self) -> str:
        """The reform as it is named in tables: a planner, the name of a run and its policy, or ``reform``."""
        return Path(self._source).name if self.reform is not None else "reform"

    @property
    def _source(self) -> Any:
        return self.reform["kind"] if isinstance(self.reform, dict) else self.reform

    def tax_reform(self) -> TaxReform | None:
        """Return the schedule of the reform; ``None`` without a reform.

        Raises:
            UserError: the planner or run does not exist or sets no tax brackets, or the brackets are not sound.
        """
        if self.rates is not None:
            thresholds = self.brackets or tuple(self.law.schedule().thresholds.tolist())
            schedule = TaxReform(thresholds, self.rates)
        elif self.reform is None:
            return None
        elif self._is_planner:
            schedule = self._of_planner()
        else:
            schedule = _of_run(self._source)
        if self.deduction is None:
            return schedule
        given = self.law.schedule().standard_deduction if self.deduction == "standard" else self.deduction
        return TaxReform(schedule.thresholds, schedule.rates, given)

    @property
    def _is_planner(self) -> bool:
        source = self._source
        return (
            isinstance(self.reform, dict) or source.endswith((".yaml", ".yml")) or source in library.names("planners")
        )

    def _of_planner(self) -> TaxReform:
        """Return what a planner announces on the brackets of the law."""
        given = self.reform if isinstance(self.reform, dict) else {}
        parameters = {key: value for key, value in given.items() if key != "kind"}
        chosen = planner_choice(self._source, parameters)
        if must_be_fitted(chosen) or not issubclass(chosen.kind.implementation, ConstantPolicy):
            raise UserError(
                f"reform: the schedule of planner {self._source} depends on an economy; run a scenario with it, and"
                " give the folder of the run instead"
            )
        one_step = kinds.load("economies", "one_step")
        law = self.law.model_dump()
        game = one_step.build(one_step.parameters(workers=2, brackets=law, status_quo=law, lowest_rate=LOWEST_RATE))
        role = next(role for role in game.roles.values() if role.leads)
        return TaxReform(game.thresholds.tolist(), chosen.build().action(game, role).tolist())


class Household(LawAndReform):
    """A household and the reform that it faces."""

    income: float = Field(ge=0)
    """Income before tax, US dollars per year."""


def _of_run(source: str) -> TaxReform:
    """Return the schedule of a run's policy (the mean over its seeds), with the deduction of its economy."""
    folder, _, label = (source, "", "") if os.path.isdir(source) else source.rpartition(":")
    if not os.path.isdir(folder or source):
        raise UserError(
            f"reform: {source!r} is neither a planner nor the folder of a run"
            f"{did_you_mean(source, library.names('planners'))}"
        )
    run = open_run(folder)
    policies = run.summary["policies"]
    if label and label not in policies:
        raise UserError(f"reform: {folder} has no policy {label!r}{did_you_mean(label, policies)}")
    schedule = schedule_of(policies[label or list(policies)[-1]])
    if schedule is None:
        raise UserError(f"reform: the policies of {folder} set no tax brackets; give a run of an economy with taxes")
    game = run.plan.game
    usd = game.usd_per_unit if isinstance(game, TaxSchedules) else 1.0
    deduction = float(run.scenario.game.dump().get("standard_deduction", 0.0))
    thresholds, rates = schedule
    return TaxReform([usd * threshold for threshold in thresholds], rates, usd * deduction)
