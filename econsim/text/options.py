"""Text form of discrete and multi-discrete actions: one or several choices among labels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from econsim.llm.replies import Choice, Choices, Form
from econsim.text.names import listed
from econsim.text.types import KEY, Action, Mask

__all__ = ["OptionText"]

Labels = tuple[str, ...]


@dataclass(frozen=True)
class OptionText:
    """A single unnamed choice (``alone``) or several named ones; implements :class:`~econsim.text.actions.ActionText`.

    ``names`` are the names of several choices, ``options`` the labels of each, ``unit`` the unit of numeric labels.
    ``is_reversed``: the labels of a choice are listed from the last to the first.
    """

    names: Labels
    options: tuple[Labels, ...]
    unit: str
    alone: bool
    is_reversed: bool = False

    @property
    def lines(self) -> list[str]:
        """The options, one line for all choices that have the same options."""
        unit = f" ({self.unit})" if self.unit else ""
        labels = tuple(map(self._ordered, self.options))
        if self.alone:
            return [f"one of{unit}: {listed(labels[0])}"]
        return [f"for each of {names}, one of{unit}: {options}" for names, options in self._grouped(labels)]

    @property
    def example(self) -> str:
        """A placeholder for a label, or an object of placeholders."""
        return json.dumps("LABEL" if self.alone else dict.fromkeys(self.names, "LABEL"))

    def legal(self, mask: Mask) -> list[str]:
        """Return the legal options; empty if every option is legal."""
        if mask is None or all(mask):
            return []
        legal = self._labels(mask, True)
        if self.alone:
            return [listed(legal[0])]
        return [f"{names}: {options}" for names, options in self._grouped(legal)]

    def form(self, mask: Mask, thought: bool = False) -> Form:
        """Return the form of a choice among the legal labels, or of several choices."""
        legal, closed = self._labels(mask, True), self._labels(mask, False)
        if self.alone:
            return Choice(KEY, legal[0], closed[0], thought)
        return Choices(KEY, tuple(map(Choice, self.names, legal, closed)), thought)

    def action(self, value: Any) -> Action:
        """Return the indices of the labels."""
        labels = (value,) if self.alone else value
        return tuple(float(options.index(label)) for options, label in zip(self.options, labels, strict=True))

    def answer(self, action: Action) -> Any:
        """Return the label, or the object of labels."""
        labels = self._labels_of(action)
        return labels[0] if self.alone else dict(zip(self.names, labels, strict=True))

    def named(self, action: Action) -> str:
        """Return the labels."""
        return ", ".join(self._labels_of(action))

    def neutral(self, mask: Mask) -> Action:
        """Return the first legal option of each choice."""
        return tuple(float(flags.index(True)) for flags in self._flags(mask))

    def allows(self, action: Action, mask: Mask) -> bool:
        """Return whether every chosen option is legal."""
        return all(flags[int(option)] for flags, option in zip(self._flags(mask), action, strict=True))

    def _labels_of(self, action: Action) -> list[str]:
        return [labels[int(option)] for labels, option in zip(self.options, action, strict=True)]

    def _flags(self, mask: Mask) -> list[list[bool]]:
        """Return for each choice whether each of its options is legal."""
        counts = [len(options) for options in self.options]
        flags = [True] * sum(counts) if mask is None else list(mask)
        return [flags[sum(counts[:choice]) : sum(counts[: choice + 1])] for choice in range(len(counts))]

    def _labels(self, mask: Mask, legal: bool) -> tuple[Labels, ...]:
        """Return for each choice its legal labels, or the others if ``legal`` is false."""
        return tuple(
            self._ordered(tuple(label for label, flag in zip(options, flags, strict=True) if flag == legal))
            for options, flags in zip(self.options, self._flags(mask), strict=True)
        )

    def _ordered(self, labels: Labels) -> Labels:
        return labels[::-1] if self.is_reversed else labels

    def _grouped(self, options: Sequence[Labels]) -> list[tuple[str, str]]:
        """Return, for each distinct set of options, the names of the choices that have it and the options."""
        names: dict[Labels, list[str]] = {}
        for name, labels in zip(self.names, options, strict=True):
            names.setdefault(labels, []).append(name)
        return [(listed(choices), listed(labels)) for labels, choices in names.items()]
