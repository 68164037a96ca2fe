"""User-defined map, written in the scenario as text."""

from __future__ import annotations

from pydantic import field_validator

from econsim.economies.gather_trade_build.layouts._grid import FixedLayout, codes_of
from econsim.parameters import Model

__all__ = ["Parameters", "Text"]


class Parameters(Model):
    """Parameters of a user-defined map."""

    grid: str
    """The map, a line per row, a character per tile: ``.`` free, ``~`` water, ``S`` stone source, ``W`` wood source."""

    @field_validator("grid")
    @classmethod
    def _readable(cls, value: str) -> str:
        codes_of(value)
        return value


class Text(FixedLayout):
    """Map written in the scenario."""

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(codes_of(parameters.grid))
