"""Metrics of a scenario as a function of some of its parameters, under common random numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from econsim.calibration.free_parameters import FreeParameter
from econsim.calibration.observations import Observation
from econsim.errors import UserError, did_you_mean
from econsim.runs.evaluation import evaluation_key, play
from econsim.runs.scoring import matches, scored
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
        self.watch, self.count = watch, 0
        self._known: dict[bytes, Floats] = {}

    def __call__(self, shares: Floats) -> Floats:
        """Return the differences ``[O]`` at shares ``[D]`` of the parameters' ranges."""
        place = np.ascontiguousarray(np.clip(shares, 0.0, 1.0))
        found = self._known.get(place.tobytes())
        if found is None:
            metrics = self.metrics(place)
            found = np.array([(metrics[name] - value) / error for name, value, error in self.observed])
            self._known[place.tobytes()] = found
        return found

    def squared(self, shares: Floats) -> float:
        """Return the sum of squared differences."""
        return float((self(shares) ** 2).sum())

    def values(self, shares: Floats) -> dict[str, float]:
        """Return the parameters by key."""
        return {one.key: float(one.at(share)) for one, share in zip(self.free, shares, strict=True)}

    def metrics(self, shares: Floats) -> dict[str, float]:
        """Return all metrics at shares of the parameters' ranges.

        Raises:
            UserError: the scenario has no such parameter, policy or metric, an agent must be fitted, or a metric is not
                a finite number.
        """
        scenario = self._vary(self.values(shares))
        game = scenario.build_game()
        plan = plan_of(scenario, game)
        label = self._label(plan)
        match = next(match for match in matches(plan, plan.build_agents()) if match.policy == label)
        exact = game.to(dtype=torch.float64)
        episode = play(exact, match.agents, evaluation_key(scenario.seed, scenario.episodes), False, [])
        found = scored(exact, match, episode, scenario.accounts).metrics
        self.count += 1
        self.watch(self.count)
        for name, *_ in self.observed:
            if name not in found:
                raise UserError(f"{scenario.name} has no metric {name!r}{did_you_mean(name, found)}")
            if not np.isfinite(found[name]):
                raise UserError(f"{name} is {found[name]} with {_listed(self.values(shares))}; narrow the bounds")
        return found

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


def _listed(values: dict[str, float]) -> str:
    return ", ".join(f"{key}={value:g}" for key, value in values.items())
