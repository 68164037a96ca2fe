"""Total-derivative gradient play: the published commitment, the linear program, and the derivative itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import econsim
from econsim.errors import UserError
from econsim.learning import Solution
from econsim.solvers.stackelberg_gradient import Parameters, commitments

# Conitzer and Sandholm 2006, figure 1: the best commitment pays 3.5, the only equilibrium 2.
PUBLISHED = {"row": [[2, 4], [1, 3]], "column": [[1, 0], [0, 1]]}


def led(payoffs: dict[str, Any], **settings: Any) -> Solution:
    solver = {"kind": "stackelberg_gradient", "starts": 8, **settings}
    return econsim.solve("normal_form", solver, payoffs=payoffs)


def test_a_leader_who_anticipates_reaches_the_published_commitment() -> None:
    # At a temperature t, the best answer to a logit response lies t / 2 log(4 / t) away from the commitment of 1/2 and
    # pays that much less: 0.0041 at 1e-3.
    solution = led(PUBLISHED)
    assert solution.residuals["leader_payoff"] == pytest.approx(3.5, abs=0.005)
    assert solution.residuals["leader_payoff"] < 3.5
    assert solution.profiles[0].strategies["row"] == pytest.approx((0.5, 0.5), abs=0.005)
    assert solution.residuals["follower_gain"] == 0.0
    assert led(PUBLISHED, anticipates=False).residuals["leader_payoff"] == pytest.approx(2.0, abs=1e-6)


def test_the_other_player_can_lead() -> None:
    swapped = {"row": np.transpose(PUBLISHED["column"]).tolist(), "column": np.transpose(PUBLISHED["row"]).tolist()}
    assert led(swapped, leader="column").residuals["leader_payoff"] == pytest.approx(3.5, abs=0.005)
    with pytest.raises(UserError, match="no player is called 'left'"):
        led(swapped, leader="left")


def test_a_random_game_is_led_as_by_the_linear_program() -> None:
    law = {"options": 4, "seed": 1}
    program = econsim.solve("normal_form", "strong_stackelberg", random=law)
    found = econsim.solve("normal_form", {"kind": "stackelberg_gradient", "starts": 4}, random=law)
    assert found.residuals["leader_payoff"] == pytest.approx(program.residuals["leader_payoff"], abs=1e-6)


def test_the_step_is_the_total_derivative_of_the_payoff_against_the_logit_response() -> None:
    # With a final temperature of 1 it is 1 in all steps. The second step starts from the logit response to the start.
    own, other = torch.from_numpy(np.random.default_rng(3).random((2, 3, 4)))
    settings = {"starts": 1, "temperature": 1.0, "step": 1e-6, "follower_step": 1.0}
    before, after = (commitments(own, other, Parameters(iterations=steps, **settings))[0][0] for steps in (1, 2))
    mix = before.clone().requires_grad_()
    (mix @ own @ (mix @ other).softmax(-1)).backward()  # type: ignore[no-untyped-call]
    assert mix.grad is not None
    moved = after.log() - before.log()
    assert (moved - moved.mean()).tolist() == pytest.approx(((mix.grad - mix.grad.mean()) * 1e-6).tolist(), rel=1e-3)


def test_a_leader_who_is_stopped_says_so() -> None:
    stopped = econsim.solve("normal_form", "stackelberg_gradient", time_limit=0.0, payoffs=PUBLISHED)
    assert stopped.notes[-1] == "Stopped after 50 of 2,000 steps."
