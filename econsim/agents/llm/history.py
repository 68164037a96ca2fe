"""What a worker remembers: a line for each of its last steps, and its best ones. Memories never change in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from torch import Tensor

__all__ = ["Past", "Step", "StepOutcome", "amount", "outcomes", "per_cent"]

_COLUMNS = ("time", "skill", "hours", "income", "tax", "rebate", "utility", "welfare")


class StepOutcome(NamedTuple):
    """What one worker is told of itself and of its last working step; money in the game's unit."""

    time: int
    skill: float
    hours: float
    income: float
    tax: float
    rebate: float
    utility: float
    welfare: float
    rates: tuple[float, ...]


class Step(NamedTuple):
    """A step that a worker remembers as one of its best: what it was worth, the hours, and its line."""

    worth: float
    hours: float
    line: str


@dataclass(frozen=True, slots=True)
class Past:
    """One worker's memory.

    ``lines`` are the last steps, the oldest first; ``best`` the best different ones, the best first; ``hours``,
    ``worth``, ``utility`` and ``rates`` are those of the very last; ``satisfied`` is the last answer to that question;
    ``steps`` counts all.
    """

    lines: tuple[str, ...] = ()
    best: tuple[Step, ...] = ()
    hours: float | None = None
    worth: float = 0.0
    utility: float = 0.0
    rates: tuple[float, ...] = ()
    satisfied: bool = True
    steps: int = 0

    def with_step(
        self, outcome: StepOutcome, worth: float, line: str, satisfied: bool, history: int, best: int
    ) -> Past:
        """Return the memory after one more step; ``history`` lines and the ``best`` steps are kept."""
        lines = (*self.lines, line)[-history:] if history else ()
        return Past(
            lines,
            _with_best(self.best, Step(worth, outcome.hours, line), best),
            outcome.hours,
            worth,
            outcome.utility,
            outcome.rates,
            satisfied,
            self.steps + 1,
        )

    def verdict(self, hours: float, worth: float, rates: tuple[float, ...]) -> str:
        """Return whether a change of hours paid: ``too high`` or ``too low``; empty without a change, or of rates too.

        More hours that were worth less, or fewer that were worth more, say that hours were too high.
        """
        if self.hours is None or hours == self.hours or rates != self.rates or worth == self.worth:
            return ""
        return "too high" if (hours > self.hours) == (worth < self.worth) else "too low"


def outcomes(facts: Mapping[str, Tensor]) -> list[StepOutcome]:
    """Return the facts ``[B, N]`` of all workers, those of the first copy first."""
    columns = [facts[name].double().flatten().tolist() for name in _COLUMNS]
    workers = facts["skill"].shape[1]
    rates = [tuple(row) for row in facts["rates"][:, 0].double().tolist() for _ in range(workers)]
    return [StepOutcome(int(time), *rest) for time, *rest in zip(*columns, rates, strict=True)]


def amount(value: float) -> str:
    """Return a number for reading: whole from 1,000 on, else with four digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


@lru_cache(maxsize=4096)
def per_cent(rates: tuple[float, ...]) -> str:
    """Return rates in per cent, to a tenth."""
    return " ".join(f"{100 * rate:.1f}".removesuffix(".0") for rate in rates)


def _with_best(best: tuple[Step, ...], step: Step, most: int) -> tuple[Step, ...]:
    """Return the best different steps after one more, at most ``most``, the best first, older ones before equals."""
    if most == 0 or (len(best) == most and step.worth <= best[-1].worth):
        return best
    if any(step.worth == other.worth and step.hours == other.hours for other in best):
        return best
    return tuple(sorted((*best, step), key=lambda kept: -kept.worth)[:most])
