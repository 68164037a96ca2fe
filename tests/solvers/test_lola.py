"""Opponent-learning awareness: published payoffs of the prisoner's dilemma without end, and exact returns and gains."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import econsim
from econsim.errors import UserError
from econsim.expected_play import certificate_of
from econsim.markov import MarkovForm, best_response, joint_policy, values
from econsim.solvers._stationary import StationaryGame, stationary_game
from econsim.solvers.lola import Parameters, learned

DILEMMA = {"row": [[-1, -3], [0, -2]], "column": [[-1, 0], [-3, -2]]}
LOPSIDED = {"row": [[3.0, -1.0], [-2.0, 4.0]], "column": [[-3.0, 1.0], [2.0, -4.0]]}


def forever(discount: float, **game: Any) -> StationaryGame:
    return stationary_game(econsim.make("tabular", discount=discount, **game), "lola", forever=True)


def profile_from(exact: StationaryGame, seed: int, count: int = 1) -> list[Tensor]:
    draws = np.random.default_rng(seed)
    return [torch.from_numpy(draws.dirichlet(np.ones(options), (count, len(exact.start)))) for options in exact.options]


def payoffs(lookahead: float) -> Tensor:
    """Return the payoffs per period ``[32, 2]`` that learners of the prisoner's dilemma reach."""
    exact = forever(0.96, repeats={"payoffs": DILEMMA})
    settings = Parameters(lookahead=lookahead, iterations=60, periods="forever", starts=32)
    return exact.returns(learned(exact, settings).profiles) / exact.periods


def test_naive_learners_of_the_dilemma_defect_and_aware_ones_cooperate() -> None:
    # Foerster et al. (2018) report -1.98 and -1.06 per period; both mutual cooperation, -1, and defection, -2, bound
    # symmetric play.
    naive, aware = payoffs(0.0), payoffs(1.0)
    assert float(naive.mean()) == pytest.approx(-1.99, abs=0.03)
    assert float(aware.mean()) >= -1.10
    assert float((aware.mean(1) > -1.2).double().mean()) >= 0.8


def test_aware_learners_of_matching_pennies_approach_equilibrium_and_naive_ones_do_not() -> None:
    exact = forever(0.9, repeats="matching_pennies")
    near = []
    for lookahead in (0.0, 1.0):
        found = learned(exact, Parameters(lookahead=lookahead, periods="forever", starts=16, iterations=150)).profiles
        after = [own[:, 1:, 0] for own in found]  # the first period is too rare for a steep gradient
        near.append(torch.stack([(own - 0.5).abs().amax(-1) for own in after]).amax(0) <= 0.1)
    assert float(near[0].double().mean()) <= 0.05
    assert float(near[1].double().mean()) >= 0.9


def test_without_end_returns_and_gains_are_those_of_a_very_long_game_and_of_all_policies() -> None:
    game = econsim.make("tabular", repeats="chicken", discount=0.9, horizon=400)
    form: MarkovForm = game.markov_form()  # type: ignore[attr-defined]
    exact = forever(0.9, repeats="chicken")
    profile = profile_from(exact, 1)
    joint = joint_policy([own[0].expand(400, -1, -1) for own in profile])
    long = values(form, joint)[0] @ form.start
    assert exact.returns(profile)[0].tolist() == pytest.approx(long.tolist(), abs=1e-9)  # 10 * 0.9**400 is 5e-18
    for player, gain in enumerate(exact.gains(profile)[0].tolist()):
        assert gain == pytest.approx(float(best_response(form, joint, player)[1] @ form.start - long[player]), abs=1e-9)
        deviations = []
        for policy in product(range(2), repeat=len(exact.start)):
            own = torch.eye(2, dtype=torch.float64)[list(policy)][None]
            deviating = [own if who == player else profile[who] for who in (0, 1)]
            deviations.append(float(exact.returns(deviating)[0, player]))
        assert gain == pytest.approx(max(deviations) - float(exact.returns(profile)[0, player]), abs=1e-9)


def test_in_the_games_own_periods_the_certificate_is_that_of_the_agents() -> None:
    game = econsim.make("tabular", repeats="chicken", horizon=3)
    exact = stationary_game(game, "lola", forever=False)
    profile = profile_from(exact, 2)
    form: MarkovForm = game.markov_form()  # type: ignore[attr-defined]
    joint = joint_policy([own[0].expand(3, -1, -1) for own in profile])
    assert exact.returns(profile)[0].tolist() == pytest.approx((values(form, joint)[0] @ form.start).tolist())
    solution = econsim.solve("tabular", {"kind": "lola", "starts": 4, "iterations": 5}, repeats="chicken", horizon=3)
    certificate = certificate_of(game, solution.agents)
    assert certificate is not None
    assert solution.certificate == certificate
    assert certificate.lower > 0


def test_the_anticipated_step_is_the_derivative_of_the_others_return_after_it() -> None:
    # In a zero-sum game of one round, (grad_2 V_1)' grad_2 V_2 = -|grad_2 V_2|^2, whose derivative by theta_1 is twice
    # the term that is kept. The others' logit enters by p (1 - p).
    exact = stationary_game(econsim.make("normal_form", payoffs=LOPSIDED), "lola", forever=False)
    settings = [Parameters(lookahead=eta, iterations=1, starts=3, step=1e-6) for eta in (0.0, 1.0, 1e9)]
    logits = [[(own[..., 0] / own[..., 1]).log() for own in learned(exact, each).profiles] for each in settings]
    shaping = (logits[1][0] - logits[0][0])[:, 0] / 1e-6
    row, column = (torch.sigmoid(own[:, 0]) for own in logits[0])
    slope = 10 * row - 6  # of V_1 = 10 p q - 5 p - 6 q + 4 by q
    by_logit = -slope * column * (1 - column)  # grad_2 V_2
    cross = -10 * row * (1 - row) * column * (1 - column)  # grad_1 grad_2 V_2
    assert shaping.tolist() == pytest.approx((-by_logit * cross).tolist(), rel=1e-3, abs=1e-6)


def test_three_players_and_games_that_cannot_be_repeated() -> None:
    tables = np.random.default_rng(2).random((3, 2, 2, 2))
    three = {name: table.tolist() for name, table in zip("abc", tables, strict=True)}
    solution = econsim.solve("normal_form", {"kind": "lola", "starts": 4, "iterations": 20}, payoffs=three)
    assert set(solution.residuals) == {"mean a", "mean b", "mean c"}
    endless = {"kind": "lola", "periods": "forever"}
    with pytest.raises(UserError, match=r"needs a discount below 1; set game\.discount=0\.96"):
        econsim.solve("tabular", endless, repeats="chicken")
    with pytest.raises(UserError, match="periods of the game differ"):
        econsim.solve("tabular", endless, random={"seed": 1}, discount=0.9)
    with pytest.raises(UserError, match="lola: expected enumerable payoffs or a finite Markov game"):
        econsim.solve("kuhn", "lola")
