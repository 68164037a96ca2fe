"""Playing a batched game and keeping what learners need: one record a role, time first, all on the game's device."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from econsim import random
from econsim.agents._neural import like_features
from econsim.game import Agent, Game, Observation, Transition, tree_map
from econsim.networks import ActorCritic


@dataclass
class Scene:
    """Copies in the middle of play; it goes on from rollout to rollout and can be stored.

    ``episodes`` ``[B]`` counts the episodes of each copy; with ``key`` ``[B]`` it gives the key of the current one.
    ``returns`` ``{role: [B, N]}`` adds up the rewards of the current episode.
    """

    key: Tensor
    episodes: Tensor
    state: Any
    memories: dict[str, Any]
    returns: dict[str, Tensor]

    def stored(self) -> dict[str, Tensor]:
        """Return every tensor that changes in play, by position."""
        tensors = [leaf for leaf in pytree.tree_leaves(self._content()) if isinstance(leaf, Tensor)]
        return {str(place): leaf for place, leaf in enumerate(tensors)}

    def restore(self, stored: Mapping[str, Tensor]) -> None:
        """Go back to what :meth:`stored` returned; this scene must be of the same game, agents and size."""
        old, structure = pytree.tree_flatten(self._content())
        places = iter(range(len(stored)))
        new = [stored[str(next(places))].to(leaf.device) if isinstance(leaf, Tensor) else leaf for leaf in old]
        self.episodes, self.state, self.memories, self.returns = pytree.tree_unflatten(new, structure)

    def _content(self) -> tuple[Any, ...]:
        return self.episodes, self.state, self.memories, self.returns


@dataclass(frozen=True)
class Trajectory:
    """What the players of one role saw, did and were paid, ``[T, B, N, ...]``.

    ``choice`` is in the form of the network's head. ``cut`` and ``terminated`` are ``[T, B]``; ``value_at_cut`` is
    zero except at cuts. ``episode_return`` is the mean over players and finished episodes, NaN where none finished.
    """

    features: Tensor
    action_mask: Tensor | None
    choice: Tensor
    log_prob: Tensor
    value: Tensor
    reward: Tensor
    alive: Tensor
    acting: Tensor
    terminated: Tensor
    cut: Tensor
    value_at_cut: Tensor
    episode_return: float


@dataclass
class _Record:
    """One role's rows so far, by name."""

    rows: dict[str, list[Tensor]] = field(default_factory=dict)
    finished: list[Tensor] = field(default_factory=list)

    def add(self, **values: Tensor | None) -> None:
        for name, value in values.items():
            if value is not None:
                self.rows.setdefault(name, []).append(value)

    def trajectory(self) -> Trajectory:
        stacked = {name: torch.stack(values) for name, values in self.rows.items()}
        mean = float(torch.cat(self.finished).mean()) if self.finished else math.nan
        return Trajectory(**{"action_mask": None, **stacked}, episode_return=mean)  # type: ignore[arg-type]


def begin(game: Game[Any], agents: Mapping[str, Agent], key: Tensor) -> Scene:
    """Return a scene at the start of the first episode of copies with keys ``[B]``."""
    returns = {
        name: torch.zeros((key.shape[0], role.count), dtype=torch.float64, device=key.device)
        for name, role in game.roles.items()
    }
    episodes = torch.zeros_like(key)
    return Scene(key, episodes, game.reset(random.fold(key, episodes)), _memories(game, agents, key), returns)


def _memories(game: Game[Any], agents: Mapping[str, Agent], key: Tensor) -> dict[str, Any]:
    return {name: agents[name].start(game, role, key.shape[0]) for name, role in game.roles.items()}


@torch.no_grad()
def collect(
    game: Game[Any],
    agents: Mapping[str, Agent],
    networks: Mapping[str, ActorCritic],
    scene: Scene,
    steps: int,
    key: Tensor,
) -> dict[str, Trajectory]:
    """Play ``steps`` steps from ``scene``, which moves on, and return the trajectory of each role in ``networks``.

    Args:
        game: the game.
        agents: who plays the roles that have no network here.
        networks: who plays, by drawn choices, and is recorded.
        scene: where play begins; copies that end are reset under a new key.
        steps: length of the rollout.
        key: ``[B]``, of the players' draws; independent of the game's keys, so that copies under one common key can try
            different actions.
    """
    records = {name: _Record() for name in networks}
    for step in range(steps):
        seen, now = game.observe(scene.state), random.fold(key, step)
        actions = {}
        for name in game.roles:
            draw = random.fold(now, name)
            if name in networks:
                actions[name] = _choose(networks[name], seen[name], draw, records[name])
            else:
                actions[name], scene.memories[name] = agents[name].act(seen[name], scene.memories[name], draw)
        transition = game.step(scene.state, actions)
        _pay(game, networks, transition, records, last=step == steps - 1)
        _move_on(game, agents, scene, transition, records)
    return {name: record.trajectory() for name, record in records.items()}


def _choose(network: ActorCritic, seen: Observation, key: Tensor, record: _Record) -> Tensor:
    """Draw the players' choices, note them, and return the actions ``[B, N, ...]``."""
    features = seen.features.flatten(2).float()
    distribution = network.policy(features, seen.action_mask)
    choice = distribution.sample(key, "ppo")
    record.add(
        features=features,
        action_mask=seen.action_mask,
        choice=choice,
        log_prob=distribution.log_prob(choice),
        value=network.value(features),
        alive=seen.alive,
        acting=seen.acting & seen.alive,
    )
    return like_features(network.head.action(choice), seen)


def _pay(
    game: Game[Any],
    networks: Mapping[str, ActorCritic],
    transition: Transition[Any],
    records: Mapping[str, _Record],
    last: bool,
) -> None:
    """Note rewards and ends; where the record is cut, what the value towers make of the observation that follows."""
    cut = ~transition.terminated & (torch.ones_like(transition.truncated) if last else transition.truncated)
    following = game.observe(transition.state) if networks and bool(cut.any()) else None
    for name, network in networks.items():
        reward = transition.rewards[name].float()
        value = torch.zeros_like(reward)
        if following is not None:
            after = following[name]
            value = network.value(after.features.flatten(2)) * (after.alive & cut[:, None])
        records[name].add(reward=reward, terminated=transition.terminated, cut=cut, value_at_cut=value)


def _move_on(
    game: Game[Any],
    agents: Mapping[str, Agent],
    scene: Scene,
    transition: Transition[Any],
    records: Mapping[str, _Record],
) -> None:
    """Take the next state; copies that ended are reset under the key of their next episode."""
    for name, reward in transition.rewards.items():
        scene.returns[name] = scene.returns[name] + reward.double()
    scene.state = transition.state
    ended = transition.terminated | transition.truncated
    if not bool(ended.any()):
        return
    for name, record in records.items():
        record.finished.append(scene.returns[name][ended].flatten())
    scene.episodes = scene.episodes + ended.long()
    scene.state = _where(ended, game.reset(random.fold(scene.key, scene.episodes)), scene.state)
    scene.memories = _where(ended, _memories(game, agents, scene.key), scene.memories)
    scene.returns = tree_map(lambda total: total.masked_fill(ended[:, None], 0.0), scene.returns)


def _where(ended: Tensor, fresh: Any, old: Any) -> Any:
    """Return the leaves of ``fresh`` for copies that ended; leaves without an axis of copies are constants."""

    def choose(new: Any, kept: Any) -> Any:
        if not isinstance(new, Tensor) or new.shape[:1] != ended.shape:
            return kept
        return torch.where(ended.view(-1, *[1] * (new.ndim - 1)), new, kept)

    return pytree.tree_map(choose, fresh, old)
