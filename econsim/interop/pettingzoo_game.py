"""Games from PettingZoo environments, parallel or agent by agent, for every agent and learner of econsim."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Box, Game, Observation, Role, Transition, tensors
from econsim.interop._environment_pool import EnvironmentPool, Point, Source
from econsim.interop._external_spaces import MASK, Actions, Features
from econsim.interop._spaces import Array
from econsim.interop._turns import ENDED, Moment, ParallelEnv

__all__ = ["PettingZooGame", "State", "environment_seeds", "from_pettingzoo"]

Row = dict[str, tuple[Array, ...]]
"""By role: features ``[N, F]``, alive ``[N]``, acting ``[N]``, mask ``[N, A]`` and rewards ``[N]`` of one copy."""
_NUMBER = re.compile(r"[_\- ]?\d+$")
_SEED_BITS = 31  # what numpy's older generators, which some environments seed, accept


@tensors
class State:
    """A point of an episode in each environment copy: the seed and the actions so far, and what agents observe."""

    time: Tensor  # [B] int64
    seed: Tensor  # [B] int64, given to the environment's reset
    digest: Tensor  # [B] int64, a number that stands for the actions so far
    actions: Tensor  # [B, T, A] float64, the actions of all agents in each step so far
    over: Tensor  # [B] bool, no agent is left
    seen: dict[str, Observation]  # by role


def from_pettingzoo(
    environment: Source,
    horizon: int | None = None,
    *,
    roles: Mapping[str, Sequence[str]] | None = None,
    scale: bool = True,
    discount: float = 1.0,
    description: str = "",
) -> PettingZooGame:
    """Return a PettingZoo environment as a game, in which PPO, rules and language models take part.

    Args:
        environment: a parallel or agent-by-agent (AEC) environment, which is copied for larger batches; a function
            without arguments that makes one; or a list of equal environments. Its episodes must be determined by the
            seed of ``reset`` and the actions.
        horizon: the largest number of steps of an episode; longer episodes are truncated. By default, ``max_cycles`` of
            a parallel environment. In an agent-by-agent environment a step is the turn of one agent.
        roles: names of agents by role. By default, agents with the same spaces whose names differ only in a number at
            the end form a role.
        scale: whether entries of an observation with bounds above 10 are divided by their bound, since networks learn
            better from features of order one.
        discount: the weight of a reward relative to a reward one step earlier.
        description: the rules in words, for language models; by default, the environment's docstring.

    Raises:
        UserError: it is no PettingZoo environment, a space does not fit (its name and the reason are given), the
            horizon is not known, or ``roles`` does not divide the agents.
    """
    return PettingZooGame(environment, horizon, roles=roles, scale=scale, discount=discount, description=description)


def environment_seeds(key: Tensor) -> Tensor:
    """Return the seeds ``[B]`` with which a game from PettingZoo resets its environments, from keys ``[B]``."""
    return random.bits(key, 0, "pettingzoo") >> (64 - _SEED_BITS) & ((1 << _SEED_BITS) - 1)


class PettingZooGame(Game[State]):
    """A game that is played by environments of PettingZoo; :func:`from_pettingzoo` describes the arguments.

    A plug-in can define a kind of game as a subclass whose ``__init__`` calls this one with a function that makes the
    environment. Discrete observations are indicators. Agents that have left are not alive.
    """

    compilable = False

    def __init__(
        self,
        environment: Source,
        horizon: int | None = None,
        *,
        roles: Mapping[str, Sequence[str]] | None = None,
        scale: bool = True,
        discount: float = 1.0,
        description: str = "",
    ) -> None:
        self._source = environment
        self._pool = EnvironmentPool(environment)
        first = self._pool.environment
        self.parameters: Mapping[str, Tensor] = {}
        self.horizon, self.discount = _horizon(first, horizon), discount
        agents = list(first.possible_agents)
        self._features = {agent: Features.of(first.observation_space(agent), _who(agent), scale) for agent in agents}
        self._actions = {agent: Actions.of(first.action_space(agent), _who(agent)) for agent in agents}
        self._agents = _grouped(first, agents) if roles is None else _checked(first, agents, roles)
        self._columns, self._size = self._placed()
        self.roles = {name: self._role(name, members) for name, members in self._agents.items()}
        self.constants = {
            name: torch.tensor(self._features[members[0]].scale) for name, members in self._agents.items()
        }
        self._description = description or _documentation(first)
        self._first_rows: dict[int, Row] = {}

    def reset(self, key: Tensor) -> State:
        """Return the initial state of ``B`` environment copies; each environment is reset with a seed from its key."""
        seeds = environment_seeds(key)
        rows = [self._first_row(seed, key.shape[0]) for seed in seeds.tolist()]
        past = torch.zeros((key.shape[0], self.horizon, self._size), dtype=torch.float64, device=key.device)
        over = torch.zeros_like(key, dtype=torch.bool)
        return State(torch.zeros_like(key), seeds, torch.zeros_like(key), past, over, self._observed(rows, key.device))

    def observe(self, state: State) -> dict[str, Observation]:
        """Return what the agents of each role observe."""
        return state.seen

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Advance every environment by one step with the actions of the agents that act."""
        taken = self._taken(state, actions)
        digest = state.digest
        for column in taken.view(torch.int64).unbind(-1):
            digest = random.fold(digest, column)
        digest = torch.where(state.over, state.digest, digest)
        rows, over, truncated = self._advanced(state, taken.cpu().numpy(), digest)
        device, copies = state.time.device, torch.arange(len(rows), device=state.time.device)
        past = state.actions.clone()
        past[copies, state.time.clamp(max=self.horizon - 1)] = taken
        after = State(state.time + 1, state.seed, digest, past, over.to(device), self._observed(rows, device))
        stopped = (truncated | (~over & (after.time.cpu() >= self.horizon))).to(device)
        rewards = {name: self._stacked(rows, name, 4, device).to(self.dtype) for name in self.roles}
        return Transition(after, rewards, after.over & ~stopped, stopped)

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return no quantities, since what an environment conserves is not known."""
        return {}

    def briefing(self, role: str) -> dict[str, Any]:
        """Return the description of the environment, for prompts."""
        return {"page": self._description}

    @property
    def device(self) -> torch.device:
        """The device of the game's tensors; environments run on the CPU."""
        device: torch.device = next(iter(self.constants.values())).device
        return device

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> PettingZooGame:
        """Return this game with its tensors on another device, or in another precision; environments are shared."""
        other = copy(self)
        other.constants = {name: scale.to(device=device) for name, scale in self.constants.items()}
        other.dtype = dtype or self.dtype
        return other

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the environments, which the copy makes anew from the source."""
        return {name: value for name, value in vars(self).items() if name not in ("_pool", "_first_rows")}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Restore a copy with environments of its own."""
        vars(self).update(state, _pool=EnvironmentPool(state["_source"]), _first_rows={})

    # --- environments ---------------------------------------------------------------------------------------------

    def _advanced(self, state: State, taken: Array, digest: Tensor) -> tuple[list[Row], Tensor, Tensor]:
        """Step the environment of each copy; return what its agents see and whether its episode is over."""
        points = zip(state.seed.tolist(), state.time.tolist(), state.digest.tolist(), strict=True)
        rows, over, truncated = [], state.over.cpu().clone(), torch.zeros(len(taken), dtype=torch.bool)
        for index, (point, after) in enumerate(zip(map(Point._make, points), digest.tolist(), strict=True)):
            if over[index]:
                rows.append(self._row(ENDED))
                continue
            past = partial(self._past, state, index)
            before, moment = self._pool.step(point, after, self._moves(taken[index]), past, len(taken))
            if before is not None:
                self._check_repeated(self._row(before), state, index)
            rows.append(self._row(moment))
            over[index], truncated[index] = moment.over, moment.truncated
        return rows, over, truncated

    def _first_row(self, seed: int, copies: int) -> Row:
        """Return what agents see after a reset, which is kept, since play asks again while an episode goes on."""
        if seed not in self._first_rows:
            while len(self._first_rows) > 4 * copies:
                del self._first_rows[next(iter(self._first_rows))]
            moment = self._pool.reset(seed, copies)
            self._first_rows[seed] = self._row(moment)
        return self._first_rows[seed]

    def _past(self, state: State, index: int) -> Iterator[Callable[[str], Any]]:
        """Yield the actions of each step so far of one copy."""
        return map(self._moves, state.actions[index, : int(state.time[index])].cpu().numpy())

    def _moves(self, taken: Array) -> Callable[[str], Any]:
        """Return a function from an agent to its action among those of all agents, ``[A]``."""
        return lambda agent: self._actions[agent].external_action(taken[self._columns[agent]])

    def _check_repeated(self, row: Row, state: State, index: int) -> None:
        """Raise an error if a repeated episode shows something else than it did at first."""
        for name in self.roles:
            again = self._observed([row], state.time.device)[name].features[0]
            if not torch.equal(again, state.seen[name].features[index]):
                raise UserError(
                    f"from_pettingzoo: {self._pool.environment} is not reproducible: after reset(seed="
                    f"{int(state.seed[index])}) and the same actions, {name} observes something else; let the"
                    " environment draw all random numbers from a generator that reset(seed=...) seeds"
                )

    def _placed(self) -> tuple[dict[str, slice], int]:
        """Return where the action of each agent stands among those of all agents, in the order of roles."""
        columns, end = {}, 0
        for agent in (agent for members in self._agents.values() for agent in members):
            columns[agent] = slice(end, end := end + self._actions[agent].size)
        return columns, end

    # --- tensors --------------------------------------------------------------------------------------------------

    def _taken(self, state: State, actions: Mapping[str, Tensor]) -> Tensor:
        """Return the actions of all agents, float64 ``[B, A]``, zero for those who do not act."""
        by_role = [
            torch.where(state.seen[name].acting[..., None], actions[name].flatten(2).double(), 0.0)
            if actions[name].ndim > 2
            else torch.where(state.seen[name].acting, actions[name].double(), 0.0)[..., None]
            for name in self.roles
        ]
        return torch.cat([numbers.flatten(1) for numbers in by_role], 1)

    def _row(self, moment: Moment) -> Row:
        return {name: self._of_role(members, moment) for name, members in self._agents.items()}

    def _of_role(self, members: Sequence[str], moment: Moment) -> tuple[Array, ...]:
        seen = [self._of_agent(agent, moment) for agent in members]
        rewards = [float(np.asarray(moment.rewards.get(agent, 0.0)).item()) for agent in members]
        return (*(np.stack(part) for part in zip(*seen, strict=True)), np.array(rewards))

    def _of_agent(self, agent: str, moment: Moment) -> tuple[Any, ...]:
        """Return features ``[F]``, alive, acting and mask ``[A]`` of an agent; the mask of a box is empty."""
        features, actions = self._features[agent], self._actions[agent]
        free = np.ones(0 if isinstance(actions.space, Box) else actions.space.mask_size, dtype=bool)
        if agent not in moment.observations:
            return np.zeros(len(features.names)), False, False, free
        acting, info = agent in moment.acting, moment.infos[agent]
        vector, mask = features.read(moment.observations[agent], _who(agent))
        mask = info.get(MASK, mask)
        if acting and not isinstance(actions.space, Box):
            free = actions.mask(mask, _who(agent))
        return vector, info.get("alive", True), acting, free

    def _observed(self, rows: Sequence[Row], device: torch.device) -> dict[str, Observation]:
        return {name: self._observation(rows, name, device) for name in self.roles}

    def _observation(self, rows: Sequence[Row], name: str, device: torch.device) -> Observation:
        features, alive, acting, mask = (self._stacked(rows, name, part, device) for part in range(4))
        scaled = (features / self.constants[name].to(device)).to(self.dtype)
        return Observation(scaled, alive, acting & alive, None if isinstance(self.roles[name].action, Box) else mask)

    def _stacked(self, rows: Sequence[Row], name: str, part: int, device: torch.device) -> Tensor:
        return torch.from_numpy(np.stack([row[name][part] for row in rows])).to(device)

    def _role(self, name: str, members: Sequence[str]) -> Role:
        features, actions = self._features[members[0]], self._actions[members[0]]
        return Role(
            name,
            len(members),
            features.bounds,
            actions.space,
            features=features.names,
            feature_units=features.units,
            action_labels=actions.labels,
            action_unit=actions.unit,
        )


def _documentation(environment: Any) -> str:
    """Return the docstring of the environment's class, else of its module, else its name."""
    kind = type(environment.unwrapped)
    return inspect.cleandoc(kind.__doc__ or sys.modules[kind.__module__].__doc__ or str(environment))


def _who(agent: str) -> str:
    return f"from_pettingzoo: {agent}"


def _horizon(environment: Any, given: int | None) -> int:
    cycles = getattr(environment, "max_cycles", None) if isinstance(environment, ParallelEnv) else None
    horizon = cycles if given is None else given
    if horizon is None:
        raise UserError(
            f"from_pettingzoo: the largest number of steps of an episode of {environment} is not known; give it as"
            " horizon, as in from_pettingzoo(environment, horizon=100)"
        )
    if horizon < 1:
        raise UserError(f"from_pettingzoo: horizon must be at least 1, found {horizon}")
    return int(horizon)


def _grouped(environment: Any, agents: Sequence[str]) -> dict[str, list[str]]:
    """Return the agents by role: those whose names differ only in a number at the end, if their spaces are equal."""
    stems = {agent: _NUMBER.sub("", str(agent)) or str(agent) for agent in agents}
    groups: dict[str, list[str]] = {}
    for agent in agents:
        groups.setdefault(stems[agent], []).append(agent)
    return {
        name: members
        for stem, group in groups.items()
        for name, members in ([(stem, group)] if _alike(environment, group) else [(agent, [agent]) for agent in group])
    }


def _checked(environment: Any, agents: Sequence[str], roles: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    listed = [agent for members in roles.values() for agent in members]
    if sorted(map(str, listed)) != sorted(map(str, agents)) or not all(roles.values()):
        raise UserError(
            f"from_pettingzoo: roles must contain each agent once ({', '.join(map(str, agents))}), found"
            f" {', '.join(map(str, listed)) or 'none'}"
        )
    for name, members in roles.items():
        if not _alike(environment, members):
            raise UserError(
                f"from_pettingzoo: the agents of role {name} have different spaces; give them different roles"
            )
    return {name: list(members) for name, members in roles.items()}


def _alike(environment: Any, agents: Sequence[str]) -> bool:
    spaces = [(environment.observation_space(agent), environment.action_space(agent)) for agent in agents]
    return all(pair == spaces[0] for pair in spaces)
