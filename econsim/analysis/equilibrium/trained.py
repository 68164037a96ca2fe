"""A deviator that learns: proximal policy optimisation in the game in which everybody else is frozen."""

from __future__ import annotations

import math
from collections.abc import Mapping
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

__all__ = ["settings_for", "trained_deviator"]

MOMENTS = 4096  # of play in an iteration
LONGEST, FEWEST, MOST = 256, 64, 1024  # steps of a rollout, copies
MOST_FLOATS = 1 << 26  # in what players of all copies see
SMALLEST_VIEW = 7  # tiles, that two convolutions need
ONE_SHOT = 16  # steps of an episode up to which returns need no discount
LONG_DISCOUNT = 0.998  # at most, in longer episodes: the noise of far rewards outweighs what they teach
NARROW = -2.5  # log standard deviation of real-valued actions in the second half of the training
CONFIDENT = 2.0  # standard errors below zero at which a player stays


def settings_for(game: Game[Any]) -> Settings:
    """Return how a deviator learns where nothing else is known: whole returns in short games, discounted in long."""
    if game.horizon <= ONE_SHOT:
        return Settings(learning_rate=((0.0, 3e-3), (1.0, 0.0)))
    gamma = min(game.discount, LONG_DISCOUNT)
    return Settings(learning_rate=((0.0, 1e-3), (1.0, 0.0)), gamma=gamma, gae_lambda=0.98, entropy_weight=0.01)


def trained_deviator(
    game: Game[Any],
    agents: Mapping[str, Agent],
    role: str,
    iterations: int,
    key: Tensor,
    seed: int,
    recorder: Recorder,
    settings: Settings | None = None,
) -> Agent:
    """Return a deviator that was trained against frozen ``agents``.

    It begins with the frozen mind of the role where that is neural, else with a fresh one; real-valued actions are
    looked for widely in the first half of the training and closely in the second. Of playing its likeliest action and
    of drawing as in training the better is kept, and players who clearly lose by it stay as they are.

    Args:
        game: the game, in the precision to train in.
        agents: who plays, frozen.
        role: the following role that is deviated from.
        iterations: rollouts, each followed by an update.
        key: ``[E]``, of the episodes by which the way to play and those who stay are chosen; gains are to be measured
            under others.
        seed: of the training.
        recorder: where it is reported.
        settings: how it learns.

    Raises:
        UserError: the role leads, or its actions cannot be learned.
        RunError: a loss is not finite any more.
    """
    mind = _trained(game, agents, role, iterations, seed, recorder, settings or settings_for(game))
    ways = [_playing(mind, deterministic) for deterministic in (True, False)]
    found = [unilateral_pairs(game, agents, role, way, key) for way in ways]
    best = max(range(len(ways)), key=lambda way: float((found[way].reached - found[way].own).mean()))
    return Deviating(agents[role], ways[best], ~_loses(found[best], game.roles[role].count))


def _trained(
    game: Game[Any],
    agents: Mapping[str, Agent],
    role: str,
    iterations: int,
    seed: int,
    recorder: Recorder,
    settings: Settings,
) -> NeuralAgent:
    deviation, frozen = Deviation(game, role), agents[role]
    mind: NeuralAgent = worker.Ppo(_fresh(game.roles[role]))
    if isinstance(frozen, NeuralAgent):
        mind = _looking(frozen, frozen.policy_parameters.initial_exploration)
    wide = iterations - iterations // 2 if isinstance(game.roles[role].action, Box) else iterations
    for first, last in ((0, wide), (wide, iterations)):
        if first < last:
            mind = _looking(mind, NARROW) if first else mind
            players = {**deviation.frozen(agents), DEVIATOR: mind}
            part = _Part(recorder, first, iterations)
            ppo.Ppo(_budget(game, last - first, settings)).fit(deviation, players, seed + first, part)
    return mind


class _Part:
    """Reports a part of a training as such; a deviation is quick to train again, so that nothing is stored."""

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


def _fresh(role: Role) -> worker.Parameters:
    """Return the make of a mind for a role: dense layers, with small convolutions where there is a view."""
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


def _looking(mind: NeuralAgent, width: float) -> NeuralAgent:
    """Return the same mind, as one of its own, with another log standard deviation of real-valued actions."""
    other, state = type(mind)(mind.policy_parameters.model_copy(update={"shares_with": None})), mind.state_dict()
    wide = {name: value.new_full(value.shape, width) for name, value in state.items() if name.endswith("log_std")}
    other.load_state_dict({**state, **wide})
    return other


def _playing(mind: NeuralAgent, deterministic: bool) -> NeuralAgent:
    """Return the same mind, playing its likeliest action or drawing."""
    other = type(mind)(mind.policy_parameters.model_copy(update={"deterministic": deterministic}))
    other.load_state_dict(mind.state_dict())
    return other


def _loses(pairs: Pairs, count: int) -> Tensor:
    """Return ``[1, N]``, True for players who lose by deviating beyond chance; those not tried do not."""
    difference = pairs.reached - pairs.own
    loses = difference.new_zeros((1, count)).bool()
    if len(difference) > 1:
        error = difference.std(0) / math.sqrt(len(difference))
        loses[0, pairs.players] = difference.mean(0) + CONFIDENT * error < 0
    return loses
