"""Observations of households and of the government; the module docstring of the economy lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from econsim.economies.bewley.announcements import announced_entries
from econsim.economies.bewley.embedding import observed_distribution
from econsim.economies.bewley.state import State
from econsim.game import Observation

if TYPE_CHECKING:
    from econsim.economies.bewley import Bewley

__all__ = ["further_entries", "log_work", "observed"]


def observed(game: Bewley, state: State) -> dict[str, Observation]:
    """Return the observations of households and of the government."""
    of_work = log_work(game)[state.productivity]
    of_age = () if game.demography is None else game.demography.observed(state.age, game.dtype)
    features = torch.stack([game.log_wealth(state.assets), of_work, *of_age], -1)
    shared, time = _observed_by_all(game, state), (state.time.to(game.dtype) / game.horizon)[:, None]
    alive = torch.ones_like(state.assets, dtype=torch.bool)
    due = (state.time % game.roles["government"].acts_every == 0)[:, None]
    return {
        "household": Observation(features, alive, alive, shared=shared),
        "government": Observation(torch.cat([time, shared], -1)[:, None], torch.ones_like(due), due),
    }


def log_work(game: Bewley) -> Tensor:
    """Return what a household observes of its productivity, ``[S]``: the logarithm, with shocks whether it works."""
    values = game.chain_values.to(game.dtype)
    return values.log() if game.shocks is None else values / game.shocks.economy.hours


def _observed_by_all(game: Bewley, state: State) -> Tensor:
    entries = [
        *state.policy.unbind(-1),
        (state.capital / game.reference_capital).log(),
        (state.last.wage / game.reference_wage).log(),
        state.last.interest_rate,
    ]
    if game.shocks is not None:
        entries.append(state.times)
    if game.settings.budget.adjusts == "debt":
        entries.append(state.debt / game.reference_output)
    elif game.settings.budget.adjusts == "labour_tax":
        entries.append(1 - state.last.labour_level)
    if game.has_ages:
        # A contribution rate that is an instrument is among those of the policy.
        entries += [] if "contribution" in game.settings.instruments else [state.last.contribution]
        entries.append(state.last.pension / game.reference_output)
    entries += further_entries(game, state)
    return torch.stack([entry.to(game.dtype) for entry in entries], -1)


def further_entries(game: Bewley, state: State) -> list[Tensor]:
    """Return the last of the entries that all observe, ``[B]`` each: a policy to come, and the distribution."""
    announced = announced_entries(state, game.settings.announced)
    return [*announced, *observed_distribution(game.settings, state, game.takes_prices, game.log_wealth)]
