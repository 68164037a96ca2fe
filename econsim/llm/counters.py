"""Counts of the outcomes of a run's questions, by purpose."""

from __future__ import annotations

import collections
from dataclasses import dataclass, field
from typing import Any

from econsim.llm.budget import Cost
from econsim.llm.failures import TooManyFailures
from econsim.llm.questions import Answer, Outcome

__all__ = ["Counter"]

_FEWEST = 20  # questions before the share of failures is checked while a run goes on
_MOST_REASONS = 5  # that are reported for an outcome
_VARIES = ", found "  # what follows it differs from reply to reply; see econsim.llm.json_extraction.NotRead


@dataclass
class Counter:
    """Counts for one purpose.

    ``questions``: all questions. ``shared``: those identical to another question of the same batch, which share its
    answer. ``asked_again``: questions repeated after a reply that could not be parsed. ``unanswered``: questions that
    the endpoint never answered. ``shortened``: questions whose history was shortened to fit the model's context.
    ``reasons``: how often a reply was repaired, or failed, for each reason. ``cost``: the
    cost of paid calls over all sessions of the run.
    """

    questions: int = 0
    shared: int = 0
    asked_again: int = 0
    unanswered: int = 0
    shortened: int = 0
    clean: int = 0
    repaired: int = 0
    failed: int = 0
    cost: Cost = field(default_factory=Cost)
    reasons: dict[Outcome, collections.Counter[str]] = field(default_factory=dict)

    @property
    def repaired_share(self) -> float:
        """Share of questions whose answer is unambiguous, but not in the requested form."""
        return self.repaired / self.questions if self.questions else 0.0

    @property
    def failure_share(self) -> float:
        """Share of questions without an answer that could be parsed."""
        return self.failed / self.questions if self.questions else 0.0

    @property
    def from_store(self) -> int:
        """Number of questions answered from the response store, without a call."""
        return max(0, self.questions + self.asked_again - self.shared - self.unanswered - self.cost.calls)

    def asked(self, is_first: bool, is_answered: bool) -> None:
        """Count the source of one answer; ``is_first``: the question is the first of its identical questions."""
        self.shared += not is_first
        self.unanswered += is_first and not is_answered

    def count(self, answer: Answer) -> None:
        """Count the outcome of one question."""
        self.questions += 1
        self.shortened += answer.envelope.left_out > 0
        setattr(self, answer.outcome, getattr(self, answer.outcome) + 1)
        if answer.reason:
            self.reasons.setdefault(answer.outcome, collections.Counter())[answer.reason.partition(_VARIES)[0]] += 1

    def check(self, purpose: str, bound: float, at_end: bool = False) -> None:
        """Raise :class:`TooManyFailures` if a larger share than ``bound`` failed.

        A share of few questions says little about those to come, but at the end there are none to come: then any number
        of questions is checked.
        """
        if self.failure_share > bound and (at_end or self.questions >= _FEWEST):
            ((reason, count),) = self.reasons["failed"].most_common(1)
            raise TooManyFailures(
                f"{purpose or 'llm'}: {self.failed:,} of {self.questions:,} replies could not be used"
                f" ({self.failure_share:.0%}, allowed are {bound:.0%}). The most frequent reason ({count:,} times):"
                f" {reason}. Choose another model, or raise llm.failure_share"
            )

    def plain(self) -> dict[str, Any]:
        """Return the counts as a dictionary that can be written as JSON."""
        return {
            "questions": self.questions,
            "calls": self.cost.calls,
            "from_store": self.from_store,
            "shared": self.shared,
            "asked_again": self.asked_again,
            "unanswered": self.unanswered,
            "shortened": self.shortened,
            "clean": self.clean,
            "repaired": self.repaired,
            "failed": self.failed,
            "repaired_share": self.repaired_share,
            "failure_share": self.failure_share,
            "reasons": {outcome: dict(counts.most_common(_MOST_REASONS)) for outcome, counts in self.reasons.items()},
            "input_tokens": self.cost.input_tokens,
            "output_tokens": self.cost.output_tokens,
            "usd": None if self.cost.unpriced else self.cost.usd,
        }
