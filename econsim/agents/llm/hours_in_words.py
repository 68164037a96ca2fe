"""Hours of work in words, for the memories of workers: what a worker knows when it chooses, and its choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from econsim.agents.llm.history import StepOutcome, amount, per_cent
from econsim.text import Action

__all__ = ["HoursInWords"]

_OUTCOMES = ("income", "tax", "rebate", "utility")
_LONGEST_HOURS = 12  # characters


@dataclass(frozen=True)
class HoursInWords:
    """The role of workers who choose hours; see :class:`econsim.agents.llm.memory.recollection.Described`."""

    rules: str
    name: str
    brackets: int
    longest_choice: int = _LONGEST_HOURS
    counts_turns: bool = True

    @property
    def size(self) -> int:
        """The number of tax rates and of outcomes of the last step."""
        return self.brackets + len(_OUTCOMES)

    @staticmethod
    def numbers(now: StepOutcome) -> list[float]:
        """Return what a worker observes: the tax rates now, and the outcome of its last step."""
        return [*now.rates, *(float(getattr(now, name)) for name in _OUTCOMES)]

    def observed(self, numbers: Sequence[float]) -> list[tuple[str, str]]:
        """Return the tax rates and the outcome of the last step, each with its numbers in words."""
        rates, outcomes = tuple(numbers[: self.brackets]), numbers[self.brackets :]
        pairs = [(f"last {name}", amount(value)) for name, value in zip(_OUTCOMES, outcomes, strict=True)]
        return [("tax rates in per cent", per_cent(rates)), *pairs]

    def named(self, action: Action) -> str:
        """Return hours in words."""
        return f"{action[0]:g} hours"
