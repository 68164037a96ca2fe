"""Roles of the economy: what households and the central bank observe and choose."""

from __future__ import annotations

from math import inf

from econsim.economies.new_keynesian.parameters import RULE, Parameters
from econsim.game import Box, Role

__all__ = ["BANK", "HOUSEHOLD", "LEAST", "bank", "household"]

BANK, HOUSEHOLD = "central_bank", "household"
LEAST = 0.001
"""The least choice of a household, so that hours and consumption stay positive."""
_OWN = {
    "assets": "log of one plus multiples of a representative household's output",
    "productivity": "log, relative to the mean",
}
_SHARED = {
    **dict.fromkeys(RULE, "coefficient"),
    "nominal_rate": "per cent per period",
    "inflation": "per cent per period",
    "wage": "log, relative to the stationary equilibrium",
    "output": "log, relative to the stationary equilibrium",
    "shock": "per cent per period",
    "shock_size": "per cent per period, in period 1; 0 before",
    "time": "share of the episode",
}


def household(count: int) -> Role:
    """Return the role of households, ``count`` of them."""
    return Role(
        HOUSEHOLD,
        count,
        Box(-inf, inf, (len(_OWN),)),
        Box(LEAST, 1.0, (2,)),
        features=tuple(_OWN),
        feature_units=tuple(_OWN.values()),
        shared_features=tuple(_SHARED),
        shared_units=tuple(_SHARED.values()),
        action_labels=("share of resources spent on consumption", "share of the most hours offered"),
        action_unit="fraction",
    )


def bank(parameters: Parameters) -> Role:
    """Return the role of the central bank."""
    return Role(
        BANK,
        1,
        Box(-inf, inf, (len(_SHARED),)),
        Box(0.0, parameters.highest_response, (len(RULE),)),
        leads=True,
        acts_every=parameters.review or parameters.periods,
        features=tuple(_SHARED),
        feature_units=tuple(_SHARED.values()),
        action_labels=RULE,
    )
