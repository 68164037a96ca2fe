"""Normal-form game: all players choose once, at the same time, and a table says what each is paid.

State
    The option of each player, ``[B, P]`` (-1 before the round), and time.

Actions
    Every player is a role of its own with one player: the names of ``payoffs`` in their order, ``row`` and ``column``
    in the classics. An action is the index of an option.

Observations
    ``round``: 0 before the round and 1 after it. There is nothing else to see before a choice is made.

Dynamics
    One round, in which all act; then the game ends by its own rule.

Rewards
    The player's entry of its table of payoffs at the options of all players.

Conservation
    Nothing is conserved in general, and the game keeps no accounts: what players are paid are their returns.

Calibration
    None: payoffs are written in the scenario, or those of a named classic, in units of utility.

Checks
    Returns of mixed strategies are exact, by expectation over all choices (:mod:`econsim.expected_play`), and equal
    the closed forms of the classics' equilibria; payoffs agree with what a step pays (``econsim check``).

References:
    Osborne and Rubinstein (1994), *A Course in Game Theory*, chapters 2 and 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator
from torch import Tensor

from econsim.game import Box, Discrete, Game, Observation, Role, Transition, tensors
from econsim.games._classics import CLASSICS
from econsim.parameters import Model

__all__ = ["NormalForm", "Parameters"]

REFERENCES = (
    "@book{osborne1994course, title={A Course in Game Theory}, author={Osborne, Martin J. and Rubinstein, Ariel}, "
    "publisher={MIT Press}, year={1994}}",
)
NOT_YET = -1

Name = Literal[
    "matching_pennies", "prisoners_dilemma", "chicken", "stag_hunt", "battle_of_the_sexes", "rock_paper_scissors"
]


class Parameters(Model):
    """A named classic, or payoffs of your own."""

    classic: Name | None = None
    """A game by name, played by ``row`` and ``column``; none: that of ``payoffs``."""
    payoffs: dict[str, list[Any]] | None = Field(default=None, min_length=1)
    """What each player is paid, by name: nested lists of numbers with one axis a player, in the order of the names,
    each as long as that player has options."""
    options: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Names of each player's options, in order; numbers where a player has none."""

    @field_validator("payoffs")
    @classmethod
    def _are_tables(cls, payoffs: dict[str, list[Any]] | None) -> dict[str, list[Any]] | None:
        tables = payoffs or {}
        shapes = {player: _table(player, payoff, len(tables)).shape for player, payoff in tables.items()}
        for player, shape in shapes.items():
            if not player.isidentifier():
                raise ValueError(f"{player!r} cannot name a player; use letters, digits and _")
            first = next(iter(shapes))
            if shape != shapes[first]:
                raise ValueError(f"the table of {player} is {_by(shape)}, that of {first} is {_by(shapes[first])}")
        return payoffs

    @model_validator(mode="after")
    def _one_game(self) -> Parameters:
        if (self.classic is None) == (self.payoffs is None):
            raise ValueError(f"give either classic ({', '.join(CLASSICS)}) or payoffs")
        counts = dict(zip(self.tables, self.shape, strict=True))
        for player, names in self.options.items():
            if player not in counts:
                raise ValueError(f"options: no player is called {player!r}; players: {', '.join(counts)}")
            if len(set(names)) != counts[player]:
                raise ValueError(f"options: expected {counts[player]} different names for {player}, found {len(names)}")
        return self

    @property
    def tables(self) -> dict[str, Any]:
        """The payoffs of each player, nested lists."""
        return CLASSICS[self.classic].payoffs if self.classic is not None else self.payoffs or {}

    @property
    def shape(self) -> tuple[int, ...]:
        """How many options each player has."""
        return np.shape(next(iter(self.tables.values())))

    def options_of(self, player: str) -> tuple[str, ...]:
        """Return the names of a player's options; none where they have no names."""
        return self.options.get(player, CLASSICS[self.classic].options if self.classic is not None else ())


def _table(player: str, payoff: list[Any], players: int) -> NDArray[np.float64]:
    try:
        table = np.array(payoff, dtype=np.float64)
    except (TypeError, ValueError):
        reason = f"the table of {player} holds something that is no number, or rows of different length"
        raise ValueError(reason) from None
    if table.ndim != players or not table.size:
        raise ValueError(f"the table of {player} has {table.ndim} axes, expected {players}, one a player")
    if not np.isfinite(table).all():
        raise ValueError(f"the table of {player} holds a number that is not finite")
    return table


def _by(shape: tuple[int, ...]) -> str:
    return " by ".join(map(str, shape))


@tensors
class State:
    """What was chosen."""

    time: Tensor  # [B] int64
    choices: Tensor  # [B, P] int64, the option of each player; -1 before the round


def _role(player: str, options: int, names: tuple[str, ...]) -> Role:
    units = ("0: before the round, 1: after it",)
    seen = Role(player, 1, Box(0, 1, (1,)), Discrete(options), features=("round",), feature_units=units)
    return replace(seen, action_labels=names)


class NormalForm(Game[State]):
    """A game of one round; see the module's page."""

    horizon = 1
    clocked = True

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        self.parameters: Mapping[str, Tensor] = {}
        tables = [torch.tensor(table, dtype=torch.float64) for table in parameters.tables.values()]
        self.constants = {"payoffs": torch.stack(tables)}  # [P, A_1, ..., A_P]
        counts = zip(parameters.tables, parameters.shape, strict=True)
        self.roles = {player: _role(player, count, parameters.options_of(player)) for player, count in counts}

    def reset(self, key: Tensor) -> State:
        """Return copies in which nobody has chosen."""
        nothing = torch.full((len(key), len(self.roles)), NOT_YET, dtype=torch.int64, device=key.device)
        return State(torch.zeros_like(key), nothing)

    def observe(self, state: State) -> dict[str, Observation]:
        """Return the round, which is all there is to see."""
        alive = torch.ones((len(state.time), 1), dtype=torch.bool, device=state.time.device)
        features = state.time[:, None, None].to(self.dtype)
        return {name: Observation(features, alive, (state.time == 0)[:, None]) for name in self.roles}

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Pay every player what its table says."""
        choices = torch.cat([actions[name] for name in self.roles], -1)
        paid = self.constants["payoffs"][(slice(None), *choices.unbind(-1))].to(self.dtype)  # [P, B]
        rewards = {name: paid[place][:, None] for place, name in enumerate(self.roles)}
        over = torch.ones_like(state.time, dtype=torch.bool)
        return Transition(State(state.time + 1, choices), rewards, over, torch.zeros_like(over))

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return nothing: players have returns only."""
        return {}

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return nothing: payoffs may come from anywhere."""
        return {}

    def payoff_tensor(self) -> Tensor:
        """Return payoffs, float64 ``[P, A_1, ..., A_P]``; see :class:`~econsim.game.Enumerable`."""
        payoffs: Tensor = self.constants["payoffs"]
        return payoffs
