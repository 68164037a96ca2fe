"""A leader who fines cells of the four rooms: exact gradients through a softly optimal player, beside the published.

The published problem (Thoma et al. 2024 and their configurations): a player walks from one cell to one of two goals,
and a move slips with probability 0.44: the code of the publication names 0.33, but the transition matrix from which it
computes policies and values spreads 4/3 of that over the three other directions. A leader spreads a fine of 0.2 a step
over the cells by a softmax, of which one share is not used. It gains 1 whenever the player is at the target, and pays
``c`` times the fines in use when the player arrives. Values are exact, discounted by 0.99, without limit of time.

Methods: the total derivative (``soft_gradient``) from random starts, as published, and also from the two best of all
starts that put almost the whole fine on one cell; and a zero-order ascent from the random starts, with two evaluations
a step. Published figures are means of ten seeds: sampled gradients (HPGD), adaptive model design (AMD), zero-order.

Run: ``python benchmarks/four_rooms_incentives.py``; a quarter of an hour of one core.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import mean

import torch
from _record import record
from torch import Tensor

from econsim import random
from econsim.games import _grid as grid
from econsim.games.four_rooms import MAP
from econsim.planners.hypergradient.bilevel.soft_response import SoftProcess, soft_gradient

FINE, SLIP, DISCOUNT = 0.2, 0.33 * 4 / 3, 0.99
START, TARGET, GOALS = (4, 1), (8, 4), ((1, 9), (11, 11))
STEPS, SEEDS, RATE = 400, 3, 0.3
WIDTH = 0.1  # of the random steps of the zero-order ascent
CONCENTRATED = 8.0  # logit of the cell that a start of the second kind fines
PUBLISHED = {  # temperature, c: HPGD, AMD, zero-order
    (0.001, 1): (0.91, 0.58, 0.59),
    (0.001, 3): (0.51, 0.51, 0.50),
    (0.001, 5): (0.46, 0.46, 0.46),
    (0.003, 1): (0.95, 1.00, 0.91),
    (0.003, 3): (0.73, 0.39, 0.40),
    (0.003, 5): (0.29, 0.32, 0.32),
    (0.005, 1): (1.17, 1.28, 1.15),
    (0.005, 3): (1.01, 1.13, 1.02),
    (0.005, 5): (0.87, 0.97, 0.79),
}


def fined_rooms(temperature: float, cost: float) -> SoftProcess:
    """Return the decision process: states are free cells, once for each goal; ``x`` are logits ``[cells + 1]``."""
    rows = grid.rows_of(MAP)
    height, width, walls = len(rows), len(rows[0]), grid.cells_with(rows, "#")
    free = (~walls).nonzero()[:, 0]
    number = {int(cell): index for index, cell in enumerate(free)}
    neighbours = grid.neighbours(height, width, torus=False, walls=walls)
    following = torch.tensor([[number[int(cell)] for cell in ways] for ways in neighbours[:, free].T])  # [cells, 4]
    turns = torch.full((4, 4), SLIP / 3, dtype=torch.float64).fill_diagonal_(1.0 - SLIP)
    cells, goals = len(free), [number[row * width + column] for row, column in GOALS]
    step = torch.einsum("aj,sjt->sat", turns, torch.nn.functional.one_hot(following, cells).double())
    transition, first = torch.zeros(2 * cells, 4, 2 * cells, dtype=torch.float64), torch.zeros(2 * cells)
    over, target = torch.zeros(2 * cells, dtype=torch.bool), torch.zeros(2 * cells)
    for index, goal in enumerate(goals):
        block = slice(index * cells, (index + 1) * cells)
        transition[block, :, block] = step
        over[block.start + goal] = True
        first[block.start + number[START[0] * width + START[1]]] = 1 / len(goals)
        target[block.start + number[TARGET[0] * width + TARGET[1]]] = 1
    transition[over] = 0.0  # an episode ends at the goal

    def fines(logits: Tensor) -> Tensor:
        return FINE * logits.softmax(-1)[:-1]

    def reward(logits: Tensor) -> Tensor:
        return torch.where(over, 1.0, -fines(logits).repeat(len(goals)))[:, None].expand(-1, 4)

    def aim(logits: Tensor) -> Tensor:
        return (target.double() - cost * over * fines(logits).sum())[:, None].expand(-1, 4)

    return SoftProcess(reward, aim, lambda logits: transition, first.double(), DISCOUNT, temperature)


def random_start(process: SoftProcess, seed: int) -> Tensor:
    """Return standard normal logits, as published."""
    return random.normal(random.keys(seed, 1), 0, "start", (len(process.first) // 2 + 1,), torch.float64)[0]


def concentrated_starts(process: SoftProcess, count: int) -> list[Tensor]:
    """Return the best of all starts that put almost the whole fine on one cell, or on none."""
    starts = CONCENTRATED * torch.eye(len(process.first) // 2 + 1, dtype=torch.float64)
    values = torch.stack([soft_gradient(process, start)[0] for start in starts])
    return list(starts[values.topk(count).indices])


def total_derivative(process: SoftProcess) -> Callable[[Tensor, int], Tensor]:
    """Return the exact ascent direction at a point, in any step."""
    return lambda point, step: soft_gradient(process, point)[1]


def zero_order(process: SoftProcess, seed: int) -> Callable[[Tensor, int], Tensor]:
    """Return a symmetric difference along one random direction, which costs two evaluations."""
    key = random.keys(seed, 1)

    def direction(point: Tensor, step: int) -> Tensor:
        move = random.normal(key, step, "direction", (len(point),), torch.float64)[0]
        up, down = (soft_gradient(process, point + sign * WIDTH * move)[0] for sign in (1, -1))
        return (up - down) / (2 * WIDTH) * move

    return direction


def ascended(
    process: SoftProcess, start: Tensor, direction: Callable[[Tensor, int], Tensor], steps: int, rate: float
) -> float:
    """Return the exact value at the end of an ascent by Adam."""
    point = start.clone().requires_grad_()
    optimiser = torch.optim.Adam([point], rate)
    for step in range(steps):
        point.grad = -direction(point.detach(), step)
        optimiser.step()
    return float(soft_gradient(process, point.detach())[0])


def row(temperature: float, cost: float, steps: int = STEPS, seeds: int = SEEDS) -> dict[str, float]:
    """Return the values of all methods for one temperature and one cost."""
    process = fined_rooms(temperature, cost)
    starts = [random_start(process, seed) for seed in range(seeds)]
    exact = [ascended(process, start, total_derivative(process), steps, RATE) for start in starts]
    searched = [
        ascended(process, start, total_derivative(process), steps, RATE) for start in concentrated_starts(process, 2)
    ]
    sampled = [ascended(process, start, zero_order(process, seed), steps, RATE) for seed, start in enumerate(starts)]
    return {
        "total_derivative": mean(exact),
        "total_derivative_from_best_starts": max(*searched, *exact),
        "zero_order": mean(sampled),
    }


def main() -> None:
    """Compute all rows and write the result."""
    torch.set_num_threads(1)
    rows = []
    for (temperature, cost), (hpgd, amd, zero) in PUBLISHED.items():
        found = {name: round(value, 3) for name, value in row(temperature, cost).items()}
        published = {"published_hpgd": hpgd, "published_amd": amd, "published_zero_order": zero}
        rows.append({"temperature": temperature, "cost": cost, **found, **published})
        print(rows[-1], flush=True)
    record("four_rooms_incentives", {"steps": STEPS, "seeds": SEEDS, "rows": rows})


if __name__ == "__main__":
    main()
