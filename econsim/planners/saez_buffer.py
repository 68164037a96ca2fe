"""Saez's formula on a buffer of observed incomes: the AI Economist's baseline for economies with tax periods."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from econsim.parameters import Model
from econsim.planners._tax_schedule import FittedSchedule

__all__ = ["Parameters", "SaezBuffer"]

REFERENCES = (
    "@article{saez2001using, title={Using Elasticities to Derive Optimal Income Tax Rates}, author={Saez, Emmanuel}, "
    "journal={Review of Economic Studies}, volume={68}, number={1}, pages={205--229}, year={2001}}",
    "@article{zheng2022ai, title={The {AI} Economist: Taxation policy design via two-level deep multiagent "
    "reinforcement learning}, author={Zheng, Stephan and Trott, Alexander and Srinivasa, Sunil and Parkes, David C. "
    "and Socher, Richard}, journal={Science Advances}, volume={8}, number={18}, year={2022}}",
)


class Parameters(Model):
    """Parameters of the buffered Saez planner."""

    elasticity: Annotated[float, Field(gt=0)] | Literal["estimated"] = "estimated"
    """Elasticity of taxable income to the net-of-tax rate; ``estimated``: regressed on the buffer, slowly averaged."""
    initial_elasticity: float = Field(0.5, gt=0)
    """Where the average starts."""
    elasticity_memory: float = Field(0.98, ge=0, lt=1)
    """Share of the average that a tax period keeps."""
    schedule_memory: float = Field(0.99, ge=0, lt=1)
    """Share of the average schedule that a tax period keeps; the average is what is announced."""
    fewest: int = Field(2000, ge=10)
    """Incomes that the formula needs; rates are random until there are so many."""
    buffer: int = Field(2000, ge=10)
    """Incomes with their marginal rates that are kept, the newest. Where the planner is fitted again and again while
    workers learn (``refit_every``), a buffer of many fits shows how incomes answer to rates once workers have learned
    to."""
    inverse_income: bool = True
    """Welfare weights fall with ``1 / max(income, 1)``; otherwise they are equal."""
    copies: int = Field(16, ge=1)
    """Copies of the game that are played at once."""
    rounds: int = Field(10, ge=1)
    """Episodes of every copy."""

    @model_validator(mode="after")
    def _buffer_holds_enough(self) -> Self:
        if self.buffer < self.fewest:
            raise ValueError(f"buffer={self.buffer} is smaller than fewest={self.fewest}: give buffer={self.fewest}")
        return self


class SaezBuffer(FittedSchedule):
    """Announces the average schedule that the learner ``saez_buffer`` came to."""

    learner: ClassVar[str | None] = "saez_buffer"

    def __init__(self, parameters: Parameters) -> None:
        super().__init__()
        self.parameters = parameters
