"""Fishery: fishers share one fish stock, and a regulator charges a fee on what they land.

State
    Fish stock ``[B, 1]`` (tonnes) and the fee in force ``[B, 1]`` (money per tonne); effort (days at sea), landings
    (tonnes), fees paid and profit (money) of the last season, each ``[B, N]``; tonnes grown and landed so far
    ``[B, 1]``; time and the key of each environment copy ``[B]``.

Actions
    ``regulator``: a landing fee in [0, ``price``], announced every ``review`` seasons; it is in force from the season
    after the announcement.
    ``fisher``: days at sea in [0, ``season``], chosen by all fishers at once in every season.

Observations
    Both roles see time, the stock relative to the carrying capacity, the fee in force relative to the price, and the
    mean effort of the last season relative to its length; a fisher also sees its own effort. All are of order one.

Dynamics
    Landings are $h_i = q e_i X$, together at most the whole stock $X$. The stock grows by the logistic law with
    intrinsic growth rate $g$ and carrying capacity $K$: $X' = X + s g X (1 - X / K) - h$, where $h$ is the sum of
    landings. The shock $s$ is lognormal with mean one. At the start nobody fishes and there is no fee.

Rewards
    ``fisher``: profit $(p - f) h_i - c e_i$ relative to an equal share of the value of the maximum sustainable yield,
    $p g K / (4 N)$. ``regulator``: the rent $p h - c e$, which is the sum of profits and fees, relative to $p g K / 4$.

Conservation
    Biomass: the stock plus tonnes landed less tonnes grown is constant. Money: profits and fees add up to the rent.

Calibration
    None: illustrative numbers, with a bionomic equilibrium at a fifth of the carrying capacity.

Checks
    Stock, effort and rent under open access (the bionomic equilibrium), at the maximum economic yield and in the static
    Nash equilibrium of $N$ fishers equal their closed forms, and so does the best fee.

References:
    Gordon (1954), *The Economic Theory of a Common-Property Resource: The Fishery*; Schaefer (1954), *Some Aspects of
    the Dynamics of Populations Important to the Management of the Commercial Marine Fisheries*.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.accounts import MONEY, Account, Statistic
from econsim.game import Box, Game, Observation, Role, Transition, tensors
from econsim.parameters import Model

__all__ = ["Fishery", "Parameters"]

REFERENCES = (
    "@article{gordon1954economic, title={The Economic Theory of a Common-Property Resource: The Fishery}, "
    "author={Gordon, H. Scott}, journal={Journal of Political Economy}, volume={62}, number={2}, pages={124--142}, "
    "year={1954}}",
)
_FEATURES = ("time", "stock", "fee", "mean_effort")
_UNITS = ("share of the episode", "share of the carrying capacity", "share of the price", "share of the season")


class Parameters(Model):
    """Parameters of the fishery."""

    fishers: int = Field(10, ge=1)
    """Number of fishers."""
    seasons: int = Field(100, ge=1)
    """Seasons of an episode."""
    burn_in: int = Field(0, ge=0)
    """First seasons that averages over an episode leave out."""
    review: int | None = Field(None, ge=1)
    """Seasons from one announcement of the fee to the next; none: it is announced once."""
    season: float = Field(100.0, gt=0)
    """Most days at sea of a fisher in a season."""
    price: float = Field(2000.0, gt=0)
    """Price of landed fish, money per tonne."""
    effort_cost: float = Field(400.0, gt=0)
    """Cost of effort, money per day at sea."""
    catchability: float = Field(0.001, gt=0)
    """Share of the stock that one day at sea lands."""
    growth_rate: float = Field(0.5, gt=0, le=1)
    """Intrinsic growth rate of the stock, per season."""
    capacity: float = Field(1000.0, gt=0)
    """Carrying capacity, tonnes."""
    initial_stock: float = Field(1.0, gt=0, le=1)
    """Stock before the first season, as a share of the carrying capacity."""
    growth_volatility: float = Field(0.0, ge=0)
    """Standard deviation of the logarithm of the growth shock."""


@tensors
class State:
    """All that the future depends on, and what the accounts read."""

    key: Tensor  # [B] int64
    time: Tensor  # [B] int64, seasons so far
    stock: Tensor  # [B, 1] tonnes
    fee: Tensor  # [B, 1] money per tonne, in force in the coming season
    effort: Tensor  # [B, N] days at sea in the last season (as the next three)
    landings: Tensor  # [B, N] tonnes
    fees: Tensor  # [B, N] money
    profit: Tensor  # [B, N] money
    grown: Tensor  # [B, 1] tonnes so far
    landed: Tensor  # [B, 1] tonnes so far


def surplus_growth(stock: Tensor, growth_rate: Tensor, capacity: Tensor) -> Tensor:
    """Return the growth of a season, $g X (1 - X / K)$, in tonnes."""
    return growth_rate * stock * (1.0 - stock / capacity)


def landings_of(effort: Tensor, stock: Tensor, catchability: Tensor) -> Tensor:
    """Return landings $q e_i X$ ``[B, N]`` in tonnes, in proportion to effort where the stock ``[B, 1]`` runs out."""
    shares = catchability * effort
    return stock * shares / shares.sum(-1, keepdim=True).clamp(min=1.0)


class Fishery(Game[State]):
    """The Gordon-Schaefer fishery; see the module's page."""

    unit = "EUR"
    clocked = True
    accounts_spec = (
        Account("welfare", unit=MONEY, title="Rent per season", show="headline", flow=True),
        Account("fee", unit="money per tonne", title="Landing fee", show="table"),
        Account("stock", unit="tonnes", title="Fish stock", show="table"),
        Account("effort", ("role:fisher",), "days at sea", flow=True, statistics=(Statistic("total", "table"),)),
        Account("landings", ("role:fisher",), "tonnes", flow=True, statistics=(Statistic("total", "table"),)),
        Account("fees", ("role:fisher",), MONEY, "Fees paid", flow=True, statistics=(Statistic("total", "detail"),)),
        Account("profit", ("role:fisher",), MONEY, flow=True, statistics=(Statistic("mean", "table"),)),
    )

    def __init__(self, parameters: Parameters) -> None:
        numeric = parameters.model_dump(exclude={"fishers", "seasons", "burn_in", "review", "season"})
        self.parameters = {name: torch.tensor(value, dtype=torch.float64) for name, value in numeric.items()}
        self.horizon, self.burn_in = parameters.seasons, parameters.burn_in
        self.season = parameters.season
        self.roles = {role.name: role for role in (_fisher(parameters), _regulator(parameters))}

    def values(self) -> dict[str, Tensor]:
        """Return the numeric parameters in the precision of play, ``[1, 1]`` or ``[B, 1]``."""
        return {name: value.reshape(-1, 1).to(self.dtype) for name, value in self.parameters.items()}

    def reset(self, key: Tensor) -> State:
        """Return the first state: a stock that nobody has fished yet, and no fee."""
        values = self.values()
        none = torch.zeros((len(key), 1), dtype=self.dtype, device=key.device)
        nobody = none.expand(-1, self.roles["fisher"].count)
        stock = none + values["initial_stock"] * values["capacity"]
        return State(key, torch.zeros_like(key), stock, none, nobody, nobody, nobody, nobody, none, none)

    def observe(self, state: State) -> dict[str, Observation]:
        """Return what both roles see, each relative to its scale."""
        values, effort = self.values(), state.effort / self.season
        time = state.time[:, None].to(self.dtype) / self.horizon
        stock, fee = state.stock / values["capacity"], state.fee / values["price"]
        common = torch.stack([time, stock, fee, effort.mean(-1, keepdim=True)], -1)  # [B, 1, 4]
        features = torch.cat([common.expand(*effort.shape, -1), effort[..., None]], -1)  # [B, N, 5]
        alive = torch.ones_like(effort, dtype=torch.bool)
        due = (state.time % self.roles["regulator"].acts_every == 0)[:, None]
        return {
            "fisher": Observation(features, alive, alive),
            "regulator": Observation(common, alive[:, :1], due),
        }

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Fish for one season; a fee that is announced is in force from the next season on."""
        values, effort = self.values(), actions["fisher"].to(self.dtype)
        landings = landings_of(effort, state.stock, values["catchability"])
        fees = state.fee * landings
        profit = values["price"] * landings - fees - values["effort_cost"] * effort
        landed = landings.sum(-1, keepdim=True)
        grown = torch.maximum(_growth(state, values), landed - state.stock)  # no more fish die than are left
        stock, time = state.stock + grown - landed, state.time + 1
        due = (state.time % self.roles["regulator"].acts_every == 0)[:, None]
        fee = torch.where(due, actions["regulator"].to(self.dtype), state.fee)
        totals = state.grown + grown, state.landed + landed
        after = State(state.key, time, stock, fee, effort, landings, fees, profit, *totals)
        return Transition(after, _rewards(after, values), torch.zeros_like(due[:, 0]), time >= self.horizon)

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return the accounts that ``accounts_spec`` declares, float64."""
        profit, fees = state.profit.double(), state.fees.double()
        return {
            "welfare": (profit + fees).sum(-1),
            "fee": state.fee[:, 0].double(),
            "stock": state.stock[:, 0].double(),
            "effort": state.effort.double(),
            "landings": state.landings.double(),
            "fees": fees,
            "profit": profit,
        }

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return biomass in tonnes, and profits plus fees less rent in money, ``[B]`` each."""
        price, cost = (self.parameters[name].reshape(-1, 1) for name in ("price", "effort_cost"))
        rent = price * state.landings.double() - cost * state.effort.double()
        biomass = state.stock.double() + state.landed.double() - state.grown.double()
        return {"biomass": biomass[:, 0], "money": (state.profit.double() + state.fees.double() - rent).sum(-1)}


def _growth(state: State, values: Mapping[str, Tensor]) -> Tensor:
    """Return the growth of a season with its shock ``[B, 1]``, in tonnes."""
    spread = values["growth_volatility"]
    draw = random.normal(state.key, state.time, "fishery/growth", (1,), state.stock.dtype)
    shock = (spread * draw - 0.5 * spread.square()).exp()
    return shock * surplus_growth(state.stock, values["growth_rate"], values["capacity"])


def _rewards(after: State, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return profits and the rent, relative to the value of the maximum sustainable yield."""
    yield_value = values["price"] * values["growth_rate"] * values["capacity"] / 4.0
    rent = (after.profit + after.fees).sum(-1, keepdim=True)
    return {"fisher": after.profit * after.profit.shape[-1] / yield_value, "regulator": rent / yield_value}


def _fisher(parameters: Parameters) -> Role:
    return Role(
        "fisher",
        parameters.fishers,
        Box(0.0, inf, (5,)),
        Box(0.0, parameters.season),
        features=(*_FEATURES, "effort"),
        feature_units=(*_UNITS, "share of the season"),
        action_labels=("effort",),
        action_unit="days at sea",
    )


def _regulator(parameters: Parameters) -> Role:
    return Role(
        "regulator",
        1,
        Box(0.0, inf, (4,)),
        Box(0.0, parameters.price),
        leads=True,
        acts_every=parameters.review or parameters.seasons,
        features=_FEATURES,
        feature_units=_UNITS,
        action_labels=("landing fee",),
        action_unit="EUR per tonne",
    )
