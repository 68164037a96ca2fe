"""Warnings about constants that make the one-step economy degenerate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from econsim.mechanisms.weighted_people import share

if TYPE_CHECKING:
    from econsim.economies.one_step import OneStep

TOLERATED_SHARE = 0.1


def advice(game: OneStep) -> list[str]:
    """Return what a user should know before trusting results: people at the cap, idle people, endogenous weights."""
    return [*_hours_advice(game), *_weights_advice(game)]


def _hours_advice(game: OneStep) -> list[str]:
    exact = game.to(dtype=torch.float64)
    hours = exact.best_hours(game.initial_rates[None])[0]  # type: ignore[attr-defined]
    cap = game.settings.hours_cap
    at_cap = float(share(hours >= cap * (1 - 1e-6), game.weight[0]))
    idle = float(share(hours <= cap * 1e-6, game.weight[0]))
    found = []
    if at_cap > TOLERATED_SHARE:
        found.append(
            f"{at_cap:.0%} of workers would work the cap of {cap:g} hours under the status-quo rates: the labour cost "
            "is too small for these skills, so that taxes barely move hours and a schedule cannot be judged. Use "
            "utility.kind: calibrated, or raise utility.labour_cost."
        )
    if idle > TOLERATED_SHARE:
        found.append(
            f"{idle:.0%} of workers would not work under the status-quo rates: the labour cost is too large for their "
            "skills. Use utility.kind: calibrated, or lower utility.labour_cost."
        )
    return found


def _weights_advice(game: OneStep) -> list[str]:
    if game.settings.welfare != "inverse_income_endogenous":
        return []
    return [
        "welfare: inverse_income_endogenous divides each utility by income actually earned, so that a worker who stops "
        "working counts a thousandfold and the optimum idles most people by taxing the lowest brackets at 100 %. Use "
        "welfare: inverse_income, whose weights are fixed by potential income."
    ]
