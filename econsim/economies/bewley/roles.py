"""Roles of the economy: what households and the government observe and choose."""

from __future__ import annotations

from math import inf

from econsim.economies.bewley.announcements import announced_units
from econsim.economies.bewley.embedding import QUANTILES, embedding_features
from econsim.economies.bewley.parameters import Parameters
from econsim.game import Box, Role

__all__ = ["LEAST", "MOST", "government", "household"]

LEAST, MOST = 0.001, 0.999999
"""The least and the largest choice of a household, so that capital, hours and consumption stay positive."""
_SHARED_UNITS = {
    "capital": "log, relative to complete markets",
    "wage": "log, relative to complete markets",
    "interest_rate": "fraction per period",
}
_TIME = {"time": "share of the episode"}
_OWN_UNITS = {
    "assets": "log of one plus multiples of mean output above the borrowing limit",
    "productivity": "log, relative to the mean",
}


_AGE_UNITS = {
    "age": "share of the longest life",
    "retired": "1 with a pension, 0 before",
    "end_of_life": "one over the expected number of periods left, this one included",
}
_PENSION_UNITS = {"contribution": "fraction", "pension": "multiple of mean output"}


def _own_units(parameters: Parameters) -> dict[str, str]:
    """Return the unit of each entry that a household observes of itself."""
    return _OWN_UNITS if parameters.life_cycle is None else {**_OWN_UNITS, **_AGE_UNITS}


def _shared_units(parameters: Parameters) -> dict[str, str]:
    """Return the unit of each entry that all observe."""
    sums = embedding_features(parameters) if parameters.aggregates == "embedding" else ()
    shown = QUANTILES if parameters.aggregates == "quantiles" else ()
    closing = {"debt": {"debt": "multiple of mean output"}, "labour_tax": {"closing_rate": "fraction"}}
    rates = dict.fromkeys(parameters.status_quo_rates, "fraction")
    return {
        **rates,
        **_SHARED_UNITS,
        **({} if parameters.aggregate_shocks is None else {"times": "0 in bad, 1 in good times"}),
        **closing.get(parameters.budget.adjusts, {}),
        **({} if parameters.life_cycle is None else _PENSION_UNITS),
        **announced_units(parameters),
        **{f"assets_{100 * level:.0f}": _OWN_UNITS["assets"] for level in shown},
        **dict.fromkeys(sums, "share of households"),
    }


def household(parameters: Parameters, count: int) -> Role:
    """Return the role of households, ``count`` of them."""
    labels = ("share of resources spent on consumption", "share of time worked")
    width, shared = 1 if parameters.labour_weight is None else 2, _shared_units(parameters)
    observed = _own_units(parameters)
    return Role(
        "household",
        count,
        Box(-inf, inf, (len(observed),)),
        Box(LEAST, MOST, (width,)),
        features=tuple(observed),
        feature_units=tuple(observed.values()),
        shared_features=tuple(shared),
        shared_units=tuple(shared.values()),
        action_labels=labels[:width],
        action_unit="fraction",
    )


def government(parameters: Parameters) -> Role:
    """Return the role of the government."""
    observed = {**_TIME, **_shared_units(parameters)}
    return Role(
        "government",
        1,
        Box(-inf, inf, (len(observed),)),
        Box(0.0, parameters.highest_rate, (len(parameters.instruments),)),
        leads=True,
        acts_every=parameters.review or parameters.periods,
        features=tuple(observed),
        feature_units=tuple(observed.values()),
        action_labels=parameters.instruments,
        action_unit="fraction",
    )
