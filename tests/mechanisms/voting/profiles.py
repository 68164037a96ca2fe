"""Textbook profiles, and random ones."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim import random

MEMPHIS, NASHVILLE, CHATTANOOGA, KNOXVILLE = range(4)
TENNESSEE = ["MNCK", "NCKM", "CKNM", "KCNM"]
TENNESSEE_SHARES = torch.tensor([42.0, 26.0, 15.0, 17.0])


def ballots(rankings: list[str], names: str) -> Tensor:
    """Return rankings, the best first, as ballots ``[1, V, C]``."""
    return torch.tensor([[[float(len(names) - ranking.index(name)) for name in names] for ranking in rankings]])


def tennessee() -> Tensor:
    return ballots(TENNESSEE, "MNCK")


def drawn(copies: int, voters: int, candidates: int, levels: int = 0, seed: int = 0) -> Tensor:
    """Return random ballots; ``levels`` above zero make ties likely."""
    scores = random.uniform(random.keys(seed, copies), 0, "ballots", (voters, candidates), torch.float64)
    return (scores * levels).floor() if levels else scores


def single_peaked(copies: int, voters: int, candidates: int, seed: int = 0) -> Tensor:
    """Return ballots of voters with an ideal point on a line of candidates, by distance."""
    key = random.keys(seed, copies)
    places = random.uniform(key, 0, "places", (candidates,), torch.float64).sort(-1).values
    ideals = random.uniform(key, 0, "ideals", (voters,), torch.float64)
    return -(ideals[..., None] - places[:, None]).abs()
