"""V-learning: values and gaps of certified policies by their definition, and gaps that fall with the episodes."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import econsim
from econsim.errors import UserError
from econsim.markov import MarkovForm
from econsim.solvers._certified_policy import CertifiedPolicy, CertifiedSolution
from econsim.solvers.v_learning import Parameters, certified_policies


def form_of(**game: Any) -> MarkovForm:
    form: MarkovForm = econsim.make("tabular", **game).markov_form()  # type: ignore[attr-defined]
    return form


def by_definition(policy: CertifiedPolicy, player: int, deviates: bool) -> float:
    """Return the value of a player of two by recursion over episodes, with the probabilities of visits as products."""
    form, (episodes, horizon) = policy.form, policy.states.shape
    rates = [(horizon + 1) / (horizon + visit) for visit in range(1, episodes + 1)]

    def option_values(period: int, state: int, other: Any, episode: int) -> Any:
        values = np.zeros(form.options[player])
        for own in range(form.options[player]):
            for reply in range(form.options[1 - player]):
                choice = (own, reply) if player == 0 else (reply, own)
                paid = float(form.rewards[(period, player, state, *choice)])
                for following in range(form.states):
                    chance = float(form.transitions[(period, state, *choice, following)])
                    paid += form.discount * chance * value(period + 1, following, episode)
                values[own] += other[reply] * paid
        return values

    @cache
    def value(period: int, state: int, episode: int) -> float:
        if period == horizon:
            return 0.0
        visits = [k for k in range(episode) if policy.states[k, period] == state]
        drawn: list[tuple[float, int | None]] = [
            (rates[j] * float(np.prod([1 - rates[i] for i in range(j + 1, len(visits))])), k)
            for j, k in enumerate(visits)
        ] or [(1.0, None)]
        total = np.zeros(form.options[player] if deviates else 1)
        for share, k in drawn:
            equal = np.full(form.options[0], 1 / form.options[0])
            own, other = (equal if k is None else policy.strategies[who][k, period] for who in (player, 1 - player))
            paid = option_values(period, state, other, episode if k is None else k)
            total = total + share * (paid if deviates else own @ paid)
        return float(total.max())

    first = form.start.numpy()
    return float(np.mean([sum(first[s] * value(0, s, k) for s in range(form.states)) for k in range(episodes)]))


def test_values_and_gains_of_a_certified_policy_are_those_of_its_definition() -> None:
    form = form_of(random={"seed": 4}, horizon=3, discount=0.9)
    (policy,) = certified_policies(form, Parameters(episodes=9, copies=1, step=20.0))
    assert len(set(policy.states[:, 1])) == 2
    for player in (0, 1):
        assert policy.values()[player] == pytest.approx(by_definition(policy, player, deviates=False), abs=1e-12)
        assert policy.best_values()[player] == pytest.approx(by_definition(policy, player, deviates=True), abs=1e-12)
    gain = max(policy.best_values() - policy.values())
    assert policy.certificate().lower == policy.certificate().upper == pytest.approx(gain)


def test_the_gap_falls_with_the_episodes_and_is_that_of_one_copy() -> None:
    gaps = []
    for episodes in (40, 400):
        solver = {"kind": "v_learning", "episodes": episodes, "copies": 1}
        solution = econsim.solve("tabular", solver, repeats="prisoners_dilemma", horizon=2)
        assert isinstance(solution, CertifiedSolution)
        assert solution.policy is not None
        assert solution.certificate == solution.policy.certificate()
        assert solution.certificate.lower == solution.residuals["mean gap"]
        assert solution.agents == {}
        gaps.append(solution.residuals["mean gap"])
    assert gaps[1] < 0.85 * gaps[0]


def test_a_single_state_with_one_option_has_no_gain() -> None:
    solution = econsim.solve("tabular", {"kind": "v_learning", "episodes": 5}, random={"options": 1}, horizon=2)
    assert solution.certificate.upper == 0.0


def test_games_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UserError, match="v_learning: 100 periods are too many"):
        econsim.solve("tabular", "v_learning", repeats="chicken", horizon=100)
    with pytest.raises(UserError, match="v_learning: expected a finite Markov game"):
        econsim.solve("prisoners_dilemma", "v_learning")
