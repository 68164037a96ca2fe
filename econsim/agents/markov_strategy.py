"""Markov strategy: every player draws one of its options with probabilities that depend on period and state.

It plays games whose states and probabilities can be listed (``tabular``), in which it is what solvers return.
"""

from __future__ import annotations

from typing import Annotated, Any

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim import random
from econsim.actions import check_discrete
from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.markov import MarkovGame
from econsim.nn import Probabilities
from econsim.parameters import Model

__all__ = ["MarkovStrategy", "Parameters"]

TOLERANCE = 1e-6  # of sums, since probabilities in a scenario are rounded

Law = tuple[Annotated[float, Field(ge=0, le=1)], ...]


class Parameters(Model):
    """Parameters of a Markov strategy."""

    probabilities: tuple[tuple[Law, ...], ...] | None = Field(default=None, min_length=1)
    """Probabilities ``[H][S][A]`` of the options, in the order of the role's actions, for every period and state; one
    period alone, ``[1][S][A]``, holds for all. Those of one state must add up to 1. None: all options are equally
    likely."""

    @model_validator(mode="after")
    def _add_up(self) -> Parameters:
        for period, states in enumerate(self.probabilities or ()):
            for state, law in enumerate(states):
                if abs(sum(law) - 1.0) > TOLERANCE:
                    place = f"probabilities of period {period + 1}, state {state}"
                    raise ValueError(f"{place}: expected a sum of 1, found {sum(law):g}")
        return self


class MarkovStrategy:
    """Draws options with the probabilities of the current period and state."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[str, Tensor, MarkovGame]:
        """Return the role's name, the probabilities ``[H * S, A]``, float64, and the game.

        Raises:
            UserError: the game's states cannot be listed, or the probabilities do not have the game's numbers of
                periods, states and options.
        """
        check_discrete(role, "markov_strategy")
        if not isinstance(game, MarkovGame):
            raise UserError(f"markov_strategy: {type(game).__name__} has no states that can be listed; use tabular")
        form, options = game.markov_form(), role.action.mask_size  # type: ignore[union-attr]
        equal = (((1.0 / options,) * options,) * form.states,)
        given = self.parameters.probabilities or equal
        periods = given * form.horizon if len(given) == 1 else given
        shapes = {(len(states), len(law)) for states in periods for law in states}
        if len(periods) != form.horizon or shapes != {(form.states, options)}:
            sizes = f"[{form.horizon} or 1][{form.states}][{options}]"
            raise UserError(
                f"agents.{role.name}.probabilities: expected lists {sizes}, for periods, states and options"
            )
        table = torch.tensor(periods, dtype=torch.float64, device=game.device).flatten(0, 1)
        return role.name, table / table.sum(-1, keepdim=True), game

    def act(self, observation: Observation, memory: tuple[str, Tensor, MarkovGame], key: Tensor) -> tuple[Tensor, Any]:
        """Draw options ``[B, N]``."""
        distribution, _ = self.policy(observation, memory)
        return random.categorical(key, 0, f"markov_strategy/{memory[0]}", distribution.probabilities.log()), memory

    def policy(
        self, observation: Observation, memory: tuple[str, Tensor, MarkovGame]
    ) -> tuple[Probabilities, tuple[str, Tensor, MarkovGame]]:
        """Return the probabilities, ``[B, N, A]``."""
        _, table, game = memory
        laws = table[game.markov_index(observation)]
        return Probabilities(laws[:, None].expand(-1, observation.alive.shape[1], -1)), memory
