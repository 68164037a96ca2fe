"""Metrics of a scenario as a function of some of its parameters, under common random numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from econsim import random
from econsim.calibration.free_parameters import FreeParameter
from econsim.calibration.observations import Observation
from econsim.errors import UserError, did_you_mean
from econsim.game import Game
from econsim.runs.evaluation import evaluation_key, play
from econsim.runs.scoring import Match, Score, matches, scored
from econsim.scenario import Scenario
from econsim.scenario.loading import variations
from econsim.scenario.plan import Plan, plan_of

__all__ = ["Differences"]

Floats = NDArray[np.float64]


class Differences:
    """The standardised differences between simulated and observed metrics, ``(simulated - observed) / error``.

    Every simulation plays the same episodes of the scenario. ``count`` is the number of simulations so far.

    Args:
        scenario: the scenario, whose agents need no fitting.
        free: the parameters that vary.
        observed: the observed metrics.
        policy: the label of the policy whose metrics are compared; ``None`` for the last one, the scenario's own.
        watch: called after every simulation.
    """

    def __init__(
        self,
        scenario: Scenario,
        free: Sequence[FreeParameter],
        observed: Sequence[Observation],
        policy: str | None = None,
        watch: Callable[[int], None] = lambda count: None,
    ) -> None:
        self.free, self.observed, self.policy, self._vary = free, observed, policy, variations(scenario)
        self.watch, self.count, self._scenario_name = watch, 0, scenario.name
        self._known: dict[bytes, Floats] = {}

    def __call__(self, shares: Floats) -> Floats:
        """Return the differences ``[O]`` at shares ``[D]`` of the parameters' ranges."""
        place = np.ascontiguousarray(np.clip(shares, 0.0, 1.0))
        found = self._known.get(place.tobytes())
        if found is None:
            found = self.standardised(self.simulated(place))
            self._known[place.tobytes()] = found
        return found

    def standardised(self, simulated: Floats) -> Floats:
        """Return simulated metrics ``[..., O]`` as differences in standard errors."""
        values, errors = (np.array([getattr(one, name) for one in self.observed]) for name in ("value", "error"))
        return np.asarray((simulated - values) / errors)

    def squared(self, shares: Floats) -> float:
        """Return the sum of squared differences."""
        return float((self(shares) ** 2).sum())

    def values(self, shares: Floats) -> dict[str, float]:
        """Return the parameters by key."""
        return {one.key: float(one.at(share)) for one, share in zip(self.free, shares, strict=True)}

    def metrics(self, shares: Floats) -> dict[str, float]:
        """Return all metrics of whole episodes at shares of the parameters' ranges.

        Raises:
            UserError: as :meth:`simulated`.
        """
        return self._scored(shares, None).metrics

    def simulated(self, shares: Floats, shocks: int | None = None) -> Floats:
        """Return the observed metrics ``[O]`` as simulated at shares ``[D]`` of the parameters' ranges.

        Args:
            shares: the parameters.
            shocks: the number of a set of shocks; ``None``: those that all simulations have in common.

        Raises:
            UserError: the scenario has no such parameter, policy, metric or step, an agent must be fitted, or a metric
                is not a finite number.
        """
        score = self._scored(shares, shocks)
        found = np.array([_observed(score, one, self._scenario_name) for one in self.observed])
        if not np.isfinite(found).all():
            one = self.observed[int(np.flatnonzero(~np.isfinite(found))[0])]
            raise UserError(f"{one.label} is not finite with {_listed(self.values(shares))}; narrow the bounds")
        return found

    def match(self, shares: Floats) -> tuple[Game[Any], Match, Scenario]:
        """Return the game in float64, the match of the policy, and the scenario at shares of the ranges."""
        scenario = self._vary(self.values(shares))
        game = scenario.build_game()
        plan = plan_of(scenario, game)
        label = self._label(plan)
        match = next(match for match in matches(plan, plan.build_agents()) if match.policy == label)
        return game.to(dtype=torch.float64), match, scenario

    def key(self, scenario: Scenario, shocks: int | None = None) -> Tensor:
        """Return the keys of the episodes of a set of shocks, ``[B]``."""
        key = evaluation_key(scenario.seed, scenario.episodes)
        return key if shocks is None else random.fold(random.fold(key, "calibration"), shocks)

    def _scored(self, shares: Floats, shocks: int | None) -> Score:
        exact, match, scenario = self.match(shares)
        episode = play(exact, match.agents, self.key(scenario, shocks), False, [])
        self.count += 1
        self.watch(self.count)
        return scored(exact, match, episode, scenario.accounts)

    def _label(self, plan: Plan) -> str:
        labels = [policy.label for policy in plan.policies]
        label = self.policy or labels[-1]
        if label not in labels:
            raise UserError(f"--policy {label}: there is no such policy{did_you_mean(label, labels)}")
        chosen = next(policy for policy in plan.policies if policy.label == label)
        if chosen.fits:
            roles = ", ".join(chosen.fitted_roles)
            raise UserError(
                f"{label}: {roles} must be fitted before every simulation; calibrate with a planner and workers that"
                " need no fitting, such as planner=us_federal or --policy with the label of such a baseline"
            )
        return label


def _observed(score: Score, one: Observation, scenario: str) -> float:
    if one.step is None:
        if one.metric not in score.metrics:
            raise UserError(f"{scenario} has no metric {one.metric!r}{did_you_mean(one.metric, score.metrics)}")
        return score.metrics[one.metric]
    if one.metric not in score.series:
        known = ", ".join(score.series) or "no metric"
        raise UserError(f"{scenario} has no time series of {one.metric!r}; it has those of its flows: {known}")
    if not 0 <= one.step < len(score.series[one.metric]):
        raise UserError(
            f"{one.label}: it is step {one.step} of the episode, which has steps 0 to"
            f" {len(score.series[one.metric]) - 1}; lengthen economy.horizon, or set --first-step"
        )
    return float(score.series[one.metric][one.step])


def _listed(values: dict[str, float]) -> str:
    return ", ".join(f"{key}={value:g}" for key, value in values.items())
