"""Origin of a scenario's keys: which were given with the command, and which the scenario's own file holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

__all__ = ["Origin"]


@dataclass(frozen=True)
class Origin:
    """Where the keys of a scenario were written, as far as it matters.

    Attributes:
        commanded: the dotted keys of overrides, with what they are called in messages (``command line``).
        training_of_file: where the scenario's own file says ``training``; ``None`` where it inherits it or says none.
        claimed_elsewhere: the same keys were given for several scenarios, and another of them uses them.
    """

    commanded: Mapping[str, str] = field(default_factory=dict)
    training_of_file: str | None = None
    claimed_elsewhere: bool = False

    def with_commands(self, commanded: Mapping[str, str]) -> Origin:
        """Return the origin after more overrides."""
        return replace(self, commanded={**self.commanded, **commanded})
