"""What a run has to fit before it can score: one stage a policy, training seed and learner, in a fixed order.

A *policy* is one way to plan: a baseline of the scenario, or its own planner. The followers of a baseline are the
evaluation workers, so that each policy is fitted to exact behaviour; the scenario's own policy keeps its own agents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from econsim import kinds
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.parameters import Chosen, Model

if TYPE_CHECKING:
    from econsim.scenario import Scenario

__all__ = [
    "NEURAL",
    "Policy",
    "Stage",
    "check_players",
    "exact_followers",
    "groups",
    "leading_role",
    "own_label",
    "policies",
    "stages",
]

NEURAL = "ppo"
SHARED = "shared phases"
_WITHOUT_LEADER = "agents"


@dataclass(frozen=True)
class Policy:
    """One way to plan: its label, who plays, and under which seeds it is fitted.

    ``own_followers``: its followers were fitted under it, so that it is scored under them.
    """

    label: str
    agents: Mapping[str, Chosen]
    seeds: tuple[int, ...]
    own_followers: bool = False

    @property
    def learners(self) -> tuple[str, ...]:
        """The learners that its agents need, the neural one last."""
        wanted = {learner for chosen in self.agents.values() if (learner := _learner(chosen))}
        return tuple(sorted(wanted, key=lambda learner: (learner == NEURAL, learner)))

    def roles_of(self, learner: str) -> tuple[str, ...]:
        """Return the roles that ``learner`` has to fit."""
        return tuple(role for role, chosen in self.agents.items() if _learner(chosen) == learner)

    def build(self) -> dict[str, Agent]:
        """Return its agents, not yet fitted."""
        return {role: chosen.build() for role, chosen in self.agents.items()}


@dataclass(frozen=True)
class Stage:
    """One fit: a policy under one seed by one learner; ``training`` builds it.

    ``after`` is the stage whose minds it begins with.
    """

    policy: Policy
    seed: int
    learner: str
    training: Chosen
    after: Stage | None = None

    @property
    def name(self) -> str:
        """The name of its folder under ``checkpoints/``."""
        return f"{quote(self.policy.label, safe='')}-seed-{self.seed}-{self.learner}"

    @property
    def fitted_roles(self) -> tuple[str, ...]:
        """The roles that it fits, leaders included that its training fits anew while followers learn."""
        own = self.policy.roles_of(self.learner)
        if self.learner != NEURAL or not _refits(self.training):
            return own
        return (*own, *(role for role, chosen in self.policy.agents.items() if _learner(chosen) not in (None, NEURAL)))

    @property
    def untrained_roles(self) -> tuple[str, ...]:
        """The neural roles that have to be played by others, because their own training comes later."""
        return () if self.learner == NEURAL else self.policy.roles_of(NEURAL)


def leading_role(scenario: Scenario, game: Game[Any]) -> str | None:
    """Return the leading role that planners play, the one without an agent of its own, or ``None``."""
    return next((name for name, role in game.roles.items() if role.leads and name not in scenario.agents), None)


def own_label(scenario: Scenario) -> str:
    """Return the label of the scenario's own policy."""
    return scenario.planner_label or _WITHOUT_LEADER


def policies(scenario: Scenario, game: Game[Any]) -> list[Policy]:
    """Return the baselines in the scenario's order, then its own policy where every role has an agent.

    Raises:
        UserError: neither is there, or a baseline would have to be trained against untrained minds.
    """
    leader = leading_role(scenario, game)
    found = [
        _baseline(scenario, game, label, leader, chosen)
        for label, chosen in scenario.baselines.items()
        if leader is not None and label != own_label(scenario)
    ]
    own = _own_policy(scenario, game)
    if own is not None:
        found.append(own)
    if not found:
        missing = sorted(set(game.roles) - set(scenario.agents))
        raise UserError(f"{scenario.name}: nobody plays {', '.join(missing)}; give agents.{missing[0]}=NAME")
    return found


def stages(scenario: Scenario, found: list[Policy]) -> list[Stage]:
    """Return what has to be fitted, in order.

    Raises:
        UserError: a policy has neural minds and the scenario has no training.
    """
    shared = _shared_stages(scenario, found)
    own = [
        Stage(
            policy, seed, learner, _training(scenario, policy, learner), shared.get(seed) if learner == NEURAL else None
        )
        for policy in found
        for seed in policy.seeds
        for learner in _needed(scenario, policy)
    ]
    return [*shared.values(), *own]


def groups(found: Sequence[Stage], seeds_at_once: int) -> list[list[int]]:
    """Return the places of stages that are fitted as one batch: those of one policy and the neural learner."""
    made: list[list[int]] = []
    for place, stage in enumerate(found):
        before = found[made[-1][0]] if made else None
        same = before is not None and (before.policy, before.learner) == (stage.policy, stage.learner)
        if same and stage.learner == NEURAL and len(made[-1]) < seeds_at_once:
            made[-1].append(place)
        else:
            made.append([place])
    return made


def check_players(scenario: Scenario, game: Game[Any], found: list[Policy]) -> None:
    """Let every agent that plays as it is look at the game, so that a mismatch shows before hours of training.

    Raises:
        UserError: an agent cannot play its role.
    """
    for agents in (*(policy.agents for policy in found), exact_followers(scenario, game)):
        for role, chosen in agents.items():
            if _learner(chosen) is None:
                chosen.build().start(game, game.roles[role], 1)


def _own_policy(scenario: Scenario, game: Game[Any]) -> Policy | None:
    leader = leading_role(scenario, game)
    agents = dict(scenario.agents)
    if leader is not None and scenario.planner is not None:
        agents[leader] = scenario.planner
    if set(agents) != set(game.roles):
        return None
    once = Policy(own_label(scenario), agents, (scenario.seed,), own_followers=True)
    return replace(once, seeds=_seeds(scenario)) if once.roles_of(NEURAL) else once


def _baseline(scenario: Scenario, game: Game[Any], label: str, leader: str, chosen: Chosen) -> Policy:
    if not scenario.retrain:
        return Policy(label, {**exact_followers(scenario, game), leader: chosen}, (scenario.seed,))
    policy = Policy(label, {**scenario.agents, leader: chosen}, _seeds(scenario), own_followers=True)
    if not policy.roles_of(NEURAL):
        raise UserError(f"{scenario.name}: retrain: no follower has a neural mind (kind ppo) to train under {label}")
    return policy


def _seeds(scenario: Scenario) -> tuple[int, ...]:
    return tuple(scenario.seed + index for index in range(scenario.seeds))


def _shared_stages(scenario: Scenario, found: list[Policy]) -> dict[int, Stage]:
    """Return the stages of phases that all policies share, by seed: each policy's own training goes on from there."""
    training = scenario.training
    part = _part_of(training, "shared_part")
    neural = [policy for policy in found if policy.roles_of(NEURAL)]
    if training is None or part is None or not neural:
        return {}
    agents = dict(neural[0].agents)
    for phase in part.parameters.phases:  # type: ignore[attr-defined]
        agents |= phase.agents
    policy = Policy(SHARED, agents, tuple(sorted({seed for each in neural for seed in each.seeds})))
    return {seed: Stage(policy, seed, NEURAL, part) for seed in policy.seeds}


def _part_of(training: Chosen | None, part: str) -> Chosen | None:
    """Return the shared or the own part of a training in phases, ``None`` of any other."""
    if training is None or not hasattr(training.parameters, part):
        return None
    found: Model | None = getattr(training.parameters, part)()
    return None if found is None else Chosen(training.kind, found)


def _needed(scenario: Scenario, policy: Policy) -> tuple[str, ...]:
    """Return the learners of a policy that get a stage; leaders that the training itself fits anew get none."""
    return (NEURAL,) if NEURAL in policy.learners and _refits(scenario.training) else policy.learners


def _refits(training: Chosen | None) -> bool:
    if training is None:
        return False
    phases = getattr(training.parameters, "phases", ())
    return getattr(training.parameters, "refit_every", None) is not None or any(_refits(p.training) for p in phases)


def exact_followers(scenario: Scenario, game: Game[Any]) -> dict[str, Chosen]:
    """Return who plays the following roles when policies are compared."""
    if scenario.evaluation is None:
        return dict(scenario.agents)
    leaders = {name: chosen for name, chosen in scenario.agents.items() if game.roles[name].leads}
    return leaders | {name: scenario.evaluation.workers for name, role in game.roles.items() if not role.leads}


def _training(scenario: Scenario, policy: Policy, learner: str) -> Chosen:
    if learner == NEURAL:
        if scenario.training is None:
            roles = ", ".join(policy.roles_of(NEURAL))
            raise UserError(
                f"{scenario.name}: {policy.label} has neural minds ({roles}) and no training;"
                f" say training=two_level, or choose agents that need none"
            )
        return _part_of(scenario.training, "own_part") or scenario.training
    if policy.own_followers and scenario.evaluation is None and policy.roles_of(NEURAL):
        raise UserError(
            f"{scenario.name}: {policy.label} is fitted to workers, and these are still to be trained;"
            f" say training.refit_every=50 (kind ppo), or evaluation.workers=NAME"
        )
    kind = kinds.load("training", learner)
    return Chosen(kind, kind.parameters())


def _learner(chosen: Chosen) -> str | None:
    learner: str | None = chosen.kind.implementation.learner  # type: ignore[attr-defined]
    return learner
