"""Saez's optimal income tax: the formula, iterated with the workers' response to its fixed point."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from econsim.parameters import Model
from econsim.planners._tax_schedule import FittedSchedule

__all__ = ["Parameters", "Saez"]

REFERENCES = (
    "@article{saez2001using, title={Using Elasticities to Derive Optimal Income Tax Rates}, author={Saez, Emmanuel}, "
    "journal={Review of Economic Studies}, volume={68}, number={1}, pages={205--229}, year={2001}}",
)


class Parameters(Model):
    """Parameters of the Saez planner."""

    elasticity: Annotated[float, Field(gt=0)] | Literal["estimated"] = 0.4
    """Elasticity of taxable income to the net-of-tax rate; ``estimated``: by regression on random flat taxes."""
    iterations: int = Field(60, ge=1, le=10_000)
    """Rounds of response and formula; one gives the formula at free-market incomes."""
    damping: float = Field(0.7, ge=0, lt=1)
    """Share of the old schedule kept in each round."""


class Saez(FittedSchedule):
    """Announces the schedule that the learner ``saez`` brought to its fixed point."""

    learner: ClassVar[str | None] = "saez"

    def __init__(self, parameters: Parameters) -> None:
        super().__init__()
        self.parameters = parameters
