"""Initial state of an episode: workers' skills and starting positions."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim import random
from econsim.economies.gather_trade_build.layouts import Layout
from econsim.economies.gather_trade_build.parameters import Parameters
from econsim.economies.gather_trade_build.people import build_multiples, gather_bonuses
from econsim.economies.gather_trade_build.placement import (
    Anywhere,
    Corners,
    corner_tiles,
    random_tiles,
    region_mask,
    side_masks,
)
from econsim.economies.gather_trade_build.world import IS_INSIDE, IS_WATER, Ground
from econsim.errors import UserError


class InitialState:
    """Draws of workers' skills and starting positions."""

    def __init__(self, settings: Parameters, layout: Layout, margin: int) -> None:
        self.settings, self.layout, self.margin = settings, layout, margin
        self.groups = settings.groups
        self.count = sum(group.count for group in self.groups)

    def skills(self, key: Tensor) -> tuple[Tensor, Tensor]:
        """Return skill multiples of the payment per house and bonus probabilities, ``[B, N]`` float64 each."""
        multiples, bonuses = [], []
        for group in self.groups:
            highest, label = self.settings.highest_multiple, f"/{group.name}"
            ranked = build_multiples(group.build_skill, key, group.count, highest, "skill" + label)
            rank = random.permutation(key, 0, "rank" + label, group.count)
            multiples.append(ranked.gather(1, rank))
            bonuses.append(gather_bonuses(group.gather_bonus, key, group.count, "bonus" + label))
        return torch.cat(multiples, 1), torch.cat(bonuses, 1)

    def places(self, key: Tensor, ground: Ground, multiples: Tensor) -> Tensor:
        """Return starting tiles ``[B, N]``, all different; classes with a region are placed last."""
        copies = key.shape[0]
        land = ((ground.terrain & (1 << IS_INSIDE | 1 << IS_WATER)) == 1 << IS_INSIDE).expand(copies, -1)
        position = torch.zeros((copies, self.count), dtype=torch.int64, device=key.device)
        free = land
        unbound = [n for group in self.groups if group.region is None for n in range(self.count)[group.members]]
        if unbound:
            ranks = _ranks(key, multiples[:, unbound])
            position[:, unbound] = self._by_rank(key, free, len(unbound)).gather(1, ranks)
            free = free.scatter(1, position[:, unbound], False)
        for group in self.groups:
            if group.region is not None:
                inside = region_mask(group.region, self.layout.height, self.layout.width, self.margin).to(key.device)
                tiles = random_tiles(key, f"place/{group.name}", free & inside, group.count)
                position[:, group.members] = tiles
                free = free.scatter(1, tiles, False)
        return position

    def check(self, ground: Ground, position: Tensor) -> None:
        """Check the starting positions of a first draw.

        Raises:
            UserError: a worker would start in the water or outside the map, or there are too few free tiles.
        """
        terrain = ground.terrain.expand(position.shape[0], -1).gather(1, position)
        inside, water = (terrain >> IS_INSIDE) & 1 == 1, (terrain >> IS_WATER) & 1 == 1
        distinct = all(len(set(row.tolist())) == self.count for row in position)
        if not distinct or bool((~inside | water).any()):
            raise UserError(
                f"starts: kind {self.settings.starts.kind} or a class's region has too few free tiles for {self.count} "
                "workers; use starts: {kind: anywhere}, a larger region or fewer workers"
            )

    def _by_rank(self, key: Tensor, free: Tensor, count: int) -> Tensor:
        """Return the tile of each skill rank ``[B, count]``, in ascending order of skill."""
        height, width, starts = self.layout.height, self.layout.width, self.settings.starts
        if isinstance(starts, Corners):
            corners = torch.tensor(corner_tiles(count, height, width, self.margin), device=key.device)
            return corners.expand(key.shape[0], -1)
        if isinstance(starts, Anywhere):
            return random_tiles(key, "place", free, count)
        above, below = (mask.to(key.device) for mask in side_masks(starts, height, width, self.margin))
        top = [count - 1 - rank for rank in starts.top_ranks if rank < count]
        bottom = [rank for rank in range(count) if rank not in top]
        tiles = torch.zeros((key.shape[0], count), dtype=torch.int64, device=key.device)
        tiles[:, top] = random_tiles(key, "place/top", free & above, len(top))
        tiles[:, bottom] = random_tiles(key, "place/bottom", free & below, len(bottom))
        return tiles


def _ranks(key: Tensor, multiples: Tensor) -> Tensor:
    """Return each worker's skill rank ``[B, n]``, 0 for the lowest; ties are broken at random."""
    shuffled = random.permutation(key, 0, "ties", multiples.shape[1])
    ascending = shuffled.gather(1, multiples.gather(1, shuffled).argsort(dim=1, stable=True))
    ranks = torch.arange(multiples.shape[1], device=key.device).expand_as(ascending)
    return torch.empty_like(ascending).scatter(1, ascending, ranks)
