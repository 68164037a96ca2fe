"""Black-box search for the leader's action with the highest mean return, given the followers' responses.

Candidates are points of the unit cube, scaled to the range of the leader's action: bounded real numbers, or tax rates
if options represent them. All candidates are evaluated in the same episodes, in batches.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.actions import real_instrument
from econsim.game import Agent, Box, Game, Role
from econsim.leader_evaluation import values_of
from econsim.learning import Recorder
from econsim.parameters import Model
from econsim.planners._fitted_action import FittedAction
from econsim.planners._ledger import Ledger
from econsim.planners.search.bayesian_search import bayesian_search
from econsim.planners.search.black_box import Value, climb, evolve
from econsim.planners.search.steps import Steps

__all__ = ["Parameters", "Search"]

REFERENCES = (
    "@incollection{hansen2006cma, title={The {CMA} Evolution Strategy: A Comparing Review}, author={Hansen, Nikolaus}, "
    "booktitle={Towards a New Evolutionary Computation}, pages={75--102}, publisher={Springer}, year={2006}}",
    "@inproceedings{akiba2019optuna, title={Optuna: A Next-Generation Hyperparameter Optimization Framework}, "
    "author={Akiba, Takuya and Sano, Shotaro and Yanase, Toshihiko and Ohta, Takeru and Koyama, Masanori}, "
    "booktitle={KDD}, pages={2623--2631}, year={2019}}",
)
COARSE_STEP = 0.01


class Parameters(Model):
    """Parameters of the search."""

    method: Literal["coordinate", "cma_es", "both", "bayesian"] = "both"
    """``coordinate``: search along one entry at a time; ``cma_es``: covariance matrix adaptation; ``both``: CMA-ES,
    followed by a coordinate search; ``bayesian``: a Gaussian process of the objective, for leaders whose candidates are
    expensive to evaluate (needs ``econsim[search]``)."""
    starts: int = Field(8, ge=1, le=1000)
    """Number of independent starting points; for ``bayesian``, the first candidates."""
    start: float = Field(0.5, ge=0, le=1)
    """Value of all entries of the first starting point, as a share of the action's range; the other starting points are
    random. A repeated fit (``refit_every``) starts from the action that it found before."""
    first_step: float = Field(0.25, gt=0, le=1)
    """Initial standard deviation of CMA-ES, as a share of the action's range."""
    episodes: int = Field(1, ge=1, le=10_000)
    """Number of episodes in which each candidate is evaluated, the same ones for all candidates; one is enough if
    nothing is random in play."""
    generations: int = Field(120, ge=1, le=100_000)
    """Maximum number of generations of CMA-ES from each starting point."""
    finest_step: float = Field(0.001, gt=0, le=0.5)
    """Smallest step of the coordinate search, as a share of the action's range."""
    candidates: int = Field(200, ge=1, le=2000)
    """Total number of candidates of the Bayesian search; the cost of the search itself grows with its cube."""
    batch: int = Field(10, ge=1, le=1000)
    """Number of candidates that the Bayesian search evaluates at once."""


class Search(FittedAction):
    """Announces the best action found by the search."""

    kind = "search"

    def __init__(self, parameters: Parameters) -> None:
        super().__init__()
        self.parameters = parameters

    def fit(self, game: Game[Any], role: Role, agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> None:
        """Search for the action with the highest mean return; continues from the recorder's newest checkpoint.

        Raises:
            UserError: the role's action is neither bounded real numbers nor tax rates, or a library is missing.
            RunError: the candidates differ from those before an interruption.
        """
        box, budget = real_instrument(game, role, "planner: kind search"), self.parameters
        precise, ledger, evaluations = game.to(dtype=torch.float64), Ledger(recorder), 0

        def value(points: Tensor) -> Tensor:
            nonlocal evaluations
            evaluations += points.shape[0]
            actions = _scaled(points, box)
            return ledger.evaluated(
                points, lambda: values_of(precise, agents, role.name, actions, seed, budget.episodes)
            )

        method = self._by_model if budget.method == "bayesian" else self._from_each_start
        best, best_value = method(value, self._starts(box, seed, game.device), seed, ledger)
        ledger.log("leader_evaluations", evaluations, step=0)
        ledger.progress(self._units, self._units, "search")
        self.load_state_dict({"rates": _scaled(best, box).reshape(box.shape), "value": best_value[None]})

    @property
    def _units(self) -> int:
        """Units of progress: candidates or generations, and one for what follows them."""
        budget = self.parameters
        if budget.method == "bayesian":
            return budget.candidates + 1
        return budget.starts * (1 if budget.method == "coordinate" else budget.generations) + 1

    def _starts(self, box: Box, seed: int, device: torch.device) -> Tensor:
        """Return starting points ``[S, D]``: the given one or the result of an earlier fit, followed by random ones."""
        key = random.keys(seed, 1, device)
        starts = random.uniform(key, 0, "search/starts", (self.parameters.starts, box.size), torch.float64)[0]
        earlier = self.fitted.get("rates")
        starts[0] = self.parameters.start if earlier is None else (earlier.flatten() - box.low) / (box.high - box.low)
        return starts

    def _from_each_start(self, value: Value, starts: Tensor, seed: int, recorder: Recorder) -> tuple[Tensor, Tensor]:
        """Return the best point ``[D]`` of the searches from all starting points, and its value."""
        budget = self.parameters
        steps = Steps(recorder, self._units, budget.starts)
        value = steps.shown_in(value)
        best, best_value = starts[0], value(starts[:1])[0]
        for index, start in enumerate(starts):
            point, point_value = start, value(start[None])[0]
            if budget.method != "coordinate":
                point, point_value = evolve(
                    value, start, budget.generations, seed + index, budget.first_step, steps.advance
                )
            if budget.method != "cma_es":
                point, point_value = climb(value, point, point_value, COARSE_STEP)
            if point_value > best_value:
                best, best_value = point, point_value
            recorder.log("search/value", float(best_value), step=index)
            steps.finish(index)
        if budget.method != "cma_es":
            best, best_value = climb(value, best, best_value, budget.finest_step)
        return best, best_value

    def _by_model(self, value: Value, starts: Tensor, seed: int, recorder: Recorder) -> tuple[Tensor, Tensor]:
        """Return the best point ``[D]`` of a Bayesian search, and its value."""
        budget = self.parameters

        def report(evaluated: int, best_value: float) -> None:
            recorder.log("search/value", best_value, step=evaluated)
            recorder.progress(evaluated, self._units, "search")

        return bayesian_search(value, starts, budget.candidates, budget.batch, seed, report)


def _scaled(points: Tensor, box: Box) -> Tensor:
    """Return points ``[..., D]`` of the unit cube as actions ``[C, *shape]``."""
    return (box.low + (box.high - box.low) * points).reshape(-1, *box.shape)
