"""Gaps of Markov games: closed forms, brute force over all histories, and bounds that enclose the exact gap."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor

from econsim import random
from econsim.games.tabular import Parameters, Tabular
from econsim.markov import (
    MarkovForm,
    Mixture,
    best_response,
    cce_gains,
    ce_gains,
    joint_policy,
    mixture_gap,
    not_an_equilibrium,
    values,
)


def form_of(**parameters: object) -> MarkovForm:
    return Tabular(Parameters.model_validate(parameters)).markov_form()


def random_profiles(form: MarkovForm, count: int, seed: int = 0) -> list[list[Tensor]]:
    """Return random profiles, one strategy ``[H, S, A_p]`` per player."""
    shape = (form.horizon, form.states)
    draws = [
        -random.uniform(random.keys(seed, count), player, "test", (*shape, options), torch.float64).log1p()
        for player, options in enumerate(form.options)
    ]
    laws = [-draw / -draw.sum(-1, keepdim=True) for draw in draws]
    return [[law[number] for law in laws] for number in range(count)]


@pytest.fixture(scope="module")
def hidden() -> tuple[MarkovForm, Mixture]:
    form = form_of(classic="hidden_index")
    zero = torch.tensor([1.0, 0.0], dtype=torch.float64).expand(2, 2, 2)
    return form, Mixture.of([[torch.full_like(zero, 0.5), zero], [torch.full_like(zero, 0.5), 1 - zero]])


def test_the_hidden_index_game_has_markov_gap_0_and_history_gap_one_half(hidden: tuple[MarkovForm, Mixture]) -> None:
    markov, history = (mixture_gap(*hidden, deviations) for deviations in ("markov", "history"))  # type: ignore[arg-type]
    assert markov.lower == markov.upper == 0.0
    assert history.lower == history.upper == 0.5
    assert "class markov" in markov.deviation_class
    assert "class history" in history.deviation_class


def test_bounds_enclose_the_exact_gap_where_the_tree_is_too_large(hidden: tuple[MarkovForm, Mixture]) -> None:
    history = mixture_gap(*hidden, "history", most=1)
    assert history.upper is not None
    assert 0.45 < history.lower <= 0.5 <= history.upper
    assert "lower bound" in history.method
    markov = mixture_gap(*hidden, "markov", most=1)
    assert markov.lower == 0.0
    assert "lower bound" in markov.method


def test_after_the_deadline_bounds_take_the_place_of_exact_gaps(hidden: tuple[MarkovForm, Mixture]) -> None:
    late = mixture_gap(*hidden, "history", deadline=0.0)
    assert late.upper is not None
    assert late.lower < 0.5 <= late.upper
    assert "lower bound" in late.method
    # Fewer episodes are simulated than without a deadline, so that the same confidence gives a lower bound.
    assert late.lower < mixture_gap(*hidden, "history", most=1).lower
    form = form_of(random={"seed": 2}, horizon=2)
    mixture = Mixture.of(random_profiles(form, 4))
    early = mixture_gap(form, mixture, "markov", most=1, deadline=0.0)
    assert early.upper is not None
    assert early.lower <= mixture_gap(form, mixture, "markov").lower <= early.upper


def test_the_forecaster_proves_that_the_checkpoints_are_no_equilibrium(hidden: tuple[MarkovForm, Mixture]) -> None:
    gap = not_an_equilibrium(*hidden)
    assert 0.45 < gap.lower <= 0.5
    assert gap.upper is None
    form, mixture = hidden
    nash = Mixture.of([[torch.full((2, 2, 2), 0.5, dtype=torch.float64)] * 2])
    assert not_an_equilibrium(form, nash).lower == 0.0
    assert mixture.weights.tolist() == [0.5, 0.5]


def brute_force_history_value(form: MarkovForm, mixture: Mixture, player: int) -> float:
    """Return the best value of two players by plain recursion over all histories, without merging or posteriors."""

    def best(period: int, state: int, weights: list[float]) -> float:
        if period == form.horizon:
            return 0.0
        paid = []
        for own in range(form.options[player]):
            total = 0.0
            for other in range(form.options[1 - player]):
                laws = mixture.profiles[1 - player][:, period, state, other].tolist()
                now = [weight * law for weight, law in zip(weights, laws, strict=True)]
                choice = (own, other) if player == 0 else (other, own)
                total += sum(now) * float(form.rewards[(period, player, state, *choice)])
                for following in range(form.states):
                    chance = float(form.transitions[(period, state, *choice, following)])
                    total += form.discount * best(period + 1, following, [chance * weight for weight in now])
            paid.append(total)
        return max(paid)

    weights = mixture.weights.tolist()
    return sum(float(form.start[state]) * best(0, state, weights) for state in range(form.states))


def own_value(form: MarkovForm, mixture: Mixture, player: int) -> float:
    singles = [[law[number] for law in mixture.profiles] for number in range(len(mixture.weights))]
    returns = [float(values(form, joint_policy(single))[0, player] @ form.start) for single in singles]
    return sum(weight * value for weight, value in zip(mixture.weights.tolist(), returns, strict=True))


def test_history_deviations_agree_with_brute_force_over_all_histories() -> None:
    form = form_of(random={"seed": 5}, horizon=3, discount=0.9)
    mixture = Mixture.of(random_profiles(form, 3), weights=[0.5, 0.3, 0.2])
    gains = [brute_force_history_value(form, mixture, who) - own_value(form, mixture, who) for who in (0, 1)]
    gap = mixture_gap(form, mixture, "history")
    assert gap.lower == gap.upper == pytest.approx(max(gains), abs=1e-12)
    markov = mixture_gap(form, mixture, "markov")
    assert markov.upper is not None
    assert markov.lower == markov.upper <= gap.lower + 1e-12


def test_markov_deviations_agree_with_brute_force_and_ascent_is_below_them() -> None:
    form = form_of(random={"seed": 2}, horizon=2)
    mixture = Mixture.of(random_profiles(form, 3, seed=1))
    gains = []
    for player in (0, 1):
        reached = []
        for policy in product(range(2), repeat=4):
            pure = torch.nn.functional.one_hot(torch.tensor(policy).reshape(2, 2), 2).double()
            laws = [law.clone() for law in mixture.profiles]
            laws[player] = pure.expand(3, -1, -1, -1)
            reached.append(own_value(form, Mixture(tuple(laws), mixture.weights), player))
        gains.append(max(reached) - own_value(form, mixture, player))
    exact = mixture_gap(form, mixture, "markov")
    assert exact.lower == exact.upper == pytest.approx(max(gains), abs=1e-12)
    bounded = mixture_gap(form, mixture, "markov", most=1)
    assert bounded.upper is not None
    assert bounded.lower <= exact.lower + 1e-12 <= bounded.upper + 1e-9
    assert bounded.lower == pytest.approx(exact.lower, abs=1e-9)  # ascent from several starts finds it here


def test_a_mixture_of_one_profile_has_the_gap_of_the_profile() -> None:
    form = form_of(random={"players": 3, "states": 3, "seed": 7})
    profile = random_profiles(form, 1)[0]
    exact = float(cce_gains(form, joint_policy(profile)).max())
    for deviations in ("markov", "history"):
        gap = mixture_gap(form, Mixture.of([profile]), deviations)  # type: ignore[arg-type]
        if deviations == "history":
            assert gap.upper == pytest.approx(exact, abs=1e-12)
        assert gap.lower == pytest.approx(exact, abs=1e-12)


def test_a_best_response_attains_its_value_and_correlated_gains_are_larger() -> None:
    form = form_of(random={"states": 3, "options": 3, "seed": 9})
    profile = random_profiles(form, 1)[0]
    joint = joint_policy(profile)
    choices, reached = best_response(form, joint, 1)
    played = joint_policy([profile[0], torch.nn.functional.one_hot(choices, 3).double()])
    torch.testing.assert_close(values(form, played)[0, 1], reached)
    assert (ce_gains(form, joint) >= cce_gains(form, joint) - 1e-12).all()


def test_chicken_with_a_correlation_device_is_a_correlated_equilibrium() -> None:
    # The game of the classic with payoffs 0, 2, 6, 7: weights 1/4, 1/4, 1/2 add up to the highest total, 10.5.
    payoffs = torch.tensor([[[0.0, 7.0], [2.0, 6.0]], [[0.0, 2.0], [7.0, 6.0]]], dtype=torch.float64)
    form = MarkovForm(payoffs[None, :, None], torch.ones(1, 1, 2, 2, 1).double(), torch.ones(1).double())
    joint = torch.tensor([[0.0, 0.25], [0.25, 0.5]], dtype=torch.float64)[None, None]
    assert float(values(form, joint)[0].sum()) == 10.5
    assert float(ce_gains(form, joint).max()) == pytest.approx(0.0, abs=1e-12)
    greedy = torch.tensor([[0.0, 0.0], [0.0, 1.0]], dtype=torch.float64)[None, None]
    assert ce_gains(form, greedy).tolist() == [1.0, 1.0]


def test_the_gap_of_a_single_player_is_what_the_best_policy_adds() -> None:
    parameters = {"rewards": {"a": [[1, 2], [0, 3]]}, "transitions": [[[1, 0], [0, 1]], [[1, 0], [0, 1]]], "horizon": 2}
    form = form_of(**parameters)
    equal = torch.full((2, 2, 2), 0.5, dtype=torch.float64)
    # At best 2 and then 3, against means of 1.5 in each state of both periods.
    assert cce_gains(form, equal).tolist() == pytest.approx([2.0])
    assert ce_gains(form, equal).tolist() == pytest.approx([2.0])
