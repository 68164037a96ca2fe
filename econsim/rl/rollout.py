"""Rollouts of a batched game: play that records trajectories of learning roles, time first, on the game's device."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from econsim import random
from econsim.acceleration import Mode, accelerate
from econsim.game import Agent, Game, Observation, Transition, tree_map
from econsim.llm.protocols import UsesLlm
from econsim.nn import ActorCritic
from econsim.nn.agent import like_features
from econsim.nn.stacked import StackedActorCritic, parted
from econsim.rl.buffer import EnvStep, PolicyStep, RolloutBuffer, Trajectory
from econsim.rl.distributed import summed

__all__ = ["Rollout", "RolloutState"]

Numbers = dict[str, Tensor]
_CHANGING = ("episodes", "numbers", "state", "memories", "returns", "starts", "left", "weight")  # order of checkpoints


@dataclass
class RolloutState:
    """State of the environment copies between steps; it carries over from rollout to rollout and can be stored.

    ``key`` ``[B]`` and ``episodes`` ``[B]``, the number of episodes that each copy has begun, determine the key of the
    current episode. ``numbers`` ``{name: [B]}`` are the game parameters that change during training; a copy keeps the
    values with which its episode began. ``returns`` ``{role: [B, N]}`` are the discounted rewards of the episode so
    far. ``starts`` ``[B]``: the next step is the first of an episode. ``left`` ``[B]``, on the host, is the number of
    remaining steps in games of fixed length. ``weight`` ``[B]`` is the discount factor of the next reward, ``None`` if
    the game does not discount.
    """

    key: Tensor
    episodes: Tensor
    numbers: Numbers
    state: Any
    memories: dict[str, Any]
    returns: dict[str, Tensor]
    starts: Tensor
    left: Tensor
    weight: Tensor | None = None

    def stored(self) -> dict[str, Tensor]:
        """Return every tensor that changes in play, keyed by its position."""
        tensors = [leaf for leaf in pytree.tree_leaves(self._content()) if isinstance(leaf, Tensor)]
        return {str(position): leaf for position, leaf in enumerate(tensors)}

    def restore(self, stored: Mapping[str, Tensor]) -> None:
        """Load what :meth:`stored` returned; game, agents and number of copies must be the same."""
        old, structure = pytree.tree_flatten(self._content())
        positions = iter(range(len(stored)))
        new = [stored[str(next(positions))].to(leaf.device) if isinstance(leaf, Tensor) else leaf for leaf in old]
        content = pytree.tree_unflatten(new, structure)
        for name, value in zip(_CHANGING, content, strict=True):
            setattr(self, name, value)

    @classmethod
    def joined(cls, scenes: Sequence[RolloutState], learning: Collection[str]) -> RolloutState:
        """Join the states of several seeds; memories of roles that do not learn stay separate, in a tuple."""
        if len(scenes) == 1:
            return scenes[0]
        fields = [vars(scene) for scene in scenes]
        joined = {name: _cat([of_scene[name] for of_scene in fields]) for name in fields[0] if name != "memories"}
        memories = {
            role: (_cat if role in learning else tuple)([scene.memories[role] for scene in scenes])
            for role in scenes[0].memories
        }
        return cls(**joined, memories=memories)

    def parts(self, seeds: int, learning: Collection[str]) -> list[RolloutState]:
        """Return the states that :meth:`joined` joined, one per seed."""
        if seeds == 1:
            return [self]
        fields = {name: parted(value, seeds) for name, value in vars(self).items() if name != "memories"}
        memories = {
            role: parted(memory, seeds) if role in learning else memory for role, memory in self.memories.items()
        }
        return [
            RolloutState(
                **{name: value[seed] for name, value in fields.items()},
                memories={role: memory[seed] for role, memory in memories.items()},
            )
            for seed in range(seeds)
        ]

    def _content(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in _CHANGING)


class Rollout:
    """Play of a game by agents and by networks that learn.

    Args:
        game: the game.
        agents: the agents of the roles without a network.
        networks: the networks of the learning roles; their actions are drawn, and their steps are recorded.
        sequences: length in steps of the sequences on which recurrent networks are trained, by role.
        mode: how steps are accelerated; see :func:`econsim.acceleration.accelerate`.
        seeds: number of seeds among which the environment copies are divided; agents and networks then play for all
            seeds.
    """

    def __init__(
        self,
        game: Game[Any],
        agents: Mapping[str, Agent],
        networks: Mapping[str, ActorCritic | StackedActorCritic],
        sequences: Mapping[str, int] | None = None,
        mode: Mode = "auto",
        seeds: int = 1,
    ) -> None:
        self.game, self.agents, self.networks, self.seeds = game, agents, networks, seeds
        self.reads = any(isinstance(agent, UsesLlm) for agent in agents.values())
        self.sequences, self.mode = dict(sequences or {}), mode
        if self.reads or not game.compilable:
            self.mode = "eager"
        self._advance: Any = None
        self._accounts: dict[str, tuple[Tensor, Tensor]] = {}

    def begin(
        self, key: Tensor, numbers: Mapping[str, float] | None = None, stagger: int | None = None
    ) -> RolloutState:
        """Return the state of ``B`` environment copies at the start of their first episode.

        Args:
            key: one key per copy, ``[B]``.
            numbers: the game parameters that change during training.
            stagger: end the first episodes early, at multiples of so many steps, so that later rollouts cover all parts
                of an episode. Only for games of fixed length.
        """
        copies = key.shape[0]
        initial = {name: key.new_full((copies,), 0, dtype=torch.float64) + value for name, value in _items(numbers)}
        returns = {
            name: torch.zeros((copies, role.count), dtype=torch.float64, device=key.device)
            for name, role in self.game.roles.items()
        }
        episodes, left = torch.zeros_like(key), torch.full((copies,), self.game.horizon, dtype=torch.int64)
        if stagger is not None and self.game.clocked:
            left -= torch.arange(copies) % max(1, self.game.horizon // stagger) * stagger
        state = self._with(initial).reset(random.fold(key, episodes))
        starts = torch.ones(copies, dtype=torch.bool, device=key.device)
        weight = None if self.game.discount == 1 else torch.ones(copies, dtype=torch.float64, device=key.device)
        return RolloutState(key, episodes, initial, state, self._memories(copies), returns, starts, left, weight)

    @torch.no_grad()
    def collect(
        self, scene: RolloutState, steps: int, key: Tensor, numbers: Mapping[str, float] | None = None
    ) -> dict[str, Trajectory]:
        """Return the result of :meth:`collect_by_seed` for a single seed."""
        (trajectories,) = self.collect_by_seed(scene, steps, key, numbers)
        return trajectories

    @torch.no_grad()
    def collect_by_seed(
        self, scene: RolloutState, steps: int, key: Tensor, numbers: Mapping[str, float] | None = None
    ) -> list[dict[str, Trajectory]]:
        """Play ``steps`` steps, update ``scene`` in place, and return the trajectories of learning roles by seed.

        Args:
            scene: the state in which play begins; copies whose episode ends are reset with a new key.
            steps: length of the rollout.
            key: ``[B]``, keys of the players' draws; they are independent of the keys of the game, so that copies with
                the same shocks can try different actions.
            numbers: the parameters with which new episodes begin, by the names given to :meth:`begin`.
        """
        self._accounts = {}
        records = {name: RolloutBuffer(steps, self.sequence_of(name, steps), self.seeds) for name in self.networks}
        seen = self._look(self._with(scene.numbers), scene.state)
        for step in range(steps):
            arguments = (scene.numbers, scene.state, seen, scene.memories, random.fold(key, step))
            for name, record in records.items():  # before the step, because a replayed graph overwrites its outputs
                record.remember(step, scene.memories[name])
            transition, following, memories, rows = self._fast(arguments)(*arguments)
            for name, record in records.items():
                record.add(step, rows[name])
            scene.memories = memories
            ended = self._ended(scene, transition)
            self._pay(scene, step, transition, following, records, ended, last=step == steps - 1)
            seen = self._move_on(scene, transition, following, records, ended, numbers)
        trajectories = {name: record.trajectories() for name, record in records.items()}
        return [{name: by_seed[seed] for name, by_seed in trajectories.items()} for seed in range(self.seeds)]

    def renew(self, scene: RolloutState, roles: Iterable[str]) -> None:
        """Restart the agents of ``roles`` after a refit."""
        for name in roles:
            scene.memories[name] = self.agents[name].start(self.game, self.game.roles[name], scene.key.shape[0])

    def sequence_of(self, role: str, steps: int) -> int:
        """Return the greatest length that divides a rollout of ``steps`` and does not exceed the setting."""
        if self.networks[role].make.recurrent is None:
            return 1
        longest = min(self.sequences.get(role, steps), steps)
        return next(length for length in range(longest, 0, -1) if steps % length == 0)

    def accounts(self) -> list[dict[str, float]]:
        """Return, by seed and name, the mean accounts over all episodes that ended in the last rollout."""
        if not self._accounts:
            return [{} for _ in range(self.seeds)]
        totals = summed(*(torch.stack(pair) for pair in self._accounts.values()))
        means = torch.stack([total / number for total, number in totals], 1).tolist()
        return [
            {name: mean for name, mean in zip(self._accounts, of_seed, strict=True) if math.isfinite(mean)}
            for of_seed in means
        ]

    # --- one step -----------------------------------------------------------------------------------------------

    def _fast(self, arguments: tuple[Any, ...]) -> Any:
        if self._advance is None:
            self._advance = accelerate(self._step, arguments, self.mode)
        return self._advance

    def _step(
        self, numbers: Numbers, state: Any, seen: dict[str, Observation], memories: dict[str, Any], draw: Tensor
    ) -> tuple[Transition[Any], dict[str, Observation], dict[str, Any], dict[str, PolicyStep]]:
        """Choose actions for all roles and step the game; a function of tensors only, so that it can be compiled."""
        game, actions, rows, next_memories = self._with(numbers), {}, {}, {}
        for name in game.roles:
            key, now = random.fold(draw, name), seen[name]
            if name in self.networks:
                network = self.networks[name]
                inputs = network.sees(now, seen)
                distribution, value, next_memories[name] = network(inputs, memories[name])
                choice = distribution.sample(key, "ppo")
                acting = now.acting & now.alive
                rows[name] = PolicyStep(inputs, choice, distribution.log_prob(choice), value, now.alive, acting)
                actions[name] = like_features(network.head.action(choice), now)
            else:
                actions[name], next_memories[name] = self.agents[name].act(now, memories[name], key)
        transition = game.step(state, actions)
        return transition, self._look(game, transition.state), next_memories, rows

    def _look(self, game: Game[Any], state: Any) -> dict[str, Observation]:
        """Return the observations; without facts, unless an agent reads them, because graphs copy their arguments."""
        seen = game.observe(state)
        if self.reads:
            return seen
        return {name: _without_facts(observation) for name, observation in seen.items()}

    def _ended(self, scene: RolloutState, transition: Transition[Any]) -> Tensor | None:
        """Return which copies start a new episode, ``[B]``; ``None`` if none do. A fixed length needs no transfer."""
        if not self.game.clocked:
            ended = transition.terminated | transition.truncated
            return ended if bool(ended.any()) else None
        scene.left = scene.left - 1
        if bool((scene.left > 0).all()):
            return None
        ended = scene.left == 0
        scene.left = torch.where(ended, self.game.horizon, scene.left)
        return ended.to(scene.key.device)

    def _pay(
        self,
        scene: RolloutState,
        step: int,
        transition: Transition[Any],
        following: dict[str, Observation],
        records: Mapping[str, RolloutBuffer],
        ended: Tensor | None,
        last: bool,
    ) -> None:
        """Record rewards and ends of episodes and, where the record is cut, the estimated values of what follows."""
        stops = torch.ones_like(transition.terminated) if last else ended
        cut = torch.zeros_like(transition.terminated) if stops is None else stops & ~transition.terminated
        for name, record in records.items():
            reward = transition.rewards[name].float()
            value = torch.zeros_like(reward)
            if stops is not None:
                network, after = self.networks[name], following[name]
                value = network(network.sees(after, following), scene.memories[name])[1] * (after.alive & cut[:, None])
            record.pay(step, EnvStep(reward, value, transition.terminated, cut, scene.starts))

    def _move_on(
        self,
        scene: RolloutState,
        transition: Transition[Any],
        following: dict[str, Observation],
        records: Mapping[str, RolloutBuffer],
        ended: Tensor | None,
        numbers: Mapping[str, float] | None,
    ) -> dict[str, Observation]:
        """Move to the next state and return its observations; copies whose episode ended begin a new one."""
        for name, reward in transition.rewards.items():
            discounted = reward.double() if scene.weight is None else reward.double() * scene.weight[:, None]
            scene.returns[name] = scene.returns[name] + discounted
        if scene.weight is not None:
            scene.weight = scene.weight * self.game.discount
        scene.state = transition.state
        if ended is None:
            scene.starts = torch.zeros_like(scene.starts)
            return following
        whole = transition.terminated | transition.truncated
        self._take_stock(transition.state, whole)
        for name, record in records.items():
            record.finish(scene.returns[name], whole)
        scene.episodes = scene.episodes + ended.long()
        scene.numbers |= {name: torch.where(ended, value, scene.numbers[name]) for name, value in _items(numbers)}
        game = self._with(scene.numbers)
        scene.state = _where(ended, game.reset(random.fold(scene.key, scene.episodes)), scene.state)
        scene.memories = self._restarted(ended, self._memories(ended.shape[0]), scene.memories)
        scene.returns = tree_map(lambda total: total.masked_fill(ended[:, None], 0.0), scene.returns)
        scene.starts = ended
        if scene.weight is not None:
            scene.weight = scene.weight.masked_fill(ended, 1.0)
        return self._look(game, scene.state)

    def _take_stock(self, state: Any, whole: Tensor) -> None:
        """Add up the accounts ``[B]`` of copies whose episode has ended."""
        number = whole.double().reshape(self.seeds, -1).sum(1)
        for name, value in self.game.accounts(state).items():
            if value.ndim == 1 and value.is_floating_point():
                ended = torch.where(whole, value.double(), 0.0)
                total, count = self._accounts.get(name, (torch.zeros_like(number), torch.zeros_like(number)))
                self._accounts[name] = (total + ended.reshape(self.seeds, -1).sum(1), count + number)

    def _with(self, numbers: Numbers) -> Game[Any]:
        return self.game.with_parameters(**numbers) if numbers else self.game

    def _restarted(self, ended: Tensor, fresh: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
        """Return memories that are reset in copies whose episode ended; agents per seed have separate memories."""
        by_seed = ended.chunk(self.seeds)
        return {
            name: _where(ended, fresh[name], old[name])
            if self.seeds == 1 or name in self.networks
            else tuple(map(_where, by_seed, fresh[name], old[name]))
            for name in old
        }

    def _memories(self, copies: int) -> dict[str, Any]:
        return {
            name: self.networks[name].first_memory(copies, role.count, self.game.device)
            if name in self.networks
            else self.agents[name].start(self.game, role, copies)
            for name, role in self.game.roles.items()
        }


def _without_facts(observation: Observation) -> Observation:
    whole = observation.whole
    return observation.with_fields(facts=None, whole=None if whole is None else whole.with_fields(facts=None))


def _cat(trees: Sequence[Any]) -> Any:
    """Concatenate the tensors of several trees of the same structure."""
    leaves = zip(*(pytree.tree_leaves(tree) for tree in trees), strict=True)
    joined = [torch.cat(of_trees) if isinstance(of_trees[0], Tensor) else of_trees[0] for of_trees in leaves]
    return pytree.tree_unflatten(joined, pytree.tree_structure(trees[0]))


def _items(numbers: Mapping[str, float] | None) -> list[tuple[str, float]]:
    return list((numbers or {}).items())


def _where(ended: Tensor, fresh: Any, old: Any) -> Any:
    """Return the leaves of ``fresh`` for copies that ended, else of ``old``; leaves without a batch axis stay."""

    def choose(new: Any, current: Any) -> Any:
        if not isinstance(new, Tensor) or new.shape[:1] != ended.shape:
            return current
        return torch.where(ended.view(-1, *[1] * (new.ndim - 1)), new, current)

    return pytree.tree_map(choose, fresh, old)
