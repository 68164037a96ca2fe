"""Putting a worker's question into words: what stays the same is written once, a step adds one line.

The order of a prompt is rules, person, past, present, so that a server that keeps its work on a common beginning has to
read only what is new. Its last line repeats the numbers as JSON, exactly, for whoever computes instead of guessing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from econsim.agents.llm.history import Past, StepOutcome, amount, per_cent
from econsim.agents.llm.parameters import Parameters
from econsim.text.wording import FACTS, Wording

__all__ = ["Aim", "Narrator", "rounded"]

Aim = Literal["own", "altruistic", "adversarial"]
PROMPTS = Path(__file__).parent / "prompts"
USUAL_HOURS = 40.0
LAST_PART = 0.9  # of an episode, after which nothing new is tried


class _Person(NamedTuple):
    """What every question of one person begins with, and the beginning of its facts."""

    opening: str
    facts: str


class Narrator:
    """Writes the questions of workers in one game; ``rules`` is what all of them are told first."""

    def __init__(self, parameters: Parameters, briefing: Mapping[str, Any], key: str) -> None:
        """Write what stays the same.

        Args:
            parameters: how questions are put.
            briefing: what the game tells of itself.
            key: of the scenario that chose the wording, for messages.
        """
        self.parameters, self.briefing = parameters, briefing
        self.cost: Mapping[str, float] | None = briefing["labour_cost"]
        self._wording = Wording(PROMPTS, parameters.wording, f"{key}.wording")
        self._persons: dict[tuple[float, str, Aim], _Person] = {}
        self._cycle = 1 + briefing["steps_per_tax_year"]
        self._exploit_from = LAST_PART * briefing["tax_years"] * self._cycle
        self.rules = self._wording.render("rules", **self._static())

    def hours(self, past: Past, now: StepOutcome, persona: str, aim: Aim) -> str:
        """Return the question how many hours to work."""
        person = self._person(now.skill, persona, aim)
        return self._wording.render(
            "hours",
            opening=person.opening,
            history="\n".join(past.lines),
            best="\n".join([step.line for step in past.best]),
            step=past.steps + 1,
            rates=per_cent(now.rates),
            cue=self._cue(now.time),
            facts=f"{FACTS}{person.facts}{_numbers(now.rates)}}}",
        )

    def satisfaction(self, past: Past, outcome: StepOutcome, line: str, persona: str, aim: Aim) -> str:
        """Return the question whether the step in ``line`` satisfied."""
        person = self._person(outcome.skill, persona, aim)
        change = outcome.utility - past.utility
        numbers = {"utility": outcome.utility, "utility_change": change if past.steps else 0.0}
        numbers |= {"income": outcome.income, "tax": outcome.tax, "rebate": outcome.rebate}
        facts = {"role": "worker", **{name: rounded(value) for name, value in numbers.items()}}
        return self._wording.render(
            "satisfaction",
            opening=person.opening,
            line=line,
            change=amount(abs(change)) if past.steps else None,
            gained=change >= 0.0,
            unit=self.briefing["unit"],
            reasoning=self.parameters.reasoning,
            facts=f"{FACTS}{json.dumps(facts)}",
        )

    def line(self, past: Past, outcome: StepOutcome, worth: float, satisfied: bool | None) -> str:
        """Return one step of the ledger; ``satisfied`` is ``None`` where nobody asks."""
        parts = [
            f"step {past.steps + 1}: rates {per_cent(outcome.rates)} %, {outcome.hours:g} hours",
            f"income {outcome.income:,.0f}, tax {outcome.tax:,.0f}, rebate {outcome.rebate:,.0f}",
            f"utility {amount(outcome.utility)}",
        ]
        if satisfied is not None:
            parts.append(f"{'satisfied' if satisfied else 'not satisfied'}, worth {amount(worth)}")
        elif worth != outcome.utility:
            parts.append(f"welfare of all {amount(outcome.welfare)}")
        verdict = past.verdict(outcome.hours, worth, outcome.rates) if self.parameters.hint else ""
        return ", ".join([*parts, f"hours were {verdict}"] if verdict else parts)

    def _cue(self, time: int) -> str:
        if self.parameters.cue != "timed":
            return self.parameters.cue
        last_of_year = time % self._cycle == self._cycle - 1
        return "exploit" if last_of_year or time >= self._exploit_from else "explore"

    def _person(self, skill: float, persona: str, aim: Aim) -> _Person:
        known = self._persons.get((skill, persona, aim))
        if known is None:
            known = self._persons[skill, persona, aim] = self._introduced(skill, persona, aim)
        return known

    def _introduced(self, skill: float, persona: str, aim: Aim) -> _Person:
        told, scale = self.briefing, None
        facts: dict[str, Any] = {"role": "worker", "skill": rounded(skill), "aim": aim}
        facts |= {"hours_cap": told["hours_cap"], "hours_step": told["hours_step"], "thresholds": told["thresholds"]}
        if told["standard_deduction"]:
            facts["standard_deduction"] = told["standard_deduction"]
        if self.cost is not None:
            scale = self.cost["constant"] + self.cost["per_skill"] * skill
            facts |= {"labour_cost_scale": rounded(scale), "labour_cost_exponent": self.cost["exponent"]}
        opening = self._wording.render(
            "opening",
            persona=persona,
            aim=aim,
            skill=f"{skill:,.2f}",
            usual_income=amount(skill * USUAL_HOURS),
            labour_cost=None if scale is None else f"{scale:.6g}",
            labour_exponent=None if self.cost is None else f"{self.cost['exponent']:g}",
            unit=told["unit"],
            welfare=told["welfare"],
        )
        return _Person(opening, json.dumps(facts)[:-1] + ', "rates": ')

    def _static(self) -> dict[str, Any]:
        told, chosen = self.briefing, self.parameters
        step, deduction = told["hours_step"], told["standard_deduction"]
        return {
            "unit": told["unit"],
            "thresholds": ", ".join(f"{threshold:,.0f}" for threshold in told["thresholds"]),
            "standard_deduction": f"{deduction:,.0f}" if deduction else "",
            "hours_cap": f"{told['hours_cap']:g}",
            "hours_step": "" if step is None else f"{step:g}",
            "utility": told["utility"],
            "steps_per_tax_year": told["steps_per_tax_year"],
            "bounded": chosen.bounded,
            "dissatisfied_factor": f"{chosen.dissatisfied_factor:g}",
            "reasoning": chosen.reasoning,
        }


def rounded(value: float) -> float:
    """Return a number to ten digits, the same on every machine, so that a recorded answer is found again."""
    return float(f"{value:.10g}")


@lru_cache(maxsize=4096)
def _numbers(rates: tuple[float, ...]) -> str:
    return json.dumps([float(f"{rate:.6g}") for rate in rates])
