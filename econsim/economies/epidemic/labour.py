"""Labour and consumption on tensors: a firm, a treasury and people who work and buy, in whole cents and whole goods.

Every payment leaves one account and enters another, so that the money of people, the firm and the treasury together
never changes: what the treasury lacks it owes (a balance below zero). Goods are produced, stored and sold in whole
units. Where not all can be served, people are served in turn, from one drawn at random in each day.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from econsim import random
from econsim.economies.epidemic.parameters import Labour
from econsim.game import tensors

__all__ = ["LEVELS", "Economy", "begun", "day", "inherited", "served"]

LEVELS = 5
"""Levels of the propensities to work and to consume: 0, 25, 50, 75 and 100 %."""
STARTING_LEVEL = 3
"""Level of both at the start, which the firm expects to continue."""
WILLING, FIRST = "epidemic/willing", "epidemic/first"
DAYS_OF_A_YEAR = 365


@tensors
class Economy:
    """State of labour and consumption. Money is in cents."""

    money: Tensor  # [B, N] int64
    work: Tensor  # [B, N] int8, level of the propensity to work
    consume: Tensor  # [B, N] int8, level of the propensity to consume
    worked: Tensor  # [B, N] bool, in the last day
    bought: Tensor  # [B, N] int64, goods in the last day
    firm: Tensor  # [B] int64, money of the firm
    treasury: Tensor  # [B] int64, money of the treasury; below zero: its debt
    revenue: Tensor  # [B] int64, taxes less benefits since they were last paid out
    inventory: Tensor  # [B] int64, goods
    produced: Tensor  # [B] int64, goods of all days
    sold: Tensor  # [B] int64, goods of all days
    price: Tensor  # [B] int64, of a good
    wage: Tensor  # [B] int64, of a day
    average_price: Tensor  # [B] float64, running mean
    interest: Tensor  # [B] float64, of a year
    expected_sales: Tensor  # [B] float64, goods per day
    market: (
        Tensor  # [B, 4] int64, sums of the period: goods demanded, goods that could be made, labour demanded, offered
    )
    today: Tensor  # [B, 5] int64: people willing to work, people hired, goods demanded, taxes, transfers of the day


def begun(settings: Labour, copies: int, people: int, device: torch.device) -> Economy:
    """Return the state at the start: everybody has the same money, and the firm expects everybody to spend it."""
    whole = torch.zeros(copies, dtype=torch.int64, device=device)
    each = torch.zeros((copies, people), dtype=torch.int64, device=device)
    sales = people * settings.money * settings.daily_spending * STARTING_LEVEL / (LEVELS - 1) / settings.price
    price, wage = _cents(settings.price), _cents(settings.wage)
    flag = each.bool()
    level = torch.full_like(each, STARTING_LEVEL, dtype=torch.int8)
    return Economy(
        money=each + _cents(settings.money),
        work=level,
        consume=level.clone(),
        worked=flag,
        bought=each,
        firm=whole + people * wage * settings.working_days,
        treasury=whole,
        revenue=whole,
        inventory=whole + round(sales * settings.inventory_days),
        produced=whole,
        sold=whole,
        price=whole + price,
        wage=whole + wage,
        average_price=whole.double() + price,
        interest=whole.double() + settings.natural_rate + settings.inflation_target,
        expected_sales=whole.double() + sales,
        market=torch.zeros((copies, 4), dtype=torch.int64, device=device),
        today=torch.zeros((copies, 5), dtype=torch.int64, device=device),
    )


def day(
    before: Economy,
    settings: Labour,
    able: Tensor,
    alive: Tensor,
    stimulus: Tensor,
    tax: Tensor,
    key: Tensor,
    time: Tensor,
) -> Economy:
    """Return the state after a day of payments, work and shopping.

    Args:
        before: the state before it, with the propensities of the day.
        settings: parameters.
        able: ``[B, N]`` bool, people who can go to work.
        alive: ``[B, N]`` bool.
        stimulus: ``[B]`` float64, share of the largest payment.
        tax: ``[B]`` float64, rate of the tax on wages.
        key: ``[B]``.
        time: ``[B]``.
    """
    paid = _paid(before, settings, alive, stimulus, time)
    first = random.integers(key, time, FIRST, alive.shape[1])
    worked = _worked(paid, settings, able, tax, key, time, first, alive)
    return _adjusted(_shopped(worked, settings, alive, first), settings, time)


def served(wants: Tensor, available: Tensor, first: Tensor) -> Tensor:
    """Return what each person receives, ``[B, N]`` int64, if people are served in turn until nothing is left.

    Args:
        wants: ``[B, N]`` int64, zero or more.
        available: ``[B]`` int64.
        first: ``[B]`` int64, who is served first; after the last person follows person 0.
    """
    ahead = wants.cumsum(-1) - wants  # of a person, if person 0 were first
    offset = ahead.gather(1, first[:, None])
    index = torch.arange(wants.shape[1], device=wants.device)
    ahead = ahead - offset + torch.where(index < first[:, None], wants.sum(-1, keepdim=True), 0)
    return torch.minimum((available[:, None] - ahead).clamp(min=0), wants)


def inherited(economy: Economy, died: Tensor) -> Economy:
    """Return the state after the money of people who died, ``[B, N]`` bool, has gone to the treasury."""
    estate = torch.where(died, economy.money, 0)
    return replace(economy, money=economy.money - estate, treasury=economy.treasury + estate.sum(-1))


def _paid(economy: Economy, settings: Labour, alive: Tensor, stimulus: Tensor, time: Tensor) -> Economy:
    """Pay stimulus, taxes, interest and dividends at the start of a period; each person receives whole cents."""
    due = (time % settings.period == 0)[:, None]
    living = alive.sum(-1).clamp(min=1)
    payment = (stimulus * _cents(settings.largest_stimulus)).floor().long() + economy.revenue.clamp(min=0) // living
    interest = (economy.money * (economy.interest * settings.period / DAYS_OF_A_YEAR)[:, None]).floor().long()
    from_treasury = torch.where(alive & due, payment[:, None] + interest, 0)
    reserve = economy.wage * alive.shape[1] * settings.working_days
    dividend = (economy.firm - reserve).clamp(min=0) // living
    from_firm = torch.where(alive & due, dividend[:, None], 0)
    spent = from_treasury.sum(-1)
    return replace(
        economy,
        money=economy.money + from_treasury + from_firm,
        firm=economy.firm - from_firm.sum(-1),
        treasury=economy.treasury - spent,
        revenue=torch.where(due[:, 0], 0, economy.revenue),
        today=torch.stack([*(torch.zeros_like(spent),) * 4, spent], -1),
    )


def _worked(
    economy: Economy,
    settings: Labour,
    able: Tensor,
    tax: Tensor,
    key: Tensor,
    time: Tensor,
    first: Tensor,
    alive: Tensor,
) -> Economy:
    """Hire people, pay wages and benefits, and produce."""
    draw = random.uniform(key, time, WILLING, (able.shape[1],), torch.float64)
    seeks = alive & (draw < economy.work / (LEVELS - 1))
    willing = able & seeks
    target = settings.inventory_days * economy.expected_sales
    planned = economy.expected_sales + (target - economy.inventory) / settings.adjustment_days
    demanded = (planned.clamp(min=0.0) / settings.productivity).ceil().long()
    affordable = torch.minimum(demanded, economy.firm // economy.wage)
    hired = served(willing.long(), affordable, first) > 0
    taxes = (economy.wage * tax).floor().long()
    benefit = (economy.wage * settings.benefit).floor().long()
    idle = willing & ~hired
    number, benefits = hired.sum(-1), benefit * idle.sum(-1)
    made, offered = number * settings.productivity, willing.sum(-1)
    received = torch.where(hired, (economy.wage - taxes)[:, None], 0) + torch.where(idle, benefit[:, None], 0)
    nothing = torch.zeros_like(number)
    return replace(
        economy,
        money=economy.money + received,
        worked=hired,
        firm=economy.firm - economy.wage * number,
        treasury=economy.treasury + taxes * number - benefits,
        revenue=economy.revenue + taxes * number - benefits,
        inventory=economy.inventory + made,
        produced=economy.produced + made,
        market=economy.market + torch.stack([nothing, offered * settings.productivity, demanded, offered], -1),
        today=economy.today + torch.stack([offered, number, nothing, taxes * number, benefits], -1),
    )


def _shopped(economy: Economy, settings: Labour, alive: Tensor, first: Tensor) -> Economy:
    """Let people buy."""
    share = settings.daily_spending * economy.consume / (LEVELS - 1)
    wants = torch.where(alive, (economy.money * share).floor().long() // economy.price[:, None], 0)
    bought = served(wants, economy.inventory, first)
    sold, demanded = bought.sum(-1), wants.sum(-1)
    nothing = torch.zeros_like(sold)
    smoothed = economy.expected_sales + (demanded - economy.expected_sales) / settings.adjustment_days
    return replace(
        economy,
        money=economy.money - bought * economy.price[:, None],
        bought=bought,
        firm=economy.firm + sold * economy.price,
        inventory=economy.inventory - sold,
        sold=economy.sold + sold,
        expected_sales=smoothed,
        market=economy.market + torch.stack([demanded, nothing, nothing, nothing], -1),
        today=economy.today + torch.stack([nothing, nothing, demanded, nothing, nothing], -1),
    )


def _adjusted(economy: Economy, settings: Labour, time: Tensor) -> Economy:
    """Set price, wage and interest at the end of a period: by excess demand, and by the rule of Taylor (1993)."""
    due = (time + 1) % settings.period == 0
    goods, made, demanded, offered = economy.market.unbind(-1)
    price = _moved(economy.price, settings.price_speed * _imbalance(goods, made))
    wage = _moved(economy.wage, settings.wage_speed * _imbalance(demanded, offered))
    average = economy.average_price + (price - economy.average_price) * settings.price_memory
    inflation = price / average - 1.0
    interest = taylor(settings, inflation, unemployment(economy.today))
    return replace(
        economy,
        price=torch.where(due, price, economy.price),
        wage=torch.where(due, wage, economy.wage),
        average_price=torch.where(due, average, economy.average_price),
        interest=torch.where(due, interest, economy.interest),
        market=torch.where(due[:, None], 0, economy.market),
    )


def taylor(settings: Labour, inflation: Tensor, unemployment: Tensor) -> Tensor:
    """Return the interest rate ``max(0, r + pi + a (pi - pi*) + b (u* - u))``, ``[B]`` float64."""
    gap = settings.inflation_weight * (inflation - settings.inflation_target)
    slack = settings.unemployment_weight * (settings.natural_unemployment - unemployment)
    return (settings.natural_rate + inflation + gap + slack).clamp(min=0.0)


def unemployment(today: Tensor) -> Tensor:
    """Return the share of people willing and able to work who are not hired, ``[B]`` float64; 0 if nobody is."""
    willing, hired = today[:, 0].double(), today[:, 1].double()
    return (willing - hired) / willing.clamp(min=1.0)


def _imbalance(demand: Tensor, supply: Tensor) -> Tensor:
    return (demand - supply) / torch.maximum(demand, supply).clamp(min=1)


def _moved(amount: Tensor, rate: Tensor) -> Tensor:
    return (amount * (1.0 + rate)).round().long().clamp(min=1)


def _cents(amount: float) -> int:
    return round(100 * amount)
