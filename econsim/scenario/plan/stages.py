"""Stages of a run: the fits that precede its evaluation, one stage per policy, training seed and fit.

The scenario's ``training`` fits the agents that its learner accepts. Each of the others fits itself, or is fitted by
its default learner. Default learners come first, then agents that fit themselves to the policies of the others, then
the scenario's training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from econsim.errors import UserError
from econsim.learning import FitsSeedsTogether, HasBudget, Learner, SharesPhases
from econsim.scenario.model import Scenario
from econsim.scenario.plan.fits import Fit, fits_of, learners_for
from econsim.scenario.plan.policies import Policy

__all__ = ["SHARED", "Stage", "batches_of", "stages_of"]

SHARED = "shared phases"


@dataclass(frozen=True)
class Stage:
    """One fit of a policy under one seed. ``after`` is the stage whose agents it starts from."""

    policy: Policy
    seed: int
    fit: Fit
    after: Stage | None = None

    @property
    def name(self) -> str:
        """The name of its folder under ``checkpoints/``: policy, seed, and the kind of agent that is fitted."""
        return f"{quote(self.policy.label, safe='')}-seed-{self.seed}-{self.fit.kind}"

    @property
    def learner(self) -> str:
        """The name of its learner."""
        return self.fit.name

    @property
    def units(self) -> int | None:
        """The number of units of equal cost that its fit reports; ``None`` if it is not known in advance."""
        return self.fit.learner.units if isinstance(self.fit.learner, HasBudget) else None

    @property
    def fitted_roles(self) -> tuple[str, ...]:
        """The roles that it fits."""
        return self.fit.roles

    @property
    def untrained_roles(self) -> tuple[str, ...]:
        """The roles that need substitute agents, because their own training comes later."""
        return tuple(role for fit in self.later_fits if fit.is_training for role in fit.roles)

    @property
    def later_fits(self) -> tuple[Fit, ...]:
        """The fits of its policy that come after it."""
        return self.policy.fits[self.policy.fits.index(self.fit) + 1 :]

    def build(self) -> Learner:
        """Return its learner."""
        assert self.fit.learner is not None, "stages_of() raises an error for agents without a learner"
        return self.fit.learner


def stages_of(scenario: Scenario, policies: Sequence[Policy]) -> list[Stage]:
    """Return the stages in order.

    Raises:
        UserError: an agent of a policy has no learner, or is fitted to agents that are trained only later.
    """
    shared = _shared_stages(scenario, policies)
    own = [
        Stage(policy, seed, fit, shared.get(seed) if fit.is_training else None)
        for policy in policies
        for seed in policy.seeds
        for fit in policy.fits
    ]
    for stage in own:
        _check(scenario, stage)
    return [*shared.values(), *own]


def batches_of(stages: Sequence[Stage], seeds_at_once: int) -> list[list[int]]:
    """Return the indices of stages that are fitted as one batch: those of one fit, if its learner supports it."""
    batches: list[list[int]] = []
    for index, stage in enumerate(stages):
        same = bool(batches) and stages[batches[-1][0]].fit is stage.fit
        if same and isinstance(stage.fit.learner, FitsSeedsTogether) and len(batches[-1]) < seeds_at_once:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def _shared_stages(scenario: Scenario, policies: Sequence[Policy]) -> dict[int, Stage]:
    """Return the stages of phases that all policies share, by seed; each policy's own training continues from there."""
    training = scenario.training
    learner = None if training is None else training.build()
    shared = learner.shared_phases() if isinstance(learner, SharesPhases) else None
    trained = [policy for policy in policies if policy.trained_roles]
    if training is None or shared is None or not trained:
        return {}
    agents = {**trained[0].agents, **shared[1]}
    fits = tuple(fit for fit in fits_of(agents, shared[0], training.kind.name) if fit.is_training)
    seeds = {seed for trained_policy in trained for seed in trained_policy.seeds}
    policy = Policy(SHARED, agents, tuple(sorted(seeds)), fits=fits)
    return {seed: Stage(policy, seed, fit) for fit in fits for seed in policy.seeds}


def _check(scenario: Scenario, stage: Stage) -> None:
    """Raise :class:`UserError` if no learner fits the agents of a stage, or they are fitted to untrained agents."""
    label, roles = stage.policy.label, stage.fitted_roles
    if stage.fit.learner is None:
        training = scenario.training
        reason = "no training" if training is None else f"training={training.kind.name}, which does not fit them"
        names = learners_for([stage.policy.agents[role].build() for role in roles])
        advice = f"set training={' or training='.join(names)}, or choose" if names else "choose"
        raise UserError(
            f"{scenario.name}: {label} has agents that must be trained ({', '.join(roles)}) and {reason}; {advice}"
            " agents that need no training"
        )
    if stage.untrained_roles and stage.policy.own_followers and scenario.evaluation is None:
        raise UserError(
            f"{scenario.name}: {label} is fitted to workers that are trained only later; let the training fit it too"
            " (training.refit_every=50), or set evaluation.workers=NAME"
        )
