"""Normal-form game: all players choose once, at the same time, and a table says what each is paid.

State
    The option of each player, ``[B, P]`` (-1 before the round), and time.

Actions
    Every player is a role of its own with one player: the names of ``payoffs`` in their order, ``row`` and ``column``
    in the classics. An action is the index of an option.

Observations
    ``round``: 0 before the round and 1 after it. Players observe nothing else before they choose.

Dynamics
    One round, in which all act; then the game ends by its own rule.

Rewards
    The player's entry of its table of payoffs at the options of all players.

Conservation
    No quantity is conserved in general. The game has no accounts; players' payoffs are their returns.

Calibration
    None: payoffs are given in the scenario, or are those of a named classic game or of a random one, in units of
    utility.

Checks
    The returns of mixed strategies are exact expectations over all choices (:mod:`econsim.expected_play`), and equal
    the closed forms at the equilibria of the classic games; the payoff tensor agrees with the rewards of a step
    (``econsim check``).

References:
    Osborne and Rubinstein (1994), *A Course in Game Theory*, chapters 2 and 3; Nudelman et al. (2004), *Run the GAMUT*,
    for the families of random games.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator
from torch import Tensor

from econsim.game import Box, Discrete, Game, Observation, Role, Transition, tensors
from econsim.games._classics import CLASSICS
from econsim.games._payoff_files import read_payoffs
from econsim.games._payoffs import check_range
from econsim.games._random_payoffs import RandomPayoffs, random_payoffs
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
    """Parameters of a normal-form game: a named classic game, a random one, user-defined payoffs or a file."""

    classic: Name | None = None
    """Name of a classic game, with the players ``row`` and ``column``; null: the game of ``payoffs``."""
    file: str | None = None
    """Gambit's ``.nfg`` file, or a CSV file, relative to the working directory. A loaded scenario, and so a run,
    contains its ``payoffs`` and ``options`` instead."""
    random: RandomPayoffs | None = None
    """Random payoffs of a family, with the players ``row`` and ``column``, or ``player_1`` and so on for any other
    number."""
    payoffs: dict[str, list[Any]] | None = Field(default=None, min_length=1)
    """Payoffs of each player by name: nested lists of numbers with one axis per player, in the order of the names,
    whose lengths are the players' numbers of options."""
    options: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Names of each player's options, in order; options without names are numbered."""

    @model_validator(mode="before")
    @classmethod
    def _read_file(cls, given: Any) -> Any:
        """Replace the name of a file by its content, so that a run does not depend on the file."""
        if not isinstance(given, dict) or not isinstance(given.get("file"), str):
            return given
        content = read_payoffs(given["file"])
        return {"options": content.options, **given, "file": None, "payoffs": content.payoffs}

    @field_validator("payoffs")
    @classmethod
    def _are_tables(cls, payoffs: dict[str, list[Any]] | None) -> dict[str, list[Any]] | None:
        tables = payoffs or {}
        shapes = {player: _table(player, payoff, len(tables)).shape for player, payoff in tables.items()}
        for player, shape in shapes.items():
            if not player.isidentifier():
                raise ValueError(f"{player!r} is not a valid name of a player; use letters, digits and _")
            first = next(iter(shapes))
            if shape != shapes[first]:
                raise ValueError(f"the payoffs of {player} are {_by(shape)}, those of {first} are {_by(shapes[first])}")
        return payoffs

    @model_validator(mode="after")
    def _one_game(self) -> Parameters:
        if sum(source is not None for source in (self.classic, self.random, self.payoffs)) != 1:
            raise ValueError(f"expected either classic ({', '.join(CLASSICS)}), random, payoffs or file")
        counts = dict(zip(self.tables, self.shape, strict=True))
        for player, names in self.options.items():
            if player not in counts:
                raise ValueError(f"options: no player is called {player!r}; players: {', '.join(counts)}")
            if len(set(names)) != counts[player]:
                raise ValueError(f"options: expected {counts[player]} different names for {player}, found {len(names)}")
        return self

    @cached_property
    def tables(self) -> Mapping[str, Any]:
        """Payoffs of each player, as nested lists or arrays."""
        if self.random is not None:
            return random_payoffs(self.random)
        return CLASSICS[self.classic].payoffs if self.classic is not None else self.payoffs or {}

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of options of each player."""
        return np.shape(next(iter(self.tables.values())))

    def options_of(self, player: str) -> tuple[str, ...]:
        """Return the names of a player's options; empty if they have no names."""
        return self.options.get(player, CLASSICS[self.classic].options if self.classic is not None else ())


def _table(player: str, payoff: list[Any], players: int) -> NDArray[np.float64]:
    try:
        table = np.array(payoff, dtype=np.float64)
    except (TypeError, ValueError):
        reason = f"the payoffs of {player} contain a value that is not a number, or rows of different length"
        raise ValueError(reason) from None
    if table.ndim != players or not table.size:
        raise ValueError(f"the payoffs of {player}: expected {players} axes, one per player, found {table.ndim}")
    if not np.isfinite(table).all():
        raise ValueError(f"the payoffs of {player} contain a value that is not finite")
    check_range(f"the payoffs of {player}", table)
    return table


def _by(shape: tuple[int, ...]) -> str:
    return " by ".join(map(str, shape))


@tensors
class State:
    """State of a normal-form game: time and the players' choices."""

    time: Tensor  # [B] int64
    choices: Tensor  # [B, P] int64, the option of each player; -1 before the round


def _role(player: str, options: int, names: tuple[str, ...]) -> Role:
    units = ("0: before the round, 1: after it",)
    seen = Role(player, 1, Box(0, 1, (1,)), Discrete(options), features=("round",), feature_units=units)
    return replace(seen, action_labels=names)


class NormalForm(Game[State]):
    """Normal-form game of one round; the module docstring describes it."""

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
        """Return the initial state of ``B`` environment copies, before any choice."""
        nothing = torch.full((len(key), len(self.roles)), NOT_YET, dtype=torch.int64, device=key.device)
        return State(torch.zeros_like(key), nothing)

    def observe(self, state: State) -> dict[str, Observation]:
        """Return the round, the only observed feature."""
        alive = torch.ones((len(state.time), 1), dtype=torch.bool, device=state.time.device)
        features = state.time[:, None, None].to(self.dtype)
        return {name: Observation(features, alive, (state.time == 0)[:, None]) for name in self.roles}

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Pay every player its payoff at the choices of all players."""
        choices = torch.cat([actions[name] for name in self.roles], -1)
        payoffs = self.constants["payoffs"][(slice(None), *choices.unbind(-1))].to(self.dtype)  # [P, B]
        rewards = {name: payoffs[player][:, None] for player, name in enumerate(self.roles)}
        over = torch.ones_like(state.time, dtype=torch.bool)
        return Transition(State(state.time + 1, choices), rewards, over, torch.zeros_like(over))

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return no accounts, since players have returns only."""
        return {}

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return no residuals, since payoffs need not be conserved."""
        return {}

    def payoff_tensor(self) -> Tensor:
        """Return payoffs, float64 ``[P, A_1, ..., A_P]``; see :class:`~econsim.game.Enumerable`."""
        payoffs: Tensor = self.constants["payoffs"]
        return payoffs
