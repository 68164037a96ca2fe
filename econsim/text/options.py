"""Choices among labels in words: discrete actions, and several choices at once."""

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
    """One choice (``alone``, without a name), or several; an :class:`~econsim.text.actions.ActionText`.

    ``names`` are those of several choices, ``options`` the labels of each, ``unit`` what numbers among them stand for.
    """

    names: Labels
    options: tuple[Labels, ...]
    unit: str
    alone: bool

    @property
    def lines(self) -> list[str]:
        """What a player may choose from, one line for all choices that have the same options."""
        unit = f" ({self.unit})" if self.unit else ""
        if self.alone:
            return [f"one of{unit}: {listed(self.options[0])}"]
        return [f"for each of {names}, one of{unit}: {options}" for names, options in self._grouped(self.options)]

    @property
    def example(self) -> str:
        """A label, or an object of labels."""
        return json.dumps("LABEL" if self.alone else dict.fromkeys(self.names, "LABEL"))

    def legal(self, mask: Mask) -> list[str]:
        """Return what is legal now; nothing where everything is."""
        if mask is None or all(mask):
            return []
        legal = self._labels(mask, True)
        if self.alone:
            return [listed(legal[0])]
        return [f"{names}: {options}" for names, options in self._grouped(legal)]

    def form(self, mask: Mask, thought: bool = False) -> Form:
        """Return a choice among the legal labels, or several."""
        legal, closed = self._labels(mask, True), self._labels(mask, False)
        if self.alone:
            return Choice(KEY, legal[0], closed[0], thought)
        return Choices(KEY, tuple(map(Choice, self.names, legal, closed)), thought)

    def action(self, value: Any) -> Action:
        """Return the places of the labels."""
        labels = (value,) if self.alone else value
        return tuple(float(options.index(label)) for options, label in zip(self.options, labels, strict=True))

    def answer(self, action: Action) -> Any:
        """Return the label, or the object of labels."""
        labels = self._chosen(action)
        return labels[0] if self.alone else dict(zip(self.names, labels, strict=True))

    def named(self, action: Action) -> str:
        """Return the labels."""
        return ", ".join(self._chosen(action))

    def neutral(self, mask: Mask) -> Action:
        """Return the first legal option of each choice."""
        return tuple(float(flags.index(True)) for flags in self._flags(mask))

    def allows(self, action: Action, mask: Mask) -> bool:
        """Return whether every option is legal now."""
        return all(flags[int(option)] for flags, option in zip(self._flags(mask), action, strict=True))

    def _chosen(self, action: Action) -> list[str]:
        return [labels[int(option)] for labels, option in zip(self.options, action, strict=True)]

    def _flags(self, mask: Mask) -> list[list[bool]]:
        """Return for each choice which of its options are legal."""
        counts = [len(options) for options in self.options]
        flags = [True] * sum(counts) if mask is None else list(mask)
        return [flags[sum(counts[:choice]) : sum(counts[: choice + 1])] for choice in range(len(counts))]

    def _labels(self, mask: Mask, legal: bool) -> tuple[Labels, ...]:
        """Return for each choice the labels that are legal, or those that are not."""
        return tuple(
            tuple(label for label, flag in zip(options, flags, strict=True) if flag == legal)
            for options, flags in zip(self.options, self._flags(mask), strict=True)
        )

    def _grouped(self, options: Sequence[Labels]) -> list[tuple[str, str]]:
        """Return the names of the choices that have the same options, and these options."""
        names: dict[Labels, list[str]] = {}
        for name, labels in zip(self.names, options, strict=True):
            names.setdefault(labels, []).append(name)
        return [(listed(each), listed(labels)) for labels, each in names.items()]
