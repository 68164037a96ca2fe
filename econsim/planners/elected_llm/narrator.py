"""Putting an election into words: country and rule, who stands with what, and what became of earlier winners."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from econsim.agents.llm.history import amount, per_cent
from econsim.agents.llm.narrator import rounded
from econsim.mechanisms.voting import RuleName
from econsim.planners.elected_llm.parameters import Parameters
from econsim.text.wording import FACTS, Wording

__all__ = ["ANSWERS", "Narrator", "Offer", "Person", "Term"]

Rates = tuple[float, ...]
PROMPTS = Path(__file__).parent / "prompts"
ANSWERS = {"name": "vote", "names": "approve", "order": "ranking"}
"""The key of a vote's reply, by what the rule asks for."""
_IN_WORDS: Mapping[RuleName, str] = {
    "plurality": "Everybody names one candidate; who is named most often wins.",
    "approval": "Everybody approves of as many candidates as they like; who is approved most often wins.",
    "borda": "Everybody ranks all candidates; who wins the most comparisons of two, over all voters, wins.",
    "ranked_choice": "Everybody ranks all candidates; round by round, who comes first least often is struck out.",
    "minimax": "Everybody ranks all candidates; who beats all others in pairs wins, or else who loses least clearly.",
    "maximal_lottery": "Everybody ranks all candidates; who beats all others in pairs wins, or else a fair lottery.",
    "median": "Everybody names one candidate; candidates stand in a line, and the median of those named wins.",
}


class Offer(NamedTuple):
    """What voters choose among: a promise for each candidate, and what its victory would bring each person."""

    promised: tuple[Rates, ...]
    utility: list[list[float]]  # [C][N]


class Person(NamedTuple):
    """What a person is told of itself."""

    potential_income: float | None
    income: float
    utility: float
    persona: str


class Term(NamedTuple):
    """An earlier election: its tax year, who won with which share of first choices, what it promised and announced."""

    year: int
    winner: str
    support: float
    promised: Rates
    announced: Rates


class Narrator:
    """Writes the questions of one election in one game; ``names`` are the candidates'."""

    def __init__(
        self, parameters: Parameters, briefing: Mapping[str, Any], people: int, names: Sequence[str], asks: str
    ) -> None:
        """Write what stays the same; ``asks`` is what the rule asks voters for."""
        self.parameters, self.briefing, self.names, self.asks = parameters, briefing, tuple(names), asks
        self._wording = Wording(PROMPTS, parameters.wording, "planner.wording")
        static = self._static(people)
        self.rules = {
            purpose: self._wording.render("rules", **static, purpose=purpose) for purpose in ("vote", "rates")
        }

    def vote(self, who: Person, place: int, offer: Offer, terms: Sequence[Term], rates: Rates) -> str:
        """Return the question whom the person at ``place`` votes for."""
        utilities = [rounded(of_all[place]) for of_all in offer.utility]
        candidates = [
            f"{name}: {per_cent(promised)} %{self._worth(worth, terms, who)}"
            for name, promised, worth in zip(self.names, offer.promised, utilities, strict=True)
        ]
        told = [
            {"name": name, "rates": promised} | ({"utility": worth} if self.parameters.informed else {})
            for name, promised, worth in zip(self.names, offer.promised, utilities, strict=True)
        ]
        facts = {"role": "voter", "key": ANSWERS[self.asks], "rates": rates, "candidates": told}
        own = {"name": f"worker_{place}", "candidates": "\n".join(candidates)}
        return self._question("vote", who, terms, rates, facts, **own)

    def rates(
        self,
        purpose: Literal["platform", "rates"],
        name: str,
        who: Person,
        best: Rates,
        terms: Sequence[Term],
        now: Rates,
    ) -> str:
        """Return the question which rates a candidate promises, or a winner announces; ``best`` is best for it."""
        chosen = self.parameters
        facts = {
            "role": "candidate",
            "purpose": purpose,
            "thresholds": self.briefing["thresholds"],
            "rates": now,
            "grid": chosen.grid,
            "highest": chosen.highest,
            **({"best_for_you": [rounded(rate) for rate in best]} if chosen.informed else {}),
        }
        given = {"name": name, "elected": purpose == "rates", "binding": chosen.binding}
        told = per_cent(best) if chosen.informed else ""
        return self._question("rates", who, terms, now, facts, best=told, **given)

    def _question(
        self, template: str, who: Person, terms: Sequence[Term], rates: Rates, facts: Mapping[str, Any], **more: Any
    ) -> str:
        recent = terms[len(terms) - self.parameters.history :] if self.parameters.history < len(terms) else terms
        return self._wording.render(
            template,
            persona=who.persona,
            potential_income="" if who.potential_income is None else amount(who.potential_income),
            income=amount(who.income) if terms else "",
            utility=amount(who.utility) if terms else "",
            unit=self.briefing["unit"],
            year=len(terms) + 1,
            rates=per_cent(rates),
            history="\n".join(map(_line, recent)),
            facts=FACTS + json.dumps(facts),
            **more,
        )

    def _worth(self, worth: float, terms: Sequence[Term], who: Person) -> str:
        if not self.parameters.informed:
            return ""
        change = f", {worth - who.utility:+,.0f} against last year" if terms else ""
        return f"; would bring you a utility of about {amount(worth)}{change}"

    def _static(self, people: int) -> dict[str, Any]:
        told, chosen = self.briefing, self.parameters
        return {
            "people": f"{people:,}",
            "unit": told["unit"],
            "tax_years": told["tax_years"],
            "thresholds": ", ".join(f"{threshold:,.0f}" for threshold in told["thresholds"]),
            "brackets": 1 if chosen.schedule == "flat" else len(told["thresholds"]),
            "utility": told["utility"],
            "rule": _IN_WORDS[chosen.rule],
            "binding": chosen.binding,
            "asks": self.asks,
            "key": ANSWERS[self.asks],
            "candidates": ", ".join(self.names),
            "count": len(self.names),
            "grid": f"{chosen.grid:g}",
            "highest": f"{chosen.highest:g}",
            "reasoning": chosen.reasoning,
        }


def _line(term: Term) -> str:
    line = f"year {term.year}: {term.winner} won, first choice of {100 * term.support:.0f} %"
    if term.promised == term.announced:
        return f"{line}; rates {per_cent(term.announced)} %"
    return f"{line}; promised {per_cent(term.promised)} %, announced {per_cent(term.announced)} %"
