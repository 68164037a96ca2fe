"""Roles: consumers, firms and the government, with what they observe and choose in words."""

from __future__ import annotations

from math import inf

from econsim.economies.real_business_cycle.parameters import Parameters
from econsim.game import Box, MultiDiscrete, Role

__all__ = ["CONSUMER", "FIRM", "GOVERNMENT", "roles_of", "tax_rates"]

CONSUMER, FIRM, GOVERNMENT = "consumer", "firm", "government"
_TAXES = ("income tax rate", "corporate tax rate")


def roles_of(parameters: Parameters) -> dict[str, Role]:
    """Return the three roles; the government leads."""
    return {role.name: role for role in (_consumer(parameters), _firm(parameters), _government(parameters))}


def tax_rates(parameters: Parameters) -> tuple[float, ...]:
    """Return the rates that the government's options represent; none if it announces real numbers."""
    levels = parameters.tax_levels
    return () if levels is None else tuple(level / (levels - 1) for level in range(levels))


def _numbered(word: str, count: int) -> tuple[str, ...]:
    return tuple(f"{word}_{number}" for number in range(1, count + 1))


def _market(parameters: Parameters) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names and units of what everybody sees."""
    count = parameters.firms
    rows = (
        [(name, _of_price(parameters)) for name in _numbered("price", count)]
        + [(name, _of_wage(parameters)) for name in _numbered("wage", count)]
        + [(name, "hundreds of units") for name in _numbered("stock", count)]
        + [(name, "1: yes, 0: no") for name in _numbered("scarce_good", count)]
        + [(name, "") for name in _TAXES]
        + [("time", "share of the episode"), ("productivity", "logarithm, relative to its mean")]
    )
    names, units = zip(*rows, strict=True)
    return names, units


def _of_price(parameters: Parameters) -> str:
    return f"share of the highest, {max(parameters.prices):g} coin per unit"


def _of_wage(parameters: Parameters) -> str:
    return f"share of the highest, {max(parameters.wages):g} coin per hour"


def _consumer(parameters: Parameters) -> Role:
    market, units = _market(parameters)
    count = parameters.firms
    demands = tuple(f"{units:g} units" for units in parameters.demands)
    hours = tuple(f"{hours:g} hours" for hours in parameters.hours)
    return Role(
        CONSUMER,
        parameters.consumers,
        Box(-inf, inf, (2,)),
        MultiDiscrete((len(demands),) * count + (len(hours), count)),
        features=("money", "cost of work"),
        feature_units=("ten thousands of coin", "share of the highest"),
        shared_features=market,
        shared_units=units,
        action_labels=(*_numbered("demand_for_good", count), "work", "employer"),
        option_labels=(demands,) * count + (hours, _numbered("firm", count)),
    )


def _firm(parameters: Parameters) -> Role:
    market, units = _market(parameters)
    count = parameters.firms
    known = (
        ("own price", _of_price(parameters)),
        ("own wage", _of_wage(parameters)),
        ("own stock", "hundreds of units"),
        ("own good scarce", "1: yes, 0: no"),
        ("money", "ten thousands of coin per consumer"),
        ("capital", "ten thousands"),
        ("labour share", "exponent of labour in production"),
        *((name, "1: yes, 0: no") for name in _numbered("is_firm", count)),
    )
    features, feature_units = zip(*known, strict=True)
    prices = tuple(f"{price:g} coin per unit" for price in parameters.prices)
    wages = tuple(f"{wage:g} coin per hour" for wage in parameters.wages)
    investments = tuple(f"{share:g} of earnings" for share in parameters.investments)
    return Role(
        FIRM,
        count,
        Box(-inf, inf, (len(features),)),
        MultiDiscrete((len(prices), len(wages), len(investments))),
        features=features,
        feature_units=feature_units,
        shared_features=market,
        shared_units=units,
        action_labels=("price", "wage", "investment"),
        option_labels=(prices, wages, investments),
    )


def _government(parameters: Parameters) -> Role:
    market, units = _market(parameters)
    rates = tax_rates(parameters)
    options = tuple(f"{100 * rate:g} per cent" for rate in rates)
    return Role(
        GOVERNMENT,
        1,
        Box(-inf, inf, (2,)),
        MultiDiscrete((len(rates),) * 2) if rates else Box(0.0, 1.0, (2,)),
        leads=True,
        acts_every=parameters.tax_every,
        features=("mean money of consumers", "mean money of firms"),
        feature_units=("ten thousands of coin", "ten thousands of coin per consumer"),
        shared_features=market,
        shared_units=units,
        action_labels=_TAXES,
        option_labels=(options,) * 2 if rates else (),
    )
