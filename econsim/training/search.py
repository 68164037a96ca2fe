"""Black-box search for a leader's best announcement: coordinate, CMA-ES or Bayesian search, candidates in batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Agent, Box, Game
from econsim.learning import Recorder
from econsim.parameters import Model
from econsim.planners import search as planner
from econsim.planners._tax_schedule import thresholds_of
from econsim.training._bayesian_search import model
from econsim.training._leader_evaluation import leader_of, values_of

__all__ = ["Parameters", "Search"]

FIRST_STEP = 0.1
WIDE = 0.25
COARSE_STEP = 0.01
SHRINK = 3.0
Value = Callable[[Tensor], Tensor]


class Parameters(Model):
    """The budget of the search is a parameter of the planner that is searched for."""


class Search:
    """Fits planners of kind ``search``: candidates live in the unit cube and are scaled to the action's range."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents with the leader's best announcement found.

        Raises:
            UserError: the leader is no ``search`` planner, or its actions are neither real numbers nor tax rates.
        """
        leader = leader_of(game)
        agent = agents[leader]
        if not isinstance(agent, planner.Search):
            raise UserError(f"training.search: role {leader} needs a planner of kind search")
        box, budget = _box_of(game, leader), agent.parameters
        exact, tried = game.to(dtype=torch.float64), 0

        def value(points: Tensor) -> Tensor:
            nonlocal tried
            tried += points.shape[0]
            actions = (box.low + (box.high - box.low) * points).reshape(-1, *box.shape)
            return values_of(exact, agents, leader, actions, seed, budget.episodes)

        key = random.keys(seed, 1, game.device)
        starts = random.uniform(key, 0, "search/starts", (budget.starts, box.size), torch.float64)[0]
        starts[0] = budget.start if agent.known is None else (agent.known.flatten() - box.low) / (box.high - box.low)
        best, best_value = self._search(value, starts, budget, seed, recorder)
        recorder.log("leader_evaluations", tried, step=0)
        recorder.progress(budget.starts + 1, budget.starts + 1, "search")
        action = (box.low + (box.high - box.low) * best).reshape(box.shape)
        agent.load_state_dict({"rates": action, "value": best_value[None]})
        return dict(agents)

    def _search(
        self, value: Value, starts: Tensor, budget: planner.Parameters, seed: int, recorder: Recorder
    ) -> tuple[Tensor, Tensor]:
        if budget.method == "bayesian":
            return self._model(value, starts, budget, seed, recorder)
        best, best_value = starts[0], value(starts[:1])[0]
        for index, start in enumerate(starts):
            found, found_value = start, value(start[None])[0]
            if budget.method != "coordinate":
                found, found_value = evolve(value, start, budget.generations, seed + index, budget.first_step)
            if budget.method != "cma_es":
                found, found_value = climb(value, found, found_value, COARSE_STEP)
            if found_value > best_value:
                best, best_value = found, found_value
            recorder.log("search/value", float(best_value), step=index)
            recorder.progress(index + 1, budget.starts + 1, "search")
        if budget.method != "cma_es":
            best, best_value = climb(value, best, best_value, budget.finest_step)
        return best, best_value

    def _model(
        self, value: Value, starts: Tensor, budget: planner.Parameters, seed: int, recorder: Recorder
    ) -> tuple[Tensor, Tensor]:
        def report(known: int, best_value: float) -> None:
            recorder.log("search/value", best_value, step=known)
            recorder.progress((budget.starts * known) // budget.candidates, budget.starts + 1, "search")

        return model(value, starts, budget.candidates, budget.batch, seed, report)


def _box_of(game: Game[Any], leader: str) -> Box:
    """Return the numbers to search over: the leader's action, or the tax rates that its options stand for."""
    role = game.roles[leader]
    return role.action if isinstance(role.action, Box) else Box(0.0, 1.0, thresholds_of(game, role, "search").shape)


def climb(value: Value, start: Tensor, start_value: Tensor, finest_step: float) -> tuple[Tensor, Tensor]:
    """Coordinate search from ``start`` ``[D]``: whole lines at once, then ever smaller steps, until no step helps."""
    point, best = start, start_value
    step = FIRST_STEP
    while True:
        improved = False
        for axis in range(point.shape[0]):
            candidates = _line(point, axis, step)
            values = value(candidates)
            if values.max() > best:
                best, point, improved = values.max(), candidates[values.argmax()], True
        if not improved and step <= finest_step:
            return point, best
        if not improved:
            step = max(step / SHRINK, finest_step)


def _line(point: Tensor, axis: int, step: float) -> Tensor:
    """Return the points that differ from ``point`` by multiples of ``step`` along one axis, within the unit cube."""
    offsets = torch.arange(-5, 6, dtype=point.dtype, device=point.device) * step
    line = point.repeat(offsets.shape[0], 1)
    line[:, axis] = (point[axis] + offsets).clamp(0.0, 1.0)
    return line


def evolve(value: Value, start: Tensor, generations: int, seed: int, first_step: float = WIDE) -> tuple[Tensor, Tensor]:
    """CMA-ES from ``start`` ``[D]`` within the unit cube; returns the best point met and its value."""
    import numpy as np
    from cmaes._cma import CMA

    size = start.shape[0]
    bounds = np.tile([0.0, 1.0], (size, 1))
    mean, population = start.cpu().numpy(), 4 * size + 8
    strategy = CMA(mean=mean, sigma=first_step, bounds=bounds, seed=seed % 2**32, population_size=population)
    best, best_value = start, value(start[None])[0]
    for _ in range(generations):
        points = np.stack([strategy.ask() for _ in range(strategy.population_size)])
        candidates = torch.as_tensor(points).to(start)
        values = value(candidates)
        if values.max() > best_value:
            best, best_value = candidates[values.argmax()], values.max()
        strategy.tell([(point, -float(score)) for point, score in zip(points, values.tolist(), strict=True)])
        if strategy.should_stop():
            break
    return best, best_value
