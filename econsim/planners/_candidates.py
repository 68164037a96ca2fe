"""Parameters of elections: candidates and their platforms, the voting rule, and whether platforms are binding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from econsim.game import FittedAgent
from econsim.mechanisms.voting import RuleName
from econsim.parameters import Chosen, FromRoom, Model

__all__ = ["ElectionParameters", "Platforms", "candidate_names"]

Platforms = dict[str, Annotated[Chosen, FromRoom("planners")]]


class ElectionParameters(Model):
    """Parameters of an election."""

    rule: RuleName = "plurality"
    """Voting rule; see ``econsim.mechanisms.voting``."""
    candidates: int | tuple[int, ...] | None = None
    """The candidates: a number of workers, spaced evenly from the poorest to the richest without taxes; or a list of
    workers by index from 0; or none, for all workers."""
    platforms: Literal["own"] | Platforms = "own"
    """Platforms of the candidates: ``own``, the schedule that is best for the candidate; or planners by name, of kinds
    that need no fit."""
    schedule: Literal["flat", "brackets"] = "brackets"
    """Form of own platforms: one marginal tax rate for all income (``flat``), or one rate per bracket."""
    binding: bool = True
    """Whether the winner must announce its platform; otherwise it announces the schedule that is best for itself."""
    finest_step: float = Field(0.001, gt=0, le=0.1)
    """Smallest step in the search for a candidate's best tax rates, in units of the rate (0.001 is a tenth of a
    percentage point)."""
    starts: int = Field(4, ge=1, le=100)
    """Number of starting points of that search per candidate: the best schedules of a pool."""
    tax_years: int = Field(1, ge=1, le=10_000)
    """Number of tax years over which voters and candidates forecast utility."""
    episodes: int = Field(1, ge=1, le=10_000)
    """Number of episodes over which forecasts are averaged; one is enough if nothing is random in play."""

    @field_validator("platforms")
    @classmethod
    def _platforms_need_no_fit(cls, platforms: Any) -> Any:
        for name, chosen in platforms.items() if isinstance(platforms, dict) else ():
            if issubclass(chosen.kind.implementation, FittedAgent):
                raise ValueError(
                    f"{name}: a planner of kind {chosen.kind.name} must be fitted and cannot be a platform; give its"
                    " rates with kind fixed"
                )
        if not platforms:
            raise ValueError("expected at least one platform, or own")
        return platforms

    @model_validator(mode="after")
    def _somebody_stands_for_each_platform(self) -> ElectionParameters:
        if isinstance(self.candidates, tuple) and len(set(self.candidates)) < max(1, len(self.candidates)):
            raise ValueError("candidates: expected at least one worker, and each worker only once")
        if self.platforms == "own" or self.binding:
            return self
        if not isinstance(self.candidates, tuple) or len(self.candidates) != len(self.platforms):
            raise ValueError(
                f"candidates: {len(self.platforms)} platforms that are not binding need the indices of as many workers"
            )
        return self


def candidate_names(platforms: Literal["own"] | Platforms, standing: Sequence[int]) -> list[str]:
    """Return the names of the candidates: those of platforms, otherwise ``worker_3`` for the worker with index 3."""
    return list(platforms) if isinstance(platforms, dict) else [f"worker_{index}" for index in standing]
