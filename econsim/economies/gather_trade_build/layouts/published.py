"""Published maps of the AI Economist by name; Open-Quadrant by default."""

from __future__ import annotations

from importlib.resources import files
from typing import Literal

from econsim.economies.gather_trade_build.layouts._grid import FixedLayout, codes_of
from econsim.parameters import Model

__all__ = ["Parameters", "Published"]

Name = Literal[
    "open_quadrant",
    "closed_quadrant",
    "no_water_quadrant",
    "large_quadrant",
    "large_no_water_quadrant",
    "small_quadrant",
    "pure_and_mixed_15",
    "pure_and_mixed_25",
    "pure_and_mixed_40",
    "wood_above_stone",
    "stone_right_wood_below",
]


class Parameters(Model):
    """Choice of a published map."""

    name: Name = "open_quadrant"
    """Name of the map. Maps have 25 x 25 tiles, except ``large`` (40 x 40), ``small`` (9 x 9), ``wood_above_stone``
    (14 x 14)."""


class Published(FixedLayout):
    """A map shipped with Foundation 1.7.1 (Salesforce, BSD-3-Clause)."""

    def __init__(self, parameters: Parameters) -> None:
        text = files("econsim.economies.gather_trade_build.layouts").joinpath("maps", f"{parameters.name}.txt")
        super().__init__(codes_of(text.read_text(encoding="utf-8")))
