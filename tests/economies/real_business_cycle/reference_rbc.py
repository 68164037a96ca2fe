"""Independent version of the real business cycle in numpy: person by person, with an account for every payment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import log
from typing import Any

import numpy as np

from econsim.economies.real_business_cycle import Parameters

WORLD, TREASURY = "world", "treasury"


class Reference:
    """One copy of the economy; ``balance`` has the money of everybody, the treasury and the world included."""

    def __init__(self, settings: Parameters) -> None:
        self.settings = settings
        people, firms = range(settings.consumers), range(settings.firms)
        self.balance: dict[Any, float] = defaultdict(float)
        self.balance |= {("c", i): settings.consumer_money for i in people}
        self.balance |= {("f", j): settings.firm_money * settings.consumers for j in firms}
        self.capital, self.stock = list(settings.capital), [settings.initial_stock] * settings.firms
        self.price, self.wage = [settings.initial_price] * len(firms), [settings.initial_wage] * len(firms)
        self.taxes = [0.0, 0.0]
        self.cost = [
            settings.work_cost
            * settings.work_cost_factor
            * (1 - i / settings.consumers) ** (1 / settings.work_cost_pareto)
            for i in people
        ]
        self.utility = self.profit = np.zeros(0)
        self.bought = np.zeros((0, 0))

    def pay(self, payer: Any, payee: Any, amount: float) -> None:
        self.balance[payer] -= amount
        self.balance[payee] += amount

    def quarter(self, actions: Mapping[str, Any]) -> None:
        """Let a quarter pass; ``actions`` are indices of options, tax rates are numbers."""
        settings, price = self.settings, np.array(self.price)
        people, firms = range(settings.consumers), range(settings.firms)
        choice = np.array(actions["consumer"])
        wants = np.array(settings.demands)[choice[:, :-2]]
        for i in people:
            bill = float(wants[i] @ price)
            if bill > self.balance["c", i]:
                wants[i] *= self.balance["c", i] / bill
        self.scarce = [wants[:, j].sum() > self.stock[j] for j in firms]
        self.bought = np.column_stack(
            [wants[:, j] * (self.stock[j] / wants[:, j].sum() if self.scarce[j] else 1.0) for j in firms]
        )
        before = {j: self.balance["f", j] for j in firms}
        self.exports, self.output = [0.0] * len(firms), [0.0] * len(firms)
        for j in firms:
            self.stock[j] -= self.bought[:, j].sum()
            if price[j] >= settings.export_price:
                self.exports[j] = min(max(self.stock[j], 0.0), settings.export_quantity)
            self.stock[j] -= self.exports[j]
            self.pay(WORLD, ("f", j), self.exports[j] * price[j])
            for i in people:
                self.pay(("c", i), ("f", j), self.bought[i, j] * price[j])
        hours = np.array(settings.hours)[choice[:, -2]]
        for j in firms:
            staff = [i for i in people if choice[i, -1] == j]
            for i in staff:
                self.pay(("f", j), ("c", i), hours[i] * self.wage[j])
                self.pay(("c", i), TREASURY, self.taxes[0] * hours[i] * self.wage[j])
            labour, share = sum(hours[i] for i in staff), settings.labour_shares[j]
            self.output[j] = settings.technology * self.capital[j] ** (1 - share) * labour**share
            self.stock[j] += self.output[j]
            earned = self.balance["f", j] - before[j]
            spent = max(earned, 0.0) * settings.investments[actions["firm"][j][2]]
            self.pay(("f", j), WORLD, spent)
            self.capital[j] += spent
            self.pay(("f", j), TREASURY, self.taxes[1] * max(earned - spent, 0.0))
        self.profit = np.array([self.balance["f", j] - before[j] for j in firms])
        self.revenue = self.balance[TREASURY]
        for i in people:
            self.pay(TREASURY, ("c", i), self.revenue / len(people))
            self.pay(WORLD, ("c", i), settings.gift)
        for owner in [("c", i) for i in people] + [("f", j) for j in firms]:
            self.pay(WORLD, owner, settings.interest_rate * max(self.balance[owner], 0.0))
        self.utility = np.array(
            [sum(self.pleasure(c) for c in self.bought[i]) - self.cost[i] * hours[i] / 2 for i in people]
        )
        self.price = [settings.prices[action[0]] for action in actions["firm"]]
        self.wage = [settings.wages[action[1]] for action in actions["firm"]]
        self.taxes = [min(rate, settings.tax_ceiling) for rate in actions["government"]]

    def pleasure(self, units: float) -> float:
        eta = self.settings.risk_aversion
        return log(1 + units) if eta == 1 else ((1 + units) ** (1 - eta) - 1) / (1 - eta)
