"""Origin of a scenario's keys: overrides of the command, the scenario's own file, or an inherited file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

__all__ = ["Origin"]


@dataclass(frozen=True)
class Origin:
    """The origin of a scenario's keys, as far as it is needed.

    Attributes:
        commanded: the dotted keys of overrides, each with the name of its origin in messages (``command line``).
        training_of_file: the location of ``training`` in the scenario's own file; ``None`` where it is inherited or
            absent.
        claimed_elsewhere: whether the same keys were given for several scenarios and another of them uses them.
        places: the location of each key of the scenario, by its dotted canonical name.
    """

    commanded: Mapping[str, str] = field(default_factory=dict)
    training_of_file: str | None = None
    claimed_elsewhere: bool = False
    places: Mapping[str, str] = field(default_factory=dict, repr=False)

    def with_commands(self, commanded: Mapping[str, str]) -> Origin:
        """Return the origin with further overrides."""
        return replace(self, commanded={**self.commanded, **commanded})

    def place(self, key: str) -> str:
        """Return the location of a dotted key, or of the innermost key around it that is known; empty if none is."""
        while key and key not in self.places:
            key = key.rpartition(".")[0]
        return self.places.get(key, "")
