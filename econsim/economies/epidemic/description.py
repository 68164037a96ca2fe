"""Roles and accounts of the epidemic."""

from __future__ import annotations

from typing import Any

import torch

from econsim.accounts import Account, Statistic
from econsim.economies.epidemic.labour import LEVELS
from econsim.economies.epidemic.parameters import Parameters
from econsim.game import Box, Discrete, MultiDiscrete, Role

__all__ = ["PERSON", "PLANNER", "accounts_of", "lever_names", "roles_of"]

PERSON, PLANNER = "person", "planner"
_OPTIONS = ("go out", "stay at home")
_CHOICES = ("propensity to work", "propensity to consume")
_OF_WORKERS = {"money": "multiples of what everybody has at the start", "worked in the last day": ""}
_OF_MARKETS = {
    "unemployment": "share of people who look for work",
    "price": "multiples of that at the start",
    "wage": "multiples of that at the start",
    "interest rate": "fraction per year",
}
_NEWS = ("people infected now", "people recovered", "people dead")


def lever_names(parameters: Parameters) -> tuple[str, ...]:
    """Return the names of the measures that there are, in the order of a planner's action."""
    modules = {
        "isolation advice": parameters.isolation,
        "testing": parameters.testing,
        "vaccination": parameters.vaccination,
    }
    of_labour = ("stimulus", "income tax") if parameters.labour else ()
    return tuple(name for name, module in modules.items() if module is not None) + of_labour


def roles_of(parameters: Parameters) -> dict[str, Role]:
    """Return the roles by name."""
    news, units = _news(parameters)
    known = ["infected", "recovered"]
    known += ["at home"] if parameters.isolation else []
    known += ["in quarantine"] if parameters.testing else []
    known += ["vaccinated"] if parameters.vaccination else []
    known += ["age"] if parameters.ages else []
    of_ages = ("of the age groups, 0: the first, 1: the last",) if parameters.ages else ()
    of_workers = _OF_WORKERS if parameters.labour else {}
    person = Role(
        PERSON,
        parameters.people,
        Box(0, torch.inf if parameters.labour else 1, (len(known) + len(of_workers),)),
        **_action(parameters),
        features=(*known, *of_workers),
        feature_units=("",) * (len(known) - len(of_ages)) + of_ages + tuple(of_workers.values()),
        shared_features=news,
        shared_units=units,
    )
    return {PERSON: person} | ({PLANNER: _planner(parameters)} if parameters.planner else {})


def _action(parameters: Parameters) -> dict[str, Any]:
    """Return the fields of a role that describe a person's action."""
    if parameters.labour is not None:
        levels = tuple(f"{100 * level // (LEVELS - 1)} %" for level in range(LEVELS))
        return {
            "action": MultiDiscrete((LEVELS,) * len(_CHOICES)),
            "action_labels": _CHOICES,
            "option_labels": (levels,) * len(_CHOICES),
        }
    chooses = parameters.isolation is not None and parameters.isolation.decided_by == "people"
    options = _OPTIONS if chooses else _OPTIONS[:1]
    return {"action": Discrete(len(options)), "action_labels": options}


def _planner(parameters: Parameters) -> Role:
    assert parameters.planner is not None
    news, units = _news(parameters)
    levers = lever_names(parameters)
    return Role(
        PLANNER,
        1,
        Box(0, torch.inf if parameters.labour else 1, (2 + len(news),)),
        Box(0, 1, (len(levers),)),
        leads=True,
        acts_every=parameters.planner.every,
        features=("time", "positive tests of the last day", *news),
        feature_units=("fraction of the episode", "share of people", *units),
        action_labels=levers,
        action_unit="share of the largest possible",
    )


def _news(parameters: Parameters) -> tuple[tuple[str, ...], tuple[str, ...]]:
    levers = lever_names(parameters)
    markets = _OF_MARKETS if parameters.labour else {}
    units = ("share of people",) * len(_NEWS) + ("share of the largest possible",) * len(levers)
    return (*_NEWS, *(f"{name} in force" for name in levers), *markets), (*units, *markets.values())


def accounts_of(parameters: Parameters) -> tuple[Account, ...]:
    """Return the declared accounts; those of a measure only where there is the measure."""
    flows = {"exposed": "New infections", "died": "Deaths"}
    if parameters.testing:
        flows |= {"tested": "Tests", "positive": "Positive tests"}
    if parameters.vaccination:
        flows["vaccinated"] = "Vaccinations"
    if parameters.isolation or parameters.testing:
        flows["away"] = "Days at home or in quarantine"
    daily = "share of people per day"
    by_age = Account("attack_rate_by_age", ("age_group",), title="Ever infected, by age group", format="share")
    return (
        Account("attack_rate", title="Ever infected", format="share", show="headline"),
        Account("infected", title="Infected", format="share", show="table", flow=True),
        Account("dead_share", title="Dead", format="share", show="headline"),
        Account("peak_infected_share", title="Infected at the peak", format="share", show="headline"),
        Account("susceptible", title="Susceptible", format="share", flow=True),
        *(
            Account(f"{name}_today", unit=daily, title=title, format="share", flow=True)
            for name, title in flows.items()
        ),
        *((by_age,) if parameters.ages else ()),
        *(
            (Account("measures", ("measure",), title="Measures in force", format="share"),)
            if lever_names(parameters)
            else ()
        ),
        *(_accounts_of_labour() if parameters.labour else ()),
    )


def _accounts_of_labour() -> tuple[Account, ...]:
    shares = {
        "unemployment_rate": ("Unemployment rate", "headline"),
        "employed": ("Employed", "table"),
        "interest_rate": ("Interest rate", "detail"),
    }
    money = {
        "price": ("USD", "Price"),
        "wage": ("USD per day", "Wage"),
        "public_debt": ("USD per person", "Public debt"),
    }
    wealth = (Statistic(), Statistic("gini", "table"))
    return (
        *(
            Account(name, title=title, format="share", show=show, flow=True)  # type: ignore[arg-type]
            for name, (title, show) in shares.items()
        ),
        *(Account(name, unit=unit, title=title, show="table", flow=True) for name, (unit, title) in money.items()),
        Account(
            "consumption",
            unit="goods per person and day",
            title="Consumption",
            show="headline",
            format="index",
            flow=True,
        ),
        Account("money", (f"role:{PERSON}",), "USD", "Money", statistics=wealth),
    )
