"""Stages of a run: what has to be fitted before it can score, one stage per policy, training seed and fit.

The scenario's ``training`` fits the agents that it says it fits. Of the others, an agent fits itself, or its default
learner fits it. Default learners come first, then agents that fit themselves to what the others have become, then the
scenario's training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from econsim.errors import UserError
from econsim.learning import FitsSeedsTogether, Learner, SharesPhases
from econsim.scenario.model import Scenario
from econsim.scenario.plan.fits import Fit, fits_of, learners_for
from econsim.scenario.plan.policies import Policy

__all__ = ["SHARED", "Stage", "batches_of", "stages_of"]

SHARED = "shared phases"


@dataclass(frozen=True)
class Stage:
    """One fit of a policy under one seed. ``after`` is the stage whose agents it begins with."""

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
    def fitted_roles(self) -> tuple[str, ...]:
        """The roles that it fits."""
        return self.fit.roles

    @property
    def untrained_roles(self) -> tuple[str, ...]:
        """The roles that have to be played by others, because their own training comes later."""
        return tuple(role for fit in self.later_fits if fit.is_training for role in fit.roles)

    @property
    def later_fits(self) -> tuple[Fit, ...]:
        """The fits of its policy that come after it."""
        return self.policy.fits[self.policy.fits.index(self.fit) + 1 :]

    def build(self) -> Learner:
        """Return its learner."""
        assert self.fit.learner is not None, "stages_of() refuses agents that nothing fits"
        return self.fit.learner


def stages_of(scenario: Scenario, policies: Sequence[Policy]) -> list[Stage]:
    """Return what has to be fitted, in order.

    Raises:
        UserError: nothing fits an agent of a policy, or one is fitted to others that are still to be trained.
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
    """Return the indices of stages that are fitted as one batch: those of one fit, if its learner can."""
    batches: list[list[int]] = []
    for index, stage in enumerate(stages):
        same = bool(batches) and stages[batches[-1][0]].fit is stage.fit
        if same and isinstance(stage.fit.learner, FitsSeedsTogether) and len(batches[-1]) < seeds_at_once:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def _shared_stages(scenario: Scenario, policies: Sequence[Policy]) -> dict[int, Stage]:
    """Return the stages of phases that all policies share, by seed: each policy's own training goes on from there."""
    training = scenario.training
    learner = None if training is None else training.build()
    shared = learner.shared_phases() if isinstance(learner, SharesPhases) else None
    trained = [policy for policy in policies if policy.trained_roles]
    if training is None or shared is None or not trained:
        return {}
    agents = {**trained[0].agents, **shared[1]}
    fits = tuple(fit for fit in fits_of(agents, shared[0], training.kind.name) if fit.is_training)
    policy = Policy(SHARED, agents, tuple(sorted({seed for each in trained for seed in each.seeds})), fits=fits)
    return {seed: Stage(policy, seed, fit) for fit in fits for seed in policy.seeds}


def _check(scenario: Scenario, stage: Stage) -> None:
    """Raise :class:`UserError` where nothing fits the agents of a stage, or what they are fitted to does not exist."""
    label, roles = stage.policy.label, stage.fitted_roles
    if stage.fit.learner is None:
        training = scenario.training
        reason = "no training" if training is None else f"training={training.kind.name}, which does not fit them"
        names = learners_for([stage.policy.agents[role].build() for role in roles])
        advice = f"say training={' or training='.join(names)}, or choose" if names else "choose"
        raise UserError(
            f"{scenario.name}: {label} has agents that must be trained ({', '.join(roles)}) and {reason}; {advice}"
            " agents that need none"
        )
    if stage.untrained_roles and stage.policy.own_followers and scenario.evaluation is None:
        raise UserError(
            f"{scenario.name}: {label} is fitted to workers, and these are still to be trained; let the training fit it"
            " too (training.refit_every=50), or say evaluation.workers=NAME"
        )
