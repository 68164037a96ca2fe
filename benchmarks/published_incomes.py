"""Incomes that the published figures of Gather-Trade-Build imply without taxes and under US federal law.

The paper (Zheng et al. 2020) gives productivity, the coin of all four workers, and equality under each tax, but no
incomes. Both figures together determine the income of the worker who builds, once it is known how the other three share
the rest. They are taken to share it as in econsim's runs under the same law, and equally for comparison. Incomes are
taken to be the same in each of the ten tax periods. The same inference from econsim's own productivity and equality is
checked against the coin that its builder really has.

Run: ``python benchmarks/published_incomes.py`` (a second).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import torch
from _record import RESULTS, record
from scipy.optimize import brentq
from torch import Tensor

import econsim
from econsim.actions import tax_thresholds
from econsim.mechanisms.taxes import brackets_tax, lump_sum
from econsim.mechanisms.welfare import equality
from econsim.planners.us_federal import Parameters, UsFederal

PUBLISHED = {"free_market": (3285.0, 0.39), "us_federal": (2656.0, 0.48)}
"""Productivity in coin, and equality, which is published in whole percent."""
ROUNDING = 0.005
PERIODS = 10
RUN = "gather_trade_build_same_rates"
EQUAL = (1.0, 1.0, 1.0)


def net(gross: Tensor, rates: Tensor, thresholds: Tensor) -> Tensor:
    """Return coin ``[4]`` after taxes and equal rebates from incomes before both, over all periods."""
    tax = PERIODS * brackets_tax(gross / PERIODS, thresholds, rates)
    return gross - tax + lump_sum(tax)


def incomes(
    productivity: float, wanted: float, split: Sequence[float], rates: Tensor, thresholds: Tensor
) -> tuple[float, float, float]:
    """Return the income of the builder, the mean income of the others, and the builder's coin.

    Productivity and the equality ``wanted`` are those of four workers, of whom three share in proportion to ``split``.

    Raises:
        ValueError: no income of the builder gives this equality.
    """
    share = torch.tensor(split, dtype=torch.float64)
    share = share / share.sum()

    def gross(builder: float) -> Tensor:
        return torch.cat([(productivity - builder) * share, torch.tensor([builder], dtype=torch.float64)])

    def distance(builder: float) -> float:
        return float(equality(net(gross(builder), rates, thresholds))) - wanted

    builder = brentq(distance, productivity / 4, productivity)
    coin = net(gross(builder), rates, thresholds)
    return builder, (productivity - builder) / 3, float(coin[-1])


def main() -> None:
    """Infer the incomes of both sources under both laws and record them."""
    game = econsim.make("gather_trade_build")
    planner = game.roles["planner"]
    thresholds = tax_thresholds(game, planner, "us_federal").double()
    federal = UsFederal(Parameters()).action(game, planner).double().reshape(-1)
    laws = {"free_market": torch.zeros_like(federal), "us_federal": federal}
    own = json.loads((RESULTS / f"{RUN}.json").read_text())["result"]
    rows: dict[str, dict[str, Any]] = {}
    for law, rates in laws.items():
        ours, (*split, coin_of_builder) = own["policies"][law], own["division_of_labour"][law]["coin"]
        productivity, wanted = PUBLISHED[law]

        def row(total: float, wanted: float, split: Sequence[float], rates: Tensor = rates) -> dict[str, float]:
            builder, others, kept = incomes(total, wanted, split, rates, thresholds)
            return {"builder": builder, "others": others, "coin_of_builder": kept}

        rows[law] = {
            "published": row(productivity, wanted, split),
            "published_equality_lower": row(productivity, wanted - ROUNDING, split),
            "published_equality_higher": row(productivity, wanted + ROUNDING, split),
            "published_others_equal": row(productivity, wanted, EQUAL),
            "econsim": {
                **row(ours["productivity"], ours["equality"], split),
                "true_coin_of_builder": coin_of_builder,
            },
        }
    changes = {
        source: {
            who: rows["us_federal"][source][who] / rows["free_market"][source][who] - 1 for who in ("builder", "others")
        }
        for source in rows["free_market"]
    }
    record("published_incomes", {"by_law": rows, "change_under_federal_law": changes})


if __name__ == "__main__":
    main()
