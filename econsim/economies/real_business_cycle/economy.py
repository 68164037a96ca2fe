"""The real business cycle on tensors: state, quarters, observations and accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from econsim import random
from econsim.economies.real_business_cycle import market
from econsim.economies.real_business_cycle.accounts import ACCOUNTS
from econsim.economies.real_business_cycle.parameters import NUMERIC, Parameters
from econsim.economies.real_business_cycle.players import CONSUMER, FIRM, GOVERNMENT, roles_of, tax_rates
from econsim.game import Game, Observation, Transition, tensors
from econsim.mechanisms.preferences import isoelastic

__all__ = ["RealBusinessCycle", "State"]

_MONEY_SCALE = 10_000.0  # coin
_CAPITAL_SCALE = 10_000.0
_STOCK_SCALE = 100.0  # units


@tensors
class State:
    """State of the economy after a quarter; float64 where nothing else is said."""

    key: Tensor  # [B] int64
    time: Tensor  # [B] int64, quarters that have passed
    productivity: Tensor  # [B], logarithm relative to its mean
    prices: Tensor  # [B, F] coin per unit, in force in the coming quarter
    wages: Tensor  # [B, F] coin per hour, in force in the coming quarter
    tax_rates: Tensor  # [B, 2] on income and on profit, in force in the coming quarter
    money: Tensor  # [B, C] coin
    firm_money: Tensor  # [B, F] coin
    capital: Tensor  # [B, F]
    stock: Tensor  # [B, F] units
    scarce: Tensor  # [B, F] bool, goods of which more was demanded than was in stock
    bought: Tensor  # [B, C, F] units in the last quarter, as all flows below
    hours: Tensor  # [B, C] hours
    income: Tensor  # [B, C] coin, before taxes
    utility: Tensor  # [B, C]
    output: Tensor  # [B, F] units
    exports: Tensor  # [B, F] units
    profit: Tensor  # [B, F] coin, after taxes
    revenue: Tensor  # [B] coin
    from_outside: Tensor  # [B] coin that came from outside less what went there, so far
    produced: Tensor  # [B] units so far
    sold: Tensor  # [B] units so far, exports included


class _Sales(NamedTuple):
    """Sales of a quarter."""

    bought: Tensor  # [B, C, F] units
    exports: Tensor  # [B, F] units
    scarce: Tensor  # [B, F] bool


class _Books(NamedTuple):
    """Balances after a quarter, and its flows, in coin."""

    money: Tensor  # [B, C]
    firm_money: Tensor  # [B, F]
    investment: Tensor  # [B, F]
    profit: Tensor  # [B, F] after taxes
    revenue: Tensor  # [B]
    from_outside: Tensor  # [B]


class RealBusinessCycle(Game[State]):
    """The real business cycle; the docstring of the package describes it."""

    unit = "coin"
    clocked = True
    accounts_spec = ACCOUNTS

    def __init__(self, parameters: Parameters) -> None:
        self.settings, self.horizon = parameters, parameters.quarters
        self.parameters = {name: torch.tensor(getattr(parameters, name), dtype=torch.float64) for name in NUMERIC}
        self.roles = roles_of(parameters)
        lists = ("labour_shares", "capital", "demands", "hours", "prices", "wages", "investments")
        self.constants = {
            **{name: torch.tensor(getattr(parameters, name), dtype=torch.float64) for name in lists},
            "tax_levels": torch.tensor(tax_rates(parameters), dtype=torch.float64),  # [K], none of real numbers
            "rank": torch.arange(parameters.consumers, dtype=torch.float64) / parameters.consumers,  # [C]
        }

    def reset(self, key: Tensor) -> State:
        """Return the state before the first quarter, which is the same in all copies."""
        consumers, firms, settings = self.settings.consumers, self.settings.firms, self.settings
        zero = torch.zeros(len(key), dtype=torch.float64, device=key.device)
        of_consumers, of_firms = zero[:, None].expand(-1, consumers), zero[:, None].expand(-1, firms)
        return State(
            key=key,
            time=torch.zeros_like(key),
            productivity=zero,
            prices=of_firms + settings.initial_price,
            wages=of_firms + settings.initial_wage,
            tax_rates=zero[:, None].expand(-1, 2),
            money=of_consumers + self._number("consumer_money"),
            firm_money=of_firms + self._number("firm_money") * consumers,
            capital=of_firms + self.constants["capital"],
            stock=of_firms + self._number("initial_stock"),
            scarce=of_firms > 0,
            bought=of_consumers[..., None].expand(-1, -1, firms),
            hours=of_consumers,
            income=of_consumers,
            utility=of_consumers,
            output=of_firms,
            exports=of_firms,
            profit=of_firms,
            revenue=zero,
            from_outside=zero,
            produced=zero,
            sold=zero,
        )

    def observe(self, state: State) -> dict[str, Observation]:
        """Return the market, which all see, and what consumers, firms and the government know besides."""
        shared = self._market(state).to(self.dtype)
        savings, balances = state.money / _MONEY_SCALE, state.firm_money / (_MONEY_SCALE * self.settings.consumers)
        cost = self._work_cost() / self._number("work_cost").clamp(min=1e-300)
        means = torch.stack([savings.mean(-1), balances.mean(-1)], -1)[:, None]
        of_role = {
            CONSUMER: torch.stack([savings, cost.expand_as(savings)], -1),
            FIRM: self._known_to_firms(state, balances),
            GOVERNMENT: means,
        }
        due = (state.time % self.settings.tax_every == 0)[:, None]
        masks = {
            CONSUMER: self._all_legal(state),
            FIRM: self._legal_of_firms(state),
            GOVERNMENT: self._legal_taxes(due),
        }
        seen = {}
        for name, features in of_role.items():
            alive = torch.ones(features.shape[:2], dtype=torch.bool, device=features.device)
            acting = due if name == GOVERNMENT else alive
            seen[name] = Observation(features.to(self.dtype), alive, acting, masks[name], shared=shared)
        return seen

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Let a quarter pass: sales, exports, work and production, taxes and transfers, interest, new prices."""
        firms, choices = self.settings.firms, actions[CONSUMER]
        hours, employer = self.constants["hours"][choices[..., firms]], choices[..., firms + 1]  # [B, C]
        prices, wages, share = self._chosen_by_firms(actions[FIRM])
        sales = self._sales(state, self.constants["demands"][choices[..., :firms]])
        labour = torch.zeros_like(state.stock).scatter_add(1, employer, hours)
        output = self._output(state, labour)
        income = hours * state.wages.gather(1, employer)
        books = self._books(state, sales, income, labour * state.wages, share)
        sold = sales.bought.sum(1) + sales.exports
        pleasure = isoelastic(1.0 + sales.bought, self._number("risk_aversion")[..., None]).sum(-1)
        after = State(
            key=state.key,
            time=state.time + 1,
            productivity=self._next_productivity(state),
            prices=prices,
            wages=wages,
            tax_rates=self._next_taxes(state, actions[GOVERNMENT]),
            money=books.money,
            firm_money=books.firm_money,
            capital=state.capital + books.investment,
            stock=state.stock - sold + output,
            scarce=sales.scarce,
            bought=sales.bought,
            hours=hours,
            income=income,
            utility=pleasure - self._work_cost() / 2.0 * hours,
            output=output,
            exports=sales.exports,
            profit=books.profit,
            revenue=books.revenue,
            from_outside=state.from_outside + books.from_outside,
            produced=state.produced + output.sum(-1),
            sold=state.sold + sold.sum(-1),
        )
        over = after.time >= self.horizon
        return Transition(after, self._rewards(after), torch.zeros_like(over), over)

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return the accounts that ``accounts_spec`` declares, float64."""
        return {
            "welfare": self._welfare(state),
            "income_tax_rate": state.tax_rates[:, 0],
            "corporate_tax_rate": state.tax_rates[:, 1],
            "revenue": state.revenue,
            "scarce_share": state.scarce.double().mean(-1),
            "productivity": state.productivity.exp(),
            "utility": state.utility,
            "purchases": state.bought.sum(-1),
            "hours": state.hours,
            "labour_income": state.income,
            "savings": state.money,
            "price": state.prices,
            "wage": state.wages,
            "output": state.output,
            "exports": state.exports,
            "profit": state.profit,
            "stock": state.stock,
            "capital": state.capital,
            "firm_money": state.firm_money,
        }

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return money less what came from outside (coin), and stocks plus sales less output (units), ``[B]`` each."""
        money = state.money.sum(-1) + state.firm_money.sum(-1)
        return {
            "money": money - state.from_outside,
            "goods": state.stock.sum(-1) + state.sold - state.produced,
        }

    # --- implementation ---------------------------------------------------------------------------------------------

    def _number(self, name: str) -> Tensor:
        """Return a numeric parameter, ``[1, 1]`` or ``[B, 1]``."""
        return self.parameters[name].reshape(-1, 1)

    def _work_cost(self) -> Tensor:
        """Return the cost of work of each consumer: the highest, divided by the quantile of its rank; ``[1 | B, C]``.

        The quantile of a Pareto distribution with shape $b$ is $(1 - r)^{-1 / b}$.
        """
        quantile = (1.0 - self.constants["rank"]) ** (-1.0 / self._number("work_cost_pareto"))
        cost: Tensor = self._number("work_cost") * self._number("work_cost_factor") / quantile
        return cost

    def _sales(self, state: State, demand: Tensor) -> _Sales:
        """Return what consumers and the world market buy, for demands ``[B, C, F]`` in units."""
        bought, scarce = market.purchases(demand, state.prices, state.money, state.stock)
        limits = self._number("export_price"), self._number("export_quantity")
        return _Sales(bought, market.exported(state.stock - bought.sum(1), state.prices, *limits), scarce)

    def _output(self, state: State, labour: Tensor) -> Tensor:
        """Return what firms produce with labour ``[B, F]`` in hours, in units."""
        technology = self._number("technology") * state.productivity.exp()[:, None]
        return market.produced(technology, state.capital, labour, self.constants["labour_shares"])

    def _books(self, state: State, sales: _Sales, income: Tensor, wage_bill: Tensor, share: Tensor) -> _Books:
        """Book sales, wages, investment, taxes, transfers, gifts and interest.

        ``income`` ``[B, C]`` and ``wage_bill`` ``[B, F]``: wages, in coin; ``share`` ``[B, F]``: of earnings, invested.
        """
        consumers, rate = self.settings.consumers, self._number("interest_rate")
        export_value = sales.exports * state.prices
        earnings = sales.bought.sum(1) * state.prices + export_value - wage_bill
        investment = market.invested(earnings, share)
        taxable = earnings - investment
        corporate_tax = state.tax_rates[:, 1:] * taxable.clamp(min=0.0)
        income_tax = state.tax_rates[:, :1] * income
        revenue = income_tax.sum(-1) + corporate_tax.sum(-1)
        spending = (sales.bought * state.prices[:, None]).sum(-1)
        received = income - income_tax + revenue[:, None] / consumers + self._number("gift")
        money, interest = market.with_interest(state.money - spending + received, rate)
        profit = taxable - corporate_tax
        firm_money, firm_interest = market.with_interest(state.firm_money + profit, rate)
        from_outside = (export_value - investment + firm_interest).sum(-1) + interest.sum(-1)
        gifts = self._number("gift")[:, 0] * consumers
        return _Books(money, firm_money, investment, profit, revenue, from_outside + gifts)

    def _chosen_by_firms(self, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return prices, wages and shares invested, ``[B, F]`` each."""
        names = ("prices", "wages", "investments")
        prices, wages, share = (self.constants[name][action[..., at]] for at, name in enumerate(names))
        return prices, wages, share

    def _next_taxes(self, state: State, action: Tensor) -> Tensor:
        """Return the rates of the next quarter ``[B, 2]``, at most the ceiling."""
        levels = self.constants["tax_levels"]
        announced = levels[action[:, 0]] if len(levels) else action[:, 0].double()
        due = (state.time % self.settings.tax_every == 0)[:, None]
        return torch.where(due, torch.minimum(announced, self._number("tax_ceiling")), state.tax_rates)

    def _next_productivity(self, state: State) -> Tensor:
        """Return log productivity of the next quarter ``[B]``, an AR(1) process."""
        shock = random.normal(state.key, state.time, "real_business_cycle/productivity", (1,), torch.float64)
        kept = self._number("productivity_persistence") * state.productivity[:, None]
        following: Tensor = (kept + self._number("productivity_sd") * shock)[:, 0]
        return following

    def _welfare(self, state: State) -> Tensor:
        """Return mean utility plus weighted profits per consumer, ``[B]``."""
        profits = state.profit.sum(-1) / self.settings.consumers
        return state.utility.mean(-1) + self._number("profit_weight")[:, 0] * profits

    def _rewards(self, after: State) -> dict[str, Tensor]:
        """Return the rewards of the quarter: utility, profits in units of ``profit_unit``, welfare."""
        rewards = {
            CONSUMER: after.utility,
            FIRM: after.profit / self._number("profit_unit"),
            GOVERNMENT: self._welfare(after)[:, None],
        }
        return {role: reward.to(self.dtype) for role, reward in rewards.items()}

    def _market(self, state: State) -> Tensor:
        """Return what everybody sees, ``[B, 4 F + 4]``."""
        scales = {name: max(getattr(self.settings, name)) or 1.0 for name in ("prices", "wages")}
        clock = torch.stack([state.time / self.horizon, state.productivity], -1)
        return torch.cat(
            [
                state.prices / scales["prices"],
                state.wages / scales["wages"],
                state.stock / _STOCK_SCALE,
                state.scarce.double(),
                state.tax_rates,
                clock,
            ],
            -1,
        )

    def _known_to_firms(self, state: State, balances: Tensor) -> Tensor:
        """Return the features of firms, ``[B, F, 7 + F]``."""
        firms = self.settings.firms
        own = self._market(state)[:, : 4 * firms].reshape(-1, 4, firms).transpose(1, 2)  # [B, F, 4]
        known = [balances, state.capital / _CAPITAL_SCALE, self.constants["labour_shares"].expand_as(balances)]
        which = torch.eye(firms, dtype=own.dtype, device=own.device).expand(len(own), -1, -1)
        return torch.cat([own, torch.stack(known, -1), which], -1)

    def _all_legal(self, state: State) -> Tensor:
        """Return the action mask of consumers ``[B, C, A]``: they may choose anything."""
        size = self.roles[CONSUMER].action.mask_size  # type: ignore[union-attr]
        return torch.ones((), dtype=torch.bool, device=state.key.device).expand(*state.money.shape, size)

    def _legal_of_firms(self, state: State) -> Tensor:
        """Return the action mask of firms ``[B, F, A]``: prices and wages within reach of the initial ones."""
        within = []
        for name in ("price", "wage"):
            choices, start = self.constants[f"{name}s"], getattr(self.settings, f"initial_{name}")
            reach = self._number(f"{name}_reach")
            low, high = start * (1.0 - reach), start + (choices.max() - start) * reach
            within.append((choices >= low) & (choices <= high))
        investments = torch.ones_like(self.constants["investments"], dtype=torch.bool).expand(len(within[0]), -1)
        size = max(len(part) for part in within)
        legal = torch.cat([part.expand(size, -1) for part in (*within, investments)], -1)
        return legal[:, None].expand(*state.stock.shape, -1)

    def _legal_taxes(self, due: Tensor) -> Tensor | None:
        """Return the action mask of the government ``[B, 1, A]``; none where it announces real numbers."""
        levels = self.constants["tax_levels"]
        if not len(levels):
            return None
        legal: Tensor = (levels <= self._number("tax_ceiling")).repeat(1, 2)
        return legal[:, None].expand(*due.shape, -1)
