"""The money exchange on tensors: state, steps, observations and accounts."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from econsim import random
from econsim.accounts import Account, Statistic
from econsim.deferred_features import DeferredFeatures
from econsim.economies.money_exchange import exchange
from econsim.economies.money_exchange.parameters import Parameters
from econsim.economies.money_exchange.stationary import law_of_wealth
from econsim.game import Box, Discrete, Game, Observation, Role, Transition, tensors
from econsim.kernels import require_numba

if TYPE_CHECKING:
    from econsim.economies.money_exchange.kernels.playing import Kernels

__all__ = ["PERSON", "PLANNER", "STAY_OUT", "MoneyExchange", "State"]

PERSON, PLANNER = "person", "planner"
STAY_OUT = 1  # the action of a person who does not exchange, under voluntary participation
_OPTIONS = ("exchange", "stay out")
_SEEN = ("time", "share of people without money", "variance of wealth")
_SEEN_UNITS = ("fraction of the episode", "", "squared mean wealth")


@tensors
class State:
    """State of the money exchange."""

    key: Tensor  # [B] int64
    time: Tensor  # [B] int64, steps that have passed
    wealth: Tensor  # [B, N] int32 coins
    squares: Tensor  # [B] int64, the sum of squared wealth, in squared coins
    without: Tensor  # [B] int64, people who have no coin
    rates: Tensor  # [B, K] float64, marginal rates of the wealth tax in force; K = 0 without one
    revenue: Tensor  # [B] int64, coins of tax collected in the last step


class MoneyExchange(Game[State]):
    """Money exchange; the docstring of the package describes it."""

    clocked = True
    unit = "coins"

    constants: dict[str, Tensor]  # of the network, if there is one: its rows and neighbours

    def __init__(self, parameters: Parameters) -> None:
        self.settings, self.people, self.coins = parameters, parameters.people, parameters.coins
        self.horizon = parameters.horizon
        self.burn_in = parameters.horizon // 3 if parameters.burn_in is None else parameters.burn_in
        self.parameters = {"saving_propensity": torch.tensor(parameters.saving_propensity, dtype=torch.float64)}
        tax = parameters.wealth_tax
        self.thresholds = torch.tensor(tax.brackets if tax else (), dtype=torch.float64)  # [K]
        self.constants = _network(parameters)
        self.roles = {PERSON: _person(parameters)} | ({PLANNER: _planner(parameters)} if tax else {})
        self.accounts_spec = _accounts(parameters)
        self._kernels: Kernels | None = None

    def reset(self, key: Tensor) -> State:
        """Return the initial state of ``B`` environment copies, in which all people have the same."""
        wealth = torch.full((len(key), self.people), self.coins, dtype=torch.int32, device=key.device)
        nothing = torch.zeros_like(key)
        rates = torch.zeros((len(key), len(self.thresholds)), dtype=torch.float64, device=key.device)
        return State(key, nothing, wealth, nothing + self.people * self.coins**2, nothing, rates, nothing)

    def observe(self, state: State) -> dict[str, Observation]:
        """Return each person's wealth relative to the mean, and what the planner sees of its distribution."""
        alive = torch.ones_like(state.wealth, dtype=torch.bool)
        acting = alive if self.settings.participation == "voluntary" else torch.zeros_like(alive)
        features = DeferredFeatures((1, partial(_relative, state.wealth, self.coins, self.dtype)))
        mask = alive[..., None].expand(*alive.shape, self.roles[PERSON].action.mask_size)  # type: ignore[union-attr]
        rates = state.rates.to(self.dtype)
        shared = {"shared": rates} if len(self.thresholds) else {}
        seen = {PERSON: Observation.deferring(features, alive, acting, action_mask=mask, **shared)}
        if PLANNER in self.roles:
            summary = torch.stack(
                [state.time / self.horizon, state.without / self.people, 2.0 * self._inequality(state)], -1
            )
            due = (self._due(state.time))[:, None]
            features_of = torch.cat([summary.to(self.dtype), rates], -1)[:, None]
            seen[PLANNER] = Observation(features_of, torch.ones_like(due), due)
        return seen

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Collect the tax if it is due, and let people exchange."""
        if self._kernels is not None and self._kernels.read(self, state):
            return self._kernels.step(self, state, actions)
        wealth, rates, revenue = state.wealth.long(), state.rates, torch.zeros_like(state.time)
        if PLANNER in self.roles:
            due = self._due(state.time)
            rates = torch.where(due[:, None], actions[PLANNER][:, 0].double(), rates)
            levelled, collected = exchange.taxed(wealth, rates, self.thresholds, state.key, state.time)
            wealth = torch.where(due[:, None], levelled, wealth)
            revenue = torch.where(due, collected, revenue)
        wealth = self._exchanged(state, wealth, self._takes_part(state, actions))
        squares, without = (wealth * wealth).sum(-1), (wealth == 0).sum(-1)
        after = State(state.key, state.time + 1, wealth.to(torch.int32), squares, without, rates, revenue)
        return self.transition(after, (wealth - state.wealth).to(self.dtype))

    def transition(self, after: State, gains: Tensor) -> Transition[State]:
        """Return the transition to a state; ``gains`` ``[B, N]``: of each person, in coins."""
        rewards = {PERSON: gains if self.coins == 1 else gains / self.coins}
        if PLANNER in self.roles:
            rewards[PLANNER] = (-self._inequality(after) / self.horizon).to(self.dtype)[:, None]
        over = after.time >= self.horizon
        return Transition(after, rewards, torch.zeros_like(over), over)

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return wealth, the share of people without money, the variance of wealth and the revenue of the tax."""
        taxes = {"revenue": state.revenue.double() / self.people, "wealth_tax_rates": state.rates}
        return {
            "share_without_money": state.without.double() / self.people,
            "wealth_variance": 2.0 * self._inequality(state) * self.coins**2,
            "wealth": state.wealth.double(),
            **(taxes if PLANNER in self.roles else {}),
        }

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return the number of coins."""
        return {"coins": state.wealth.double().sum(-1)}

    def known_laws(self) -> dict[str, Tensor]:
        """Return the law of wealth among many people after many steps, where it is known; see ``stationary``."""
        law = law_of_wealth(self.settings)
        return {} if law is None else {"wealth": torch.from_numpy(law)}

    def not_covered(self) -> str:
        """Return "", since kernels cover every money exchange."""
        return ""

    def on_kernels(self) -> MoneyExchange:
        """Return this game played by its kernels where it is on the CPU.

        Raises:
            UserError: numba is not installed.
        """
        require_numba()
        from econsim.economies.money_exchange.kernels.playing import Kernels

        other = copy(self)
        other._kernels, other.by_kernels = Kernels(), True
        return other

    # --- what kernels use as well ---------------------------------------------------------------------------------

    def order(self, state: State) -> Tensor | None:
        """Return the order in which people act or meet, ``[B, N]``; ``None`` where all act at once."""
        if self.settings.activation == "synchronous" and self.settings.exchange == "unit":
            return None
        return random.permutation(state.key, state.time, exchange.ORDER, self.people)

    def _exchanged(self, state: State, wealth: Tensor, takes_part: Tensor) -> Tensor:
        order = self.order(state)
        if order is not None and self.settings.activation == "synchronous":
            partner = None
        else:
            partner = exchange.partners(state.key, state.time, self.people, self.constants)
        if self.settings.exchange == "unit":
            assert partner is not None
            return exchange.units(wealth, takes_part, partner, order)
        part = random.uniform(state.key, state.time, exchange.DIVISION, (self.people,), torch.float64)
        assert order is not None
        saving = self.parameters["saving_propensity"].reshape(-1, 1)
        return exchange.pool(wealth, takes_part, partner, order, part, saving)

    def _takes_part(self, state: State, actions: Mapping[str, Tensor]) -> Tensor:
        if self.settings.participation == "compulsory":
            return torch.ones_like(state.wealth, dtype=torch.bool)
        return actions[PERSON] != STAY_OUT

    def _due(self, time: Tensor) -> Tensor:
        return time % self.roles[PLANNER].acts_every == 0

    def _inequality(self, state: State) -> Tensor:
        """Return the generalised entropy index of wealth with parameter 2, float64 ``[B]`` (Shorrocks 1980).

        It is half the variance relative to the squared mean.
        """
        return 0.5 * (state.squares.double() / (self.people * self.coins**2) - 1.0)


def _network(parameters: Parameters) -> dict[str, Tensor]:
    if parameters.network is None:
        return {}
    network = parameters.network.build().network(parameters.people)
    return {"rows": network.rows, "neighbours": network.neighbours}


def _relative(wealth: Tensor, coins: int, dtype: torch.dtype) -> Tensor:
    return (wealth.to(dtype) / coins)[..., None]


def _rate_names(parameters: Parameters) -> tuple[str, ...]:
    tax = parameters.wealth_tax
    return tuple(f"tax rate from {threshold:g} coins" for threshold in tax.brackets) if tax else ()


def _person(parameters: Parameters) -> Role:
    options = _OPTIONS if parameters.participation == "voluntary" else _OPTIONS[:1]
    rates = _rate_names(parameters)
    return Role(
        PERSON,
        parameters.people,
        Box(0, torch.inf, (1,)),
        Discrete(len(options)),
        features=("wealth",),
        feature_units=("multiples of mean wealth",),
        shared_features=rates,
        shared_units=("fraction of the wealth in this bracket",) * len(rates),
        action_labels=options,
    )


def _planner(parameters: Parameters) -> Role:
    assert parameters.wealth_tax is not None
    rates = _rate_names(parameters)
    names = (*_SEEN, *rates)
    unit = "fraction of the wealth in this bracket"
    return Role(
        PLANNER,
        1,
        Box(0, torch.inf, (len(names),)),
        Box(0, 1, (len(rates),)),
        leads=True,
        acts_every=parameters.wealth_tax.every,
        features=names,
        feature_units=(*_SEEN_UNITS, *(unit,) * len(rates)),
        action_labels=rates,
        action_unit=unit,
    )


def _accounts(parameters: Parameters) -> tuple[Account, ...]:
    tax = (
        Account("revenue", unit="coins per person and step", title="Tax revenue", format="index", flow=True),
        Account("wealth_tax_rates", ("wealth_bracket",), title="Marginal tax rates", format="share"),
    )
    wealth = (Statistic(), Statistic("gini", "headline"))
    return (
        Account("share_without_money", title="Share without money", format="share", show="headline", flow=True),
        Account(
            "wealth_variance", unit="squared coins", title="Variance of wealth", format="index", show="table", flow=True
        ),
        Account("wealth", (f"role:{PERSON}",), "coins", "Wealth", statistics=wealth),
        *(tax if parameters.wealth_tax else ()),
    )
