"""Elections of a tax schedule: candidates and their platforms, the voting rule, and whether platforms bind."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from econsim.game import FittedAgent
from econsim.mechanisms.voting import RuleName
from econsim.parameters import Chosen, FromRoom, Model

__all__ = ["ElectionParameters", "Platforms"]

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
            if issubclass(chosen.kind.implementation, FittedAgent):
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
