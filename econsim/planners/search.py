"""Searched optimum: the best announcement that black-box search finds against the workers' responses."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from econsim.parameters import Model
from econsim.planners._tax_schedule import FittedSchedule

__all__ = ["Parameters", "Search"]

REFERENCES = (
    "@incollection{hansen2006cma, title={The {CMA} Evolution Strategy: A Comparing Review}, author={Hansen, Nikolaus}, "
    "booktitle={Towards a New Evolutionary Computation}, pages={75--102}, publisher={Springer}, year={2006}}",
    "@inproceedings{akiba2019optuna, title={Optuna: A Next-Generation Hyperparameter Optimization Framework}, "
    "author={Akiba, Takuya and Sano, Shotaro and Yanase, Toshihiko and Ohta, Takeru and Koyama, Masanori}, "
    "booktitle={KDD}, pages={2623--2631}, year={2019}}",
)


class Parameters(Model):
    """Parameters of the search."""

    method: Literal["coordinate", "cma_es", "both", "bayesian"] = "both"
    """``coordinate``: one entry at a time; ``cma_es``: covariance matrix adaptation; ``both``: the second, polished;
    ``bayesian``: a Gaussian process of the aim, for leaders whose candidates are costly (needs ``econsim[search]``)."""
    starts: int = Field(8, ge=1, le=1000)
    """Independent starting points; the first candidates of ``bayesian``."""
    start: float = Field(0.5, ge=0, le=1)
    """Where all entries of the first start are, as a share of the action's range; the others are drawn. A search that
    was fitted before (``refit_every``) begins with what it found."""
    first_step: float = Field(0.25, gt=0, le=1)
    """First spread of CMA-ES, as a share of the action's range."""
    episodes: int = Field(1, ge=1, le=10_000)
    """Episodes that value each candidate, the same ones for all: one where nothing is drawn in play."""
    generations: int = Field(120, ge=1, le=100_000)
    """Generations of CMA-ES from each start."""
    finest_step: float = Field(0.001, gt=0, le=0.5)
    """Last step of the coordinate search, as a share of the action's range."""
    candidates: int = Field(200, ge=1, le=2000)
    """Candidates of the Bayesian search in all; its own cost grows with their cube."""
    batch: int = Field(10, ge=1, le=1000)
    """Candidates that the Bayesian search tries at once."""


class Search(FittedSchedule):
    """Announces the best action that the learner ``search`` found."""

    learner: ClassVar[str | None] = "search"

    def __init__(self, parameters: Parameters) -> None:
        super().__init__()
        self.parameters = parameters
