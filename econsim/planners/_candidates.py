"""What elections have in common: who stands with which platform, by which rule, and whether platforms bind."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field, field_validator, model_validator
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.mechanisms.voting import RuleName
from econsim.parameters import Chosen, FromRoom, Model
from econsim.planners._tax_schedule import thresholds_of

Platforms = dict[str, Annotated[Chosen, FromRoom("planners")]]


class ElectionParameters(Model):
    """Parameters of every election."""

    rule: RuleName = "plurality"
    """Voting rule; see ``econsim.mechanisms.voting``."""
    candidates: int | tuple[int, ...] | None = None
    """Who stands: so many workers, spaced evenly from the poorest to the richest without taxes; these, by their index
    from 0; or everybody."""
    platforms: Literal["own"] | Platforms = "own"
    """What candidates promise: ``own``, the schedule that is best for the candidate; or planners by name, of kinds that
    need no fit."""
    schedule: Literal["flat", "brackets"] = "brackets"
    """What own platforms look like: one rate for all income, or one a bracket."""
    binding: bool = True
    """Whether the winner has to announce its platform; otherwise it announces what is best for itself."""
    finest_step: float = Field(0.001, gt=0, le=0.1)
    """Last step of the search for the rates that are best for a candidate, as a share of income."""
    starts: int = Field(4, ge=1, le=100)
    """Starting points of that search for each candidate, the best of a pool of schedules."""
    tax_years: int = Field(1, ge=1, le=10_000)
    """How many tax years voters and candidates look ahead."""
    episodes: int = Field(1, ge=1, le=10_000)
    """Episodes that they average over; one where nothing is drawn in play."""

    @field_validator("platforms")
    @classmethod
    def _platforms_need_no_fit(cls, platforms: Any) -> Any:
        for name, chosen in platforms.items() if isinstance(platforms, dict) else ():
            if chosen.kind.implementation.learner is not None:
                raise ValueError(f"{name}: {chosen.kind.name} has to be fitted; write its rates: kind fixed")
        if not platforms:
            raise ValueError("give one platform or more, or say own")
        return platforms

    @model_validator(mode="after")
    def _somebody_stands_for_each_platform(self) -> ElectionParameters:
        if isinstance(self.candidates, tuple) and len(set(self.candidates)) < max(1, len(self.candidates)):
            raise ValueError("candidates: give each worker once")
        if self.platforms == "own" or self.binding:
            return self
        if not isinstance(self.candidates, tuple) or len(self.candidates) != len(self.platforms):
            many = len(self.platforms)
            raise ValueError(f"candidates: {many} platforms that do not bind need the indices of as many workers")
        return self


class ElectedPlanner(ABC):
    """A planner whose schedules are voted on; the learner ``elected`` finds what candidates promise and would do."""

    learner: ClassVar[str | None] = "elected"
    parameters: ElectionParameters

    def __init__(self) -> None:
        self.fitted: dict[str, Tensor] = {}

    def told(self) -> dict[str, Tensor]:
        """Return what was fitted; raises :class:`UserError` before a fit."""
        if not self.fitted:
            raise UserError("planner: elected is not fitted; econsim.run or econsim.training.elected does it")
        return self.fitted

    def state_dict(self) -> dict[str, Tensor]:
        """Return ``promised`` and ``rates`` ``[C, K]``, what candidates promise and what they would announce.

        Beside them ``candidates`` ``[C]`` (workers by index, -1: nobody's platform), ``utility`` ``[C, N]`` that voters
        expect of each victory, and what the election found.
        """
        return dict(self.fitted)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`state_dict` returned."""
        self.fitted = dict(state)


def promises(platforms: Platforms, game: Game[Any], role: Role) -> Tensor:
    """Return what planners announce at the start of a game, ``[C, K]`` float64."""
    thresholds = thresholds_of(game, role, "elected")
    key = random.keys(0, 1, game.device)
    seen: Observation = game.observe(game.reset(key))[role.name]
    found = []
    for chosen in platforms.values():
        planner = chosen.build()
        action, _ = planner.act(seen, planner.start(game, role, 1), key)
        found.append(action[0, 0].double())
    return torch.stack(found).to(thresholds.device)
