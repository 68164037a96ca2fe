"""Memories of players as tensors, so that checkpoints hold them and a rollout can reset those of copies that ended."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from econsim.agents.llm.memory.scoring import Moment
from econsim.game import tensors

__all__ = ["Moments"]


@tensors
class Moments:
    """The last memories of each player, newest last, and its last turn.

    Every text is kept as UTF-8 bytes, followed by zeros. ``count``: the number of all memories of a player. ``turns``:
    the number of its turns. ``turn``: the step of the last one, 0 before the first. ``seen``: the numbers that it then
    observed.
    """

    text: Tensor  # [B, N, M, L] uint8
    step: Tensor  # [B, N, M] int64
    used: Tensor  # [B, N, M] int64
    importance: Tensor  # [B, N, M] float64
    concludes: Tensor  # [B, N, M] bool
    count: Tensor  # [B, N] int64
    turns: Tensor  # [B, N] int64
    turn: Tensor  # [B, N] int64
    seen: Tensor  # [B, N, S] float64

    @classmethod
    def empty(cls, players: tuple[int, int], kept: int, longest: int, seen: int, device: torch.device) -> Moments:
        """Return empty memories.

        Args:
            players: the numbers of environment copies ``B`` and of players ``N``.
            kept: the largest number of memories ``M``.
            longest: the largest number of bytes of a text ``L``.
            seen: the number of observed numbers ``S``.
            device: where the tensors are.
        """
        steps = torch.zeros((*players, kept), dtype=torch.int64, device=device)
        none = steps.new_zeros(players)
        return cls(
            torch.zeros((*players, kept, longest), dtype=torch.uint8, device=device),
            steps, steps, steps.double(), steps.bool(), none, none, none,
            torch.zeros((*players, seen), dtype=torch.float64, device=device),
        )  # fmt: skip

    def of(self, players: Sequence[tuple[int, int]]) -> list[list[Moment]]:
        """Return the memories of some players, given by copy and index, the oldest first."""
        copies, numbers = _index(players)
        columns = (self.step, self.importance, self.used, self.concludes)
        step, importance, used, concludes = (column[copies, numbers].tolist() for column in columns)
        texts = self.text[copies, numbers].cpu().numpy()
        kept = self.text.shape[2]
        counts = self.count[copies, numbers].clamp(max=kept).tolist()
        return [
            [
                Moment(at, texts[row, place].tobytes().rstrip(b"\0").decode(), weight, last, is_conclusion)
                for place, (at, weight, last, is_conclusion) in enumerate(zip(*fields, strict=True))
                if place >= kept - counts[row]
            ]
            for row, fields in enumerate(zip(step, importance, used, concludes, strict=True))
        ]

    def with_moments(self, players: Sequence[tuple[int, int]], added: Sequence[Moment]) -> Moments:
        """Return the memories with one more of each of some players, whose oldest one is forgotten if need be."""
        if not players:
            return self
        copies, numbers = _index(players)
        values = {
            "text": torch.stack([_packed(moment.text, self.text.shape[3]) for moment in added]),
            "step": torch.tensor([moment.step for moment in added]),
            "used": torch.tensor([moment.used for moment in added]),
            "importance": torch.tensor([moment.importance for moment in added], dtype=torch.float64),
            "concludes": torch.tensor([moment.concludes for moment in added]),
        }
        changed = {}
        for name, value in values.items():
            column = getattr(self, name).clone()
            longer = torch.cat([column[copies, numbers][:, 1:], value.to(column.device)[:, None]], 1)
            column[copies, numbers] = longer
            changed[name] = column
        count = self.count.clone()
        count[copies, numbers] += 1
        return Moments(**{**vars(self), **changed, "count": count})

    def with_use(
        self, players: Sequence[tuple[int, int]], places: Sequence[Sequence[int]], now: Sequence[int]
    ) -> Moments:
        """Return the memories after those at ``places`` in the lists of :meth:`of` were used in the steps ``now``."""
        used, kept = self.used.clone(), self.text.shape[2]
        for (copy, player), indices, step in zip(players, places, now, strict=True):
            first = kept - min(int(self.count[copy, player]), kept)
            used[copy, player, [first + index for index in indices]] = step
        return Moments(**{**vars(self), "used": used})

    def emptied(self, players: Tensor) -> Moments:
        """Return the memories after those of ``players`` ``[B, N]`` (bool) were forgotten."""
        counted = {name: getattr(self, name).masked_fill(players, 0) for name in ("count", "turns", "turn")}
        return Moments(**{**vars(self), **counted})

    def with_turn(self, players: Tensor, seen: Tensor, step: Tensor) -> Moments:
        """Return the memories after a turn of ``players`` ``[B, N]`` (bool).

        Args:
            players: who acts.
            seen: ``[P, S]``, what they observe, in the order of copies and players.
            step: ``[B]``, the current step.
        """
        numbers = self.seen.clone()
        numbers[players] = seen.to(numbers)
        turn = torch.where(players, step[:, None], self.turn)
        return Moments(**{**vars(self), "turns": self.turns + players, "turn": turn, "seen": numbers})


def _index(players: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [copy for copy, _ in players], [player for _, player in players]


def _packed(text: str, longest: int) -> Tensor:
    """Return the UTF-8 bytes of a text, of which whole characters are kept, followed by zeros."""
    whole = text.encode("utf-8", "replace")[:longest].decode("utf-8", "ignore").encode()
    return torch.frombuffer(bytearray(whole.ljust(longest, b"\0")), dtype=torch.uint8)
