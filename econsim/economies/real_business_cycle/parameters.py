"""Parameters of the real business cycle."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from econsim.parameters import Model

__all__ = ["NUMERIC", "Parameters"]

Amounts = tuple[Annotated[float, Field(ge=0)], ...]
Shares = tuple[Annotated[float, Field(ge=0, le=1)], ...]


class Parameters(Model):
    """Parameters of the real business cycle. Defaults are those of Curry et al. (2022); a step is a quarter."""

    consumers: int = Field(100, ge=1)
    """Number of consumers."""
    labour_shares: Shares = Field((0.2, 0.3, 0.4, 0.6, 0.8, 0.2, 0.3, 0.4, 0.6, 0.8), min_length=1, max_length=100)
    """Exponent of labour in the production of each firm; their number is the number of firms."""
    capital: tuple[Annotated[float, Field(gt=0)], ...] = (5000.0,) * 5 + (10_000.0,) * 5
    """Capital of each firm at the start."""
    quarters: int = Field(10, ge=1)
    """Quarters of an episode."""
    demands: Amounts = Field(tuple(float(units) for units in range(11)), min_length=1)
    """What a consumer may ask for of each good in a quarter, in units."""
    hours: Amounts = Field((0.0, 260.0, 520.0, 780.0, 1040.0), min_length=1)
    """Hours that a consumer may work in a quarter."""
    prices: Amounts = Field((0.0, 500.0, 1000.0, 1500.0, 2000.0, 2500.0), min_length=1)
    """Prices that a firm may set, coin per unit."""
    wages: Amounts = Field((0.0, 11.0, 22.0, 33.0, 44.0), min_length=1)
    """Wages that a firm may set, coin per hour."""
    investments: Shares = Field((0.1,), min_length=1)
    """Shares of its earnings that a firm may invest."""
    tax_levels: int | None = Field(None, ge=2, le=1001)
    """Levels of each tax rate, evenly spaced from 0 to 1 (6 in the published code); null: any real number."""
    tax_every: int = Field(1, ge=1)
    """Quarters from one choice of the tax rates to the next."""
    initial_price: float = Field(1000.0, ge=0)
    """Price of all goods in the first quarter; one of ``prices``."""
    initial_wage: float = Field(22.0, ge=0)
    """Wage of all firms in the first quarter; one of ``wages``."""
    initial_stock: float = Field(0.0, ge=0)
    """Units of its good that each firm has at the start."""
    consumer_money: float = Field(2000.0, ge=0)
    """Money of each consumer at the start, coin."""
    firm_money: float = Field(22_000.0, ge=0)
    """Money of each firm at the start, coin per consumer."""
    interest_rate: float = Field(0.1, ge=0, le=1)
    """Interest on positive balances in a quarter."""
    work_cost: float = Field(0.01, ge=0)
    """Cost of work of the consumer who dislikes it most; an hour costs half of it in utility."""
    work_cost_pareto: float = Field(4.0, gt=0)
    """Shape of the Pareto distribution whose quantiles divide the cost of work of the other consumers."""
    work_cost_factor: float = Field(1.0, ge=0, le=1)
    """Factor on the cost of work of all, which a curriculum may raise from zero."""
    risk_aversion: float = Field(0.1, ge=0, lt=20)
    """Coefficient of relative risk aversion of each good."""
    technology: float = Field(0.01, gt=0)
    """Total factor productivity."""
    productivity_persistence: float = Field(0.9, ge=0, lt=1)
    """Persistence of log productivity from one quarter to the next."""
    productivity_sd: float = Field(0.0, ge=0, le=1)
    """Standard deviation of its shocks; 0: constant productivity, as published."""
    export_price: float = Field(500.0, ge=0)
    """Lowest price at which the world market buys, coin per unit."""
    export_quantity: float = Field(100.0, ge=0)
    """Most units of each good that it buys in a quarter; 0: a closed economy."""
    gift: float = Field(0.0, ge=0)
    """Money that each consumer gets from outside in each quarter, coin (0.01 in the published code)."""
    price_reach: float = Field(1.0, ge=0, le=1)
    """Share of the way from the initial price to the lowest and to the highest that firms may go in choosing a price; a
    curriculum may raise it from zero, as the published training does."""
    wage_reach: float = Field(1.0, ge=0, le=1)
    """The same for wages."""
    tax_ceiling: float = Field(1.0, ge=0, le=1)
    """Highest tax rate; rates announced above it count as this rate, and levels above it are not legal."""
    profit_unit: float = Field(10_000.0, gt=0)
    """Unit of the reward of firms, coin."""
    profit_weight: float = Field(0.0, ge=0)
    """Weight of a coin of profit against a unit of utility in the reward of the government."""

    @property
    def firms(self) -> int:
        """The number of firms."""
        return len(self.labour_shares)

    @model_validator(mode="after")
    def _fits_together(self) -> Parameters:
        if len(self.capital) != self.firms:
            raise ValueError(
                f"capital: expected {self.firms} numbers, one for each of labour_shares, found {len(self.capital)}"
            )
        for name in ("price", "wage"):
            initial, choices = getattr(self, f"initial_{name}"), getattr(self, f"{name}s")
            if initial not in choices:
                listed = ", ".join(f"{choice:g}" for choice in choices)
                raise ValueError(f"initial_{name}: expected one of {name}s ({listed}), found {initial:g}")
        for name in ("demands", "hours", "prices", "wages", "investments"):
            choices = getattr(self, name)
            if list(choices) != sorted(set(choices)):
                raise ValueError(f"{name}: expected different numbers in rising order, found {list(choices)}")
        return self


NUMERIC = (
    "initial_stock",
    "consumer_money",
    "firm_money",
    "interest_rate",
    "work_cost",
    "work_cost_pareto",
    "work_cost_factor",
    "risk_aversion",
    "technology",
    "productivity_persistence",
    "productivity_sd",
    "export_price",
    "export_quantity",
    "gift",
    "price_reach",
    "wage_reach",
    "tax_ceiling",
    "profit_unit",
    "profit_weight",
)
"""The parameters that are data: they may differ between the environment copies of a batch."""
