"""Prompts of a language-model planner: rules, lessons, past and best tax years, the population, and the task."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from operator import mul
from pathlib import Path
from typing import Any

from econsim.agents.llm.history import amount
from econsim.agents.llm.narrator import rounded
from econsim.llm.questions import FACTS
from econsim.planners.llm.history import Past, Report, Year, histogram
from econsim.planners.llm.parameters import Parameters
from econsim.text.wording import Prompt, Wording

__all__ = ["PlannerNarrator"]

PROMPTS = Path(__file__).parent / "prompts"
LAST_PART = 0.9  # share of the tax years after which the prompt no longer asks to explore
_BINS = 10


class PlannerNarrator:
    """Writes the questions for the planner of one game; ``rules`` is the system prompt."""

    def __init__(
        self,
        parameters: Parameters,
        briefing: Mapping[str, Any],
        people: int,
        lessons: Sequence[str],
        lowest: float = 0.0,
    ) -> None:
        """Render the constant text.

        Args:
            parameters: of the planner.
            briefing: the facts about the economy.
            people: number of people.
            lessons: short sentences learned in earlier episodes.
            lowest: the lowest tax rate that may be announced, on the grid.
        """
        self.parameters, self.briefing, self.lowest = parameters, briefing, lowest
        self.lessons = "\n".join(f"{number}. {lesson}" for number, lesson in enumerate(lessons, 1))
        self._wording = Wording(PROMPTS, parameters.wording, "planner.wording")
        static = self._static(people)
        self.rules = self._wording.render("rules", **static)
        self._answer = {name: static[name] for name in ("brackets", "grid", "lowest", "highest", "reasoning")}

    def question(self, past: Past, now: Report) -> Prompt:
        """Return the question that asks which rates to announce."""
        years, parameters = past.years, self.parameters
        first = max(0, len(years) - parameters.history)
        cue = self._cue(len(years) + 1)
        facts = json.dumps(self._facts(past, now, first, cue))
        lines = tuple(self._line(past, place) for place in range(first, len(years)))
        text = self._wording.render(
            "rates",
            lessons=self.lessons,
            history="\n".join(lines),
            best="\n".join(self._plain_line(year) for year in past.top(parameters.best)),
            incomes=self._incomes(now) if years and parameters.histograms else "",
            utilities=self._utilities(now) if years and parameters.histograms else "",
            year=len(years) + 1,
            tax_years=self.briefing["tax_years"],
            rates=_rates(now.rates),
            cue=cue,
            untouched=past.untouched() if len(years) > 1 else [],
            facts=FACTS + facts,
            **self._answer,
        )
        return Prompt(text, facts, lines)

    def _facts(self, past: Past, now: Report, first: int, cue: str) -> dict[str, Any]:
        parameters, best = self.parameters, past.best
        return {
            "role": "planner",
            "thresholds": self.briefing["thresholds"],
            "rates": now.rates,
            "grid": parameters.grid,
            "highest": parameters.highest,
            **({"lowest": self.lowest} if self.lowest < 0 else {}),
            "largest_move": parameters.largest_move,
            "tax_year": len(past.years) + 1,
            "tax_years": self.briefing["tax_years"],
            "exploit": cue == "exploit",
            "history": [_entry(year) for year in past.years[first:]],
            "best": None if best is None else _entry(best),
        }

    def _line(self, past: Past, place: int) -> str:
        line = self._plain_line(past.years[place])
        verdicts = past.verdicts(place) if self.parameters.hint else []
        hint = ", ".join(f"bracket {bracket} {verdict}" for bracket, verdict in verdicts)
        return f"{line}; seems {hint}" if hint else line

    def _plain_line(self, year: Year) -> str:
        return f"year {year.number}: rates {_rates(year.rates)}, welfare {amount(year.welfare)}"

    def _incomes(self, now: Report) -> str:
        return histogram(now.incomes, self.briefing["thresholds"], self.briefing["unit"], now.people)

    def _utilities(self, now: Report) -> str:
        low, high = min(now.utilities), max(now.utilities)
        width = (high - low) / _BINS or 1.0
        edges = [low + width * index for index in range(_BINS + 1)]
        counts = [0.0] * _BINS
        for value, people in zip(now.utilities, now.people, strict=True):
            counts[min(bisect_right(edges, value) - 1, _BINS - 1)] += people
        mean = sum(map(mul, now.people, now.utilities)) / sum(now.people)
        in_parts = " ".join(f"{count:.0f}" for count in counts)
        spread = f"from {amount(low)} to {amount(high)} in ten equal parts: {in_parts} people"
        return f"{spread}; mean {amount(mean)}, median {amount(_median(now.utilities, now.people))}"

    def _cue(self, year: int) -> str:
        if self.parameters.cue != "timed":
            return self.parameters.cue
        last = year == self.briefing["tax_years"]
        return "exploit" if last or year > LAST_PART * self.briefing["tax_years"] else "explore"

    def _static(self, people: int) -> dict[str, Any]:
        briefing, parameters = self.briefing, self.parameters
        deduction, largest_move = briefing["standard_deduction"], parameters.largest_move
        return {
            "people": f"{people:,}",
            "unit": briefing["unit"],
            "tax_years": briefing["tax_years"],
            "thresholds": ", ".join(f"{threshold:,.0f}" for threshold in briefing["thresholds"]),
            "standard_deduction": f"{deduction:,.0f}" if deduction else "",
            "brackets": len(briefing["thresholds"]),
            "welfare": briefing["welfare"],
            "grid": f"{parameters.grid:g}",
            "highest": f"{parameters.highest:g}",
            "lowest": f"{self.lowest:g}",
            "subsidies": self.lowest < 0,
            "largest_move": "" if largest_move is None else f"{largest_move:g}",
            "reasoning": parameters.reasoning,
        }


def _median(values: list[float], people: list[float]) -> float:
    """Return the value of the person in the middle, the upper one of two."""
    ranked = sorted(zip(values, people, strict=True))
    up_to = list(accumulate(weight for _, weight in ranked))
    return ranked[bisect_right(up_to, up_to[-1] / 2)][0]


def _entry(year: Year) -> dict[str, Any]:
    return {"rates": year.rates, "welfare": rounded(year.welfare)}


def _rates(rates: tuple[float, ...]) -> str:
    return "[" + ", ".join(f"{rate:g}" for rate in rates) + "]"
