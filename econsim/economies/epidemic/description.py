"""Roles and accounts of the epidemic."""

from __future__ import annotations

from econsim.accounts import Account
from econsim.economies.epidemic.parameters import Parameters
from econsim.game import Box, Discrete, Role

__all__ = ["PERSON", "PLANNER", "accounts_of", "lever_names", "roles_of"]

PERSON, PLANNER = "person", "planner"
_OPTIONS = ("go out", "stay at home")
_NEWS = ("people infected now", "people recovered", "people dead")


def lever_names(parameters: Parameters) -> tuple[str, ...]:
    """Return the names of the measures that there are, in the order of a planner's action."""
    modules = {
        "isolation advice": parameters.isolation,
        "testing": parameters.testing,
        "vaccination": parameters.vaccination,
    }
    return tuple(name for name, module in modules.items() if module is not None)


def roles_of(parameters: Parameters) -> dict[str, Role]:
    """Return the roles by name."""
    news, units = _news(parameters)
    known = ["infected", "recovered"]
    known += ["at home"] if parameters.isolation else []
    known += ["in quarantine"] if parameters.testing else []
    known += ["vaccinated"] if parameters.vaccination else []
    known += ["age"] if parameters.ages else []
    of_ages = ("of the age groups, 0: the first, 1: the last",) if parameters.ages else ()
    chooses = parameters.isolation is not None and parameters.isolation.decided_by == "people"
    options = _OPTIONS if chooses else _OPTIONS[:1]
    person = Role(
        PERSON,
        parameters.people,
        Box(0, 1, (len(known),)),
        Discrete(len(options)),
        features=tuple(known),
        feature_units=("",) * (len(known) - len(of_ages)) + of_ages,
        shared_features=news,
        shared_units=units,
        action_labels=options,
    )
    return {PERSON: person} | ({PLANNER: _planner(parameters)} if parameters.planner else {})


def _planner(parameters: Parameters) -> Role:
    assert parameters.planner is not None
    news, units = _news(parameters)
    levers = lever_names(parameters)
    return Role(
        PLANNER,
        1,
        Box(0, 1, (2 + len(news),)),
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
    units = ("share of people",) * len(_NEWS) + ("share of the largest possible",) * len(levers)
    return _NEWS + tuple(f"{name} in force" for name in levers), units


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
        Account("dead_share", title="Dead", format="share", show="headline"),
        Account("peak_infected_share", title="Infected at the peak", format="share", show="headline"),
        Account("susceptible", title="Susceptible", format="share", flow=True),
        Account("infected", title="Infected", format="share", show="table", flow=True),
        *(
            Account(f"{name}_today", unit=daily, title=title, format="share", show="detail", flow=True)
            for name, title in flows.items()
        ),
        *((by_age,) if parameters.ages else ()),
        *(
            (Account("measures", ("measure",), title="Measures in force", format="share"),)
            if lever_names(parameters)
            else ()
        ),
    )
