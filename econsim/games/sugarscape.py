"""Sugarscape: traders on a grid gather sugar and spice, eat both, barter with whom they see, and die without either.

State
    The cell of each trader ``[B, N]`` (``P`` for the dead), what it holds ``[B, N, 2]``, its metabolism ``[B, N, 2]``
    and its vision ``[B, N]``; what lies on the land ``[B, P + 1, 2]``; the units of each good that have grown, been
    eaten and been lost with the dead ``[B, 2]``; the trades of the last step, the last price, time, the random key.
    Goods are sugar and spice, in whole units.

Actions
    ``trader``: none; the rules decide, and nobody is asked.

Observations
    ``trader``: the sugar and the spice that it holds, its metabolism of both, and its vision.

Dynamics
    First ``regrowth`` units of each good grow on each cell, up to what it can bear. Then traders act one after another,
    in an order that is drawn for each step. A trader moves to the empty cell that it sees at which its welfare would be
    highest, to the closest of those that tie, and by a draw where several are left; it stays only where it sees no
    empty cell. It gathers all that lies there and eats its metabolism. If it then has no sugar or no spice, it dies and
    leaves the grid. A trader sees the cells within ``vision`` steps up, down, left and right; the grid has edges.
    Welfare is ``sugar^(s/(s+p)) * spice^(p/(s+p))`` with the metabolisms ``s`` of sugar and ``p`` of spice.

    Afterwards, in another drawn order, each trader barters with all others whom it sees, one after another. The price
    is the geometric mean of both marginal rates of substitution, ``(spice/p)/(sugar/s)``; whoever has the higher rate
    buys one sugar for the whole number of spice below the price, or, below a price of 1, as many sugar as one spice
    buys. They trade while both gain and their rates do not cross. An episode ends when all are dead, or after
    ``horizon`` steps.

Rewards
    1 for each step that a trader survives.

Conservation
    Of each good: what lies on the land, is held, was eaten and was lost with the dead, less what has grown.

Calibration
    As the example ``sugarscape_g1mt`` of Mesa, apart from its map, which ``sugar_map`` can hold, and from traders of
    Mesa who may start in one cell. Mesa's example fails where a trader sees no empty cell.

Checks
    Under the same draws, agents of Mesa's example and tensors agree for every trader, cell and price in every step, but
    for trades that the rounding of Mesa's prices and rates decides.
    The first step's trades and prices are those of Mesa over 120 seeds (``tests/games/test_sugarscape.py``), and so are
    the traders alive after 50 steps, the headline of the shipped scenario.

References:
    Epstein and Axtell (1996), "Growing Artificial Societies", chapters II and IV.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim import random
from econsim.accounts import Account
from econsim.game import Box, Discrete, Game, Observation, Role, Transition, tensors
from econsim.games._barter import barter, log_welfare
from econsim.games._grid import free_cells
from econsim.games._sugar_land import capacities, read_map, seen_cells, two_peaks
from econsim.mechanisms.welfare import gini
from econsim.parameters import Model

__all__ = ["Parameters", "Sugarscape"]

REFERENCES = (
    "@book{epstein1996growing, title={Growing Artificial Societies: Social Science from the Bottom Up}, "
    "author={Epstein, Joshua M. and Axtell, Robert}, publisher={Brookings Institution Press}, year={1996}}",
)
TRADER = "trader"
MOVING, CHOICE, TRADING = "sugarscape/moving", "sugarscape/choice", "sugarscape/trading"
TIED = 1e-9  # relative difference of welfare within which cells tie
_BEYOND = 1 << 40  # squared cells, further than any
FARTHEST, MOST_EATEN = 10, 10


class Range(Model):
    """Whole numbers that are drawn with equal probabilities, both ends included."""

    lowest: int = Field(ge=1)
    """The smallest number."""
    highest: int = Field(ge=1)
    """The largest number."""

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if self.highest < self.lowest:
            raise ValueError(f"highest {self.highest} is below lowest {self.lowest}")
        return self

    def drawn(self, share: Tensor) -> Tensor:
        """Return the numbers of draws in [0, 1), float64."""
        return self.lowest + (share * (self.highest - self.lowest + 1)).floor()


class Parameters(Model):
    """Parameters of the game."""

    height: int = Field(50, ge=2)
    """Rows of cells of the map with two peaks."""
    width: int = Field(50, ge=2)
    """Columns of cells of the map with two peaks."""
    sugar_map: str | None = None
    """A map instead, one line for each row and one digit for each cell: the sugar that it can bear."""
    traders: int = Field(200, ge=1)
    """Traders at the start, in different cells."""
    endowment: Range = Range(lowest=25, highest=50)
    """Units of each good that a trader has at the start."""
    metabolism: Range = Range(lowest=1, highest=5)
    """Units of each good that a trader eats in each step; at most 10."""
    vision: Range = Range(lowest=1, highest=5)
    """Steps that a trader sees; at most 10."""
    regrowth: int = Field(1, ge=0)
    """Units of each good that grow on each cell in each step."""
    trade: bool = True
    """Whether traders barter."""
    horizon: int = Field(50, ge=1)
    """Most steps of an episode."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        height, width, _ = self.land()
        if self.traders > height * width:
            raise ValueError(f"traders {self.traders} do not fit on {height * width} cells; each needs a cell")
        for name, most in (("vision", FARTHEST), ("metabolism", MOST_EATEN)):
            if (given := getattr(self, name).highest) > most:
                raise ValueError(f"{name}.highest {given} is above {most}")
        return self

    def land(self) -> tuple[int, int, Tensor]:
        """Return the height, the width and the sugar that each cell can bear, ``[P]``.

        Raises:
            ValueError: the map has rows of different lengths or signs that are no digits.
        """
        if self.sugar_map is None:
            return self.height, self.width, two_peaks(self.height, self.width)
        return read_map(self.sugar_map)


@tensors
class State:
    """State of the game."""

    key: Tensor  # [B] int64
    time: Tensor  # [B] int64, steps that have passed
    cell: Tensor  # [B, N] int64, row by row; P for the dead
    held: Tensor  # [B, N, 2] float64, sugar and spice
    metabolism: Tensor  # [B, N, 2] float64
    vision: Tensor  # [B, N] int64
    land: Tensor  # [B, P + 1, 2] float64, what can be gathered; nothing from the last cell, which stands for none
    grown: Tensor  # [B, 2] float64, what has grown since the start
    eaten: Tensor  # [B, 2] float64, what has been eaten since the start
    lost: Tensor  # [B, 2] float64, what the dead have left, which nobody gets
    trades: Tensor  # [B] int64, of the last step
    price: Tensor  # [B] float64, the geometric mean in the last step with trades, spice for a sugar; 1 before


class Sugarscape(Game[State]):
    """Sugarscape; the module docstring describes it."""

    clocked = False
    compilable = False  # copies trade for as many rounds as they need
    constants: dict[str, Tensor]
    accounts_spec = (
        Account("traders_alive", unit="traders", title="Traders alive", show="headline"),
        Account("wealth_gini", title="Gini of the wealth of the living", format="index", show="headline"),
        Account("trades", unit="trades", title="Trades in a step", show="table", flow=True),
        Account("price", unit="spice per sugar", title="Price of sugar", format="index", show="table"),
        Account("wealth", (f"role:{TRADER}",), unit="units", title="Sugar and spice held", statistics=()),
    )

    def __init__(self, parameters: Parameters) -> None:
        self.settings, self.traders, self.horizon = parameters, parameters.traders, parameters.horizon
        height, width, sugar = parameters.land()
        self.cells = height * width
        near, distance = seen_cells(height, width, parameters.vision.highest)
        bearable = torch.nn.functional.pad(capacities(sugar, width), (0, 0, 0, 1))
        self.constants = {"near": near, "distance": distance, "bearable": bearable}
        self.parameters = {"regrowth": torch.tensor(parameters.regrowth, dtype=torch.float64)}
        names = ("sugar", "spice", "metabolism of sugar", "metabolism of spice", "vision")
        self.roles = {
            TRADER: Role(
                TRADER, self.traders, Box(0, math.inf, (5,)), Discrete(1), features=names, action_labels=("follow",)
            )
        }

    def reset(self, key: Tensor) -> State:
        """Return traders in random cells, with random endowments, metabolisms and visions, on land in full growth."""
        rules, people = self.settings, (len(key), self.traders)
        everywhere = torch.zeros((len(key), self.cells), dtype=torch.bool, device=key.device)
        cell = free_cells(key, 0, "sugarscape/cells", everywhere, self.traders)
        goods = random.uniform(key, 0, "sugarscape/endowments", (self.traders, 2), torch.float64)
        eats = random.uniform(key, 0, "sugarscape/metabolisms", (self.traders, 2), torch.float64)
        sees = random.uniform(key, 0, "sugarscape/visions", people[1:], torch.float64)
        held, metabolism = rules.endowment.drawn(goods), rules.metabolism.drawn(eats)
        land = self.constants["bearable"].expand(len(key), -1, -1)
        start, none = torch.zeros_like(key), torch.zeros((len(key), 2), dtype=torch.float64, device=key.device)
        vision = rules.vision.drawn(sees).long()
        return State(
            key, start, cell, held, metabolism, vision, land, none, none, none, start, torch.ones_like(none[:, 0])
        )

    def observe(self, state: State) -> dict[str, Observation]:
        """Return what each trader holds, eats and sees."""
        alive = state.cell < self.cells
        features = torch.cat([state.held, state.metabolism, state.vision[..., None].double()], -1).to(self.dtype)
        return {TRADER: Observation(features, alive, torch.zeros_like(alive), action_mask=alive[..., None])}

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Let goods grow, and traders move, eat and die, and then barter."""
        regrowth = self.parameters["regrowth"].reshape(-1, 1, 1)
        land = torch.minimum(state.land + regrowth, self.constants["bearable"])
        grown = state.grown + (land - state.land).sum(1)
        cell, held, land, eaten, lost = self._gathered(state, land)
        trades, price = torch.zeros_like(state.time), state.price
        if self.settings.trade:
            held, trades, price = barter(held, state.metabolism, *self._pairs(state, cell), state.price)
        after = State(
            state.key, state.time + 1, cell, held, state.metabolism, state.vision, land, grown,
            eaten, lost, trades, price,
        )  # fmt: skip
        alive = cell < self.cells
        over = ~alive.any(1)
        return Transition(after, {TRADER: alive.to(self.dtype)}, over, (after.time >= self.horizon) & ~over)

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return how many are alive, how unequal their wealth is, and what they trade."""
        alive, wealth = state.cell < self.cells, state.held.sum(2)
        living = alive.double().sum(1)
        weight = torch.where(living[:, None] > 0, alive.double(), 1.0)  # the wealth of all is 0 where nobody lives
        return {
            "traders_alive": living,
            "wealth_gini": gini(wealth, weight),
            "trades": state.trades.double(),
            "price": state.price,
            "wealth": wealth,
        }

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return the units of both goods that are anywhere, were eaten or were lost, less those that have grown."""
        units = state.land.sum(1) + state.held.sum(1) + state.eaten + state.lost - state.grown
        return {"sugar": units[:, 0], "spice": units[:, 1]}

    def _order(self, state: State, stream: str, cell: Tensor) -> Tensor:
        """Return a drawn order of traders ``[B, K]``, the living first; ``K`` is the most that live in any copy."""
        order = random.permutation(state.key, state.time, stream, self.traders)
        dead = cell.gather(1, order) == self.cells
        most = max(1, int((~dead).sum(1).max()))
        return order.gather(1, torch.argsort(dead.long(), dim=1, stable=True))[:, :most]

    def _gathered(self, state: State, land: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return cells, holdings, land, and what was eaten and lost since the start, after all have moved and eaten."""
        order = self._order(state, MOVING, state.cell)
        both, land = order[..., None].expand(-1, -1, 2), land.clone()
        own, sees = state.cell.gather(1, order), state.vision.gather(1, order) - 1
        level = random.uniform(state.key, state.time, CHOICE, (self.traders,), torch.float64).gather(1, order)
        near, distance = self.constants["near"][sees, own], self.constants["distance"][sees, own]
        held, eats = state.held.gather(1, both), state.metabolism.gather(1, both)
        taken = torch.zeros_like(land[..., 0], dtype=torch.bool).scatter(1, state.cell, True)
        taken[:, self.cells] = True
        cells, left, used = [], [], []
        for start, has, need, seen, far, draw in zip(
            *(each.unbind(1) for each in (own, held, eats, near, distance, level)), strict=True
        ):
            target = _best(start, has, need, seen, far, draw, land, taken)[:, None]
            place = target[..., None].expand(-1, -1, 2)
            reserve = has + land.gather(1, place)[:, 0]
            land.scatter_(1, place, 0.0)
            survives = (reserve > need).all(1, keepdim=True)
            taken.scatter_(1, start[:, None], start[:, None] == self.cells).scatter_(1, target, survives)
            taken[:, self.cells] = True
            cells.append(torch.where(survives, target, self.cells))
            left.append((reserve - need).clamp(min=0))
            used.append(torch.minimum(reserve, need))  # who has too little eats all of it
        cell = state.cell.scatter(1, order, torch.cat(cells, 1))
        rest = torch.stack(left, 1)
        survives = (cell.gather(1, order) < self.cells)[..., None]
        held = state.held.scatter(1, both, torch.where(survives, rest, 0.0))
        lost = state.lost + torch.where(survives, 0.0, rest).sum(1)
        return cell, held, land, state.eaten + torch.stack(used, 1).sum(1), lost

    def _pairs(self, state: State, cell: Tensor) -> tuple[Tensor, Tensor]:
        """Return who barters with whom, ``[B, K, 2]``, in their order, and the number of pairs ``[B]``."""
        order = self._order(state, TRADING, cell)
        who = torch.full((len(cell), self.cells + 1), -1, dtype=torch.int64, device=cell.device)
        who.scatter_(1, cell, torch.arange(self.traders, device=cell.device).expand_as(cell))
        who[:, self.cells] = -1
        near = self.constants["near"][state.vision.gather(1, order) - 1, cell.gather(1, order)]  # [B, N, M]
        partner = who.gather(1, near.flatten(1))
        met = partner >= 0
        count = met.sum(1)
        copy, position = met.nonzero(as_tuple=True)
        slot = (met.cumsum(1) - 1)[copy, position]
        pairs = torch.zeros((len(cell), int(count.max()), 2), dtype=torch.int64, device=cell.device)
        pairs[copy, slot, 0] = order[copy, position // near.shape[2]]
        pairs[copy, slot, 1] = partner[copy, position]
        return pairs, count


def _best(
    own: Tensor, has: Tensor, eats: Tensor, near: Tensor, distance: Tensor, level: Tensor, land: Tensor, taken: Tensor
) -> Tensor:
    """Return the cell to which a trader of each copy moves, ``[B]``; its own where it sees no empty cell.

    Args:
        own: ``[B]``, its cell.
        has: ``[B, 2]``, what it holds.
        eats: ``[B, 2]``, its metabolism.
        near: ``[B, M]``, the cells that it sees.
        distance: ``[B, M]``, their squared distances.
        level: ``[B]``, a draw in [0, 1).
        land: ``[B, P + 1, 2]``, what lies there.
        taken: ``[B, P + 1]``, where somebody stands.
    """
    free = ~taken.gather(1, near)
    goods = has[:, None] + land.gather(1, near[..., None].expand(-1, -1, 2))
    welfare = torch.where(free, log_welfare(goods, eats[:, None]), -math.inf)
    tied = free & (welfare >= welfare.amax(1, keepdim=True) - TIED * eats.sum(1, keepdim=True))
    closest = torch.where(tied, distance, _BEYOND).amin(1, keepdim=True)
    tied &= distance == closest
    upto = tied.cumsum(1)
    number = (level * upto[:, -1]).long()  # of the drawn one among the cells that tie
    chosen = (upto <= number[:, None]).sum(1, keepdim=True).clamp(max=near.shape[1] - 1)
    return torch.where(upto[:, -1] > 0, near.gather(1, chosen)[:, 0], own)
