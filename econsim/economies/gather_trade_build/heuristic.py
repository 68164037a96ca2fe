r"""Greedy rule for workers of Gather-Trade-Build: gather nearby, trade at the value of a unit, and build.

The rule is used by scripted workers (``elastic_rule``) and as a benchmark; it is not an optimal policy. It uses the
worker's own observation and the locations of all sources. The value of a unit of either good to a worker is

$$w = \frac{(1 - m) p - L c \, C^\eta}{2 (1 - m)},$$

that is, half of the difference between the payment $p$ for a house and the cost of its labour in coin,
$L c \, C^\eta$ (labour $L$, labour cost $c$, risk aversion $\eta$, coin $C$), grossed up by the marginal tax rate $m$,
since sales are taxed and purchases are deducted. Workers who value a unit at less than the market price sell it; those
who value it at more buy units and build. Both $w$ and the incentive to gather decrease in the marginal tax rate.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from econsim import random
from econsim.economies.gather_trade_build.world import (
    GOODS,
    HAS_HOUSE,
    IS_INSIDE,
    IS_STONE_SOURCE,
    IS_WATER,
    IS_WOOD_SOURCE,
)
from econsim.game import Observation, Role
from econsim.mechanisms.numerics import power

if TYPE_CHECKING:
    from econsim.economies.gather_trade_build.economy import GatherTradeBuild

USUAL_PRICE = 4.0  # before the first sale
STEPS_A_UNIT = 3.0  # usual number of moves and collections per unit
WANTED_ORDERS = 2  # target number of open orders of one kind
WANDER = 0.05  # share of moves in a random direction, so that workers do not block each other
DETOUR = 6.0  # tiles of detour that a builder accepts for the good of which it has one unit less
MUCH = 5.0  # units by which one good exceeds the other to count as a surplus
UNSEEN, GONE = 4.0, 25.0  # tiles added to the distance of a source out of view, or of one seen empty
FAR = 10_000.0


class Valuation(NamedTuple):
    """Values by which workers decide, ``[B, N]``, or ``[B, N, 2]`` by good."""

    unit: Tensor  # value of a unit, in coin
    price: Tensor  # market price of each good, in coin
    builds: Tensor  # whether building a house is worthwhile
    gathers: Tensor  # whether gathering a unit is worthwhile


class GreedyHeuristic:
    """Greedy rule for the workers of one economy; with a map shared by all copies, paths to all sources are known."""

    def __init__(self, game: GatherTradeBuild) -> None:
        self.game = game
        self.labels = ["nothing", *(label for component in game.components for label in component.choices(game))]
        self.ways = None if game.layout.random else self._ways()

    def __call__(self, role: Role, seen: Observation, key: Tensor) -> Tensor:
        """Return actions ``[B, n]``: the first wanted action that is legal, in the order build, sell, buy, move."""
        valuation = self._valuation(role, seen)
        candidates = [
            *self._build(seen, valuation),
            *self._sell(role, seen, valuation),
            *self._buy(role, seen, valuation),
        ]
        action = self._move(role, seen, valuation, key)
        for label, wanted in reversed(candidates):
            legal = seen.action_mask.gather(-1, label[..., None])[..., 0]  # type: ignore[union-attr]
            action = torch.where(wanted & legal, label, action)
        return action

    def _ways(self) -> Tensor:
        """Return the number of steps from each tile to each source, ``[P, S]``."""
        ground = self.game.tables["ground"]
        terrain, sources = ground.terrain[0].cpu(), ground.source[0].tolist()
        ways = [steps_to(terrain, source, self.game.row_length) for source in sources]
        return torch.stack(ways, 1).to(ground.terrain.device)

    def _valuation(self, role: Role, seen: Observation) -> Valuation:
        game = self.game
        coin = 100.0 * self._of(role, seen, "coin")
        keeps = (1.0 - self._of(role, seen, "marginal_rate", 0.0)).clamp(min=0.01)
        members = next(group.members for group in game.groups if group.name == role.name)
        cost, eta = (
            game.of_workers(name).expand(-1, game.workers)[:, members] for name in ("labour_cost", "risk_aversion")
        )
        labour_in_coin = cost * power(coin.clamp(min=1.0), eta)
        effort = self._number("build_labour", 0.0) * labour_in_coin
        pay = self._of(role, seen, "build_payment", 0.0) * game.number("base_payment")
        rates = torch.stack([self._of(role, seen, f"market_rate-{good}", 0.0) for good in GOODS], -1)
        price = torch.where(rates > 0, rates, USUAL_PRICE)
        unit = (keeps * pay - effort) / (2.0 * keeps)
        best = torch.maximum(unit, price.amax(-1))
        return Valuation(unit, price, keeps * pay > effort, keeps * best > STEPS_A_UNIT * labour_in_coin)

    def _build(self, seen: Observation, valuation: Valuation) -> list[tuple[Tensor, Tensor]]:
        if "build" not in self.labels:
            return []
        return [(self._label("build", valuation.unit), self._wants_to_build(valuation))]

    def _wants_to_build(self, valuation: Valuation) -> Tensor:
        # Workers who value the units at less than their market price prefer to sell them.
        return valuation.builds & (valuation.unit >= 0.5 * valuation.price.sum(-1) - 1.0)

    def _sell(self, role: Role, seen: Observation, valuation: Valuation) -> list[tuple[Tensor, Tensor]]:
        candidates = []
        held = self._held(role, seen)
        # Builders sell units of which they hold many more than of the other good, at the market price.
        surplus = held - held.flip(-1) > MUCH
        for number, good in enumerate(GOODS):
            if f"ask_{good}_0" not in self.labels:
                continue
            price = valuation.price[..., number]
            best_bid = self._best_price(role, seen, f"available_bids-{good}", highest=True)
            least = torch.where(surplus[..., number], 0.0, valuation.unit + 0.5)
            asked = torch.maximum(least, torch.maximum(best_bid, price - 1.0)).ceil()
            open_asks = self._count(role, seen, f"my_asks-{good}")
            keeps = (valuation.builds & (valuation.unit > price)).to(held)
            willing = surplus[..., number] | (valuation.unit < price + 2.0)
            wanted = (held[..., number] - keeps > 0.5) & (open_asks < WANTED_ORDERS) & willing
            candidates.append((self._order("ask", good, asked), wanted))
        return candidates

    def _held(self, role: Role, seen: Observation) -> Tensor:
        """Return the units of each good in inventory, ``[B, n, 2]``."""
        return 100.0 * torch.stack([self._of(role, seen, good) for good in GOODS], -1)

    def _buy(self, role: Role, seen: Observation, valuation: Valuation) -> list[tuple[Tensor, Tensor]]:
        candidates = []
        for number, good in enumerate(GOODS):
            if f"bid_{good}_0" not in self.labels:
                continue
            lacks = 100.0 * self._of(role, seen, good) < 1.5
            cheapest = self._best_price(role, seen, f"available_asks-{good}", highest=False)
            offered = torch.minimum(cheapest, valuation.price[..., number] + 1.0)
            bid = torch.minimum(offered, valuation.unit - 0.5).floor()
            open_bids = self._count(role, seen, f"my_bids-{good}")
            label = self._order("bid", good, bid)
            candidates.append((label, valuation.builds & lacks & (bid >= 1) & (open_bids < WANTED_ORDERS)))
        return candidates

    def _move(self, role: Role, seen: Observation, valuation: Valuation, key: Tensor) -> Tensor:
        """Return a move towards the nearest resource; no action if gathering is not worthwhile or no move is legal."""
        if "left" not in self.labels:
            return torch.zeros(seen.alive.shape, dtype=torch.int64, device=key.device)
        first = self.labels.index("left")
        legal = seen.action_mask[..., first : first + 4]  # type: ignore[index]
        draw = random.uniform(key, 0, "routine/step", (role.count, 5))
        carries_both = (self._held(role, seen) > 0.5).all(-1)
        seeks_plot = (carries_both & self._wants_to_build(valuation))[..., None]
        away = torch.where(seeks_plot, self._to_plot(seen), self._remaining(role, seen, valuation))
        away = torch.where(draw[..., 4:] < WANDER, 0.0, away)
        score = torch.where(legal, 0.9 * draw[..., :4] - away, -2.0 * FAR)
        step = score.argmax(-1) + first
        moves = legal.any(-1) & (valuation.gathers | seeks_plot[..., 0])
        return torch.where(moves, step, 0)

    def _remaining(self, role: Role, seen: Observation, valuation: Valuation) -> Tensor:
        """Return the distance to the best resource after each move, ``[B, n, 4]``; builders prefer what they lack."""
        held = self._held(role, seen)
        builds = valuation.builds & (valuation.unit > valuation.price.mean(-1))
        detour = DETOUR * (held - held.flip(-1)).clamp(min=0.0, max=MUCH) * builds[..., None]  # [B, n, 2]
        if self.ways is None:
            return (self._in_view(seen) + detour[..., None, :]).amin(-1).clamp(max=FAR)
        of_source = torch.where(self.game.tables["is_stone"], detour[..., :1], detour[..., 1:])
        penalty = of_source + self._waiting(role, seen)  # [B, n, S]
        target = self._place(role, seen)[..., None] + self.game.tables["moves"][1:]
        return (self.ways.to(seen.features)[target] + penalty[..., None, :]).amin(-1).clamp(max=FAR)

    def _place(self, role: Role, seen: Observation) -> Tensor:
        game = self.game
        row = (self._of(role, seen, "row") * game.layout.height).round().long() + game.margin
        column = (self._of(role, seen, "column") * game.layout.width).round().long() + game.margin
        tile: Tensor = row * game.row_length + column
        return tile

    def _waiting(self, role: Role, seen: Observation) -> Tensor:
        """Return the tiles added to the distance of each source, ``[B, n, S]``: none if a unit is in view there."""
        view, source = seen.view, self.game.tables["ground"].source[0]
        if view is None or self.game.settings.view_radius == "all":
            return torch.full((*seen.alive.shape, source.shape[0]), UNSEEN, device=source.device)
        place, length, side = self._place(role, seen)[..., None], self.game.row_length, view.shape[-1]
        down = source // length - place // length + side // 2
        right = source % length - place % length + side // 2
        inside = (down >= 0) & (down < side) & (right >= 0) & (right < side)
        units = (view[:, :, 0] + view[:, :, 1]).flatten(2)
        there = units.gather(2, torch.where(inside, down * side + right, 0)) > 0
        return torch.where(inside, torch.where(there, 0.0, GONE), UNSEEN)

    def _to_plot(self, seen: Observation) -> Tensor:
        """Return the distance after each move to the nearest tile in view where a house can be built, ``[B, n, 4]``."""
        view = seen.view
        if view is None or self.game.settings.view_radius == "all":
            return torch.zeros((*seen.alive.shape, 4), device=seen.features.device)
        occupied = (HAS_HOUSE, IS_WATER, IS_STONE_SOURCE, IS_WOOD_SOURCE)
        taken = torch.stack([view[:, :, channel] for channel in occupied]).amax(0)
        return _ways_in_view((view[:, :, IS_INSIDE] > taken)[:, :, None], seen.features)[..., 0]

    def _in_view(self, seen: Observation) -> Tensor:
        """Return the distance after each move to the nearest unit in view, ``[B, n, 4, 2]`` by good, or ``FAR``."""
        view = seen.view
        if view is None or self.game.settings.view_radius == "all":
            return torch.full((*seen.alive.shape, 4, len(GOODS)), FAR, device=seen.features.device)
        return _ways_in_view(view[:, :, : len(GOODS)] > 0, seen.features)

    def _of(self, role: Role, seen: Observation, name: str, absent: float | None = None) -> Tensor:
        """Return a feature ``[B, n]``; ``absent`` if no component of the economy provides it."""
        if absent is not None and name not in role.features:
            return torch.full_like(seen.features[..., 0], absent)
        return seen.features[..., role.features.index(name)]

    def _histogram(self, role: Role, seen: Observation, name: str) -> Tensor:
        first = role.features.index(f"{name}_0")
        return seen.features[..., first : first + self._prices]

    def _count(self, role: Role, seen: Observation, name: str) -> Tensor:
        return self._histogram(role, seen, name).sum(-1)

    def _best_price(self, role: Role, seen: Observation, name: str, highest: bool) -> Tensor:
        """Return the highest open price, zero without orders; or the lowest, above all prices without orders."""
        is_open = self._histogram(role, seen, name) > 0
        prices = torch.arange(self._prices, device=is_open.device).to(seen.features)
        if highest:
            return torch.where(is_open, prices, 0.0).amax(-1)
        return torch.where(is_open, prices, float(self._prices)).amin(-1)

    @property
    def _prices(self) -> int:
        return len(self.game.tables["prices"])

    def _order(self, side: str, good: str, price: Tensor) -> Tensor:
        first = self.labels.index(f"{side}_{good}_0")
        return first + price.clamp(0, self._prices - 1).long()

    def _label(self, name: str, like: Tensor) -> Tensor:
        return torch.full(like.shape, self.labels.index(name), dtype=torch.int64, device=like.device)

    def _number(self, name: str, absent: float) -> Tensor | float:
        return self.game.number(name) if name in self.game.parameters else absent


def _ways_in_view(there: Tensor, like: Tensor) -> Tensor:
    """Return the distance after each move to the nearest object of each kind, ``[B, n, 4, k]``, ignoring obstacles.

    ``there`` ``[B, n, k, side, side]`` says where there are objects, in a window around the viewer.
    """
    side = torch.arange(there.shape[-1], device=there.device) - there.shape[-1] // 2
    distances = []
    for down, right in ((0, -1), (0, 1), (-1, 0), (1, 0)):
        away = ((side[:, None] - down).abs() + (side - right).abs()).flatten().to(like)
        distances.append(torch.where(there.flatten(3), away, FAR).amin(-1))
    return torch.stack(distances, 2)


def steps_to(terrain: Tensor, goal: int, row_length: int) -> Tensor:
    """Return the number of steps over land from each tile to a goal, ``[P]`` float32; ``FAR`` if there is no path.

    Args:
        terrain: ``[P]`` bits of tiles.
        goal: tile of the goal.
        row_length: length of a row of the map, border included.
    """
    land = ((terrain & (1 << IS_INSIDE | 1 << IS_WATER)) == 1 << IS_INSIDE).tolist()
    distance, waiting = {goal: 0}, deque([goal])
    while waiting:
        tile = waiting.popleft()
        for neighbour in (tile - 1, tile + 1, tile - row_length, tile + row_length):
            if land[neighbour] and neighbour not in distance:
                distance[neighbour] = distance[tile] + 1
                waiting.append(neighbour)
    steps = torch.full(terrain.shape, FAR)
    steps[list(distance)] = torch.tensor([float(count) for count in distance.values()])
    return steps
