"""What a run has to fit before it can score: one stage a policy, training seed and learner, in a fixed order.

A *policy* is one way to plan: a baseline of the scenario, or its own planner. The followers of a baseline are the
evaluation workers, so that each policy is fitted to exact behaviour; the scenario's own policy keeps its own agents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from econsim import kinds
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.parameters import Chosen

if TYPE_CHECKING:
    from econsim.runs.folder import Run
    from econsim.scenario import Scenario

__all__ = [
    "NEURAL",
    "Policy",
    "Stage",
    "check_players",
    "exact_followers",
    "fitted_agents",
    "leading_role",
    "own_label",
    "policies",
    "stages",
]

NEURAL = "ppo"
_WITHOUT_LEADER = "agents"


@dataclass(frozen=True)
class Policy:
    """One way to plan: its label, who plays, and under which seeds it is fitted."""

    label: str
    agents: Mapping[str, Chosen]
    seeds: tuple[int, ...]

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
    """One fit: a policy under one seed by one learner; ``training`` builds it."""

    policy: Policy
    seed: int
    learner: str
    training: Chosen

    @property
    def name(self) -> str:
        """The name of its folder under ``checkpoints/``."""
        return f"{quote(self.policy.label, safe='')}-seed-{self.seed}-{self.learner}"

    @property
    def fitted_roles(self) -> tuple[str, ...]:
        """The roles that it fits."""
        return self.policy.roles_of(self.learner)

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
    followers = exact_followers(scenario, game)
    found = [
        Policy(label, {**followers, leader: chosen}, (scenario.seed,))
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
    return [
        Stage(policy, seed, learner, _training(scenario, policy, learner))
        for policy in found
        for seed in policy.seeds
        for learner in policy.learners
    ]


def check_players(scenario: Scenario, game: Game[Any], found: list[Policy]) -> None:
    """Let every agent that plays as it is look at the game, so that a mismatch shows before hours of training.

    Raises:
        UserError: an agent cannot play its role.
    """
    for agents in (*(policy.agents for policy in found), exact_followers(scenario, game)):
        for role, chosen in agents.items():
            if _learner(chosen) is None:
                chosen.build().start(game, game.roles[role], 1)


def fitted_agents(run: Run) -> dict[str, Agent]:
    """Return the agents of a run's own policy by role, as fitted under its first seed.

    Raises:
        UserError: the run has not come that far.
    """
    from econsim.runs.recorder import load_fitted

    game, _ = run.scenario.build("cpu")
    own = policies(run.scenario, game)[-1]
    agents = own.build()
    for stage in stages(run.scenario, [own]):
        if stage.seed == own.seeds[0] and not load_fitted(run, stage, agents):
            raise UserError(f"{run.path}: {own.label} is not fitted yet; finish it with: econsim resume {run.path}")
    return agents


def _own_policy(scenario: Scenario, game: Game[Any]) -> Policy | None:
    leader = leading_role(scenario, game)
    agents = dict(scenario.agents)
    if leader is not None and scenario.planner is not None:
        agents[leader] = scenario.planner
    if set(agents) != set(game.roles):
        return None
    once = Policy(own_label(scenario), agents, (scenario.seed,))
    if not once.roles_of(NEURAL):
        return once
    return Policy(once.label, agents, tuple(scenario.seed + index for index in range(scenario.seeds)))


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
        return scenario.training
    kind = kinds.load("training", learner)
    return Chosen(kind, kind.parameters())


def _learner(chosen: Chosen) -> str | None:
    learner: str | None = chosen.kind.implementation.learner  # type: ignore[attr-defined]
    return learner
