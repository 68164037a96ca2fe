"""Sealed-bid auction of one object, with private values: first-price or second-price.

State
    The value of each bidder and its bid, as indices of levels ``[B, N]`` (bids are -1 before the round), and time.

Actions
    Roles ``bidder_1`` to ``bidder_N``: one of ``bid_levels`` bids, equally spaced from 0 to ``highest``.

Observations
    ``round``: 0 before the round and 1 after it; ``value``: the bidder's own value. Nobody observes another's value.

Dynamics
    Values are drawn independently, each of ``value_levels`` levels from 0 to ``highest`` with the same probability.
    All bid at the same time; then the game ends by its own rule.

Rewards
    The highest bid wins; the winner receives its value less the price, in coin. The price is its own bid
    (``first_price``) or the second-highest bid (``second_price``). Bidders who share the highest bid share the expected
    payoff of the winner equally. The others receive 0.

Conservation
    No quantity is conserved. The game has no accounts; payoffs are returns.

Calibration
    None: textbook values, equally likely.

Checks
    Closed forms: in a first-price auction with uniform values on an interval from 0, everybody bids ``(N - 1) / N`` of
    its value in the symmetric equilibrium, and expects ``highest / (N (N + 1))``; on the grid, the gain from deviating
    and the distance from this bid are at most one step. In a second-price auction, no bid is ever better than the own
    value.

References:
    Vickrey (1961); Krishna (2009), *Auction Theory*, sections 2.2 and 2.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim import random
from econsim.game import Box, Discrete, Game, Observation, Role, Transition, tensors
from econsim.games._one_round import check_profiles
from econsim.information_tree import InformationTree, PlayerTree
from econsim.parameters import Model

__all__ = ["Auction", "Parameters"]

REFERENCES = (
    "@article{vickrey1961counterspeculation, title={Counterspeculation, Auctions, and Competitive Sealed Tenders}, "
    "author={Vickrey, William}, journal={The Journal of Finance}, volume={16}, number={1}, pages={8--37}, year={1961}}",
    "@book{krishna2009auction, title={Auction Theory}, author={Krishna, Vijay}, edition={2}, publisher={Academic "
    "Press}, year={2009}}",
)


class Parameters(Model):
    """Parameters of an auction."""

    price: Literal["first_price", "second_price"] = "first_price"
    """What the winner pays: ``first_price``, its own bid; ``second_price``, the second-highest bid."""
    bidders: int = Field(default=2, ge=2)
    """Number of bidders."""
    highest: float = Field(default=100.0, gt=0)
    """The highest value and the highest bid, in coin."""
    value_levels: int = Field(default=5, ge=2)
    """Number of values, equally spaced from 0 to ``highest``."""
    bid_levels: int = Field(default=9, ge=2)
    """Number of bids to choose from, equally spaced from 0 to ``highest``."""

    @model_validator(mode="after")
    def _can_be_listed(self) -> Parameters:
        check_profiles(self.value_levels * self.bid_levels, self.bidders)
        return self


@tensors
class State:
    """State of an auction."""

    time: Tensor  # [B] int64
    values: Tensor  # [B, N] int64, the level of each bidder's value
    bids: Tensor  # [B, N] int64, the level of each bid; -1 before the round


class Auction(Game[State]):
    """Sealed-bid auction of one object; the module docstring describes it."""

    horizon = 1
    clocked = True
    unit = "coin"

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        self.parameters: Mapping[str, Tensor] = {}
        values = torch.linspace(0.0, parameters.highest, parameters.value_levels, dtype=torch.float64)
        bids = torch.linspace(0.0, parameters.highest, parameters.bid_levels, dtype=torch.float64)
        self.constants = {"values": values, "bids": bids}
        labels = tuple(f"{bid:g}" for bid in bids.tolist())
        names = [f"bidder_{number}" for number in range(1, parameters.bidders + 1)]
        self.roles = {name: _role(name, labels, parameters.highest) for name in names}

    def reset(self, key: Tensor) -> State:
        """Return the initial state of ``B`` environment copies, with a value of every bidder."""
        values = random.integers(key, 0, "auction/values", self.settings.value_levels, (len(self.roles),))
        return State(torch.zeros_like(key), values, torch.full_like(values, -1))

    def observe(self, state: State) -> dict[str, Observation]:
        """Return the round and each bidder's own value."""
        return {name: self._seen(state.time, state.values[:, player]) for player, name in enumerate(self.roles)}

    def _seen(self, time: Tensor, level: Tensor) -> Observation:
        """Return the observation of one bidder at times and levels of its value, both ``[B]``."""
        features = torch.stack([time.double(), self.constants["values"][level]], -1)[:, None].to(self.dtype)
        alive = torch.ones((len(time), 1), dtype=torch.bool, device=time.device)
        mask = torch.ones((len(time), 1, self.settings.bid_levels), dtype=torch.bool, device=time.device)
        return Observation(features, alive, (time == 0)[:, None], mask)

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Pay the winner its value less the price."""
        bids = torch.cat([actions[name] for name in self.roles], -1)
        paid = self.payoffs(state.values, bids).to(self.dtype)
        rewards = {name: paid[:, player, None] for player, name in enumerate(self.roles)}
        over = torch.ones_like(state.time, dtype=torch.bool)
        return Transition(State(state.time + 1, state.values, bids), rewards, over, torch.zeros_like(over))

    def payoffs(self, values: Tensor, bids: Tensor) -> Tensor:
        """Return the expected payoff of each bidder, in coin, float64 ``[B, N]``, at levels ``[B, N]``."""
        worth, offered = self.constants["values"][values], self.constants["bids"][bids]
        ordered = offered.sort(-1, descending=True).values
        price = ordered[:, :1] if self.settings.price == "first_price" else ordered[:, 1:2]
        wins = offered == ordered[:, :1]
        return torch.where(wins, (worth - price) / wins.sum(-1, keepdim=True), 0.0)

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return no residuals, since payoffs need not be conserved."""
        return {}

    def information_tree(self) -> InformationTree:
        """Return the game in sequence form; see :class:`~econsim.information_tree.HasInformationTree`."""
        return self._tree

    @cached_property
    def _tree(self) -> InformationTree:
        levels, bids, bidders = self.settings.value_levels, self.settings.bid_levels, self.settings.bidders
        names = tuple(f"value {value:g}" for value in self.constants["values"].tolist())
        option = np.append(-1, np.tile(np.arange(bids), levels))
        nothing = np.zeros(levels, np.int64)
        own = PlayerTree(names, nothing, np.full(levels, bids), option, np.array([0, levels]))
        # A sequence is a value and a bid: number 1 + value x bid_levels + bid.
        ends = np.indices((levels * bids,) * bidders).reshape(bidders, -1).T
        pairs = torch.from_numpy(ends).to(self.device)
        paid = self.payoffs(pairs // bids, pairs % bids).cpu().numpy()
        chance = np.full(len(ends), float(levels) ** -bidders)
        return InformationTree((own,) * bidders, 1 + ends, chance, paid * chance[:, None])

    def information_sets(self, role: str) -> Observation:
        """Return what a bidder observes before it bids, for each of its values, as ``[I, 1, ...]``."""
        level = torch.arange(self.settings.value_levels, device=self.device)
        return self._seen(torch.zeros_like(level), level)


def _role(name: str, labels: tuple[str, ...], highest: float) -> Role:
    return Role(
        name,
        1,
        Box(0, max(1.0, highest), (2,)),
        Discrete(len(labels)),
        features=("round", "value"),
        feature_units=("0: before the round, 1: after it", "coin"),
        action_labels=labels,
        action_unit="coin",
    )
