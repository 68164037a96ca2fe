"""Past actions of players, stored as tensors so that a rollout can reset them in environment copies that ended."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.game import Box, Game, Role, tensors
from econsim.text import Action

__all__ = ["History"]


@tensors
class History:
    """The last actions of each player, flattened and newest last, their number, and the step of the episode."""

    actions: Tensor  # [B, N, H, D] float64
    count: Tensor  # [B, N] int64
    step: Tensor  # [B] int64, from 1; 0 before the first

    @classmethod
    def empty(cls, game: Game[object], role: Role, num_envs: int, kept: int) -> History:
        """Return an empty history with room for ``kept`` actions per player, but at least one."""
        size = role.action.size if isinstance(role.action, Box) else max(1, *role.action.shape, 1)
        shape = (num_envs, role.count, max(1, min(kept, game.horizon)), size)
        actions = torch.zeros(shape, dtype=torch.float64, device=game.device)
        counts = torch.zeros(shape[:2], dtype=torch.int64, device=game.device)
        return cls(actions, counts, counts.new_zeros(num_envs))

    def in_next_step(self) -> History:
        """Return the same history one step later."""
        return History(self.actions, self.count, self.step + 1)

    @property
    def latest(self) -> Tensor:
        """The newest actions ``[B, N, D]``; zero for players who have not acted."""
        return self.actions[:, :, -1]

    def of(self, players: Tensor) -> list[list[Action]]:
        """Return the actions of the selected ``players`` ``[B, N]`` (bool), oldest first."""
        kept = self.actions.shape[2]
        counts = self.count[players].clamp(max=kept).tolist()
        return [
            [tuple(action) for action in actions[kept - count :]]
            for actions, count in zip(self.actions[players].tolist(), counts, strict=True)
        ]

    def with_actions(self, actions: Tensor, players: Tensor) -> History:
        """Return the history after ``actions`` ``[B, N, D]`` of the selected ``players`` ``[B, N]`` (bool)."""
        longer = torch.cat([self.actions[:, :, 1:], actions[:, :, None]], 2)
        return History(torch.where(players[..., None, None], longer, self.actions), self.count + players, self.step)
