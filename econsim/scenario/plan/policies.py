"""Policies of a run: the alternatives that it compares, each with its agents, seeds and fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from econsim.errors import UserError
from econsim.game import Agent, FittedAgent, Game
from econsim.learning import Learner, SharesPhases
from econsim.parameters import Chosen
from econsim.scenario.model import Scenario
from econsim.scenario.plan.fits import Fit, fits_of, is_pretrained

__all__ = ["Policy", "evaluation_agents", "leading_role", "must_be_fitted", "own_label", "policies_of"]

_WITHOUT_LEADER = "agents"


@dataclass(frozen=True)
class Policy:
    """A policy of a run: its label, its agents by role, its training seeds, and its fits in order.

    ``own_followers``: its followers are fitted under it, so that it is scored under them.
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
        return {role: choice.build() for role, choice in self.agents.items()}


def leading_role(scenario: Scenario, game: Game[Any]) -> str | None:
    """Return the leading role that planners play, which is the one without an entry in ``agents``, or ``None``."""
    return next((name for name, role in game.roles.items() if role.leads and name not in scenario.agents), None)


def own_label(scenario: Scenario) -> str:
    """Return the label of the scenario's own policy."""
    return scenario.planner_label or _WITHOUT_LEADER


def must_be_fitted(chosen: Chosen) -> bool:
    """Return whether an agent has to be fitted before it plays; those with the weights of another run do not."""
    return issubclass(chosen.kind.implementation, FittedAgent) and not is_pretrained(chosen)


def evaluation_agents(scenario: Scenario, game: Game[Any]) -> dict[str, Chosen]:
    """Return the other agents when planners are compared: the evaluation workers, else the scenario's own agents."""
    agents = scenario.agents_in(game)
    if scenario.evaluation is None:
        return agents
    leaders = {name: chosen for name, chosen in agents.items() if game.roles[name].leads}
    return leaders | {name: scenario.evaluation.workers for name, role in game.roles.items() if not role.leads}


def policies_of(scenario: Scenario, game: Game[Any]) -> list[Policy]:
    """Return the baselines in the scenario's order, then its own policy if every role has an agent.

    Raises:
        UserError: there are no policies, or ``retrain`` is set and no follower is trained under a baseline.
    """
    leader = leading_role(scenario, game)
    baselines = [
        _baseline(scenario, game, label, leader, chosen)
        for label, chosen in scenario.baselines.items()
        if leader is not None and label != own_label(scenario)
    ]
    own = _own_policy(scenario, game, leader)
    if own is None and not baselines:
        missing = sorted(set(game.roles) - set(scenario.agents_in(game)))
        raise UserError(f"{scenario.name}: no agent plays {', '.join(missing)}; set agents.{missing[0]}=NAME")
    return baselines if own is None else [*baselines, own]


def _own_policy(scenario: Scenario, game: Game[Any], leader: str | None) -> Policy | None:
    agents = scenario.agents_in(game)
    if leader is not None and scenario.planner is not None:
        agents[leader] = scenario.planner
    if set(agents) != set(game.roles):
        return None
    once = _policy(scenario, own_label(scenario), agents, own_followers=True)
    return replace(once, seeds=_seeds(scenario)) if once.trained_roles else once


def _baseline(scenario: Scenario, game: Game[Any], label: str, leader: str, chosen: Chosen) -> Policy:
    if not scenario.retrain:
        return _policy(scenario, label, {**evaluation_agents(scenario, game), leader: chosen})
    policy = _policy(scenario, label, {**scenario.agents_in(game), leader: chosen}, own_followers=True)
    if not policy.trained_roles:
        raise UserError(
            f"{scenario.name}: retrain: no follower is trained under {label}; choose a follower that learns"
        )
    return replace(policy, seeds=_seeds(scenario))


def _policy(scenario: Scenario, label: str, agents: Mapping[str, Chosen], own_followers: bool = False) -> Policy:
    training = scenario.training
    learner: Learner | None = None if training is None else training.build()
    if isinstance(learner, SharesPhases):
        learner = learner.own_phases()
    fits = fits_of(agents, learner, "" if training is None else training.kind.name)
    return Policy(label, agents, (scenario.seed,), own_followers, fits)


def _seeds(scenario: Scenario) -> tuple[int, ...]:
    return tuple(scenario.seed + index for index in range(scenario.seeds))
