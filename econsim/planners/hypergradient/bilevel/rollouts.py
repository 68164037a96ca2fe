"""The leader's total derivative estimated from rollouts, for followers whose choice values are not known.

Followers are assumed to be soft-optimal, ``d log pi = (dQ - dV) / temperature``, as entropy-regularised learners are
when they have converged. ``dQ`` is the derivative, at fixed choices, of a follower's remaining return, computed through
the steps of the game. Since the leader's advantage is zero on average, ``dV`` cancels in ``E[A dlog pi]``.

From every step of a rollout, three continuations are played with independent shocks. Two follow the same choices: one
gives the leader's return after these choices, the other the derivative of their value with respect to the leader's
action. The third follows other choices and serves as a baseline. Using one continuation for both purposes would bias
the estimate by the covariance that common shocks induce. The cost grows with the square of the horizon.

The state must depend smoothly on the leader's action, or not at all. The derivative of random draws whose probabilities
depend on the leader's action is not captured here (``soft_response`` captures it for tabular games).
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


# The three continuations, by their shocks and their choice: two share the choice, and all have different shocks.
_BRINGS = ("brings", "choice")
_MOVES = ("moves", "choice")
_OTHER = ("other", "other choice")


@dataclass(frozen=True)
class _Moment:
    """A game in the middle of an episode: state, agents' memories, and whether the episode is over ``[B]``."""

    state: Any
    memories: dict[str, Any]
    over: Tensor


class Rollouts(FollowerModel):
    """Followers play like their agent, which must be stochastic; ``samples`` rollouts per point."""

    def __init__(self, scene: LeaderObjective, temperature: float, samples: int) -> None:
        super().__init__(scene)
        self.temperature, self.samples = temperature, samples

    def anchor(self, points: Tensor, iteration: int) -> tuple[Tensor, list[Tensor]]:
        """Return the keys of all samples, and the leader's advantage ``[C * samples]`` at every step."""
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
        """Return values ``[C]`` whose derivative at the anchor is an unbiased estimate of the total derivative."""
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
        """Return ``values`` minus the mean of the other samples of the same point, which reduces the variance."""
        by_point = values.reshape(-1, self.samples)
        return ((by_point - by_point.mean(-1, keepdim=True)) * (self.samples / (self.samples - 1))).flatten()

    def draws(self, points: Tensor) -> bool:
        """Return whether the actions of the followers' agent depend on its random draws."""
        agents = self._agents(points)
        first, second = (random.fold(random.keys(self.scene.seed, len(points), points.device), draw) for draw in (1, 2))
        moment = self._begin(agents, first)
        for time in range(self.scene.game.horizon):
            acting = self.scene.game.observe(moment.state)[self.scene.follower].acting.any()
            actions = [self._actions(agents, moment, key, time)[0][self.scene.follower] for key in (first, second)]
            if bool(acting) and not torch.equal(*actions):
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
        results = {
            name: agents[name].act(seen[name], moment.memories[name], random.fold(random.fold(key, name), time))
            for name in seen
        }
        actions = {name: action for name, (action, _) in results.items()}
        return actions, {name: memory for name, (_, memory) in results.items()}

    def _future(
        self, agents: dict[str, Any], moment: _Moment, key: Tensor, at: int, shocks: str, choice: str
    ) -> tuple[Tensor, Tensor]:
        """Return the leader's ``[B]`` and the followers' ``[B, N]`` returns from the given step on."""
        branch = replace(moment, state=_with_key(moment.state, random.fold(key, shocks)))
        after, now = self._go(agents, branch, random.fold(key, choice), at, at + 1)
        _, later = self._go(agents, after, random.fold(key, shocks), at + 1, self.scene.game.horizon)
        return now[0] + later[0], now[1] + later[1]

    def _go(
        self, agents: dict[str, Any], moment: _Moment, key: Tensor, start: int, stop: int
    ) -> tuple[_Moment, tuple[Tensor, Tensor]]:
        """Play from step ``start`` to ``stop``; return the state reached and the discounted rewards of both roles."""
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
    """Return the state with the key of its future shocks replaced; unchanged if the game has no shocks."""
    return replace(state, key=key) if hasattr(state, "key") else state
