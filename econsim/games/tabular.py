"""Tabular Markov game: finite states and options, with tables of payoffs and of probabilities of the next state.

State
    The number of the state, ``[B]``, and time. A named game, a stage game that is repeated, random tables, tables of
    the scenario or a CSV file define states, options, payoffs, transitions and the law of the first state.

Actions
    Every player is a role of its own with one player. All players choose at the same time; an action is the index of an
    option, and every option is legal in every state.

Observations
    All players observe the period, as the share of the horizon that has passed, and the state, one 0/1 feature per
    state. They do not observe earlier actions, except where the state contains them.

Dynamics
    The next state is drawn with the probabilities that the table gives for the state and the options of all players.
    The game ends after ``horizon`` periods.

Rewards
    The player's entry of its table of payoffs at the state and the options of all players; ``discount`` weighs later
    periods.

Conservation
    No quantity is conserved in general. The game has no accounts; players' payoffs are their returns.

Calibration
    None: payoffs and probabilities are given, or are those of a named or random game, in units of utility.

Checks
    Returns of agents that state their probabilities are exact expectations, and agree with simulated play; in
    ``hidden_index`` no Markov deviation from a mixture of two profiles gains, and the best deviation that uses the
    history gains 1/2.

References:
    Shapley (1953), *Stochastic Games*; Littman (1994) for soccer.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim import random
from econsim.game import Box, Discrete, Game, Observation, Role, Transition, tensors
from econsim.games import _markov_classics as named
from econsim.games._markov_files import read_markov_game
from econsim.games._markov_tables import Tables, check_horizon, tables_of
from econsim.games._random_tables import RandomTables, random_tables
from econsim.games.normal_form import Parameters as StageGame
from econsim.markov import MarkovForm
from econsim.parameters import Model

__all__ = ["Parameters", "Tabular"]

REFERENCES = (
    "@article{shapley1953stochastic, title={Stochastic Games}, author={Shapley, Lloyd S.}, journal={Proceedings of the "
    "National Academy of Sciences}, volume={39}, number={10}, pages={1095--1100}, year={1953}}",
    "@inproceedings{littman1994markov, title={Markov games as a framework for multi-agent reinforcement learning}, "
    "author={Littman, Michael L.}, booktitle={International Conference on Machine Learning}, year={1994}}",
)
HORIZONS = {"hidden_index": 2, "soccer": 10}
REPEATS, RANDOM_PERIODS = 10, 3
SOURCES = "classic, repeats, random, file, or rewards and transitions"

Stage = Literal[
    "matching_pennies", "prisoners_dilemma", "chicken", "stag_hunt", "battle_of_the_sexes", "rock_paper_scissors"
]


class Parameters(Model):
    """Parameters of a tabular Markov game: one of a named game, a repeated game, random tables, a file, or tables."""

    classic: Literal["hidden_index", "soccer"] | None = None
    """Name of a game: ``hidden_index``, a choice without payoff before matching pennies; ``soccer``, on a pitch of 2 by
    4 squares."""
    repeats: Stage | StageGame | None = None
    """A game of one round that is repeated: the name of a classic normal-form game, or parameters of ``normal_form``,
    such as its ``payoffs`` or a ``file``. The state is the action profiles of the last rounds."""
    memory: int | None = Field(default=None, ge=0)
    """Number of rounds that the state of ``repeats`` contains; null: 1."""
    random: RandomTables | None = None
    """Random tables."""
    file: str | None = None
    """CSV file, relative to the working directory. A loaded scenario, and so a run, contains its tables instead."""
    rewards: dict[str, list[Any]] | None = None
    """Payoffs of each player by name: nested lists ``[S][A_1]...[A_P]``, one axis for states and one per player."""
    transitions: list[Any] | None = None
    """Probabilities of the next state: nested lists ``[S][A_1]...[A_P][S]``."""
    states: tuple[str, ...] = ()
    """Names of the states, in order; states without names are numbered."""
    options: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Names of each player's options, in order; options without names are numbered."""
    start: dict[str, float] | None = None
    """Probability of each first state by name, for tables and files; null: the first state."""
    horizon: int | None = Field(default=None, ge=1)
    """Number of periods; null: 2 for ``hidden_index``, 10 for ``soccer`` and for ``repeats``, 3 for ``random``."""
    discount: float = Field(default=1.0, gt=0, le=1)
    """Weight of a payoff relative to a payoff one period earlier."""

    @model_validator(mode="before")
    @classmethod
    def _read_file(cls, given: Any) -> Any:
        """Replace the name of a file by its content, so that a run does not depend on the file."""
        if not isinstance(given, dict) or not isinstance(given.get("file"), str):
            return given
        return {**given, "file": None, **read_markov_game(given["file"])}

    @model_validator(mode="after")
    def _one_game(self) -> Parameters:
        sources = [self.classic, self.repeats, self.random, self.rewards]
        if sum(source is not None for source in sources) != 1 or (self.rewards is None) != (self.transitions is None):
            raise ValueError(f"expected one of {SOURCES}")
        if self.rewards is None and (self.states or self.options or self.start):
            raise ValueError("states, options and start belong to rewards and transitions")
        if self.repeats is None and self.memory is not None:
            raise ValueError("memory belongs to repeats")
        if self.rewards is not None and self.horizon is None:
            raise ValueError("horizon: expected the number of periods")
        tables = self.tables  # mistakes in them are found before work starts
        check_horizon(len(tables.states), tuple(map(len, tables.options)), self.periods)
        return self

    @cached_property
    def tables(self) -> Tables:
        """The tables of the game."""
        if self.classic is not None:
            return {"hidden_index": named.hidden_index, "soccer": named.soccer}[self.classic]()
        if self.repeats is not None:
            stage = StageGame(classic=self.repeats) if isinstance(self.repeats, str) else self.repeats
            return named.repeated(stage, 1 if self.memory is None else self.memory)
        if self.random is not None:
            return random_tables(self.random, self.periods)
        return tables_of(self.rewards or {}, self.transitions, self.states, self.options, self.start)

    @property
    def periods(self) -> int:
        """The number of periods."""
        default = REPEATS if self.repeats else RANDOM_PERIODS
        return self.horizon or (HORIZONS[self.classic] if self.classic else default)


@tensors
class State:
    """State of a tabular Markov game."""

    time: Tensor  # [B] int64, periods that have passed
    key: Tensor  # [B] int64, of the draws
    place: Tensor  # [B] int64, the number of the state


class Tabular(Game[State]):
    """Tabular Markov game; the module docstring describes it. It is a :class:`~econsim.markov.MarkovGame`."""

    clocked = True

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        self.horizon, self.discount = parameters.periods, parameters.discount
        self.parameters: Mapping[str, Tensor] = {}
        tables = parameters.tables
        self.constants = {  # rewards [L, P, S, A_1, ..., A_P], transitions [L, S, A_1, ..., A_P, S], start [S]
            "rewards": torch.from_numpy(tables.rewards),
            "transitions": torch.from_numpy(tables.transitions),
            "start": torch.from_numpy(tables.start),
        }
        shapes = zip(tables.players, tables.options, strict=True)
        self.roles = {player: _role(player, options, tables.states) for player, options in shapes}

    def reset(self, key: Tensor) -> State:
        """Return the initial state of ``B`` environment copies."""
        law = self.constants["start"].log().expand(len(key), -1)
        return State(torch.zeros_like(key), key, random.categorical(key, 0, "tabular/start", law))

    def observe(self, state: State) -> dict[str, Observation]:
        """Return the share of the horizon that has passed, and the state as 0/1 features."""
        states = torch.nn.functional.one_hot(state.place, len(self.constants["start"]))
        passed = state.time[:, None] / self.horizon
        features = torch.cat([passed.to(self.dtype), states.to(self.dtype)], -1)[:, None]
        alive = torch.ones((len(state.time), 1), dtype=torch.bool, device=state.time.device)
        return {name: Observation(features, alive, (state.time < self.horizon)[:, None]) for name in self.roles}

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Pay every player, and draw the next state."""
        period = state.time.clamp(max=len(self.constants["rewards"]) - 1)
        choices = [actions[name][:, 0] for name in self.roles]
        paid = self.constants["rewards"].movedim(1, -1)[(period, state.place, *choices)].to(self.dtype)  # [B, P]
        law = self.constants["transitions"][(period, state.place, *choices)].log()
        place = random.categorical(state.key, state.time, "tabular/next", law)
        rewards = {name: paid[:, player, None] for player, name in enumerate(self.roles)}
        over = state.time + 1 >= self.horizon
        return Transition(State(state.time + 1, state.key, place), rewards, over, torch.zeros_like(over))

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return no quantities, since payoffs need not be conserved."""
        return {}

    def markov_form(self) -> MarkovForm:
        """Return the tensors of the game; see :class:`~econsim.markov.MarkovGame`."""
        tables = (self.constants["rewards"], self.constants["transitions"])
        rewards, transitions = (table.expand(self.horizon, *table.shape[1:]) for table in tables)
        return MarkovForm(rewards, transitions, self.constants["start"], self.discount, self.settings.tables.states)

    def markov_states(self) -> State:
        """Return the state of every period and place; see :class:`~econsim.markov.MarkovGame`."""
        device, count = self.constants["start"].device, len(self.constants["start"])
        key = random.keys(0, self.horizon * count, device)
        index = torch.arange(self.horizon * count, device=device)
        return State(index // count, key, index % count)

    def markov_index(self, observation: Observation) -> Tensor:
        """Return the number ``[B]`` of period and state; see :class:`~econsim.markov.MarkovGame`."""
        features = observation.features[:, 0]
        period = (features[:, 0] * self.horizon).round().long().clamp(max=self.horizon - 1)
        return period * (features.shape[-1] - 1) + features[:, 1:].argmax(-1)


def _role(player: str, options: tuple[str, ...], states: tuple[str, ...]) -> Role:
    features = ("period", *(f"state {name}" for name in states))
    units = ("share of the horizon that has passed", *("1: the current state, 0: not",) * len(states))
    space = Box(0, 1, (len(features),))
    return Role(player, 1, space, Discrete(len(options)), features=features, feature_units=units, action_labels=options)
