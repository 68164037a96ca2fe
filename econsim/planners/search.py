"""Searched optimum: the best announcement that black-box search finds against the workers' responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.parameters import Model
from econsim.planners._announcing import announce

__all__ = ["Parameters", "Search"]

REFERENCES = (
    "@incollection{hansen2006cma, title={The {CMA} Evolution Strategy: A Comparing Review}, author={Hansen, Nikolaus}, "
    "booktitle={Towards a New Evolutionary Computation}, pages={75--102}, publisher={Springer}, year={2006}}",
)


class Parameters(Model):
    """Parameters of the search."""

    method: Literal["coordinate", "cma_es", "both"] = "both"
    """``coordinate``: one entry at a time; ``cma_es``: covariance matrix adaptation; ``both``: the second, polished."""
    starts: int = Field(8, ge=1, le=1000)
    """Independent starting points."""
    generations: int = Field(120, ge=1, le=100_000)
    """Generations of CMA-ES from each start."""
    finest_step: float = Field(0.001, gt=0, le=0.5)
    """Last step of the coordinate search, as a share of the action's range."""


class Search:
    """Announces the best action that the learner ``search`` found."""

    learner: ClassVar[str | None] = "search"

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.fitted: dict[str, Tensor] = {}

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Tensor:
        """Return the best action found; raises ``UserError`` before a fit."""
        if "rates" not in self.fitted:
            raise UserError("planner: search has not been fitted; econsim.run or econsim.training.search does it")
        return self.fitted["rates"]

    def act(self, observation: Observation, memory: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        """Return the action for every copy, ``[B, 1, K]``."""
        return announce(memory, observation), memory

    def state_dict(self) -> dict[str, Tensor]:
        """Return the best action found, as ``rates`` ``[K]``, and its value ``[1]``."""
        return dict(self.fitted)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`state_dict` returned."""
        self.fitted = dict(state)
