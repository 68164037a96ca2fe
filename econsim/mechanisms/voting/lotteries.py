"""The maximal lottery: candidates drawn with chances that no other lottery beats."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.errors import EconsimError
from econsim.mechanisms.voting.pairwise import margins

# Entries of the tableau are of order one, and pivots of small games lose some digits of sixteen.
_ZERO = 1e-11
_MOST_PIVOTS = 200


def maximal_lottery(ballots: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the von Neumann winner of a profile, chances ``[B, C]``: see :func:`unbeaten`."""
    return unbeaten(margins(ballots, weights))


def unbeaten(margin: Tensor) -> Tensor:
    """Return a lottery ``p`` ``[B, C]`` with ``p' M >= 0`` for margins ``M`` ``[B, C, C]`` (skew-symmetric).

    Against any other lottery ``q`` at least as many voters prefer its draw: ``p' M q >= 0`` (Kreweras 1965, Fishburn
    1984). It is an optimal strategy of the zero-sum game ``M``, found by the simplex method with Bland's rule, all
    copies at once, exact to rounding. With an odd number of strict rankings it is the only one (Laffond, Laslier and Le
    Breton 1997); else it is one corner of the set of all, which depends on the candidates' order.

    Raises:
        EconsimError: rounding keeps the method from ending; not seen below some hundred candidates.
    """
    copies, size = margin.shape[0], margin.shape[-1]
    scale = margin.abs().amax((-2, -1), keepdim=True)
    # The best mixture y of columns of a game with positive entries: maximise its sum subject to (M + 2) y <= 1.
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
    raise EconsimError(f"maximal lottery: no solution after {_MOST_PIVOTS * size} pivots")


def _pivot(table: Tensor, basis: Tensor, improving: Tensor) -> tuple[Tensor, Tensor]:
    """Let the first improving variable enter and of those that leave first the one of least index (Bland 1977)."""
    going = improving.any(-1)
    copy = torch.arange(len(table), device=table.device)
    enters = improving.to(torch.int8).argmax(-1)
    column = table[copy, :, enters]
    blocks = column[:, :-1] > _ZERO
    room = torch.where(blocks, table[:, :-1, -1] / torch.where(blocks, column[:, :-1], 1.0), torch.inf)
    least = room <= room.amin(-1, keepdim=True) + _ZERO
    leaves = torch.where(least, basis, table.shape[-1]).argmin(-1)
    line = table[copy, leaves] / column[copy, leaves][:, None]
    after = table - column[..., None] * line[:, None]
    after[copy, leaves] = line
    swapped = basis.scatter(1, leaves[:, None], enters[:, None])
    return torch.where(going[:, None, None], after, table), torch.where(going[:, None], swapped, basis)


def _strategy(table: Tensor, basis: Tensor) -> Tensor:
    size = basis.shape[-1]
    solution = torch.zeros((len(table), 2 * size), dtype=table.dtype, device=table.device)
    mixture = solution.scatter(1, basis, table[:, :-1, -1])[:, :size].clamp(min=0.0)
    return mixture / mixture.sum(-1, keepdim=True)
