"""Extensive-form game: players move in turn and observe only part of what happened, as in poker; chance may move too.

State
    The node of the game tree at which each environment copy is, time, and the key of the moves of chance.

Actions
    Every player is a role of its own with one player. An action is the index of an option by its name, such as
    ``pass`` and ``bet``; the action mask excludes options that the player does not have at this point.

Observations
    The name of the player's information set, such as ``J pass bet``: own card, then what everybody saw. Each of its
    words is a feature, 1 if the word is at this place; all are 0 while another player moves.

Dynamics
    One player moves in each step; then chance moves until it is a player's turn again or the game ends.
    Simultaneous choices, as in goofspiel, are made one after another, without knowledge of those before.

Rewards
    At the end of the game, the payoffs of that end; zero before it.

Conservation
    No quantity is conserved in general. The game has no accounts; players' payoffs are their returns.

Calibration
    None: the games are those of the literature, or of a Gambit file, with rational payoffs and probabilities.

Checks
    The values of Kuhn poker (-1/18) and Leduc poker (-0.0856064241), the gains from deviating of uniform play, and the
    family of equilibria of Kuhn poker; one unit is offered in the subgame-perfect equilibrium of the ultimatum game; an
    ``.efg`` file that is written and read again is the same game.

References:
    Kuhn (1950); Southey et al. (2005) for Leduc poker; von Stengel (1996) for the sequence form; Güth, Schmittberger
    and Schwarze (1982) for the ultimatum game.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Box, Discrete, Game, Observation, Role, Transition, tensors
from econsim.games._card_games import goofspiel, kuhn, leduc
from econsim.games._efg_files import efg_text, tree_of_efg
from econsim.games._gambit import gambit_text
from econsim.games._openspiel import tree_of_openspiel
from econsim.games._rules import rules_of
from econsim.games._tree import Tree, sequence_form
from econsim.games._tree_tables import tree_tables
from econsim.games._ultimatum import ultimatum
from econsim.information_tree import InformationTree, TreeNode
from econsim.parameters import Model

__all__ = ["ExtensiveForm", "Parameters"]

REFERENCES = (
    "@incollection{kuhn1950simplified, title={A simplified two-person poker}, author={Kuhn, Harold W.}, "
    "booktitle={Contributions to the Theory of Games}, volume={1}, pages={97--103}, "
    "publisher={Princeton University Press}, year={1950}}",
    "@inproceedings{southey2005bayes, title={Bayes' Bluff: Opponent Modelling in Poker}, author={Southey, Finnegan and "
    "Bowling, Michael and Larson, Bryce and Piccione, Carmelo and Burch, Neil and Billings, Darse and Rayner, Chris}, "
    "booktitle={Conference on Uncertainty in Artificial Intelligence}, year={2005}}",
    '@article{guth1982experimental, title={An Experimental Analysis of Ultimatum Bargaining}, author={G{\\"u}th, '
    "Werner and Schmittberger, Rolf and Schwarze, Bernd}, journal={Journal of Economic Behavior and Organization}, "
    "volume={3}, number={4}, pages={367--388}, year={1982}}",
    "@article{vonstengel1996efficient, title={Efficient Computation of Behavior Strategies}, author={von Stengel, "
    "Bernhard}, journal={Games and Economic Behavior}, volume={14}, number={2}, pages={220--246}, year={1996}}",
)
_MOST_CARDS = {"random": 4, "descending": 5}


class Parameters(Model):
    """Parameters of an extensive-form game: a named game, a game of OpenSpiel, or a game in Gambit's format."""

    classic: Literal["kuhn", "leduc", "goofspiel", "ultimatum"] | None = None
    """Name of a game of cards, or the ultimatum game; null: the game of ``openspiel``, ``file`` or ``efg``."""
    players: int = Field(default=2, ge=2, le=3)
    """Number of players of Kuhn poker; the other named games have 2."""
    cards: int = Field(default=3, ge=2, le=5)
    """Number of cards of each player of goofspiel, and of prizes; 5 only with descending prizes."""
    prizes: Literal["random", "descending"] = "random"
    """Order of the prizes of goofspiel: shuffled, or from the highest to the lowest."""
    units: int = Field(default=10, ge=1, le=1000)
    """Number of units that are divided in the ultimatum game."""
    openspiel: str | None = None
    """Name of a game of OpenSpiel, its parameters in brackets, such as ``leduc_poker`` or ``liars_dice(dice_sides=2)``.
    A loaded scenario, and so a run, contains the game as ``efg`` instead."""
    file: str | None = None
    """Gambit's ``.efg`` file, relative to the working directory. A loaded scenario, and so a run, contains its content
    as ``efg`` instead."""
    efg: str | None = None
    """A game in the format of ``.efg`` files."""

    @model_validator(mode="before")
    @classmethod
    def _read_file(cls, given: Any) -> Any:
        """Replace the name of a file, or of a game of OpenSpiel, by the game, so that a run depends on neither."""
        if not isinstance(given, dict):
            return given
        if isinstance(given.get("openspiel"), str) and not any(
            given.get(other) for other in ("classic", "file", "efg")
        ):
            return {**given, "openspiel": None, "efg": efg_text(tree_of_openspiel(given["openspiel"]))}
        if not isinstance(given.get("file"), str):
            return given
        file = given["file"]
        if Path(file).suffix.lower() != ".efg":
            raise UserError(f"game.file: expected a file that ends in .efg, found {file}")
        return {**given, "file": None, "efg": efg_text(tree_of_efg(gambit_text(file), f"game.file: {file}"))}

    @model_validator(mode="after")
    def _one_game(self) -> Parameters:
        if (self.classic is None) == (self.efg is None) or self.openspiel is not None:
            raise ValueError("expected one of classic (kuhn, leduc, goofspiel, ultimatum), openspiel, file and efg")
        if self.players != 2 and self.classic != "kuhn":
            raise ValueError(f"players: only kuhn is for {self.players} players")
        if self.classic == "goofspiel" and self.cards > _MOST_CARDS[self.prizes]:
            raise ValueError(f"cards: at most {_MOST_CARDS[self.prizes]} with {self.prizes} prizes, found {self.cards}")
        if self.efg is not None:
            tree_of_efg(self.efg, "game.efg")
        return self

    @cached_property
    def tree(self) -> Tree:
        """The game tree."""
        if self.efg is not None:
            return tree_of_efg(self.efg, "game.efg")
        if self.classic == "goofspiel":
            return goofspiel(self.cards, self.prizes)
        if self.classic == "ultimatum":
            return ultimatum(self.units)
        return leduc() if self.classic == "leduc" else kuhn(self.players)

    @cached_property
    def sequence_form(self) -> InformationTree:
        """The game in sequence form; raises ``UserError`` where a player does not recall its own moves."""
        return sequence_form(self.tree)


@tensors
class State:
    """State of an extensive-form game."""

    time: Tensor  # [B] int64
    node: Tensor  # [B] int64, a node at which a player moves or the game ends
    key: Tensor  # [B] int64, of the moves of chance


class ExtensiveForm(Game[State]):
    """Extensive-form game over an explicit tree; the module docstring describes it."""

    rests = True

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        self.parameters: Mapping[str, Tensor] = {}
        tree = parameters.tree
        tables = tree_tables(tree)
        self.horizon, self._most_chance_moves = tables.most_moves, tables.most_chance_moves
        self.constants = tables.shared
        self.roles = {
            player: _role(player, tree.options(number), words)
            for number, (player, words) in enumerate(zip(tree.players, tables.words, strict=True))
        }

    def reset(self, key: Tensor) -> State:
        """Return the initial state of ``B`` environment copies, after the first moves of chance."""
        return self._at_players(State(torch.zeros_like(key), torch.zeros_like(key), key))

    def observe(self, state: State) -> dict[str, Observation]:
        """Return the information set of the player who moves, as features."""
        moves, place = self.constants["player"][state.node], self.constants["information"][state.node]
        return {name: self._seen(player, moves == player, place) for player, name in enumerate(self.roles)}

    def _seen(self, player: int, acting: Tensor, information: Tensor) -> Observation:
        """Return the observation of a player, who moves in the copies ``acting`` at these information sets, ``[B]``."""
        row = torch.where(acting, information, -1)  # the last row of each table is for other players' turns
        features = self.constants["features"][player][row][:, None].to(self.dtype)
        mask = self.constants["legal"][player][row][:, None]
        facts = {"information_set": torch.where(acting, information, 0)[:, None]}
        return Observation(features, torch.ones_like(acting)[:, None], acting[:, None], mask, facts=facts)

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Move the player whose turn it is, then chance; pay all players at the end of the game."""
        moves = self.constants["player"][state.node]
        chosen = torch.cat([actions[name] for name in self.roles], -1)
        option = chosen.gather(-1, moves.clamp(min=0)[:, None])[:, 0]
        after = self._at_players(
            State(state.time + 1, self.constants["children"][state.node, torch.where(moves < 0, 0, option)], state.key)
        )
        ended = self.constants["player"][after.node] < 0
        paid = torch.where((ended & (moves >= 0))[:, None], self.constants["payoffs"][after.node], 0.0)  # [B, P]
        rewards = {name: paid[:, player, None].to(self.dtype) for player, name in enumerate(self.roles)}
        return Transition(after, rewards, ended, torch.zeros_like(ended))

    def _at_players(self, state: State) -> State:
        """Return the state after moves of chance, where a player moves or the game ends."""
        node = state.node
        for number in range(self._most_chance_moves):
            draw = random.uniform(random.fold(state.key, state.time), number, "chance", (1,), torch.float64)
            up_to = self.constants["up_to"][self.constants["lottery"][node]]  # cumulative probabilities, [B, C]
            option = (draw >= up_to).sum(-1)
            node = torch.where(self.constants["lottery"][node] > 0, self.constants["children"][node, option], node)
        return replace(state, node=node)

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return no residuals, since payoffs need not be conserved."""
        return {}

    def information_tree(self) -> InformationTree:
        """Return the game in sequence form; see :class:`~econsim.information_tree.HasInformationTree`."""
        return self.settings.sequence_form

    def tree_nodes(self) -> Sequence[TreeNode]:
        """Return the nodes of the game tree; see :class:`~econsim.information_tree.HasGameTree`."""
        return self.settings.tree.nodes

    def information_sets(self, role: str) -> Observation:
        """Return what a player observes in each of its information sets, as ``[I, 1, ...]``."""
        player = list(self.roles).index(role)
        count = len(self.constants["features"][player]) - 1
        every = torch.arange(count, device=self.device)
        return self._seen(player, torch.ones_like(every, dtype=torch.bool), every)

    def briefing(self, role: str) -> dict[str, Any]:
        """Return the rules in words and the names of the player's information sets, for prompts."""
        settings, own = self.settings, self.settings.tree
        return {
            "templates": str(Path(__file__).parent / "_tree_prompts"),
            "page": rules_of(settings.classic, settings.players, settings.cards, settings.units, own.title),
            "information_sets": list(own.ordered(own.players.index(role))),
        }

    def efg(self) -> str:
        """Return the game in Gambit's ``.efg`` format, with exact rational probabilities and payoffs."""
        return efg_text(self.settings.tree)


def _role(player: str, options: tuple[str, ...], words: tuple[str, ...]) -> Role:
    labels = options or ("wait",)  # of a player who never moves
    return Role(player, 1, Box(0, 1, (len(words),)), Discrete(len(labels)), features=words, action_labels=labels)
