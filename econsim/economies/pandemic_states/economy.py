"""The pandemic in the states on tensors: state, steps, observations and rewards."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import lru_cache

import torch
from torch import Tensor

from econsim import random
from econsim.economies.pandemic_states import equations
from econsim.economies.pandemic_states.accounts import ACCOUNTS
from econsim.economies.pandemic_states.data import constants_of, tables_of
from econsim.economies.pandemic_states.parameters import NUMERIC, Parameters
from econsim.economies.pandemic_states.players import FEDERAL, GOVERNOR, federal, governor
from econsim.economies.pandemic_states.tables import FEWEST_LEVELS, LEVELS, Bounds, Tables
from econsim.game import Game, Observation, Transition, tensors

__all__ = ["KEEP", "PandemicStates", "State"]

KEEP = 0  # the action of a governor who leaves the level as it is; the others are levels
_INFECTION, _UNEMPLOYMENT = "pandemic_states/infection", "pandemic_states/unemployment"


@tensors
class State:
    """State of the states after a day; people are counted in persons, float64."""

    key: Tensor  # [B] int64
    time: Tensor  # [B] int64, days that have passed
    susceptible: Tensor  # [B, N]
    infected: Tensor  # [B, N]
    recovered: Tensor  # [B, N], with the dead and the vaccinated
    vaccinated: Tensor  # [B, N]
    dead: Tensor  # [B, N]
    new_dead: Tensor  # [B, N], of the day
    unemployed: Tensor  # [B, N]
    levels: Tensor  # [B, W + 1, N] int8, stringency of the last days, today last
    filters: Tensor  # [B, N, K] float64, filtered changes of stringency
    free_from: Tensor  # [B, N] int64, the first day on which the governor may choose a level again
    output: Tensor  # [B, N] US dollars of the day, without subsidies
    subsidy_level: Tensor  # [B] int64
    subsidy: Tensor  # [B, N] US dollars of the day
    received: Tensor  # [B, N] US dollars of subsidies so far
    paid: Tensor  # [B] US dollars of subsidies that the federal government has paid


class PandemicStates(Game[State]):
    """The pandemic in the states; the docstring of the package describes it."""

    unit = "USD"
    clocked = True
    accounts_spec = ACCOUNTS

    def __init__(self, parameters: Parameters) -> None:
        tables = tables_of(parameters)
        self._prepare(parameters, tables)
        if tables.bounds is not None and tables.federal_bounds is not None:
            bounds = tables.bounds, tables.federal_bounds
        elif parameters.folder is None:
            bounds = _bounds_of_made_data(parameters.model_copy(update=_OF_NO_EFFECT))
        else:
            bounds = _computed_bounds(self)
        self.constants |= {"bounds": torch.stack(bounds[0]), "federal_bounds": torch.stack(bounds[1])}

    def _prepare(self, parameters: Parameters, tables: Tables) -> None:
        """Set everything but the bounds of indices, which are computed by playing."""
        self.settings, self.horizon, self.names = parameters, parameters.days, tables.names
        self.parameters = {name: torch.tensor(getattr(parameters, name), dtype=torch.float64) for name in NUMERIC}
        self.rule = equations.SubsidyRule(parameters.subsidy_levels, parameters.most_subsidy)
        self.constants = constants_of(parameters, tables)
        self.roles = {GOVERNOR: governor(parameters, self.names), FEDERAL: federal(parameters)}
        self.first_day = parameters.start
        self.vaccines_from = (parameters.vaccination_start - parameters.start).days

    def advice(self) -> list[str]:
        """Return warnings: made data, and infection rates below zero."""
        warnings = []
        if self.settings.folder is None:
            warnings.append(
                "economy.folder is not set: the numbers of the states are made (synthetic), and results say nothing"
                " about actual states"
            )
        highest = self.constants["intercept"] + self.constants["slope"] * LEVELS
        if states := [self.names[row] for row in (highest < 0).nonzero().flatten().tolist()]:
            warnings.append(
                f"the infection rate at level {LEVELS} is below zero in {', '.join(states)}: infected people become"
                " susceptible there"
            )
        return warnings

    def reset(self, key: Tensor) -> State:
        """Return the state of all states on the first day."""
        data, zero = self.constants, torch.zeros_like(key)

        def every(values: Tensor) -> Tensor:
            return values.expand(len(key), *values.shape).clone()

        nothing = every(torch.zeros_like(data["population"]))
        dead = self._number("death_share") * (data["recovered"] - data["vaccinated"])
        unemployed = self._unemployed(key, every(data["filters"]))
        return State(
            key,
            zero,
            every(data["population"] - data["infected"] - data["recovered"]),
            every(data["infected"]),
            every(data["recovered"]),
            every(data["vaccinated"]),
            dead.expand_as(nothing).clone(),
            nothing,
            unemployed,
            every(data["levels"]),
            every(data["filters"]),
            torch.zeros_like(nothing, dtype=torch.int64),
            self._output(every(data["infected"]), dead.expand_as(nothing), unemployed),
            zero,
            nothing,
            nothing,
            torch.zeros_like(key, dtype=torch.float64),
        )

    def observe(self, state: State) -> dict[str, Observation]:
        """Return each state's epidemic and economy to its governor, and those of the nation to the government."""
        population, calendar = self.constants["population"], self._calendar(state)
        counts = torch.stack([getattr(state, name) for name in _SEEN], -1)  # [B, N, 6]
        people = counts / population[:, None] * self.constants["scales"]
        lagged, today = state.levels[:, -self.settings.lag], state.levels[:, -1]
        levels = torch.stack([lagged, today], -1).double() / LEVELS  # [B, N, 2]
        output = (state.output + state.subsidy) / self.constants["full_output"]
        seen = torch.cat([people, output[..., None], levels], -1)
        nation = torch.cat([(seen * (population / population.sum())[:, None]).sum(1), calendar], -1)
        if self.settings.indicators:
            states = torch.eye(len(population), dtype=seen.dtype, device=seen.device)
            seen = torch.cat([seen, states.expand(len(seen), -1, -1)], -1)
        alive = torch.ones_like(state.free_from, dtype=torch.bool)
        chosen = self.settings.policies == "chosen"
        free = (state.time[:, None] >= state.free_from) & chosen
        due = (state.time % self.settings.subsidy_every == 0)[:, None] & chosen
        return {
            GOVERNOR: Observation(
                seen.to(self.dtype), alive, free, self._options(free), shared=calendar.to(self.dtype)
            ),
            FEDERAL: Observation(nation[:, None].to(self.dtype), torch.ones_like(due), due),
        }

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Set stringency and subsidy, and let a day of the epidemic and the economy pass."""
        free = state.time[:, None] >= state.free_from
        if self.settings.policies == "actual":
            today = (state.time + 1).clamp(max=len(self.constants["actual"]) - 1)
            level, subsidy_level = self.constants["actual"][today], self.constants["actual_subsidy"][today]
            chooses = torch.zeros_like(free)
        else:
            chooses = free & (actions[GOVERNOR] != KEEP)
            level = torch.where(chooses, actions[GOVERNOR].to(torch.int8), state.levels[:, -1])
            due = state.time % self.settings.subsidy_every == 0
            subsidy_level = torch.where(due, actions[FEDERAL][:, 0], state.subsidy_level)
        free_from = torch.where(chooses, state.time[:, None] + self.settings.cooldown, state.free_from)
        after = self.day(state, level, subsidy_level, free_from)
        over = after.time >= self.horizon
        return Transition(after, self.rewards(after), torch.zeros_like(over), over)

    def day(self, state: State, level: Tensor, subsidy_level: Tensor, free_from: Tensor) -> State:
        """Return the state a day later, with levels of stringency ``[B, N]`` int8 and of the subsidy ``[B]``."""
        data, time = self.constants, state.time + 1
        levels = torch.cat([state.levels[:, 1:], level[:, None]], 1)
        newest, oldest = (levels[:, -1] - levels[:, -2], state.levels[:, 1] - state.levels[:, 0])
        filters = equations.filtered(
            state.filters, newest.double(), oldest.double(), data["decay_days"], self.settings.window
        )
        rate = equations.infection_rate(
            self._number("intercept_factor") * data["intercept"],
            self._number("slope_factor") * data["slope"],
            levels[:, -1 - self.settings.lag].double(),
        ) * self._factor(state.key, _INFECTION, "infection_uncertainty")
        doses = torch.where(
            (time >= self.vaccines_from)[:, None],
            (data["population"] / 1e6 * self._number("daily_vaccines")).floor(),
            0.0,
        )
        infections, recoveries, vaccinated = equations.spread(
            state.susceptible, state.infected, data["population"], rate, doses, 1.0 / self._number("recovery_days")
        )
        infected = state.infected + infections - recoveries
        recovered, all_vaccinated = state.recovered + recoveries + vaccinated, state.vaccinated + vaccinated
        dead = self._number("death_share") * (recovered - all_vaccinated)
        unemployed = self._unemployed(state.key, filters)
        per_person = self.rule.per_person(subsidy_level)[:, None]
        subsidy = per_person * data["population"]
        return State(
            state.key,
            time,
            state.susceptible - infections - vaccinated,
            infected,
            recovered,
            all_vaccinated,
            dead,
            dead - state.dead,
            unemployed,
            levels,
            filters,
            free_from,
            self._output(infected, dead, unemployed),
            subsidy_level,
            subsidy,
            state.received + subsidy,
            state.paid + per_person[:, 0] * data["population"].sum(),
        )

    def rewards(self, state: State) -> dict[str, Tensor]:
        """Return the reward of the day for each governor ``[B, N]`` and for the federal government ``[B, 1]``."""
        health, economy = self.indices(state)
        weight = equations.scaled_odds(self.constants["health_weight"], self._number("health_priority"))
        national_health, national_economy = self.federal_indices(state)
        federal_weight = equations.scaled_odds(
            self.constants["federal_health_weight"], self._number("federal_health_priority")
        )
        return {
            GOVERNOR: (weight * health + (1.0 - weight) * economy).to(self.dtype),
            FEDERAL: (federal_weight * national_health + (1.0 - federal_weight) * national_economy).to(self.dtype),
        }

    def indices(self, state: State) -> tuple[Tensor, Tensor]:
        """Return the normalised health and economic index of each state's day, ``[B, N]`` each."""
        return _scaled(self._raw_indices(state), self.constants["bounds"])

    def federal_indices(self, state: State) -> tuple[Tensor, Tensor]:
        """Return the normalised health and economic index of the nation's day, ``[B, 1]`` each."""
        return _scaled(self._raw_federal_indices(state), self.constants["federal_bounds"])

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return the accounts that ``accounts_spec`` declares, float64."""
        population = self.constants["population"]
        people, rewards = population.expand_as(state.infected), self.rewards(state)
        health, economy = self.indices(state)
        per_person = equations.DAYS_A_YEAR / population
        return {
            "welfare": rewards[FEDERAL][:, 0].double(),
            "deaths": state.dead.sum(-1),
            "subsidies": state.paid,
            "deaths_per_100k": state.dead / population * 1e5,
            "new_deaths_per_100k": state.new_dead / population * 1e5,
            "infected_share": state.infected / population,
            "unemployment": state.unemployed / population,
            "output": state.output * per_person,
            "subsidy": state.subsidy * per_person,
            "stringency": state.levels[:, -1].double(),
            "health_index": health,
            "economic_index": economy,
            "utility": rewards[GOVERNOR].double(),
            "people": people,
        }

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return the people of all states, and subsidies received less those paid, which is zero; ``[B]`` each."""
        people = state.susceptible + state.infected + state.recovered
        return {"people": people.sum(-1), "subsidies": state.received.sum(-1) - state.paid}

    # --- reference policies -----------------------------------------------------------------------------------------

    def player_names(self, role: str) -> tuple[str, ...]:
        """Return the codes of the states that governors govern."""
        return self.names if role == GOVERNOR else (role,)

    def reference_policies(self) -> dict[str, tuple[Game[State], dict[str, Tensor]]]:
        """Return the actual policies, and constant levels of stringency without subsidies.

        The actual policies are left out where the data end before the episode.
        """
        chosen, actual = self._under("chosen"), self._under("actual")
        levels = {f"level {level}": (chosen, _held(level)) for level in (FEWEST_LEVELS, LEVELS // 2, LEVELS)}
        if len(self.constants["actual"]) <= self.horizon:
            return levels
        label = "actual" if self.settings.folder else "actual (made data)"
        return {label: (actual, _held(KEEP)), **levels}

    def _under(self, policies: str) -> Game[State]:
        """Return this game with policies that are chosen, or those of the data."""
        other = copy(self)
        other.settings = self.settings.model_copy(update={"policies": policies})
        return other

    # --- implementation ---------------------------------------------------------------------------------------------

    def _number(self, name: str) -> Tensor:
        """Return a numeric parameter, ``[1, 1]`` or ``[B, 1]``."""
        return self.parameters[name].reshape(-1, 1)

    def _factor(self, key: Tensor, stream: str, deviation: str) -> Tensor:
        """Return a factor of mean one for each state, ``[B, N]``, which is the same on all days of an episode."""
        spread = self._number(deviation)
        normal = random.normal(key, 0, stream, (len(self.names),), torch.float64)
        factor: Tensor = (spread * normal - 0.5 * spread * spread).exp()
        return factor

    def _unemployed(self, key: Tensor, filters: Tensor) -> Tensor:
        factor = self._number("unemployment_factor") * self._factor(key, _UNEMPLOYMENT, "unemployment_uncertainty")
        excess = equations.excess_unemployment(filters * factor[..., None], self.constants["weights"])
        unemployed: Tensor = (excess + self.constants["baseline"]) * self.constants["population"] / 100.0
        return unemployed

    def _output(self, infected: Tensor, dead: Tensor, unemployed: Tensor) -> Tensor:
        shares = self._number("working_age"), self._number("sick_share")
        active = equations.active_output(self.constants["population"], infected, dead, unemployed, *shares)
        output: Tensor = active * self.constants["worker_output"]
        return output

    def _raw_indices(self, state: State) -> tuple[Tensor, Tensor]:
        annual = self.constants["full_output"] * equations.DAYS_A_YEAR
        health = equations.health_index(state.new_dead, self._number("value_of_life"), annual)
        return health, equations.economic_index(state.output + state.subsidy, annual, self._number("risk_aversion"))

    def _raw_federal_indices(self, state: State) -> tuple[Tensor, Tensor]:
        annual = self.constants["full_output"].sum() * equations.DAYS_A_YEAR
        deaths = state.new_dead.sum(-1, keepdim=True)
        cost = (1.0 + self._number("interest_rate")) * state.subsidy.sum(-1, keepdim=True)
        output = (state.output + state.subsidy).sum(-1, keepdim=True) - cost
        health = equations.health_index(deaths, self._number("value_of_life"), annual)
        return health, equations.economic_index(output, annual, self._number("risk_aversion"))

    def _calendar(self, state: State) -> Tensor:
        """Return the time to the next choice of the subsidy, its level, and the time to vaccines, ``[B, 3]``."""
        every = self.settings.subsidy_every
        until_vaccines = (self.vaccines_from - state.time).clamp(min=0) / equations.DAYS_A_YEAR
        until_subsidy = 1.0 - state.time % every / every
        return torch.stack([until_subsidy, state.subsidy_level / self.rule.levels, until_vaccines], -1).double()

    def _options(self, free: Tensor) -> Tensor:
        """Return the action mask ``[B, N, 11]``: only to keep the level, until the governor may choose again."""
        keep = torch.arange(1 + LEVELS, device=free.device) == KEEP
        return free[..., None] | keep


def _held(level: int) -> dict[str, Tensor]:
    return {GOVERNOR: torch.tensor(level), FEDERAL: torch.tensor(0)}


_SEEN = ("susceptible", "infected", "recovered", "dead", "vaccinated", "unemployed")


_OF_NO_EFFECT = {
    "infection_uncertainty": 0.0,
    "unemployment_uncertainty": 0.0,
    "policies": "chosen",
    "indicators": False,
}


def _scaled(indices: tuple[Tensor, Tensor], bounds: Tensor) -> tuple[Tensor, Tensor]:
    health_low, health_high, economy_low, economy_high = bounds
    health, economy = indices
    return (
        equations.normalised(health, health_low, health_high),
        equations.normalised(economy, economy_low, economy_high),
    )


@lru_cache(maxsize=16)
def _bounds_of_made_data(parameters: Parameters) -> tuple[Bounds, Bounds]:
    game = PandemicStates.__new__(PandemicStates)
    game._prepare(parameters, tables_of(parameters))
    return _computed_bounds(game)


def _computed_bounds(game: PandemicStates) -> tuple[Bounds, Bounds]:
    """Return the lowest and the highest indices of any day if all states have level 1, or level 10, all the time."""
    calm = game.with_parameters(infection_uncertainty=0.0, unemployment_uncertainty=0.0)
    assert isinstance(calm, PandemicStates)
    state = calm.reset(torch.zeros(2, dtype=torch.int64))
    levels = torch.tensor([[FEWEST_LEVELS], [LEVELS]], dtype=torch.int8).expand(state.infected.shape)
    states, nation = [], []
    for _ in range(game.horizon):
        state = calm.day(state, levels, state.subsidy_level, state.free_from)
        states.append(torch.stack(calm._raw_indices(state)))
        nation.append(torch.stack(calm._raw_federal_indices(state)))
    return _extremes(states), _extremes(nation)


def _extremes(days: list[Tensor]) -> Bounds:
    """Return the bounds over days and copies of indices, ``[2, B, N]`` for each day."""
    indices = torch.stack(days)
    low, high = indices.amin((0, 2)), indices.amax((0, 2))
    return Bounds(low[0], high[0], low[1], high[1])
