"""Memory of a language-model worker: a line for each of its last steps, and its best steps. Memories are immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from torch import Tensor

__all__ = ["Past", "Step", "StepOutcome", "amount", "outcomes", "per_cent"]

_COLUMNS = ("time", "skill", "hours", "income", "tax", "rebate", "utility", "welfare")


class StepOutcome(NamedTuple):
    """State of one worker and outcome of its last working step; money is in the unit of the game."""

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
    """A step remembered as one of the best: its value to the worker, the hours, and its line in the prompt."""

    worth: float
    hours: float
    line: str


@dataclass(frozen=True, slots=True)
class Past:
    """Memory of one worker.

    ``lines`` describe the last steps, oldest first; ``best`` holds the best distinct steps, best first; ``hours``,
    ``worth``, ``utility`` and ``rates`` are those of the last step; ``satisfied`` is the last answer to that question;
    ``steps`` is the number of all steps.
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
        """Return the memory after one more step; it keeps at most ``history`` lines and ``best`` best steps."""
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
        """Return whether hours were ``too high`` or ``too low``; empty if hours or value did not change, or rates did.

        Hours count as too high if more hours had a lower value, or if fewer hours had a higher one.
        """
        if self.hours is None or hours == self.hours or rates != self.rates or worth == self.worth:
            return ""
        return "too high" if (hours > self.hours) == (worth < self.worth) else "too low"


def outcomes(facts: Mapping[str, Tensor]) -> list[StepOutcome]:
    """Return the facts ``[B, N]`` as one outcome per worker, ordered by environment copy and then by worker."""
    columns = [facts[name].double().flatten().tolist() for name in _COLUMNS]
    workers = facts["skill"].shape[1]
    rates = [tuple(row) for row in facts["rates"][:, 0].double().tolist() for _ in range(workers)]
    return [StepOutcome(int(time), *rest) for time, *rest in zip(*columns, rates, strict=True)]


def amount(value: float) -> str:
    """Format a number: without decimals from 1,000 on, otherwise with four significant digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


@lru_cache(maxsize=4096)
def per_cent(rates: tuple[float, ...]) -> str:
    """Format rates in per cent, rounded to one decimal."""
    return " ".join(f"{100 * rate:.1f}".removesuffix(".0") for rate in rates)


def _with_best(best: tuple[Step, ...], step: Step, most: int) -> tuple[Step, ...]:
    """Return at most ``most`` best distinct steps after one more step, best first and, among equals, oldest first."""
    if most == 0 or (len(best) == most and step.worth <= best[-1].worth):
        return best
    if any(step.worth == other.worth and step.hours == other.hours for other in best):
        return best
    return tuple(sorted((*best, step), key=lambda kept: -kept.worth)[:most])
