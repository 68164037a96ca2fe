"""Parameters of the epidemic."""

from __future__ import annotations

from itertools import chain
from typing import Annotated, Literal

from pydantic import Field, model_validator

from econsim.parameters import Chosen, FromRoom, Model

__all__ = ["DAYS_OF_A_WEEK", "Ages", "Isolation", "Labour", "Parameters", "Planner", "Testing", "Vaccination"]

DAYS_OF_A_WEEK = 7
LONGEST_INFECTION = 120
"""Days from exposure to the end of the infection; days are stored in one byte."""
LARGEST_REPRODUCTION = 100.0

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(ge=0)]


class Ages(Model):
    """Age groups, with the contacts between them and what the disease does to each."""

    shares: tuple[Annotated[float, Field(gt=0)], ...] = Field(min_length=2, max_length=20)
    """Shares of the age groups in the population; they are divided by their sum."""
    names: tuple[str, ...] = ()
    """Names of the age groups; by default they are numbered."""
    contacts: str | tuple[tuple[Positive, ...], ...] | None = None
    """Contact matrix: daily contacts of a person of each age group (row) with people of each (column), as rows of
    numbers or as a CSV file: a header with ``age`` and the names of the groups, and a row for each group. Null: people
    meet in proportion to the size of the groups."""
    susceptibility: tuple[Positive, ...] = ()
    """Susceptibility of each group, relative to the others; 1 by default."""
    mortality: tuple[Positive, ...] = ()
    """Mortality of each group, in multiples of ``mortality``; 1 by default."""
    assignment: Literal["random", "in_order"] = "random"
    """Who belongs to which group. ``random``: drawn for each person; ``in_order``: the first people belong to the first
    group and so on, as the groups of a ``stochastic_block`` network with the same shares do."""
    seed: int = Field(42, ge=0)
    """Seed of the random assignment; all environment copies and episodes have the same."""

    @model_validator(mode="after")
    def _fits_together(self) -> Ages:
        groups = len(self.shares)
        given = {name: len(getattr(self, name)) for name in ("names", "susceptibility", "mortality")}
        if isinstance(self.contacts, tuple):
            given |= {"contacts": len(self.contacts)}
            given |= {f"contacts.{row}": len(values) for row, values in enumerate(self.contacts)}
        for name, count in given.items():
            if count not in (0, groups) or (name.startswith("contacts") and count == 0):
                raise ValueError(f"{name} has {count} entries for {groups} age groups; give one for each of shares")
        if len(set(self.names)) < len(self.names):
            raise ValueError("names: two age groups have the same name")
        if self.susceptibility and not any(self.susceptibility):
            raise ValueError("susceptibility is zero in all age groups; nobody could be infected")
        return self


class Isolation(Model):
    """Staying at home."""

    decided_by: Literal["advice", "people"] = "advice"
    """Who decides. ``advice``: people follow the advice in force with the probability ``compliance``; ``people``: each
    person chooses, which an agent of the role ``person`` does."""
    advice: float = Field(0.0, ge=0, le=1)
    """Share of people advised to stay at home at the start; without a planner, throughout."""
    compliance: float = Field(0.8, ge=0, le=1)
    """Probability that somebody who is advised to stay at home does so."""
    every: int = Field(7, ge=1)
    """Days between two decisions."""


class Testing(Model):
    """Tests of people at random, and quarantine after a positive one."""

    level: float = Field(1.0, ge=0, le=1)
    """Share of ``capacity`` that is used at the start; without a planner, throughout."""
    capacity: float = Field(0.05, ge=0, le=1)
    """Largest share of people who can be tested in a day; who waits for a result or is in quarantine is not tested."""
    true_positive: float = Field(0.8, ge=0, le=1)
    """Probability that the test of an exposed or infected person is positive."""
    false_positive: float = Field(0.01, ge=0, le=1)
    """Probability that the test of anybody else is positive."""
    result_days: int = Field(3, ge=1, le=100)
    """Days until the result."""
    quarantine_days: int = Field(12, ge=1, le=100)
    """Days of quarantine after a positive result."""
    compliance: float = Field(0.95, ge=0, le=1)
    """Probability that somebody with a positive result goes into quarantine."""
    break_rate: float = Field(0.0, ge=0, le=1)
    """Probability, in each day, that somebody leaves quarantine for good."""


class Vaccination(Model):
    """Vaccination of people at random."""

    level: float = Field(1.0, ge=0, le=1)
    """Share of ``capacity`` that is used at the start; without a planner, throughout."""
    capacity: float = Field(0.01, ge=0, le=1)
    """Largest share of those not yet vaccinated who can be vaccinated in a day."""
    already: float = Field(0.0, ge=0, le=1)
    """Probability that a person is vaccinated at the start."""
    efficacy: float = Field(0.6, ge=0, le=1)
    """Share of the risk of infection in each contact that the vaccine removes."""
    efficacy_against_death: float = Field(0.9, ge=0, le=1)
    """Share of the mortality of infected people that the vaccine removes."""


class Labour(Model):
    """Work, wages, consumption, prices, interest and a treasury."""

    every: int = Field(7, ge=1)
    """Days between two choices of the propensities to work and to consume."""
    period: int = Field(7, ge=1)
    """Days between two changes of price, wage and interest, and between two payments of stimulus, dividends and taxes;
    taxes less benefits are paid out equally."""
    money: float = Field(2000.0, gt=0, le=1e6)
    """Money of each person at the start, in USD."""
    wage: float = Field(100.0, ge=1, le=1e5)
    """Wage of a day at the start, in USD."""
    price: float = Field(10.0, ge=0.1, le=1e5)
    """Price of a good at the start, in USD."""
    productivity: int = Field(12, ge=1, le=10_000)
    """Goods that a person makes in a day."""
    daily_spending: float = Field(0.06, gt=0, le=1)
    """Share of their money that people spend in a day at the highest propensity to consume."""
    telework_share: float = Field(0.3, ge=0, le=1)
    """Probability that a person can work from home on a day at home or in quarantine."""
    working_days: int = Field(14, ge=1, le=365)
    """Wages of all people for so many days are what the firm keeps; it pays out the rest as equal dividends."""
    inventory_days: float = Field(7.0, ge=0, le=365)
    """Sales of so many days are the inventory that the firm aims at."""
    adjustment_days: float = Field(14.0, ge=1, le=365)
    """Days in which the firm closes gaps in its inventory and in its expectation of sales."""
    price_speed: float = Field(0.02, ge=0, lt=1)
    """Largest relative change of the price in a period, at an imbalance of one between demand and capacity."""
    wage_speed: float = Field(0.02, ge=0, lt=1)
    """Largest relative change of the wage in a period, at an imbalance of one on the labour market."""
    price_memory: float = Field(0.02, gt=0, le=1)
    """Weight of the newest price in the running mean that inflation is measured against."""
    natural_rate: float = Field(0.02, ge=0, le=1)
    """Natural rate of interest in a year, in the rule of Taylor."""
    inflation_target: float = Field(0.02, ge=0, le=1)
    """Target of inflation in that rule."""
    inflation_weight: float = Field(0.5, ge=0)
    """Weight of inflation above its target."""
    unemployment_weight: float = Field(0.5, ge=0)
    """Weight of unemployment below its natural rate."""
    natural_unemployment: float = Field(0.05, ge=0, le=1)
    """Natural rate of unemployment."""
    benefit: float = Field(0.3, ge=0, le=1)
    """Payment of the treasury to those who are willing to work and not hired, as a share of the wage."""
    largest_stimulus: float = Field(300.0, ge=0, le=1e5)
    """Largest payment to each person in a period, in USD."""
    stimulus: float = Field(0.0, ge=0, le=1)
    """Share of it that is paid at the start; without a planner, throughout."""
    tax_rate: float = Field(0.1, ge=0, le=1)
    """Tax rate on wages at the start; without a planner, throughout."""
    consumption_value: float = Field(1.0, ge=0)
    """Weight of ``ln(1 + goods bought in the day)`` in the reward of a person."""
    work_cost: float = Field(0.5, ge=0)
    """Cost of a day of work to the person."""


class Costs(Model):
    """Costs in the rewards, in units of a day at home."""

    infection: float = Field(10.0, ge=0)
    """Cost of an infection to the person."""
    death: float = Field(10_000.0, ge=0)
    """Cost of a death to the person."""
    home: float = Field(1.0, ge=0)
    """Cost of a day at home or in quarantine to the person."""
    test: float = Field(0.1, ge=0)
    """Cost of a test to the planner."""
    vaccine: float = Field(0.1, ge=0)
    """Cost of a vaccination to the planner."""


class Planner(Model):
    """A planner, who sets the measures in force."""

    every: int = Field(7, ge=1)
    """Days between two decisions of the planner."""


class Parameters(Model):
    """Parameters of the epidemic."""

    people: int = Field(10_000, ge=2)
    """Number of people."""
    network: Annotated[Chosen, FromRoom("networks")] | None = None
    """Contacts: who can infect whom; an edge with a direction leads to the person who can be infected. Null: everybody
    meets everybody (well mixed)."""
    reproduction: float | tuple[float, ...] = 2.5
    """Reproduction number: people whom a person infects where all others are susceptible and the risk of each contact
    is small. One number for all weeks, or a list with one number for each week of the horizon."""
    exposed_days: int = Field(5, ge=1)
    """Days between exposure and the infected stage."""
    infected_days: int = Field(5, ge=1)
    """Days in the infected stage."""
    exposed_infectiousness: float = Field(0.33, ge=0)
    """Infectiousness in the exposed stage; only its ratio to that of the infected stage matters."""
    infected_infectiousness: float = Field(0.72, ge=0)
    """Infectiousness in the infected stage."""
    infectiousness_mean: float = Field(5.5, gt=0)
    """Mean, in days after exposure, of the gamma distribution that infectiousness follows besides the stage."""
    infectiousness_sd: float = Field(2.4, gt=0)
    """Standard deviation of that distribution, in days."""
    mortality: float = Field(0.01, ge=0, le=1)
    """Probability that an infected person dies at the end of the infection."""
    initial_exposed: float = Field(0.001, gt=0, lt=1)
    """Share of people who are exposed at the start, at random; at least one person."""
    ages: Ages | None = None
    """Age groups; null: one group."""
    isolation: Isolation | None = None
    """Staying at home; null: nobody does. Contacts in a layer ``household`` of the network continue at home."""
    testing: Testing | None = None
    """Tests and quarantine; null: none."""
    vaccination: Vaccination | None = None
    """Vaccination; null: none."""
    labour: Labour | None = None
    """Work and consumption; null: none."""
    costs: Costs = Costs()
    """Costs in the rewards."""
    planner: Planner | None = None
    """A planner, who sets the measures that there are; null: those at the start stay in force."""
    horizon: int = Field(120, ge=1)
    """Number of days of an episode."""

    @model_validator(mode="after")
    def _fits_together(self) -> Parameters:
        weekly = self.reproduction if isinstance(self.reproduction, tuple) else (self.reproduction,)
        if wrong := next((number for number in weekly if not 0 <= number <= LARGEST_REPRODUCTION), None):
            raise ValueError(f"reproduction {wrong:g}: expected numbers from 0 to {LARGEST_REPRODUCTION:g}")
        weeks = -(-self.horizon // DAYS_OF_A_WEEK)
        if isinstance(self.reproduction, tuple) and len(weekly) != weeks:
            raise ValueError(
                f"reproduction has {len(weekly)} numbers for the {weeks} weeks of a horizon of {self.horizon} days;"
                " give one number for each week, or one number alone for all weeks"
            )
        if self.exposed_days + self.infected_days > LONGEST_INFECTION:
            raise ValueError(
                f"exposed_days and infected_days are {self.exposed_days + self.infected_days} days together;"
                f" expected at most {LONGEST_INFECTION}"
            )
        if self.exposed_infectiousness + self.infected_infectiousness == 0:
            raise ValueError(
                "exposed_infectiousness and infected_infectiousness are both 0; nobody could infect anybody"
            )
        highest = max(chain(self.ages.mortality if self.ages else (), (1.0,)))
        if highest * self.mortality > 1:
            raise ValueError(
                f"ages.mortality {highest:g} times mortality {self.mortality:g} is above 1; mortality is a probability"
            )
        measures = (self.isolation, self.testing, self.vaccination, self.labour)
        if self.planner is not None and not any(measures):
            raise ValueError(
                "planner: there is no measure to set; add isolation, testing, vaccination or labour, as in testing: {}"
            )
        if self.labour and self.isolation and self.isolation.decided_by == "people":
            raise ValueError(
                "isolation.decided_by: people and labour cannot both be chosen by a person; set decided_by: advice, and"
                " let people choose how much they work"
            )
        return self
