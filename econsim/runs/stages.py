"""Stages of a run: what has to be fitted before it can score, one stage a policy, training seed and learner.

A *policy* is one way to plan: a baseline of the scenario, or its own planner. The followers of a baseline are the
evaluation workers, so that each policy is fitted to how these behave; the scenario's own policy keeps its own agents.

The scenario's ``training`` fits the agents that it says it fits. Of the others, an agent fits itself, or its default
learner fits it. Default learners come first, then agents that fit themselves to what the others have become, then the
scenario's training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from econsim.errors import UserError
from econsim.game import Agent, FittedAgent, Game
from econsim.learning import FitsSeedsTogether, Learner, SharesPhases
from econsim.parameters import Chosen
from econsim.runs.fits import Fit, fits_of, learners_for

if TYPE_CHECKING:
    from econsim.scenario import Scenario

__all__ = [
    "SHARED",
    "Policy",
    "Stage",
    "check_players",
    "exact_followers",
    "groups",
    "leading_role",
    "must_be_fitted",
    "own_label",
    "policies",
    "stages",
]

SHARED = "shared phases"
_WITHOUT_LEADER = "agents"


@dataclass(frozen=True)
class Policy:
    """One way to plan: its label, who plays, under which seeds it is fitted, and by which fits, in order.

    ``own_followers``: its followers were fitted under it, so that it is scored under them.
    """

    label: str
    agents: Mapping[str, Chosen]
    seeds: tuple[int, ...]
    own_followers: bool = False
    fits: tuple[Fit, ...] = field(default=(), compare=False)

    @property
    def fitted_roles(self) -> tuple[str, ...]:
        """The roles whose agents have to be fitted."""
        return tuple(role for fit in self.fits for role in fit.roles)

    @property
    def trained_roles(self) -> tuple[str, ...]:
        """The roles whose agents the scenario's training fits."""
        return tuple(role for fit in self.fits if fit.is_training for role in fit.roles)

    def build(self) -> dict[str, Agent]:
        """Return its agents, not yet fitted."""
        return {role: chosen.build() for role, chosen in self.agents.items()}


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
        assert self.fit.learner is not None, "stages() refuses agents that nothing fits"
        return self.fit.learner


def leading_role(scenario: Scenario, game: Game[Any]) -> str | None:
    """Return the leading role that planners play, the one without an agent of its own, or ``None``."""
    return next((name for name, role in game.roles.items() if role.leads and name not in scenario.agents), None)


def own_label(scenario: Scenario) -> str:
    """Return the label of the scenario's own policy."""
    return scenario.planner_label or _WITHOUT_LEADER


def must_be_fitted(chosen: Chosen) -> bool:
    """Return whether an agent has to be fitted before it plays."""
    return issubclass(chosen.kind.implementation, FittedAgent)


def policies(scenario: Scenario, game: Game[Any]) -> list[Policy]:
    """Return the baselines in the scenario's order, then its own policy where every role has an agent.

    Raises:
        UserError: neither is there, or a baseline would have to be trained against agents that cannot learn.
    """
    leader = leading_role(scenario, game)
    baselines = [
        _baseline(scenario, game, label, leader, chosen)
        for label, chosen in scenario.baselines.items()
        if leader is not None and label != own_label(scenario)
    ]
    own = _own_policy(scenario, game)
    if own is None and not baselines:
        missing = sorted(set(game.roles) - set(scenario.agents))
        raise UserError(f"{scenario.name}: nobody plays {', '.join(missing)}; give agents.{missing[0]}=NAME")
    return baselines if own is None else [*baselines, own]


def stages(scenario: Scenario, found: list[Policy]) -> list[Stage]:
    """Return what has to be fitted, in order.

    Raises:
        UserError: nothing fits an agent of a policy, or one is fitted to others that are still to be trained.
    """
    shared = _shared_stages(scenario, found)
    own = [
        Stage(policy, seed, fit, shared.get(seed) if fit.is_training else None)
        for policy in found
        for seed in policy.seeds
        for fit in policy.fits
    ]
    for stage in own:
        _check(scenario, stage)
    return [*shared.values(), *own]


def groups(found: Sequence[Stage], seeds_at_once: int) -> list[list[int]]:
    """Return the places of stages that are fitted as one batch: those of one fit, if its learner can."""
    batches: list[list[int]] = []
    for place, stage in enumerate(found):
        same = bool(batches) and found[batches[-1][0]].fit is stage.fit
        if same and isinstance(stage.fit.learner, FitsSeedsTogether) and len(batches[-1]) < seeds_at_once:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches


def check_players(scenario: Scenario, game: Game[Any], found: list[Policy]) -> None:
    """Let every agent that plays as it is look at the game, so that a mismatch shows before hours of training.

    Raises:
        UserError: an agent cannot play its role.
    """
    for agents in (*(policy.agents for policy in found), exact_followers(scenario, game)):
        for role, chosen in agents.items():
            if not must_be_fitted(chosen):
                chosen.build().start(game, game.roles[role], 1)


def exact_followers(scenario: Scenario, game: Game[Any]) -> dict[str, Chosen]:
    """Return who plays the following roles when policies are compared."""
    if scenario.evaluation is None:
        return dict(scenario.agents)
    leaders = {name: chosen for name, chosen in scenario.agents.items() if game.roles[name].leads}
    return leaders | {name: scenario.evaluation.workers for name, role in game.roles.items() if not role.leads}


def _own_policy(scenario: Scenario, game: Game[Any]) -> Policy | None:
    leader = leading_role(scenario, game)
    agents = dict(scenario.agents)
    if leader is not None and scenario.planner is not None:
        agents[leader] = scenario.planner
    if set(agents) != set(game.roles):
        return None
    once = _policy(scenario, own_label(scenario), agents, own_followers=True)
    return replace(once, seeds=_seeds(scenario)) if once.trained_roles else once


def _baseline(scenario: Scenario, game: Game[Any], label: str, leader: str, chosen: Chosen) -> Policy:
    if not scenario.retrain:
        return _policy(scenario, label, {**exact_followers(scenario, game), leader: chosen})
    policy = _policy(scenario, label, {**scenario.agents, leader: chosen}, own_followers=True)
    if not policy.trained_roles:
        raise UserError(
            f"{scenario.name}: retrain: no follower is trained under {label}; give one an agent that learns"
        )
    return replace(policy, seeds=_seeds(scenario))


def _policy(scenario: Scenario, label: str, agents: Mapping[str, Chosen], own_followers: bool = False) -> Policy:
    training = scenario.training
    learner = None if training is None else training.build()
    if isinstance(learner, SharesPhases):
        learner = learner.own_phases()
    fits = fits_of(agents, learner, "" if training is None else training.kind.name)
    return Policy(label, agents, (scenario.seed,), own_followers, fits)


def _seeds(scenario: Scenario) -> tuple[int, ...]:
    return tuple(scenario.seed + index for index in range(scenario.seeds))


def _shared_stages(scenario: Scenario, found: list[Policy]) -> dict[int, Stage]:
    """Return the stages of phases that all policies share, by seed: each policy's own training goes on from there."""
    training = scenario.training
    learner = None if training is None else training.build()
    shared = learner.shared_phases() if isinstance(learner, SharesPhases) else None
    trained = [policy for policy in found if policy.trained_roles]
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
