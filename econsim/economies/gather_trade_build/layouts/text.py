"""A map of your own, drawn in the scenario."""

from __future__ import annotations

from pydantic import field_validator

from econsim.economies.gather_trade_build.layouts._grid import FixedLayout, codes_of
from econsim.parameters import Model

__all__ = ["Parameters", "Text"]


class Parameters(Model):
    """The map."""

    grid: str
    """One line a row and one sign a tile: ``.`` free, ``~`` water, ``S`` a source of stone, ``W`` a source of wood."""

    @field_validator("grid")
    @classmethod
    def _readable(cls, value: str) -> str:
        codes_of(value)
        return value


class Text(FixedLayout):
    """The map of the scenario."""

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(codes_of(parameters.grid))
