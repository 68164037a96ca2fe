"""Exact returns of stationary strategies, differentiable and for many profiles at once.

A stationary strategy ``[S, A_p]`` depends on the state only. A repeated game with its discount can be played for its
own number of periods, or forever. Forever, the values ``v`` of the states under a profile satisfy ``v = r + d P v``,
with the expected payoffs ``r``, the transitions ``P`` and the discount ``d``, so that ``v = (I - d P)^-1 r``. A game of
one round is a game with one state and one period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Enumerable, Game
from econsim.markov import MarkovForm, MarkovGame
from econsim.solvers._fitting import not_fitting

FOREVER = "any policy of the game that is repeated forever, which may depend on all earlier states and actions"
POLICY_ITERATION = "policy iteration"
_MOST_SWEEPS = 1_000


@dataclass(frozen=True)
class StationaryGame:
    """A finite game whose strategies are the same in all periods; all tensors float64.

    Attributes:
        rewards: ``[H, P, S, A_1, ..., A_P]``; one period if it is repeated forever.
        transitions: ``[H, S, A_1, ..., A_P, S]``.
        start: ``[S]``, the probability of each first state.
        discount: the weight of a payoff relative to a payoff one period earlier.
        forever: whether the first period is repeated forever.
    """

    rewards: Tensor
    transitions: Tensor
    start: Tensor
    discount: float
    forever: bool

    @property
    def options(self) -> Sequence[int]:
        """The number of options of each player."""
        return tuple(self.rewards.shape[3:])

    @property
    def periods(self) -> float:
        """The sum of the weights of all periods; returns over it are payoffs per period."""
        if self.forever:
            return 1 / (1 - self.discount)
        return sum(self.discount**period for period in range(len(self.rewards)))

    def returns(self, profile: Sequence[Tensor]) -> Tensor:
        """Return the expected returns ``[B, P]`` of ``B`` profiles of strategies ``[B, S, A_p]``."""
        joint = _joint(profile)  # [B, S, K]
        paid = torch.einsum("bsk,hpsk->hbsp", joint, self.rewards.flatten(3))
        moves = torch.einsum("bsk,hskz->hbsz", joint, self.transitions.flatten(2, -2))
        return torch.einsum("s,bsp->bp", self.start, self._values(paid, moves))

    def gains(self, profile: Sequence[Tensor]) -> Tensor:
        """Return each player's largest gain from deviating alone to any policy, ``[B, P]``."""
        best = [self._best_value(profile, player) for player in range(len(profile))]
        return (torch.stack(best, -1) - self.returns(profile)).clamp(min=0.0)

    def _values(self, paid: Tensor, moves: Tensor) -> Tensor:
        """Return values ``[B, S, P]`` of the first period, from payoffs ``[H, B, S, P]`` and moves ``[H, B, S, S]``."""
        if self.forever:
            identity = torch.eye(len(self.start), dtype=torch.float64)
            values: Tensor = torch.linalg.solve(identity - self.discount * moves[0], paid[0])
            return values
        later = torch.zeros_like(paid[0])
        for now, move in zip(reversed(paid.unbind()), reversed(moves.unbind()), strict=True):
            later = now + self.discount * move @ later
        return later

    def _best_value(self, profile: Sequence[Tensor], player: int) -> Tensor:
        """Return the value ``[B]`` of a player's best policy, by backward induction or by policy iteration."""
        others = _joint([strategy for number, strategy in enumerate(profile) if number != player], profile[player])
        rewards = self.rewards[:, player].movedim(2 + player, 2).flatten(3)  # [H, S, A, R]
        transitions = self.transitions.movedim(2 + player, 2).flatten(3, -2)  # [H, S, A, R, S]
        paid = torch.einsum("bsr,hsar->hbsa", others, rewards)
        moves = torch.einsum("bsr,hsarz->hbsaz", others, transitions)
        if self.forever:
            return self._policy_iteration(paid[0], moves[0]) @ self.start
        later = torch.zeros_like(paid[0, ..., 0])
        for now, move in zip(reversed(paid.unbind()), reversed(moves.unbind()), strict=True):
            later = (now + self.discount * torch.einsum("bsaz,bz->bsa", move, later)).amax(-1)
        return later @ self.start

    def _policy_iteration(self, paid: Tensor, moves: Tensor) -> Tensor:
        """Return the values ``[B, S]`` of the best policies, from payoffs ``[B, S, A]`` and moves ``[B, S, A, S]``."""
        policy = paid.argmax(-1)
        for _ in range(_MOST_SWEEPS):
            now = paid.gather(-1, policy[..., None])
            move = moves.gather(2, policy[..., None, None].expand(*policy.shape, 1, moves.shape[-1]))[:, :, 0]
            values = self._values(now[None], move[None])[..., 0]
            options = paid + self.discount * torch.einsum("bsaz,bz->bsa", moves, values)
            better = options.amax(-1) > values + 1e-12 * (1 + values.abs())
            if not better.any():
                break
            policy = torch.where(better, options.argmax(-1), policy)
        return values


def stationary_game(game: Game[Any], solver: str, forever: bool) -> StationaryGame:
    """Return the exact view of a game with stationary strategies.

    Raises:
        UserError: the game has neither payoffs that can be enumerated nor finite states, or it cannot be repeated
            forever, since its discount is 1 or its periods differ.
    """
    if isinstance(game, MarkovGame):
        form = game.to("cpu").markov_form()  # type: ignore[attr-defined]
    elif isinstance(game, Enumerable):
        payoffs = game.payoff_tensor().cpu()[None, :, None]
        form = MarkovForm(
            payoffs, torch.ones((1, 1, *payoffs.shape[3:], 1), dtype=torch.float64), torch.ones(1).double()
        )
    else:
        raise not_fitting(solver, "enumerable payoffs or a finite Markov game", game)
    periods = len(form.rewards)
    if forever and form.discount >= 1:
        raise UserError(f"{solver}: a game that is repeated forever needs a discount below 1; set game.discount=0.96")
    if forever and not all(torch.equal(table[0].expand_as(table), table) for table in (form.rewards, form.transitions)):
        raise UserError(f"{solver}: the periods of the game differ, so that it cannot be repeated forever")
    kept = slice(0, 1 if forever else periods)
    return StationaryGame(form.rewards[kept], form.transitions[kept], form.start, form.discount, forever)


def _joint(profile: Sequence[Tensor], like: Tensor | None = None) -> Tensor:
    """Return the probability of every profile of options, ``[B, S, K]``; all ones for no players."""
    joint = torch.ones_like((profile[0] if like is None else like)[..., :1])
    for strategy in profile:
        joint = (joint[..., None] * strategy[..., None, :]).flatten(-2)
    return joint
