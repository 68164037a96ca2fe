"""Tax: bracket rates set at the start of each tax period; income taxed and revenue rebated at its end.

Income is the change of a worker's endowment, escrow included, since the last collection: sales count as income,
purchases are deducted, and income can be negative. Collection takes at most the coin in inventory, so that open bids
shield coin from taxation, as published; the account ``tax_shielded`` records the amount.

With negative rates (``lowest_rate`` of the economy) a tax may be a refundable credit. Coin cannot be negative, so that
credits are paid out of the taxes that a planner collects in the period: where these are not enough, all of its credits
are reduced in the same proportion, and nothing is rebated. The account ``credit_unpaid`` records the reduction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim.accounts import MONEY, Account, Statistic
from econsim.economies.gather_trade_build.accounts import WORKERS
from econsim.economies.gather_trade_build.components import Component, Economy, Features
from econsim.economies.gather_trade_build.world import World
from econsim.errors import UserError
from econsim.game import tensors
from econsim.mechanisms.taxes import brackets_tax, check_schedule, marginal_rate
from econsim.mechanisms.us_law import Law
from econsim.parameters import Model

__all__ = ["Parameters", "Tax"]


class Parameters(Model):
    """Parameters of taxation."""

    period: int = Field(100, ge=1)
    """Steps per tax period."""
    brackets: Law | tuple[float, ...] = Law(year=2019)
    """Lower thresholds of the brackets in coin, starting at 0; or a year of US federal law (published: 2019)."""
    usd_per_coin: float = Field(1000.0, gt=0)
    """US dollars per coin, by which the thresholds of a law are divided."""
    rate_step: float = Field(0.05, gt=0, le=1)
    """Step between the rates from which a planner chooses."""
    highest_rate: float = Field(1.0, ge=0, le=1)
    """Highest rate that a planner may set: higher options are masked, higher announced values are clipped."""

    @model_validator(mode="after")
    def _sound(self) -> Parameters:
        try:
            check_schedule(self.thresholds, torch.zeros(len(self.thresholds)))
        except UserError as error:
            raise ValueError(str(error)) from None
        if abs(round(1 / self.rate_step) * self.rate_step - 1) > 1e-9:
            raise ValueError(f"rate_step: expected a step that divides 1, such as 0.05, found {self.rate_step:g}")
        return self

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Lower thresholds of the brackets, coin."""
        if isinstance(self.brackets, Law):
            return tuple((self.brackets.schedule().thresholds / self.usd_per_coin).tolist())
        return self.brackets


@tensors
class Ledger:
    """Memory of the tax component; money in coin. Each of ``Y`` periods has one entry, zero until the period ends."""

    rates: Tensor  # [B, L, K] in force
    at_start: Tensor  # [B, N] endowment after the last collection
    last_income: Tensor  # [B, N] of the last period
    last_marginal_rate: Tensor  # [B, N]
    income: Tensor  # [B, N, Y]
    tax: Tensor  # [B, N, Y]
    shielded: Tensor  # [B, N, Y] tax owed but not collected, since the coin was in escrow; negative: credit unpaid
    rebate: Tensor  # [B, N, Y]
    marginal_rate: Tensor  # [B, N, Y]
    schedule: Tensor  # [B, L, Y, K]


class Tax(Component):
    """Period taxes by bracket; each planner taxes its own workers and rebates revenue equally among them."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.thresholds = parameters.thresholds

    @property
    def planner_acts_every(self) -> int:
        """Number of steps per tax period."""
        return self.parameters.period

    def numbers(self) -> dict[str, float]:
        """Return the highest rate that planners may set, which tax annealing varies."""
        return {"highest_rate": self.parameters.highest_rate}

    def tables(self, economy: Economy) -> dict[str, Tensor]:
        """Return the thresholds, the selectable rates and the indices of the periods."""
        first, last = self._option_numbers(economy)
        return {
            "thresholds": torch.tensor(self.thresholds, dtype=torch.float64),
            "rate_options": torch.arange(first, last + 1, dtype=torch.float64) * self.parameters.rate_step,
            "periods": torch.arange(self._periods(economy)),
        }

    def planner_choices(self, economy: Economy) -> tuple[int, ...]:
        """Return the number of options of each bracket: keep the rate, or set one of the selectable rates."""
        first, last = self._option_numbers(economy)
        return (last - first + 2,) * len(self.thresholds)

    def _option_numbers(self, economy: Economy) -> tuple[int, int]:
        """Return the lowest and the highest selectable rate, in steps."""
        step = self.parameters.rate_step
        return round(economy.lowest_rate / step), round(1 / step)

    def planner_labels(self, economy: Economy) -> dict[str, tuple[str, ...]]:
        """Return a choice per bracket, named by its lower threshold in coin: keep the rate, or set one of the rates."""
        options = economy.tables["rate_options"].tolist()
        rates = ("keep", *(f"{rate:.6g}" for rate in options))
        return {f"rate_from_{threshold:.10g}": rates for threshold in self.thresholds}

    def start(self, economy: Economy, world: World) -> Ledger:
        """Return a ledger without taxes."""
        periods, brackets = self._periods(economy), len(self.thresholds)
        nothing = torch.zeros_like(world.coin)
        yearly = nothing[..., None].expand(-1, -1, periods).contiguous()
        rates = nothing.new_zeros((nothing.shape[0], len(economy.planners), brackets))
        schedule = rates[:, :, None].expand(-1, -1, periods, -1).contiguous()
        return Ledger(rates, world.endowment, nothing, nothing, yearly, yearly, yearly, yearly, yearly, schedule)

    def planner_mask(self, economy: Economy, world: World, memory: Ledger) -> Tensor:
        """Allow the permitted rates at the start of a period, and keeping the rate at all times."""
        begins = (world.time % self.parameters.period == 0)[:, None]
        within = self._within_reach(economy, economy.tables["rate_options"])
        keep = torch.ones_like(begins)
        options = torch.cat([keep, (begins & within)], 1)[:, None, None]
        brackets = len(self.thresholds)
        return options.expand(-1, len(economy.planners), brackets, -1).flatten(2)

    def step(
        self, economy: Economy, world: World, memory: Ledger, actions: Tensor, announced: Mapping[str, Tensor]
    ) -> tuple[World, Ledger]:
        """Set announced rates at the start of a period; collect taxes and pay rebates at its end."""
        position = world.time % self.parameters.period
        memory = self._announce(economy, memory, announced, position == 0)
        return self._collect(economy, world, memory, (position == self.parameters.period - 1)[:, None])

    def observe(self, economy: Economy, world: World, memory: Ledger) -> Features:
        """Return the tax calendar, the last period's incomes, rates in force and marginal rates on the next coin."""
        period = self.parameters.period
        position = world.time % period + 1
        last_incomes = memory.last_income / period
        everywhere = {
            "is_tax_day": position >= period,
            "is_first_day": position == 1,
            "tax_phase": position.to(economy.dtype) / period,
        }
        shared = {name: value.to(economy.dtype)[:, None, None] for name, value in everywhere.items()}
        shared["last_incomes"] = last_incomes.sort(-1).values[:, None]
        marginal = self._marginal(economy, memory, world.endowment - memory.at_start)[..., None]
        return Features(
            worker=shared | {"curr_rates": self._of_each_worker(economy, memory.rates), "marginal_rate": marginal},
            planner=shared | {"curr_rates": memory.rates},
            of_workers={
                "last_income": last_incomes[..., None],
                "last_marginal_rate": memory.last_marginal_rate[..., None],
                "curr_marginal_rate": marginal,
            },
        )

    def units(self) -> dict[str, str]:
        """Return the units of the tax calendar, incomes and rates."""
        income, next_coin = "coin per step of the last period", "fraction of the next coin of income"
        return {
            "is_tax_day": "1: yes, 0: no",
            "is_first_day": "1: yes, 0: no",
            "tax_phase": "fraction of the tax period",
            "last_incomes": f"{income}, the lowest income first",
            "curr_rates": "fraction of the income in this bracket",
            "marginal_rate": next_coin,
            "last_income": income,
            "last_marginal_rate": "fraction of the last coin of the last period",
            "curr_marginal_rate": next_coin,
        }

    def accrued(self, economy: Economy, world: World, memory: Ledger) -> Tensor:
        """Return rebate less tax on the income of the period so far, ``[B, N]``."""
        owed = self._tax(economy, memory, world.endowment - memory.at_start)
        tax = self._collected(economy, world, owed)
        return self._share_out(economy, tax) - tax

    def accounts_spec(self, economy: Economy) -> tuple[Account, ...]:
        """Return the declared accounts of workers over the episode and by tax period, and of the schedule."""
        by_period = (*WORKERS, "period")
        return (
            Account("income", WORKERS, MONEY, statistics=(Statistic("mean", "detail"), Statistic("gini", "table"))),
            Account("tax", WORKERS, MONEY, statistics=(Statistic(), Statistic("total", "table", "revenue", "Revenue"))),
            Account("tax_shielded", WORKERS, MONEY),
            *((Account("credit_unpaid", WORKERS, MONEY),) if economy.lowest_rate < 0 else ()),
            Account("rebate", WORKERS, MONEY),
            Account("income_by_period", by_period, MONEY),
            Account("tax_by_period", by_period, MONEY),
            Account("marginal_rate_by_period", by_period, format="share"),
            Account("schedule_by_period", ("planner", "period", "bracket"), format="share"),
            Account("rates", ("bracket",), title="Marginal tax rates", format="share"),
            Account("thresholds", ("bracket",), MONEY, "Bracket thresholds"),
        )

    def accounts(self, economy: Economy, world: World, memory: Ledger) -> dict[str, Tensor]:
        """Return income, tax and rebate over the episode ``[B, N]`` and by period ``[B, N, Y]``, and the schedule."""
        income, tax, shielded = memory.income.double(), memory.tax.double(), memory.shielded.double()
        unpaid = {"credit_unpaid": (-shielded).clamp(min=0).sum(-1)} if economy.lowest_rate < 0 else {}
        return {
            "income": income.sum(-1),
            "tax": tax.sum(-1),
            "tax_shielded": shielded.clamp(min=0).sum(-1),
            **unpaid,
            "rebate": memory.rebate.double().sum(-1),
            "income_by_period": income,
            "tax_by_period": tax,
            "marginal_rate_by_period": memory.marginal_rate.double(),
            "schedule_by_period": memory.schedule.double(),
            "rates": memory.rates[:, 0].double(),
            "thresholds": economy.tables["thresholds"].expand(world.time.shape[0], -1),
        }

    def conserved(self, economy: Economy, world: World, memory: Ledger) -> dict[str, Tensor]:
        """Return taxes less rebates, which remain zero."""
        return {"taxes": (memory.tax.double() - memory.rebate.double()).sum((1, 2))}

    def _periods(self, economy: Economy) -> int:
        return max(1, economy.horizon // self.parameters.period)

    def _within_reach(self, economy: Economy, rates: Tensor) -> Tensor:
        # Options are multiples of a decimal step, which floating-point numbers represent inexactly.
        return rates <= economy.number("highest_rate").double() + 1e-9

    def _announce(self, economy: Economy, memory: Ledger, announced: Mapping[str, Tensor], begins: Tensor) -> Ledger:
        rows = [
            self._rates(economy, announced[planner], memory.rates[:, number])
            for number, planner in enumerate(economy.planners)
        ]
        return replace(memory, rates=torch.where(begins[:, None, None], torch.stack(rows, 1), memory.rates))

    def _rates(self, economy: Economy, announced: Tensor, current: Tensor) -> Tensor:
        """Return one planner's rates ``[B, K]``: values above the highest are clipped, options above it ignored."""
        highest = economy.number("highest_rate")
        if announced.is_floating_point():
            return torch.minimum(announced.to(current), highest)
        options = economy.tables["rate_options"]
        selected = options[(announced - 1).clamp(0, options.shape[0] - 1)]
        legal = (announced > 0) & (announced <= options.shape[0]) & self._within_reach(economy, selected)
        return torch.where(legal, selected.to(current), current)

    def _collect(self, economy: Economy, world: World, memory: Ledger, due: Tensor) -> tuple[World, Ledger]:
        income = world.endowment - memory.at_start
        owed = torch.where(due, self._tax(economy, memory, income), 0.0)
        tax = self._collected(economy, world, owed)
        rebate = self._share_out(economy, tax)
        world = replace(world, coin=world.coin - tax + rebate)
        marginal = self._marginal(economy, memory, income)
        this = (due & (economy.tables["periods"] == (world.time // self.parameters.period)[:, None]))[:, None]

        def book(row: Tensor, entry: Tensor) -> Tensor:
            return torch.where(this, entry[..., None], row)

        schedule = torch.where(this[..., None], memory.rates[:, :, None], memory.schedule)
        return world, Ledger(
            rates=memory.rates,
            at_start=torch.where(due, world.endowment, memory.at_start),
            last_income=torch.where(due, income, memory.last_income),
            last_marginal_rate=torch.where(due, marginal, memory.last_marginal_rate),
            income=book(memory.income, income),
            tax=book(memory.tax, tax),
            shielded=book(memory.shielded, owed - tax),
            rebate=book(memory.rebate, rebate),
            marginal_rate=book(memory.marginal_rate, marginal),
            schedule=schedule,
        )

    def _collected(self, economy: Economy, world: World, owed: Tensor) -> Tensor:
        """Return the taxes collected ``[B, N]``: at most the coin at hand; credits (negative) within the revenue."""
        tax = torch.minimum(world.coin, owed)
        if economy.lowest_rate == 0:
            return tax
        by_planner = tax.double()[:, None] * economy.tables["people"]
        revenue, credit = by_planner.clamp(min=0).sum(-1), -by_planner.clamp(max=0).sum(-1)
        paid_share = (revenue / torch.where(credit > 0, credit, 1.0)).clamp(max=1.0)
        return torch.where(tax < 0, tax * paid_share[:, economy.tables["planner_of"]].to(tax), tax)

    def _of_each_worker(self, economy: Economy, of_planners: Tensor) -> Tensor:
        """Return the entry of each worker's planner, ``[B, N, K]`` for ``[B, L, K]``."""
        return of_planners[:, economy.tables["planner_of"]]

    def _tax(self, economy: Economy, memory: Ledger, income: Tensor) -> Tensor:
        thresholds = economy.tables["thresholds"].to(income)
        return brackets_tax(income[..., None], thresholds, self._of_each_worker(economy, memory.rates))[..., 0]

    def _marginal(self, economy: Economy, memory: Ledger, income: Tensor) -> Tensor:
        thresholds = economy.tables["thresholds"].to(income)
        return marginal_rate(income[..., None], thresholds, self._of_each_worker(economy, memory.rates))[..., 0]

    def _share_out(self, economy: Economy, tax: Tensor) -> Tensor:
        """Return each worker's equal share of its planner's revenue, ``[B, N]``; revenue is summed in float64."""
        people = economy.tables["people"]
        # Revenue is not negative; rounding of credits that use all of it may leave a sum just below zero.
        share = ((tax.double()[:, None] * people).sum(-1) / people.sum(-1)).clamp(min=0)
        return share[:, economy.tables["planner_of"]].to(tax)
