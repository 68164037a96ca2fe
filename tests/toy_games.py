"""A small game that keeps every promise: givers hand coins to random neighbours, a collector sets the tax on gifts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from econsim import kinds, random
from econsim.accounts import Account
from econsim.game import Box, Discrete, Game, Observation, Role, Transition, tensors

GIVERS = 4
LARGEST_GIFT = 3


@tensors
class GiftsState:
    """Coins of givers and of the treasury; the tax rate in force."""

    key: Tensor  # [B] int64
    time: Tensor  # [B] int64
    coins: Tensor  # [B, N] coins
    treasury: Tensor  # [B] coins
    rate: Tensor  # [B] share of a gift


class Gifts(Game[GiftsState]):
    """``giver`` gives 0 to 3 coins, at most what it has; ``collector`` sets a tax rate every second step."""

    unit = "coins"
    accounts_spec = (Account("coins", ("role:giver",), "coins"), Account("treasury", unit="coins", show="table"))

    def __init__(self, horizon: int = 6) -> None:
        self.horizon = horizon
        self.parameters = {"endowment": torch.tensor(5.0, dtype=torch.float64)}
        seen = ("time", "coins", "rate")
        self.roles: Mapping[str, Role] = {
            "giver": Role("giver", GIVERS, Box(0, 100, (3,)), Discrete(LARGEST_GIFT + 1), features=seen),
            "collector": Role("collector", 1, Box(0, 100, (3,)), Box(0, 1), True, 2, ("time", "treasury", "rate")),
        }

    def reset(self, key: Tensor) -> GiftsState:
        """Return copies in which everyone owns up to twice the endowment."""
        drawn = random.uniform(key, 0, "endowment", (GIVERS,), self.dtype)
        empty = torch.zeros(key.shape[0], dtype=self.dtype, device=key.device)
        coins = 2 * drawn * self.parameters["endowment"].reshape(-1, 1).to(drawn)
        return GiftsState(key, torch.zeros_like(key), coins, empty, empty)

    def observe(self, state: GiftsState) -> dict[str, Observation]:
        """Return own coins, or the treasury."""
        time = (state.time / self.horizon).to(self.dtype)
        giver = torch.stack([self._each(time), state.coins, self._each(state.rate)], -1)
        collector = torch.stack([time, state.treasury, state.rate], -1)[:, None]
        alive = torch.ones_like(state.coins, dtype=torch.bool)
        gifts = torch.arange(LARGEST_GIFT + 1, device=state.coins.device)
        return {
            "giver": Observation(giver, alive, alive, gifts <= state.coins[..., None]),
            "collector": Observation(collector, alive[:, :1], (state.time % 2 == 0)[:, None]),
        }

    def step(self, state: GiftsState, actions: Mapping[str, Tensor]) -> Transition[GiftsState]:
        """Take gifts, tax them, and hand the rest to the next in a random circle."""
        rate = torch.where(state.time % 2 == 0, actions["collector"][:, 0].to(state.rate), state.rate)
        gifts = actions["giver"].to(state.coins)
        tax = gifts * rate[:, None]
        circle = random.permutation(state.key, state.time, "circle", GIVERS)
        received = torch.zeros_like(gifts).scatter(1, circle, (gifts - tax).gather(1, circle.roll(1, -1)))
        change = received - gifts
        revenue = tax.sum(-1)
        after = GiftsState(state.key, state.time + 1, state.coins + change, state.treasury + revenue, rate)
        over = after.time >= self.horizon
        return Transition(after, {"giver": change, "collector": revenue[:, None]}, torch.zeros_like(over), over)

    def accounts(self, state: GiftsState) -> dict[str, Tensor]:
        """Return ``coins`` ``[B, N]`` and ``treasury`` ``[B]``."""
        return {"coins": state.coins.double(), "treasury": state.treasury.double()}

    def conserved(self, state: GiftsState) -> dict[str, Tensor]:
        """Return all coins, ``[B]``."""
        return {"coins": state.coins.double().sum(-1) + state.treasury.double()}

    def _each(self, value: Tensor) -> Tensor:
        return value[:, None].expand(-1, GIVERS)


def replaced(transition: Transition[Any], **changes: Any) -> Transition[Any]:
    """Return the transition with other fields."""
    return Transition(**{**vars(transition), **changes})


SIGNALS = 3


@tensors
class SignalsState:
    """The signal that all guessers of a copy see."""

    key: Tensor  # [B] int64
    time: Tensor  # [B] int64
    signal: Tensor  # [B] int64


class Signals(Game[SignalsState]):
    """``guesser`` is paid for the answer that a table gives to a signal, which only what they share shows."""

    unit = "points"
    clocked = True
    accounts_spec = (Account("signal", show="table"),)

    def __init__(self, horizon: int = 2, players: int = 2) -> None:
        self.horizon, self.players = horizon, players
        self.parameters = {"prize": torch.tensor(1.0, dtype=torch.float64)}
        self.constants = {"tables": (torch.tensor([2, 0, 1]),)}
        names = tuple(f"signal_{number}" for number in range(SIGNALS))
        role = Role("guesser", players, Box(0, 1, (1,)), Discrete(SIGNALS), features=("one",), shared_features=names)
        self.roles: Mapping[str, Role] = {"guesser": role}

    def reset(self, key: Tensor) -> SignalsState:
        """Return copies with a signal each."""
        return SignalsState(key, torch.zeros_like(key), random.integers(key, 0, "signal", SIGNALS))

    def observe(self, state: SignalsState) -> dict[str, Observation]:
        """Return a constant for each player, and the signal once for all."""
        alive = torch.ones((len(state.key), self.players), dtype=torch.bool, device=state.key.device)
        shared = (state.signal[:, None] == torch.arange(SIGNALS, device=state.key.device)).to(self.dtype)
        return {"guesser": Observation(alive[..., None].to(self.dtype), alive, alive, shared=shared)}

    def step(self, state: SignalsState, actions: Mapping[str, Tensor]) -> Transition[SignalsState]:
        """Pay right answers and draw the next signal."""
        right = self.constants["tables"][0][state.signal][:, None] == actions["guesser"]
        prize = self.parameters["prize"].reshape(-1, 1).to(self.dtype)
        following = random.integers(state.key, state.time + 1, "signal", SIGNALS)
        after = SignalsState(state.key, state.time + 1, following)
        over = after.time >= self.horizon
        return Transition(after, {"guesser": right * prize}, torch.zeros_like(over), over)

    def accounts(self, state: SignalsState) -> dict[str, Tensor]:
        """Return the ``signal`` ``[B]``."""
        return {"signal": state.signal.double()}

    def conserved(self, state: SignalsState) -> dict[str, Tensor]:
        """Return nothing: nothing is conserved."""
        return {}


def orchard() -> Game[Any]:
    """Return the economy of the plug-in ``run_toys``, under the name that runs import it by."""
    kinds.add_plugin(str(Path(__file__).parent / "runs" / "run_toys"))
    kind = kinds.load("economies", "orchard")
    game: Game[Any] = kind.build(kind.parameters())
    return game
