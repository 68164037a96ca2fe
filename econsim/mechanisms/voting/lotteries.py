"""Maximal lotteries: probabilities over candidates that no other lottery beats."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.errors import EconsimError
from econsim.mechanisms.voting.pairwise import margins

# Entries of the tableau are of order one; pivoting in small games loses a few of sixteen digits.
_ZERO = 1e-11
_MOST_PIVOTS = 200


def maximal_lottery(ballots: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the von Neumann winner of a profile, probabilities ``[B, C]``; see :func:`unbeaten`."""
    return unbeaten(margins(ballots, weights))


def unbeaten(margin: Tensor) -> Tensor:
    """Return a lottery ``p`` ``[B, C]`` with ``p' M >= 0`` for margins ``M`` ``[B, C, C]`` (skew-symmetric).

    Compared with any other lottery ``q``, at least as many voters prefer a candidate drawn from ``p``, in expectation:
    ``p' M q >= 0`` (Kreweras 1965, Fishburn 1984). The lottery is an optimal strategy of the zero-sum game ``M``, found
    with the simplex method and Bland's rule for the whole batch at once, exact up to rounding. With an odd number of
    strict rankings it is unique (Laffond, Laslier and Le Breton 1997); otherwise it is one vertex of the set of
    solutions, which depends on the candidates' order.

    Raises:
        EconsimError: the method does not terminate because of rounding; not observed with less than 100 candidates.
    """
    copies, size = margin.shape[0], margin.shape[-1]
    scale = margin.abs().amax((-2, -1), keepdim=True)
    # The optimal mix y of columns of a game with positive entries: maximise sum(y) subject to (M + 2) y <= 1, y >= 0.
    game = margin.double() / torch.where(scale > 0, scale, 1.0).double() + 2.0
    slack = torch.eye(size, dtype=game.dtype, device=game.device).expand(copies, -1, -1)
    rows = torch.cat([game, slack, torch.ones_like(game[..., :1])], -1)
    aim = torch.cat(
        [-torch.ones_like(game[:, :1]), torch.zeros_like(game[:, :1]), torch.zeros_like(rows[:, :1, :1])], -1
    )
    table = torch.cat([rows, aim], 1)
    basis = torch.arange(size, 2 * size, device=game.device).repeat(copies, 1)
    for _ in range(_MOST_PIVOTS * size):
        improving = table[:, -1, :-1] < -_ZERO
        if not bool(improving.any()):
            return _strategy(table, basis)
        table, basis = _pivot(table, basis, improving)
    raise EconsimError(f"maximal lottery: the simplex method did not terminate within {_MOST_PIVOTS * size} pivots")


def _pivot(table: Tensor, basis: Tensor, improving: Tensor) -> tuple[Tensor, Tensor]:
    """Pivot by Bland's rule (1977): the first improving variable enters, the blocking one of least index leaves."""
    unfinished = improving.any(-1)
    batch = torch.arange(len(table), device=table.device)
    enters = improving.to(torch.int8).argmax(-1)
    column = table[batch, :, enters]
    blocks = column[:, :-1] > _ZERO
    room = torch.where(blocks, table[:, :-1, -1] / torch.where(blocks, column[:, :-1], 1.0), torch.inf)
    least = room <= room.amin(-1, keepdim=True) + _ZERO
    leaves = torch.where(least, basis, table.shape[-1]).argmin(-1)
    line = table[batch, leaves] / column[batch, leaves][:, None]
    after = table - column[..., None] * line[:, None]
    after[batch, leaves] = line
    swapped = basis.scatter(1, leaves[:, None], enters[:, None])
    return torch.where(unfinished[:, None, None], after, table), torch.where(unfinished[:, None], swapped, basis)


def _strategy(table: Tensor, basis: Tensor) -> Tensor:
    size = basis.shape[-1]
    solution = torch.zeros((len(table), 2 * size), dtype=table.dtype, device=table.device)
    mixture = solution.scatter(1, basis, table[:, :-1, -1])[:, :size].clamp(min=0.0)
    return mixture / mixture.sum(-1, keepdim=True)
