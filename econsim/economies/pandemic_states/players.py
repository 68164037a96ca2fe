"""Roles: the governors of the states and the federal government, with their features in words."""

from __future__ import annotations

import torch

from econsim.economies.pandemic_states.parameters import Parameters
from econsim.economies.pandemic_states.tables import FEWEST_LEVELS, LEVELS
from econsim.game import Box, Discrete, Role

__all__ = ["FEDERAL", "GOVERNOR", "PEOPLE_SCALES", "federal", "governor"]

GOVERNOR, FEDERAL = "governor", "federal"
PEOPLE_SCALES = (1.0, 100.0, 1.0, 1000.0, 1.0, 10.0)
"""Factors by which shares of the population enter observations, so that they are of order one."""
_FEATURES = (
    ("susceptible", "share of the population"),
    ("infected", "per cent of the population"),
    ("recovered", "share of the population, with the dead and the vaccinated"),
    ("dead", "per mille of the population"),
    ("vaccinated", "share of the population"),
    ("unemployed", "tenths of the population"),
    ("output with subsidies", "share of output without a pandemic"),
    ("stringency on which infections of tomorrow depend", "tenths; 1 is the strictest level"),
    ("stringency today", "tenths; 1 is the strictest level"),
)
_CALENDAR = (
    ("time to the next choice of the subsidy", "share of the period between two choices"),
    ("subsidy", "share of the highest"),
    ("time to the first vaccines", "years"),
)


def governor(parameters: Parameters, names: tuple[str, ...]) -> Role:
    """Return the role of the governors of states with these codes."""
    indicators = [(f"governs {name}", "1: yes, 0: no") for name in names] if parameters.indicators else []
    features, units = zip(*_FEATURES, *indicators, strict=True)
    shared, shared_units = zip(*_CALENDAR, strict=True)
    levels = range(FEWEST_LEVELS, LEVELS + 1)
    return Role(
        GOVERNOR,
        len(names),
        Box(0, torch.inf, (len(features),)),
        Discrete(1 + LEVELS),
        features=features,
        feature_units=units,
        shared_features=shared,
        shared_units=shared_units,
        action_labels=("keep the level", *(f"level_{level}" for level in levels)),
    )


def federal(parameters: Parameters) -> Role:
    """Return the role of the federal government, which observes the means of the nation."""
    features, units = zip(*_FEATURES, *_CALENDAR, strict=True)
    most, levels = parameters.most_subsidy, parameters.subsidy_levels
    amounts = [f"{most * level / levels:,.10g} USD" for level in range(levels + 1)]
    return Role(
        FEDERAL,
        1,
        Box(0, torch.inf, (len(features),)),
        Discrete(1 + levels),
        leads=True,
        acts_every=parameters.subsidy_every,
        features=features,
        feature_units=units,
        action_labels=tuple(amounts) if most else (),
        action_unit="per person and year",
    )
