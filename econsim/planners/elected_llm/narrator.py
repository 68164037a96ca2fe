"""Prompts of an election: economy and voting rule, the candidates' platforms, and the record of past winners."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from econsim.agents.llm.history import amount, per_cent
from econsim.agents.llm.narrator import rounded
from econsim.llm.questions import FACTS
from econsim.mechanisms.voting import RuleName
from econsim.planners.elected_llm.parameters import Parameters
from econsim.text.wording import Prompt, Wording

__all__ = ["ANSWERS", "Narrator", "Offer", "Person", "Term"]

Rates = tuple[float, ...]
PROMPTS = Path(__file__).parent / "prompts"
ANSWERS = {"name": "vote", "names": "approve", "order": "ranking"}
"""The key of the reply to a vote, by the kind of ballot that the rule uses."""
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
    """The choice of voters: the platform of each candidate, and every person's utility if that candidate wins."""

    promised: tuple[Rates, ...]
    utility: list[list[float]]  # [C][N]


class Person(NamedTuple):
    """The facts about a person in its prompts."""

    potential_income: float | None
    income: float
    utility: float
    persona: str


class Term(NamedTuple):
    """An earlier election: tax year, winner, the winner's share of first choices, its platform and announced rates."""

    year: int
    winner: str
    support: float
    promised: Rates
    announced: Rates


class Narrator:
    """Writes the questions of one election in one game; ``names`` are the names of the candidates."""

    def __init__(
        self,
        parameters: Parameters,
        briefing: Mapping[str, Any],
        people: int,
        names: Sequence[str],
        asks: str,
        lowest: float = 0.0,
    ) -> None:
        """Render the constant text.

        ``asks`` is the kind of ballot that the rule uses, ``lowest`` the lowest tax rate that may be written, on the
        grid.
        """
        self.lowest = lowest
        self.parameters, self.briefing, self.names, self.asks = parameters, briefing, tuple(names), asks
        self._wording = Wording(PROMPTS, parameters.wording, "planner.wording")
        static = self._static(people)
        answer = ("asks", "brackets", "count", "grid", "lowest", "highest", "reasoning")
        self._answer = {name: static[name] for name in answer}
        self.rules = {
            purpose: self._wording.render("rules", **static, purpose=purpose) for purpose in ("vote", "rates")
        }

    def vote(self, who: Person, place: int, offer: Offer, terms: Sequence[Term], rates: Rates) -> Prompt:
        """Return the question that asks the person with index ``place`` for its ballot."""
        utilities = [rounded(of_candidate[place]) for of_candidate in offer.utility]
        candidates = [
            f"{name}: {per_cent(promised)} %{self._worth(worth, terms, who)}"
            for name, promised, worth in zip(self.names, offer.promised, utilities, strict=True)
        ]
        entries = [
            {"name": name, "rates": promised} | ({"utility": worth} if self.parameters.informed else {})
            for name, promised, worth in zip(self.names, offer.promised, utilities, strict=True)
        ]
        facts = {"role": "voter", "key": ANSWERS[self.asks], "rates": rates, "candidates": entries}
        more = {"name": f"worker_{place}", "candidates": "\n".join(candidates)}
        return self._question("vote", who, terms, rates, facts, **more)

    def rates(
        self,
        purpose: Literal["platform", "rates"],
        name: str,
        who: Person,
        best: Rates,
        terms: Sequence[Term],
        now: Rates,
    ) -> Prompt:
        """Return the question that asks for a candidate's platform or a winner's rates; ``best`` are its best rates."""
        parameters = self.parameters
        facts = {
            "role": "candidate",
            "purpose": purpose,
            "thresholds": self.briefing["thresholds"],
            "rates": now,
            "grid": parameters.grid,
            "highest": parameters.highest,
            **({"lowest": self.lowest} if self.lowest < 0 else {}),
            **({"best_for_you": [rounded(rate) for rate in best]} if parameters.informed else {}),
        }
        more = {"name": name, "elected": purpose == "rates", "binding": parameters.binding}
        best_text = per_cent(best) if parameters.informed else ""
        return self._question("rates", who, terms, now, facts, best=best_text, **more)

    def _question(
        self, template: str, who: Person, terms: Sequence[Term], rates: Rates, facts: Mapping[str, Any], **more: Any
    ) -> Prompt:
        recent = terms[len(terms) - self.parameters.history :] if self.parameters.history < len(terms) else terms
        numbers, lines = json.dumps(facts), tuple(map(_line, recent))
        text = self._wording.render(
            template,
            persona=who.persona,
            potential_income="" if who.potential_income is None else amount(who.potential_income),
            income=amount(who.income) if terms else "",
            utility=amount(who.utility) if terms else "",
            unit=self.briefing["unit"],
            year=len(terms) + 1,
            rates=per_cent(rates),
            history="\n".join(lines),
            facts=FACTS + numbers,
            **self._answer,
            **more,
        )
        return Prompt(text, numbers, lines)

    def _worth(self, worth: float, terms: Sequence[Term], who: Person) -> str:
        if not self.parameters.informed:
            return ""
        change = f", {worth - who.utility:+,.0f} against last year" if terms else ""
        return f"; would bring you a utility of about {amount(worth)}{change}"

    def _static(self, people: int) -> dict[str, Any]:
        briefing, parameters = self.briefing, self.parameters
        return {
            "people": f"{people:,}",
            "unit": briefing["unit"],
            "tax_years": briefing["tax_years"],
            "thresholds": ", ".join(f"{threshold:,.0f}" for threshold in briefing["thresholds"]),
            "brackets": 1 if parameters.schedule == "flat" else len(briefing["thresholds"]),
            "utility": briefing["utility"],
            "rule": _IN_WORDS[parameters.rule],
            "binding": parameters.binding,
            "asks": self.asks,
            "key": ANSWERS[self.asks],
            "candidates": ", ".join(self.names),
            "count": len(self.names),
            "grid": f"{parameters.grid:g}",
            "highest": f"{parameters.highest:g}",
            "lowest": f"{self.lowest:g}",
            "subsidies": self.lowest < 0,
            "reasoning": parameters.reasoning,
        }


def _line(term: Term) -> str:
    line = f"year {term.year}: {term.winner} won, first choice of {100 * term.support:.0f} %"
    if term.promised == term.announced:
        return f"{line}; rates {per_cent(term.announced)} %"
    return f"{line}; promised {per_cent(term.promised)} %, announced {per_cent(term.announced)} %"
