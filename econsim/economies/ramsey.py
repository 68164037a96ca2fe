r"""Ramsey economy: which path of capital-income taxes is best for a government that is committed to it?

A growth model with identical households, who work and invest, and a government that has to finance public consumption
out of a tax on capital income and a tax on labour income. In period 0 it announces a path of the first; the second
balances the budget in every period. A tax on capital that exists does not change its amount, so that the best path
begins with a tax; a tax on later returns reduces investment, and the best rate falls to zero in the long run (Chamley
1986, Judd 1985).

State
    Capital of each household ``[B, N]``; the announced rates ``[B, M]``, one for each block of periods; hours,
    consumption, investment and utility ``[B, N]``, output, both tax rates and public consumption ``[B]`` of the last
    period; and time.

Actions
    ``planner``: the tax rate on the rental income of capital in each block, in [``lowest``, ``highest``], in the
    announcement step. The first block begins in period ``starts[0]``; until then the ``status_quo`` is in force. The
    last block has no end. ``household``: the share of disposable income that it invests and its hours as a share of its
    time, both in [0.001, 0.999], in every period.

Observations
    ``household``: the logarithm of its capital relative to the initial one; shared by all: time, the logarithm of
    capital per household, the rate of the status quo and the announced rates. ``planner``: time and the status quo.

Dynamics
    In the announcement step the planner sets the rates. In every period after it output is
    $Y = K^\alpha L^{1 - \alpha}$ with capital $K$ and hours $L$ per household; capital earns $r = \alpha Y / K$, an
    hour $W = (1 - \alpha) Y / L$. Public consumption is $G = g Y$, and the tax on labour $\tau_l$ follows from
    $\tau_l W L + \tau r K = G$. Disposable income is $d = (1 - \tau) r k + (1 - \tau_l) W h$; a household invests
    $i = s d$ and consumes $c = d - i$. Capital lasts: $k' = k^{1 - \delta} (i / \delta)^\delta$, so that investment of
    $\delta k$ keeps it constant, and each further unit adds less (Hercowitz and Sampson 1991).

Rewards
    ``household``: $\ln c + \chi \ln G - \psi h^{1 + \gamma} / (1 + \gamma)$. After the last period all households are
    taken to follow the equilibrium of the last rate for ever; the reward of that period includes the discounted value
    of this, to the first order in differences of capital between households. ``planner``: the mean of these rewards.

Conservation
    Output less consumption, investment and public consumption, and revenue less public consumption, are zero.

Calibration
    Annual: $\alpha = 0.36$, $\delta = 0.08$, discount factor 0.96 (Aiyagari 1994), a Frisch elasticity of one half.
    With ``spending_share: null`` public consumption is the share of output that is best for households at the first
    best, 0.19 at the weight $\chi = 0.33$.

Checks
    The equilibrium under any path of rates has a closed form. With $\theta = 1 - \tau$ and $x$ the ratio of investment
    to consumption, $x_t / \delta = \beta [\alpha \theta_{t+1} (1 + x_{t+1}) / (1 - g) + (1 - \delta) x_{t+1} / \delta]$
    and $\psi h_t^{1 + \gamma} = (1 + x_t) (1 - \alpha \theta_t / (1 - g))$. In the planner's problem the effects of
    $x_t$ on hours in $t$ and $t + 1$ cancel in a stationary state, and the optimal rate in the long run satisfies
    $1 - \tau = (1 - g) (1 + \chi) m / (m + \chi \alpha \beta \delta)$ with $m = 1 - \beta (1 - \delta)$
    (:func:`long_run_rate`). It is zero at the best $g$, and $g$ if public consumption is of no use ($\chi = 0$): an
    additional unit of output then costs society the share $g$, which only a tax makes households pay. At zero, capital
    over output is $\alpha / (1 / \beta - 1 + \delta)$, 2.959, and the saving rate 23.67 %
    (``tests/economies/test_ramsey.py``, which also solves the planner's problem and the households' independently).

References:
    Chamley (1986), *Optimal Taxation of Capital Income in General Equilibrium with Infinite Lives*; Judd (1985),
    *Redistributive Taxation in a Simple Perfect Foresight Model*; Hercowitz and Sampson (1991), *Output Growth, the
    Real Wage, and Employment Fluctuations*; Straub and Werning (2020), *Positive Long-Run Capital Taxation:
    Chamley-Judd Revisited*, on when the result fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf, log

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim.accounts import MONEY, Account, Statistic
from econsim.errors import UserError
from econsim.game import Box, Game, Observation, Role, Transition, tensors
from econsim.mechanisms.numerics import power
from econsim.parameters import Model

__all__ = ["Parameters", "Ramsey", "best_spending_share", "long_run_rate"]

REFERENCES = (
    "@article{chamley1986optimal, title={Optimal Taxation of Capital Income in General Equilibrium with Infinite "
    "Lives}, author={Chamley, Christophe}, journal={Econometrica}, volume={54}, number={3}, pages={607--622}, "
    "year={1986}}",
    "@article{judd1985redistributive, title={Redistributive Taxation in a Simple Perfect Foresight Model}, "
    "author={Judd, Kenneth L.}, journal={Journal of Public Economics}, volume={28}, number={1}, pages={59--83}, "
    "year={1985}}",
)
HOUSEHOLD, PLANNER = "household", "planner"
LEAST, MOST = 0.001, 0.999
_NUMERIC = ("capital_share", "depreciation", "labour_curvature", "labour_weight", "public_weight", "status_quo")
_HOUSEHOLDS = ("role:household",)


def best_spending_share(public_weight: float, discount: float, capital_share: float, depreciation: float) -> float:
    """Return the share of output that public consumption has at the first best."""
    saving = capital_share * discount * depreciation / (1 - discount * (1 - depreciation))
    return public_weight / (1 + public_weight) * (1 - saving)


def long_run_rate(
    spending_share: float, public_weight: float, discount: float, capital_share: float, depreciation: float
) -> float:
    """Return the rate to which the best path of capital-income taxes converges; see the module docstring."""
    m = 1 - discount * (1 - depreciation)
    kept = m + public_weight * capital_share * discount * depreciation
    return 1 - (1 - spending_share) * (1 + public_weight) * m / kept


class Parameters(Model):
    """Parameters of the economy."""

    households: int = Field(default=10, ge=1, le=100_000)
    """Number of households. Each has the share ``1 / households`` of the market, so that few of them would not take
    prices as given if they learned."""
    periods: int = Field(default=32, ge=1, le=10_000)
    """Number of periods that are played; the value of what follows is part of the last reward."""
    discount: float = Field(default=0.96, gt=0, lt=1)
    """Weight of the utility of a period relative to one a period earlier."""
    capital_share: float = Field(default=0.36, gt=0, lt=1)
    """Exponent of capital in production."""
    depreciation: float = Field(default=0.08, gt=0, le=1)
    """Share of capital that has to be replaced in a period."""
    labour_curvature: float = Field(default=2.0, ge=0, le=100)
    """Curvature of the disutility of hours; its inverse is the Frisch elasticity."""
    labour_weight: float = Field(default=20.0, gt=0)
    """Weight of the disutility of hours; 20 gives about a third of the time."""
    public_weight: float = Field(default=0.33, ge=0)
    """Weight of the logarithm of public consumption in utility."""
    spending_share: float | None = Field(default=None, gt=0, lt=1)
    """Public consumption, a share of output; ``null`` is the share that is best at the first best."""
    status_quo: float = Field(default=0.3, lt=1)
    """Tax rate on capital income before the planner's first block. An episode starts in its stationary state."""
    starts: tuple[int, ...] = Field(default=(1, 6, 16, 31), min_length=1)
    """First period of each block of periods with the same tax rate, increasing, the last one played."""
    lowest: float = Field(default=-0.5, le=0)
    """Lowest rate that the planner may set; below zero, capital income is subsidised."""
    highest: float = Field(default=0.95, ge=0, lt=1)
    """Highest rate that the planner may set."""

    @property
    def spending(self) -> float:
        """Public consumption as a share of output."""
        if self.spending_share is not None:
            return self.spending_share
        return best_spending_share(self.public_weight, self.discount, self.capital_share, self.depreciation)

    @model_validator(mode="after")
    def _agree(self) -> Parameters:
        if self.spending_share is None and self.public_weight == 0:
            raise ValueError(
                "spending_share: public consumption of no use (public_weight: 0) has no best share; set it"
            )
        if list(self.starts) != sorted(set(self.starts)) or not 0 <= self.starts[0] <= self.starts[-1] < self.periods:
            raise ValueError(
                f"starts: expected increasing periods from 0 to {self.periods - 1}, found {list(self.starts)}"
            )
        if not self.lowest <= self.status_quo <= self.highest:
            raise ValueError(
                f"status_quo {self.status_quo:g} is not between lowest {self.lowest:g} and highest {self.highest:g}"
            )
        kept, left = 1 - self.lowest, 1 - self.spending
        most = (1 - self.discount * (1 - self.depreciation)) / (self.discount * self.depreciation)
        if kept * self.capital_share >= left * min(1.0, most):
            highest = left * min(1.0, most) / self.capital_share - 1
            raise ValueError(
                f"lowest: a subsidy of {-self.lowest:g} on capital income takes all labour income or lets households"
                f" invest all they have; it must be below {highest:.4g}"
            )
        return self


@tensors
class State:
    """State of the economy, float64."""

    time: Tensor  # [B] int64; the period is time - 1
    rates: Tensor  # [B, M]
    capital: Tensor  # [B, N], as the next four; flows are zero before the first period
    hours: Tensor
    consumption: Tensor
    investment: Tensor
    utility: Tensor
    output: Tensor  # [B], as the next four
    capital_tax: Tensor
    labour_tax: Tensor
    spending: Tensor
    welfare: Tensor  # [B], discounted utility so far times (1 - discount)


class Ramsey(Game[State]):
    """Growth model with taxes on capital and labour income; the module docstring describes it."""

    clocked = True
    burn_in = 1  # the announcement
    unit = "goods"
    accounts_spec = (
        Account("welfare", title="Discounted mean utility, per period", show="headline"),
        Account("capital_tax", title="Capital-income tax, last period", format="share", show="headline"),
        Account("labour_tax", title="Labour-income tax, last period", format="share", show="table"),
        Account("output", (), MONEY, "Output per household", format="index", show="table", flow=True),
        Account("spending", (), MONEY, "Public consumption", format="index", show="detail", flow=True),
        Account("rates", ("block",), title="Announced capital-income tax", format="share"),
        Account("capital", _HOUSEHOLDS, MONEY, format="index", statistics=(Statistic("mean", "table"),)),
        Account("hours", _HOUSEHOLDS, "share of time", format="share", flow=True),
        Account("consumption", _HOUSEHOLDS, MONEY, format="index", flow=True),
        Account("investment", _HOUSEHOLDS, MONEY, format="index", flow=True),
        Account("utility", _HOUSEHOLDS, format="index", flow=True, statistics=()),
    )

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        numbers = {name: getattr(parameters, name) for name in _NUMERIC} | {"spending_share": parameters.spending}
        self.parameters = {name: torch.tensor(value, dtype=torch.float64) for name, value in numbers.items()}
        self.horizon, self.discount = parameters.periods + 1, parameters.discount
        blocks = tuple(f"rate_from_{start}" for start in parameters.starts)
        time, announced = ("time", "share of the episode"), dict.fromkeys(("status_quo", *blocks), "fraction")
        shared = {time[0]: time[1], "capital": "log, relative to the initial one", **announced}
        self.roles = {
            HOUSEHOLD: Role(
                HOUSEHOLD,
                parameters.households,
                Box(-inf, inf, (1,)),
                Box(LEAST, MOST, (2,)),
                features=("own_capital",),
                feature_units=("log, relative to the initial one",),
                shared_features=tuple(shared),
                shared_units=tuple(shared.values()),
                action_labels=("share of disposable income invested", "share of time worked"),
                action_unit="fraction",
            ),
            PLANNER: Role(
                PLANNER,
                1,
                Box(-inf, inf, (2,)),
                Box(parameters.lowest, parameters.highest, (len(blocks),)),
                leads=True,
                acts_every=self.horizon,
                features=("time", "status_quo"),
                feature_units=(time[1], "fraction"),
                action_labels=blocks,
                action_unit="fraction",
            ),
        }
        self._starts = torch.tensor(parameters.starts)
        # The number of periods of each block, that of the status quo first, that lie after each period.
        bounds = torch.tensor([0, *parameters.starts, parameters.periods + 1])
        after = (bounds[1:] - torch.arange(parameters.periods + 1)[:, None] - 1).clamp(min=0)
        self._left = after.diff(dim=1, prepend=torch.zeros(len(after), 1, dtype=torch.int64))  # [T + 1, M + 1]

    # --- the game -----------------------------------------------------------------------------------------------

    def reset(self, key: Tensor) -> State:
        """Return the initial state: the stationary state under the status quo, before the announcement."""
        rates = self._number("status_quo", key)[:, None].expand(-1, len(self.settings.starts)).contiguous()
        equal = self._initial_capital(key)[:, None].expand(-1, self.settings.households).contiguous()
        each, all_ = torch.zeros_like(equal), torch.zeros_like(equal[:, 0])
        return State(torch.zeros_like(key), rates, equal, each, each, each, each, all_, all_, all_, all_, all_)

    def observe(self, state: State) -> dict[str, Observation]:
        """Return the observations of households and planner."""
        initial = self._initial_capital(state.time)
        time, status_quo = state.time / self.horizon, self._number("status_quo", state.time)
        shared = torch.stack([time, (state.capital.mean(-1) / initial).log(), status_quo], -1)
        alive = torch.ones_like(state.capital, dtype=torch.bool)
        announcing = (state.time == 0)[:, None]
        return {
            HOUSEHOLD: Observation(
                (state.capital / initial[:, None]).log()[..., None].to(self.dtype),
                alive,
                alive & ~announcing,
                shared=torch.cat([shared, state.rates], -1).to(self.dtype),
            ),
            PLANNER: Observation(shared[:, None, ::2].to(self.dtype), alive[:, :1], announcing),
        }

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Announce the rates, or let households work and invest for a period."""
        announcing, over = state.time == 0, state.time + 1 >= self.horizon
        settings = self.settings
        announced = actions[PLANNER][:, 0].double().clamp(settings.lowest, settings.highest)
        chosen = actions[HOUSEHOLD].double().clamp(LEAST, MOST)
        worked = self._after_work(state, chosen[..., 0], chosen[..., 1])
        waiting = replace(state, rates=announced)
        after = State(**{name: _where(announcing, getattr(waiting, name), of) for name, of in vars(worked).items()})
        reward = after.utility + torch.where(over[:, None], self.discount * self._value_of(after), 0.0)
        weight = torch.where(
            announcing, 0.0, (1 - self.discount) * ((state.time - 1).double() * log(self.discount)).exp()
        )
        after = replace(after, time=state.time + 1, welfare=state.welfare + weight * reward.mean(-1))
        rewards = {HOUSEHOLD: reward.to(self.dtype), PLANNER: reward.mean(-1, keepdim=True).to(self.dtype)}
        return Transition(after, rewards, torch.zeros_like(over), over)

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return the accounts that ``accounts_spec`` declares."""
        return {account.name: getattr(state, account.name) for account in self.accounts_spec}

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return the residuals of the goods market and of the government's budget, ``[B]``, shares of output."""
        share = self._number("capital_share", state.time)
        used = (state.consumption + state.investment).mean(-1) + state.spending
        revenue = (share * state.capital_tax + (1 - share) * state.labour_tax) * state.output
        produced = state.output.clamp(min=torch.finfo(torch.float64).tiny)
        return {"goods": (state.output - used) / produced, "budget": (revenue - state.spending) / produced}

    def status_quo(self, role: str) -> Tensor:
        """Return the rate in force before the planner acts, for every block."""
        if role != PLANNER:
            raise UserError(f"ramsey: the role {PLANNER} has a status quo, the role {role!r} has none")
        return self.parameters["status_quo"].expand(len(self.settings.starts))

    def best_response(self, role: str, observation: Observation) -> Tensor:
        """Return investment as a share of income, and hours, of the equilibrium under the announced rates.

        They are optimal for a household if all households follow them from now on; ``[B, N, 2]``.
        """
        if role != HOUSEHOLD or observation.shared is None:
            raise UserError(f"ramsey: best responses are those of the role {HOUSEHOLD}, not of {role!r}")
        shared = observation.shared.double()
        period = (shared[:, 0] * self.horizon).round().long() - 1
        ratio, hours = self._equilibrium(period.clamp(min=0), shared[:, 2:])
        action = torch.stack([ratio / (1 + ratio), hours], -1).clamp(LEAST, MOST)
        return action[:, None].expand(-1, observation.alive.shape[1], -1).to(self.dtype)

    # --- the equilibrium ----------------------------------------------------------------------------------------

    def _equilibrium(self, period: Tensor, rates: Tensor) -> tuple[Tensor, Tensor]:
        """Return investment over consumption and hours in a period ``[B]``, under rates ``[B, M + 1]``.

        The ratio moves towards its stationary value under the rate of each coming block, from the last to the next.
        """
        stationary, slope = self._ratio(rates)
        left = self._left[period]  # [B, M + 1]
        ratio = stationary[:, -1]
        for block in reversed(range(rates.shape[1] - 1)):
            moved = power(slope[:, block], left[:, block])
            ratio = stationary[:, block] + moved * (ratio - stationary[:, block])
        return ratio, self._hours(ratio, rates.gather(1, self._block(period)[:, None])[:, 0])

    def _ratio(self, rates: Tensor) -> tuple[Tensor, Tensor]:
        """Return investment over consumption in the stationary state of each rate, and the slope of its law."""
        like = rates[:, 0]
        share, depreciation, spending = (
            self._number(name, like)[:, None] for name in ("capital_share", "depreciation", "spending_share")
        )
        earned = self.discount * depreciation * share * (1 - rates) / (1 - spending)
        kept = self.discount * (1 - depreciation)
        return earned / (1 - kept - earned), earned + kept

    def _hours(self, ratio: Tensor, rate: Tensor) -> Tensor:
        share, spending, weight, curvature = (
            self._number(name, ratio)
            for name in ("capital_share", "spending_share", "labour_weight", "labour_curvature")
        )
        disutility = (1 + ratio) * (1 - share * (1 - rate) / (1 - spending)) / weight
        return power(disutility, 1 / (1 + curvature))

    def _stationary(self, rate: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return ratio and hours under a constant rate ``[B]``, and the logarithm of investment at capital of one."""
        ratio = self._ratio(rate[:, None])[0][:, 0]
        hours = self._hours(ratio, rate)
        left = 1 - self._number("spending_share", rate)
        log_output = (1 - self._number("capital_share", rate)) * hours.log()
        return ratio, hours, (left * ratio / (1 + ratio)).log() + log_output

    def _initial_capital(self, like: Tensor) -> Tensor:
        """Return capital in the stationary state of the status quo, ``[B]``: investment replaces what is lost."""
        _, _, log_investment = self._stationary(self._number("status_quo", like))
        depreciation, share = self._number("depreciation", like), self._number("capital_share", like)
        return ((log_investment - depreciation.log()) / (1 - share)).exp()

    def _value_of(self, state: State) -> Tensor:
        """Return the value of each household's capital ``[B, N]`` where all follow the equilibrium of the last rate."""
        rate = state.rates[:, -1]
        share, depreciation, public, spending = (
            self._number(name, rate) for name in ("capital_share", "depreciation", "public_weight", "spending_share")
        )
        ratio, hours, log_investment = self._stationary(rate)
        mean = state.capital.mean(-1)
        log_consumption = log_investment - ratio.log()
        log_output = log_consumption + (1 + ratio).log() - (1 - spending).log()
        now = log_consumption + public * (spending.log() + log_output) - self._disutility(hours)
        worth = (1 + public) * share / (1 - self.discount * (1 - depreciation + depreciation * share))  # of log capital
        grown = depreciation * (log_investment - depreciation.log())
        common = worth * mean.log() + (now + self.discount * worth * grown) / (1 - self.discount)
        own = (ratio / (self.discount * depreciation))[:, None] * (state.capital / mean[:, None]).log()
        return common[:, None] + own

    # --- implementation -----------------------------------------------------------------------------------------

    def _after_work(self, state: State, invested: Tensor, hours: Tensor) -> State:
        """Return the state after a period, given each household's share of income invested and hours ``[B, N]``."""
        share, depreciation, public, spending = (
            self._number(name, state.time)
            for name in ("capital_share", "depreciation", "public_weight", "spending_share")
        )
        rate = self._rate(state)
        capital, labour = state.capital.mean(-1), hours.mean(-1)
        output = power(capital, share) * power(labour, 1 - share)
        labour_tax = (spending - share * rate) / (1 - share)
        of_capital, of_labour = (1 - rate) * share * output / capital, (1 - labour_tax) * (1 - share) * output / labour
        income = of_capital[:, None] * state.capital + of_labour[:, None] * hours
        investment = invested * income
        consumption = income - investment
        lasting = depreciation[:, None]
        public_utility = public * (spending * output).log()
        return replace(
            state,
            capital=power(state.capital, 1 - lasting) * power(investment / lasting, lasting),
            hours=hours,
            consumption=consumption,
            investment=investment,
            utility=consumption.log() + public_utility[:, None] - self._disutility(hours),
            output=output,
            capital_tax=rate,
            labour_tax=labour_tax,
            spending=spending * output,
        )

    def _disutility(self, hours: Tensor) -> Tensor:
        curvature, weight = (
            self._number(name, hours).reshape(-1, *[1] * (hours.ndim - 1))
            for name in ("labour_curvature", "labour_weight")
        )
        return weight * power(hours, 1 + curvature) / (1 + curvature)

    def _block(self, period: Tensor) -> Tensor:
        """Return the block of each period ``[B]``: 0 under the status quo, then 1 to M."""
        return (period[:, None] >= self._starts).sum(-1)

    def _rate(self, state: State) -> Tensor:
        """Return the tax rate on capital income in force in the coming period, ``[B]``."""
        rates = torch.cat([self._number("status_quo", state.time)[:, None], state.rates], -1)
        return rates.gather(1, self._block((state.time - 1).clamp(min=0))[:, None])[:, 0]

    def _number(self, name: str, like: Tensor) -> Tensor:
        """Return a numeric parameter ``[B]``."""
        return self.parameters[name].to(like.device).expand(like.shape[0])


def _where(condition: Tensor, this: Tensor, other: Tensor) -> Tensor:
    return torch.where(condition[:, None] if this.ndim == 2 else condition, this, other)
