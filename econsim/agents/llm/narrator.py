"""Prompts of a language-model worker: the constant text is rendered once, and each step adds one line.

A prompt consists of rules, persona, history, current state and the form of the answer, in this order, so that a server
with prefix caching only has to process the new text, and that the form is read last. The numbers are given exactly, as
JSON, for scripted models that compute with them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from econsim.agents.llm.history import Past, StepOutcome, amount, per_cent
from econsim.agents.llm.parameters import Parameters
from econsim.llm.questions import FACTS
from econsim.text.wording import Prompt, Wording

__all__ = ["Aim", "Narrator", "rounded"]

Aim = Literal["own", "altruistic", "adversarial"]
PROMPTS = Path(__file__).parent / "prompts"
USUAL_HOURS = 40.0
LAST_PART = 0.9  # share of an episode after which the prompt no longer asks to explore


class _Person(NamedTuple):
    """The common beginning of all questions of one person, and the common beginning of their facts."""

    opening: str
    facts: str


class Narrator:
    """Writes the questions for the workers of one game; ``rules`` is the system prompt common to all of them."""

    def __init__(self, parameters: Parameters, briefing: Mapping[str, Any], key: str) -> None:
        """Render the constant text.

        Args:
            parameters: the parameters of the agent.
            briefing: the game's description of itself; see :class:`econsim.game.TextInterface`.
            key: the scenario key of the agent, for error messages.
        """
        self.parameters, self.briefing = parameters, briefing
        self.cost: Mapping[str, float] | None = briefing["labour_cost"]
        self._wording = Wording(PROMPTS, parameters.wording, f"{key}.wording")
        self._persons: dict[tuple[float, str, Aim], _Person] = {}
        self._cycle = 1 + briefing["steps_per_tax_year"]
        self._exploit_from = LAST_PART * briefing["tax_years"] * self._cycle
        static = self._static()
        self.rules = self._wording.render("rules", **static)
        self._answer = {name: static[name] for name in ("hours_cap", "hours_step", "reasoning")}

    def hours(self, past: Past, now: StepOutcome, persona: str, aim: Aim) -> Prompt:
        """Return the question that asks how many hours to work."""
        person = self._person(now.skill, persona, aim)
        facts = f"{person.facts}{_numbers(now.rates)}}}"
        text = self._wording.render(
            "hours",
            opening=person.opening,
            history="\n".join(past.lines),
            best="\n".join([step.line for step in past.best]),
            step=past.steps + 1,
            rates=per_cent(now.rates),
            cue=self._cue(now.time),
            facts=FACTS + facts,
            **self._answer,
        )
        return Prompt(text, facts, past.lines)

    def satisfaction(self, past: Past, outcome: StepOutcome, line: str, persona: str, aim: Aim) -> Prompt:
        """Return the question that asks whether the worker is satisfied with the step described by ``line``."""
        person = self._person(outcome.skill, persona, aim)
        change = outcome.utility - past.utility
        numbers = {"utility": outcome.utility, "utility_change": change if past.steps else 0.0}
        numbers |= {"income": outcome.income, "tax": outcome.tax, "rebate": outcome.rebate}
        facts = json.dumps({"role": "worker", **{name: rounded(value) for name, value in numbers.items()}})
        text = self._wording.render(
            "satisfaction",
            opening=person.opening,
            line=line,
            change=amount(abs(change)) if past.steps else None,
            gained=change >= 0.0,
            unit=self.briefing["unit"],
            reasoning=self.parameters.reasoning,
            facts=FACTS + facts,
        )
        return Prompt(text, facts)

    def line(self, past: Past, outcome: StepOutcome, worth: float, satisfied: bool | None) -> str:
        """Return the line that describes one step; ``satisfied`` is ``None`` if that question was not asked."""
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
        person = self._persons.get((skill, persona, aim))
        if person is None:
            person = self._persons[skill, persona, aim] = self._introduced(skill, persona, aim)
        return person

    def _introduced(self, skill: float, persona: str, aim: Aim) -> _Person:
        briefing, scale = self.briefing, None
        facts: dict[str, Any] = {"role": "worker", "skill": rounded(skill), "aim": aim}
        facts |= {name: briefing[name] for name in ("hours_cap", "hours_step", "thresholds")}
        if briefing["standard_deduction"]:
            facts["standard_deduction"] = briefing["standard_deduction"]
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
            unit=briefing["unit"],
            welfare=briefing["welfare"],
        )
        return _Person(opening, json.dumps(facts)[:-1] + ', "rates": ')

    def _static(self) -> dict[str, Any]:
        briefing, parameters = self.briefing, self.parameters
        step, deduction = briefing["hours_step"], briefing["standard_deduction"]
        return {
            "unit": briefing["unit"],
            "thresholds": ", ".join(f"{threshold:,.0f}" for threshold in briefing["thresholds"]),
            "standard_deduction": f"{deduction:,.0f}" if deduction else "",
            "hours_cap": f"{briefing['hours_cap']:g}",
            "hours_step": "" if step is None else f"{step:g}",
            "utility": briefing["utility"],
            "steps_per_tax_year": briefing["steps_per_tax_year"],
            "bounded": parameters.bounded,
            "dissatisfied_factor": f"{parameters.dissatisfied_factor:g}",
            "reasoning": parameters.reasoning,
        }


def rounded(value: float) -> float:
    """Round a number to ten significant digits, so that prompts, which are replay keys, agree between machines."""
    return float(f"{value:.10g}")


@lru_cache(maxsize=4096)
def _numbers(rates: tuple[float, ...]) -> str:
    return json.dumps([float(f"{rate:.6g}") for rate in rates])
