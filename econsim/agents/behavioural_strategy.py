"""Behavioural strategy: a player of a game of several moves draws its options with fixed probabilities at each point.

The probabilities belong to information sets, the points that the player can tell apart, such as ``J pass bet`` in Kuhn
poker; at those without probabilities, all legal options are equally likely. ``econsim solve SCENARIO --csv FILE``
writes the strategies of all players to a file, which this agent reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim import random
from econsim.errors import UserError, did_you_mean
from econsim.game import Game, Observation, Role
from econsim.information_tree import Floats, HasInformationTree, PlayerTree
from econsim.nn import Probabilities
from econsim.parameters import Model
from econsim.storage.csv_reader import read_csv

__all__ = ["BehaviouralStrategy", "Parameters", "strategy_table"]

TOLERANCE = 1e-6  # of sums, since probabilities in a scenario are rounded
Share = Annotated[float, Field(ge=0, le=1)]


class Parameters(Model):
    """Parameters of a behavioural strategy."""

    probabilities: dict[str, dict[str, Share]] = Field(default_factory=dict)
    """Probability of each option by its name, for each information set by its name. Options that are not named have
    probability 0; the probabilities of an information set must add up to 1."""
    file: str | None = None
    """CSV file with the columns player, information_set, option and probability, relative to the working directory. A
    loaded scenario, and so a run, contains its ``probabilities`` instead."""
    player: str | None = None
    """The player whose rows of the file are used; null: all rows, of a file for one player."""

    @model_validator(mode="before")
    @classmethod
    def _read_file(cls, given: Any) -> Any:
        """Replace the name of a file by its content, so that a run does not depend on the file."""
        if not isinstance(given, dict) or not isinstance(given.get("file"), str):
            return given
        return {**given, "file": None, "player": None, "probabilities": _from_file(given["file"], given.get("player"))}

    @model_validator(mode="after")
    def _adds_up(self) -> Parameters:
        for name, shares in self.probabilities.items():
            if abs(sum(shares.values()) - 1.0) > TOLERANCE:
                raise ValueError(f"probabilities of {name!r}: expected a sum of 1, found {sum(shares.values()):g}")
        return self


def _from_file(file: str, player: str | None) -> dict[str, dict[str, float]]:
    table = read_csv(Path(file), "file")
    shares = table.numbers("probability", "a number from 0 to 1", lambda share: 0 <= share <= 1)
    players = sorted(set(table.column("player")))
    if player is None and len(players) > 1:
        raise UserError(f"file: {table.name} has strategies of {', '.join(players)}; choose one with the key player")
    if player is not None and player not in players:
        raise UserError(f"player: {table.name} has no strategy of {player!r}{did_you_mean(player, players)}")
    found: dict[str, dict[str, float]] = {}
    for row, share in zip(table.rows(), shares, strict=True):
        if player is None or row["player"] == player:
            found.setdefault(row["information_set"], {})[row["option"]] = share
    return found


class _Memory(NamedTuple):
    """The role's name; features and probabilities of all information sets, ``[I + 1, F]`` and ``[I + 1, A]``.

    The last row is for other players' turns, at which features are 0.
    """

    role: str
    features: Tensor
    probabilities: Tensor


class BehaviouralStrategy:
    """Draws its options with the probabilities of its current information set."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> _Memory:
        """Return the probabilities of all information sets.

        Raises:
            UserError: the information sets of the game cannot be listed, or the strategy names an information set or
                an option that the player does not have.
        """
        if not isinstance(game, HasInformationTree):
            raise UserError(
                f"agents.{role.name}: kind behavioural_strategy needs a game whose information sets can be listed, "
                f"such as extensive_form; {type(game).__name__} is not such a game"
            )
        tree = game.information_tree().players[list(game.roles).index(role.name)]
        observed = game.information_sets(role.name)
        assert observed.action_mask is not None
        table = observed.action_mask[:, 0].double()
        for name, shares in self.parameters.probabilities.items():
            table[_place(name, tree, role)] = table.new_tensor(_row(name, shares, role))
        illegal = (table > 0) & ~observed.action_mask[:, 0]
        if bool(illegal.any()):
            row, option = illegal.nonzero()[0].tolist()
            label = role.action_labels[option]
            raise UserError(
                f"agents.{role.name}.probabilities: {label!r} is not legal in the information set {tree.names[row]!r}"
            )
        features = torch.nn.functional.pad(observed.features[:, 0].double(), (0, 0, 0, 1))
        table = torch.nn.functional.pad(table, (0, 0, 0, 1), value=1.0)
        return _Memory(role.name, features, table / table.sum(-1, keepdim=True))

    def act(self, observation: Observation, memory: _Memory, key: Tensor) -> tuple[Tensor, _Memory]:
        """Draw options ``[B, N]``."""
        distribution, _ = self.policy(observation, memory)
        stream = f"behavioural_strategy/{memory.role}"
        return random.categorical(key, 0, stream, distribution.probabilities.log()), memory

    def policy(self, observation: Observation, memory: _Memory) -> tuple[Probabilities, _Memory]:
        """Return the probabilities, ``[B, N, A]``; the information set is that whose features are observed."""
        table = memory.features
        # The nearest row has the largest x'y - y'y / 2.
        nearest = (observation.features.double() @ table.T - table.square().sum(-1) / 2).argmax(-1)
        return Probabilities(memory.probabilities[nearest]), memory


def _place(name: str, tree: PlayerTree, role: Role) -> int:
    if name not in tree.names:
        raise UserError(
            f"agents.{role.name}.probabilities: no information set is called {name!r}{did_you_mean(name, tree.names)}"
        )
    return tree.names.index(name)


def _row(name: str, shares: Mapping[str, float], role: Role) -> list[float]:
    for option in shares:
        if option not in role.action_labels:
            raise UserError(
                f"agents.{role.name}.probabilities.{name}: no option is called {option!r}"
                f"{did_you_mean(option, role.action_labels)}"
            )
    return [shares.get(option, 0.0) for option in role.action_labels]


def strategy_table(tree: PlayerTree, role: Role, behaviour: Floats) -> dict[str, dict[str, float]]:
    """Return a behaviour ``[S]`` as the probabilities of options by information set, both by name."""
    rows, options = (np.split(of, tree.first)[1:-1] for of in (behaviour, tree.option))  # without the empty sequence
    return {
        name: {role.action_labels[option]: float(share) for option, share in zip(legal, shares, strict=True)}
        for name, legal, shares in zip(tree.names, options, rows, strict=True)
    }
