"""Plan of a run: its policies, stages, responses and evaluation, computed once from a scenario and its game.

All parts of a run use the plan; none of them derives again from the scenario which agents play, which learner fits
them, and under which workers policies are scored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from econsim.errors import UserError, did_you_mean
from econsim.game import Agent, Game
from econsim.parameters import Chosen
from econsim.scenario.model import Scenario
from econsim.scenario.plan.agent_checks import check_starts
from econsim.scenario.plan.claims import unclaimed_training
from econsim.scenario.plan.fits import is_pretrained
from econsim.scenario.plan.policies import (
    Policy,
    evaluation_agents,
    leading_role,
    must_be_fitted,
    own_label,
    policies_of,
)
from econsim.scenario.plan.responses import Response, evaluation_response, own_response
from econsim.scenario.plan.stages import SHARED, Stage, batches_of, stages_of

__all__ = [
    "SHARED",
    "Plan",
    "Policy",
    "Response",
    "Stage",
    "is_pretrained",
    "leading_role",
    "must_be_fitted",
    "plan_of",
]


@dataclass(frozen=True)
class Plan:
    """The plan of a run.

    Attributes:
        scenario: the scenario of the run, without ``training`` if that fits no agent.
        game: its game, in which each group of a role with several agents is a separate role.
        leader: the leading role that planners play, if there is one.
        policies: the baselines in the scenario's order, then its own policy if every role has an agent.
        stages: the fits of the run, in order.
        evaluation: the other agents, by role, when planners are compared.
        responses: the sets of followers under which policies are scored; the first is the main one.
        notes: remarks about the settings for readers of the run, one sentence each.
    """

    scenario: Scenario
    game: Game[Any]
    leader: str | None
    policies: tuple[Policy, ...]
    stages: tuple[Stage, ...]
    evaluation: Mapping[str, Chosen]
    responses: tuple[Response, ...]
    notes: tuple[str, ...] = ()

    @property
    def own(self) -> Policy | None:
        """The scenario's own policy; ``None`` if one of its roles has no agent."""
        return next((policy for policy in self.policies if policy.label == own_label(self.scenario)), None)

    @property
    def last(self) -> Policy:
        """The scenario's own policy, or the last of its baselines if it has none."""
        return self.policies[-1]

    def policy(self, label: str) -> Policy:
        """Return the policy with a label.

        Raises:
            UserError: there is no such policy.
        """
        by_label = {policy.label: policy for policy in self.policies}
        if label not in by_label:
            raise UserError(f"--policy {label}: this run has no such policy{did_you_mean(label, by_label)}")
        return by_label[label]

    def stages_for(self, policy: Policy, seed: int) -> list[Stage]:
        """Return the stages of one policy under one seed."""
        return [stage for stage in self.stages if stage.policy == policy and stage.seed == seed]

    def batches(self) -> list[list[int]]:
        """Return the indices of stages that are fitted as one batch."""
        return batches_of(self.stages, self.scenario.seeds_at_once)

    def build_agents(self) -> dict[tuple[str, int], dict[str, Agent]]:
        """Return the agents of each policy and seed by role, not yet fitted."""
        all_policies = [*self.policies, *(stage.policy for stage in self.stages)]
        return {(policy.label, seed): policy.build() for policy in all_policies for seed in policy.seeds}

    def stand_ins(self, stage: Stage) -> dict[str, Agent]:
        """Return the substitute agents of roles whose own training comes after a stage."""
        return {role: self.evaluation[role].build() for role in stage.untrained_roles if role in self.evaluation}

    def followers(self, agents: Mapping[str, Chosen]) -> dict[str, Chosen]:
        """Return those of ``agents`` that play following roles."""
        return {role: choice for role, choice in agents.items() if not self.game.roles[role].leads}

    def check_agents(self) -> None:
        """Start every agent that needs no fitting once, so that a mismatch is reported before hours of training.

        Those that must be fitted are asked whether they can be.

        Raises:
            ScenarioError: the parameters of an agent do not fit its role; the message has their file, line and key.
            UserError: an agent cannot play its role.
        """
        for policy in self.policies:
            is_own = policy.label == own_label(self.scenario)
            self._check_agents(policy.agents, "planner" if is_own else f"baselines.{policy.label}")
        self._check_agents(self.evaluation, "planner")

    def _check_agents(self, agents: Mapping[str, Chosen], planner_key: str) -> None:
        for role, choice in agents.items():
            key = planner_key if role == self.leader else f"agents.{role}"
            check_starts(self.scenario, self.game, role, choice, key)


def plan_of(scenario: Scenario, game: Game[Any]) -> Plan:
    """Return the plan of a scenario; ``game`` is the result of its :meth:`Scenario.build_game`, on any device.

    Raises:
        UserError: a role has no agent, an agent has no learner, or the requested training fits no agent.
    """
    policies = policies_of(scenario, game)
    stages = stages_of(scenario, policies)
    notes = unclaimed_training(scenario, stages)
    if notes:
        scenario = scenario.model_copy(update={"training": None})
    evaluation, leader = evaluation_agents(scenario, game), leading_role(scenario, game)
    plan = Plan(scenario, game, leader, tuple(policies), tuple(stages), evaluation, (), notes)
    return replace(plan, responses=_responses(plan))


def _responses(plan: Plan) -> tuple[Response, ...]:
    own, game = plan.own or plan.last, plan.game  # without a planner, baselines are scored under their own followers
    evaluation = plan.followers(plan.evaluation)
    responses = [] if plan.scenario.evaluation is None else [evaluation_response(game, evaluation)]
    differs = any(own.agents[role] != choice for role, choice in plan.evaluation.items())
    if not responses or (plan.own is not None and differs):
        learned = bool(set(own.trained_roles) & set(plan.evaluation))
        responses.append(own_response(game, plan.followers(own.agents), learned))
    return tuple(responses)
