"""The leader's total derivative from rollouts alone, for followers of whom only play is known.

Followers are taken to be soft-optimal, ``d log pi = (dQ - dV) / temperature``, as entropy-regularised learners become.
``dQ`` is the derivative, at fixed choices, of what a follower still earns; the game's own steps give it. Since the
leader's advantage is zero on average, ``dV`` drops out of ``E[A dlog pi]``.

From every moment of a rollout three futures are played with shocks of their own: two after the same choices, of which
one says what they bring the leader and the other how their value moves with the announcement, and one after other
choices, as a baseline. One future for both would count what shocks move together. The work grows with the square of the
horizon.

The state must move smoothly with the announcement or not at all: a random draw from probabilities that the announcement
moves has no derivative here (``soft_response`` has, where tables are known).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.planners.hypergradient.bilevel.follower_models import FollowerModel
from econsim.planners.hypergradient.bilevel.leader_objective import LeaderObjective
from econsim.play import HeldAction

__all__ = ["Rollouts"]


# Three futures, by the shocks after a choice and by which choice: two share the choice, none shares what follows.
_BRINGS = ("brings", "choice")
_MOVES = ("moves", "choice")
_OTHER = ("other", "other choice")


@dataclass(frozen=True)
class _Moment:
    """A game in the middle of an episode: state, agents, and whether it is over ``[B]``."""

    state: Any
    memories: dict[str, Any]
    over: Tensor


class Rollouts(FollowerModel):
    """Followers play as their agent does, which has to draw; ``samples`` rollouts a point."""

    def __init__(self, scene: LeaderObjective, temperature: float, samples: int) -> None:
        super().__init__(scene)
        self.temperature, self.samples = temperature, samples

    def anchor(self, points: Tensor, iteration: int) -> tuple[Tensor, list[Tensor]]:
        """Return the keys of all samples, and the leader's advantage ``[C * samples]`` at every moment."""
        key = random.fold(random.keys(self.scene.seed, self.samples, points.device), iteration).repeat(points.shape[0])
        agents, advantages = self._agents(points.repeat_interleave(self.samples, 0)), []
        with torch.no_grad():
            moment = self._begin(agents, key)
            for time in range(self.scene.game.horizon):
                brings, other = (self._future(agents, moment, key, time, *names)[0] for names in (_BRINGS, _OTHER))
                advantages.append(brings - other)
                moment, _ = self._go(agents, moment, key, time, time + 1)
        return key, advantages

    def objective(self, points: Tensor, anchor: tuple[Tensor, list[Tensor]]) -> Tensor:
        """Return numbers ``[C]`` whose derivative, around the anchor, is unbiased for the total derivative."""
        key, advantages = anchor
        agents = self._agents(points.repeat_interleave(self.samples, 0))
        moment, total = self._begin(agents, key), torch.zeros(key.shape, dtype=torch.float64, device=key.device)
        for time, advantage in enumerate(advantages):
            acting = self.scene.game.observe(moment.state)[self.scene.follower].acting & ~moment.over[:, None]
            if bool(acting.any()):
                moves = torch.where(acting, self._future(agents, moment, key, time, *_MOVES)[1], 0.0).sum(-1)
                total = total + self._centred(moves) * advantage / self.temperature
            moment, (paid, _) = self._go(agents, moment, key, time, time + 1)
            total = total + paid
        return total.reshape(-1, self.samples).mean(-1)

    def _centred(self, values: Tensor) -> Tensor:
        """Return ``values`` less the mean of the other samples of the same point: the same in expectation, quieter."""
        each = values.reshape(-1, self.samples)
        return ((each - each.mean(-1, keepdim=True)) * (self.samples / (self.samples - 1))).flatten()

    def draws(self, points: Tensor) -> bool:
        """Whether the followers' agent ever chooses differently under other draws."""
        agents = self._agents(points)
        first, second = (random.fold(random.keys(self.scene.seed, len(points), points.device), draw) for draw in (1, 2))
        moment = self._begin(agents, first)
        for time in range(self.scene.game.horizon):
            acting = self.scene.game.observe(moment.state)[self.scene.follower].acting.any()
            one, other = (self._actions(agents, moment, key, time)[0][self.scene.follower] for key in (first, second))
            if bool(acting) and not torch.equal(one, other):
                return True
            moment, _ = self._go(agents, moment, first, time, time + 1)
        return False

    def _agents(self, points: Tensor) -> dict[str, Any]:
        scene = self.scene
        scene.played += points.shape[0]
        return {**scene.agents, scene.leader: HeldAction(scene.actions(points))}

    def _begin(self, agents: dict[str, Any], key: Tensor) -> _Moment:
        game = self.scene.game
        common = random.keys(self.scene.seed, 1, key.device).expand_as(key)
        memories = {name: agents[name].start(game, role, len(key)) for name, role in game.roles.items()}
        return _Moment(_with_key(game.reset(common), key), memories, torch.zeros_like(key, dtype=torch.bool))

    def _actions(self, agents: dict[str, Any], moment: _Moment, key: Tensor, time: int) -> tuple[dict[str, Any], ...]:
        seen = self.scene.game.observe(moment.state)
        found = {
            name: agents[name].act(seen[name], moment.memories[name], random.fold(random.fold(key, name), time))
            for name in seen
        }
        return {name: act for name, (act, _) in found.items()}, {name: memory for name, (_, memory) in found.items()}

    def _future(
        self, agents: dict[str, Any], moment: _Moment, key: Tensor, at: int, shocks: str, choice: str
    ) -> tuple[Tensor, Tensor]:
        """Return what the leader ``[B]`` and the followers ``[B, N]`` earn from the moment on."""
        branch = replace(moment, state=_with_key(moment.state, random.fold(key, shocks)))
        after, now = self._go(agents, branch, random.fold(key, choice), at, at + 1)
        _, later = self._go(agents, after, random.fold(key, shocks), at + 1, self.scene.game.horizon)
        return now[0] + later[0], now[1] + later[1]

    def _go(
        self, agents: dict[str, Any], moment: _Moment, key: Tensor, start: int, stop: int
    ) -> tuple[_Moment, tuple[Tensor, Tensor]]:
        """Play from ``start`` to ``stop``; return where that leads, and the discounted rewards of both roles."""
        scene = self.scene
        leader = torch.zeros(key.shape, dtype=torch.float64, device=key.device)
        followers = torch.zeros((len(key), scene.role.count), dtype=torch.float64, device=key.device)
        for time in range(start, stop):
            actions, memories = self._actions(agents, moment, key, time)
            step = scene.game.step(moment.state, actions)
            going = ~moment.over * scene.game.discount**time
            leader = leader + step.rewards[scene.leader].mean(-1).double() * going
            followers = followers + step.rewards[scene.follower].double() * going[:, None]
            moment = _Moment(step.state, memories, moment.over | step.terminated | step.truncated)
        return moment, (leader, followers)


def _with_key(state: Any, key: Tensor) -> Any:
    """Return the state with other shocks from here on; the same where nothing in the game is random."""
    return replace(state, key=key) if hasattr(state, "key") else state
