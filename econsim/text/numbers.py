"""Text form of box actions: numbers within bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from econsim.game import Box
from econsim.llm.replies import Amount, Amounts, Form
from econsim.text.names import listed
from econsim.text.types import KEY, Action, Mask

__all__ = ["NumberText"]


@dataclass(frozen=True)
class NumberText:
    """A number or a list of named numbers; implements :class:`~econsim.text.actions.ActionText`."""

    box: Box
    names: tuple[str, ...]
    unit: str

    @property
    def lines(self) -> list[str]:
        """The range of the numbers."""
        unit = f" ({self.unit})" if self.unit else ""
        if not self.box.shape:
            return [f"a number{_range(self.box)}{unit}"]
        return [f"a list of {self.box.size} numbers{_range(self.box)}{unit}, in the order {listed(self.names)}"]

    @property
    def example(self) -> str:
        """A placeholder for a number, or a list of placeholders."""
        return f"[{', '.join(['NUMBER'] * self.box.size)}]" if self.box.shape else "NUMBER"

    def legal(self, mask: Mask) -> list[str]:
        """Return an empty list, since a box has no mask."""
        return []

    def form(self, mask: Mask, thought: bool = False) -> Form:
        """Return the form of an amount within the bounds, or of a list of amounts."""
        low, high = self.box.low, self.box.high
        if self.box.shape:
            return Amounts(KEY, self.box.size, low, high, thought=thought, names=self.names)
        return Amount(KEY, low, high, thought=thought)

    def action(self, value: Any) -> Action:
        """Return the numbers of the reply."""
        return tuple(value) if self.box.shape else (value,)

    def answer(self, action: Action) -> Any:
        """Return the number, or the list of numbers."""
        return list(action) if self.box.shape else action[0]

    def named(self, action: Action) -> str:
        """Return the numbers with four significant digits."""
        return " ".join(f"{number:.4g}" for number in action)

    def neutral(self, mask: Mask) -> Action:
        """Return the numbers within the bounds that are closest to zero."""
        return (min(max(0.0, self.box.low), self.box.high),) * self.box.size

    def allows(self, action: Action, mask: Mask) -> bool:
        """Return whether all numbers are within the bounds."""
        return all(self.box.low <= number <= self.box.high for number in action)


def _range(box: Box) -> str:
    low = f" from {box.low:g}" if math.isfinite(box.low) else ""
    if math.isfinite(box.high):
        return f"{low} to {box.high:g}" if low else f" of at most {box.high:g}"
    return f"{low} up" if low else ""
