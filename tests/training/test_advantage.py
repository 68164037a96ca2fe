from __future__ import annotations

import pytest
import torch
from torch import Tensor

from econsim.rl.advantages import advantages

GAMMA, LAMBDA = 0.9, 0.5


def column(*values: float) -> Tensor:
    """Return one copy with one player over time, ``[T, 1, 1]``."""
    return torch.tensor(values, dtype=torch.float32).view(-1, 1, 1)


def flags(*values: int) -> Tensor:
    return torch.tensor(values, dtype=torch.bool)


def estimate(
    reward: Tensor, value: Tensor, acting: Tensor, terminated: Tensor, cut: Tensor, value_at_cut: Tensor, weight: float
) -> tuple[list[float], list[float]]:
    found = advantages(
        reward, value, acting.view(-1, 1, 1), terminated.view(-1, 1), cut.view(-1, 1), value_at_cut, GAMMA, weight
    )
    return found[0].flatten().tolist(), found[1].flatten().tolist()


def close(found: list[float], truth: list[float]) -> None:
    # float32 arithmetic on numbers of order one.
    assert found == pytest.approx(truth, abs=1e-5)


def test_it_is_the_sum_that_one_writes_down_by_hand() -> None:
    advantage, target = estimate(
        column(1, 2, 3), column(0.5, 1.0, 1.5), flags(1, 1, 1), flags(0, 0, 1), flags(0, 0, 0), column(0, 0, 0), LAMBDA
    )
    error_2 = 3 - 1.5
    error_1 = 2 + GAMMA * 1.5 - 1.0
    error_0 = 1 + GAMMA * 1.0 - 0.5
    decay = GAMMA * LAMBDA
    truth = [error_0 + decay * (error_1 + decay * error_2), error_1 + decay * error_2, error_2]
    close(advantage, truth)
    close(target, [truth[0] + 0.5, truth[1] + 1.0, truth[2] + 1.5])


def test_a_truncated_end_has_a_future_and_a_terminated_one_has_none() -> None:
    reward, value, acting = column(1, 1), column(0, 0), flags(1, 1)
    worth = column(0, 10)
    terminated, _ = estimate(reward, value, acting, flags(0, 1), flags(0, 0), worth, 1.0)
    truncated, _ = estimate(reward, value, acting, flags(0, 0), flags(0, 1), worth, 1.0)
    close(terminated, [1 + GAMMA, 1])
    close(truncated, [1 + GAMMA * (1 + GAMMA * 10), 1 + GAMMA * 10])


def test_nothing_is_carried_from_one_episode_to_the_one_before() -> None:
    advantage, _ = estimate(
        column(1, 5, 7), column(0, 0, 0), flags(1, 1, 1), flags(1, 0, 1), flags(0, 0, 0), column(0, 0, 0), 1.0
    )
    close(advantage, [1, 5 + GAMMA * 7, 7])
    after_cut, _ = estimate(
        column(1, 5, 7), column(0, 0, 0), flags(1, 1, 1), flags(0, 0, 1), flags(1, 0, 0), column(2, 0, 0), 1.0
    )
    close(after_cut, [1 + GAMMA * 2, 5 + GAMMA * 7, 7])


def test_a_leader_is_credited_with_all_that_happens_until_it_acts_again() -> None:
    # It acts at 0 and 3; the value of the steps between, here absurd, must not matter to it.
    advantage, _ = estimate(
        column(1, 2, 3, 4),
        column(0.5, 99, -99, 2),
        flags(1, 0, 0, 1),
        flags(0, 0, 0, 1),
        flags(0, 0, 0, 0),
        column(0, 0, 0, 0),
        LAMBDA,
    )
    second = 4 - 2
    between = 1 + GAMMA * 2 + GAMMA**2 * 3
    first = between + GAMMA**3 * 2 - 0.5 + LAMBDA * GAMMA**3 * second
    close([advantage[0], advantage[3]], [first, second])
