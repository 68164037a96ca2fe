"""Trained deviations: proximal policy optimisation in the game in which all other agents are fixed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from econsim.agents import ppo as worker
from econsim.analysis.equilibrium.batching import copies_at_once
from econsim.analysis.equilibrium.deviation import DEVIATOR, Deviating, Deviation
from econsim.analysis.equilibrium.unilateral import Pairs, unilateral_pairs
from econsim.game import Agent, Box, Game, Role
from econsim.learning import Recorder
from econsim.nn import Convolution
from econsim.nn.agent import NeuralAgent
from econsim.rl.settings import Settings
from econsim.training import ppo

__all__ = ["WAYS", "settings_for", "trained_deviator", "trained_policies"]

MOMENTS = 4096  # of play per iteration
LONGEST, FEWEST, MOST = 256, 64, 1024  # steps of a rollout, copies
MOST_FLOATS = 1 << 26  # in the observations of all copies
SMALLEST_VIEW = 7  # tiles, required by two convolutions
ONE_SHOT = 16  # steps of an episode up to which returns need no discount
PADDED = 64  # steps of an episode up to which rollouts consist of whole episodes
LONG_DISCOUNT = 0.998  # at most, in longer episodes: distant rewards add more noise than information
NARROW = -2.5  # log standard deviation of real-valued actions in the second half of the training
EXPLORING = ((0.0, 1.0), (1.0, 0.0))  # entropy weight of discrete actions from new weights, in units of advantages
WAYS = (True, False)  # of playing a trained policy: its most likely action, and sampling
CONFIDENT = 2.0  # standard errors below zero from which a player does not deviate


def settings_for(game: Game[Any]) -> Settings:
    """Return the default settings of a deviator: undiscounted returns in short games, discounted ones in long games."""
    if game.horizon <= ONE_SHOT:
        return Settings(learning_rate=((0.0, 3e-3), (1.0, 0.0)))
    gamma = min(game.discount, LONG_DISCOUNT)
    return Settings(learning_rate=((0.0, 1e-3), (1.0, 0.0)), gamma=gamma, gae_lambda=0.98, entropy_weight=0.01)


def trained_policies(
    game: Game[Any],
    agents: Mapping[str, Agent],
    role: str,
    iterations: int,
    seed: int,
    recorder: Recorder,
    settings: Settings | None = None,
) -> list[NeuralAgent]:
    """Train deviating policies against fixed ``agents``, for :func:`trained_deviator`.

    A role whose own policy is not neural has one, which starts from new weights. For a neural role, one starts from the
    role's own weights: near an equilibrium little has to be learned from there, but a policy that hardly explores any
    more may stay where it is. Another of the same architecture starts from new weights and explores widely at first.
    Exploration of real-valued actions is wide in the first half of each training and narrow in the second.

    Args:
        game: the game, in the precision of training.
        agents: the agents, held fixed.
        role: the following role whose players deviate.
        iterations: rollouts, each followed by an update, of each training.
        seed: seed of each training.
        recorder: the recorder of the training.
        settings: settings of PPO.

    Raises:
        UserError: the role leads, or its actions cannot be learned.
        RunError: a loss is no longer finite.
    """
    deviation = Deviation(game, role, padded=not game.clocked and game.horizon <= PADDED)
    starts = _starts(game.roles[role], agents[role], settings or settings_for(game))
    wide = iterations - iterations // 2 if isinstance(game.roles[role].action, Box) else iterations
    policies = []
    for number, (policy, of_start) in enumerate(starts):
        for first, last in ((0, wide), (wide, iterations)):
            if first < last:
                policy = _looking(policy, NARROW) if first else policy
                players = {**deviation.frozen(agents), DEVIATOR: policy}
                part = _Part(recorder, number * iterations + first, len(starts) * iterations)
                ppo.Ppo(_budget(game, last - first, of_start)).fit(deviation, players, seed + first, part)
        policies.append(policy)
    return policies


def trained_deviator(
    game: Game[Any],
    agents: Mapping[str, Agent],
    role: str,
    policies: Sequence[NeuralAgent],
    key: Tensor,
    watch: Callable[[Any, Tensor], object] | None = None,
) -> Agent:
    """Return the deviator that plays the best of the policies of :func:`trained_policies`.

    Each is compared playing its most likely action and sampling, and the best is kept; players who clearly lose by
    deviating keep their policy.

    Args:
        game: the game, in the precision of training.
        agents: the agents, held fixed.
        role: the following role whose players deviate.
        policies: the trained policies.
        key: ``[E]``, of the episodes that select the policy, the way to play it and the players who deviate; measure
            gains in others.
        watch: called as that of :func:`unilateral_pairs`, which is called once for each policy and each of ``WAYS``.
    """
    ways = [_playing(policy, deterministic) for policy in policies for deterministic in WAYS]
    pairs = [unilateral_pairs(game, agents, role, way, key, watch=watch) for way in ways]
    best = max(range(len(ways)), key=lambda way: float((pairs[way].reached - pairs[way].own).mean()))
    return Deviating(agents[role], ways[best], ~_loses(pairs[best], game.roles[role].count))


class _Part:
    """A recorder that scales progress to its share of a training; it stores nothing, since deviations train quickly."""

    def __init__(self, recorder: Recorder, first: int, total: int) -> None:
        self.recorder, self.first, self.total = recorder, first, total

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        self.recorder.log(name, value, step=self.first + step, role=role)

    def progress(self, done: int, total: int, message: str = "") -> None:
        self.recorder.progress(self.first + done, self.total, message)

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        return None

    def restore(self) -> None:
        return None


def _starts(role: Role, frozen: Agent, settings: Settings) -> list[tuple[NeuralAgent, Settings]]:
    """Return the policies from which trainings start, with their settings; see :func:`trained_policies`."""
    if not isinstance(frozen, NeuralAgent):
        return [(worker.Ppo(_fresh(role)), settings)]
    own = _looking(frozen, frozen.policy_parameters.initial_exploration)
    explores = {} if isinstance(role.action, Box) else {"entropy_weight": EXPLORING}
    new = type(frozen)(own.policy_parameters.model_copy(update={"weights": None}))
    return [(own, settings), (new, settings.model_copy(update=explores))]


def _fresh(role: Role) -> worker.Parameters:
    """Return the architecture of a policy network for a role: dense layers, and small convolutions for a view."""
    if not role.view or min(role.view[1:]) < SMALLEST_VIEW:
        return worker.Parameters()
    filters = (Convolution(channels=8), Convolution(channels=16))
    return worker.Parameters(
        convolutions=filters,
        embedding=0,
        hidden=(128, 128),
        activation="relu",
        layer_norm=True,
        shared_towers=True,
        normalise_values=True,
    )


def _budget(game: Game[Any], iterations: int, settings: Settings) -> ppo.Parameters:
    steps = min(game.horizon, LONGEST)
    copies = min(max(MOMENTS // steps, FEWEST), MOST, copies_at_once(game, MOST_FLOATS))
    return ppo.Parameters(
        iterations=iterations, copies=copies, steps=steps, follower=settings, acceleration="eager", train=(DEVIATOR,)
    )


def _looking(policy: NeuralAgent, width: float) -> NeuralAgent:
    """Return a copy of the agent with another log standard deviation of real-valued actions."""
    other, state = type(policy)(policy.policy_parameters.model_copy(update={"shares_with": None})), policy.state_dict()
    wide = {name: value.new_full(value.shape, width) for name, value in state.items() if name.endswith("log_std")}
    other.load_state_dict({**state, **wide})
    return other


def _playing(policy: NeuralAgent, deterministic: bool) -> NeuralAgent:
    """Return the same agent, playing its most likely action or sampling."""
    other = type(policy)(policy.policy_parameters.model_copy(update={"deterministic": deterministic}))
    other.load_state_dict(policy.state_dict())
    return other


def _loses(pairs: Pairs, count: int) -> Tensor:
    """Return ``[1, N]``, True for players who lose significantly by deviating; False for players not tried."""
    difference = pairs.reached - pairs.own
    loses = difference.new_zeros((1, count)).bool()
    if len(difference) > 1:
        error = difference.std(0) / math.sqrt(len(difference))
        loses[0, pairs.players] = difference.mean(0) + CONFIDENT * error < 0
    return loses
