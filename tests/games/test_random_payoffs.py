"""Random normal-form games: what defines each family holds, and one seed gives one game."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

import numpy as np
import pytest

import econsim
from econsim.errors import UserError
from econsim.games._random_payoffs import Family


def table_of(**law: Any) -> Any:
    """Return the payoffs ``[P, A_1, ..., A_P]``."""
    return econsim.make("normal_form", random=law).payoff_tensor().numpy()  # type: ignore[attr-defined]


@pytest.mark.parametrize("family", get_args(Family))
def test_every_family_follows_from_its_seed(family: str) -> None:
    assert np.array_equal(table_of(family=family, options=3, seed=2), table_of(family=family, options=3, seed=2))
    assert not np.array_equal(table_of(family=family, options=3, seed=2), table_of(family=family, options=3, seed=3))
    assert table_of(family=family, players=1, options=4).shape == (1, 4) if family != "zero_sum" else True


def test_sums_and_differences_of_payoffs_are_those_of_the_family() -> None:
    row, column = table_of(family="zero_sum", options=4)
    assert row + column == pytest.approx(np.ones((4, 4)))
    same = table_of(family="common_interest", players=3, options=2)
    assert np.array_equal(same, np.broadcast_to(same[0], same.shape))


@pytest.mark.parametrize(("players", "correlation"), [(2, -1.0), (2, 0.6), (3, -0.5), (3, 0.0), (3, 1.0)])
def test_covariant_payoffs_have_their_correlation(players: int, correlation: float) -> None:
    options = round(40_000 ** (1 / players))
    table = table_of(family="covariant", players=players, options=options, correlation=correlation)
    flat = table.reshape(players, -1)
    # About 40,000 profiles: standard errors are at most 0.005 of a correlation, 0.0036 of a deviation.
    assert np.corrcoef(flat)[0, 1:] == pytest.approx(correlation, abs=0.02)
    assert flat.std(1) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("family", ["potential", "congestion", "common_interest"])
def test_gains_of_potential_games_add_up_to_zero_around_every_square(family: str) -> None:
    # Monderer and Shapley (1996): a game has an exact potential if and only if the gains of any two players who deviate
    # in turn and back add up to zero.
    table = table_of(family=family, players=3, options=3, seed=4)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        own, also = (np.moveaxis(table[who], (one, other), (0, 1)) for who in (one, other))
        for a, b, c, d in product(range(3), repeat=4):
            around = (own[b, c] - own[a, c]) + (also[b, d] - also[b, c])
            around += (own[a, d] - own[b, d]) + (also[a, c] - also[a, d])
            assert np.abs(around).max() <= 1e-12


def test_facilities_cost_more_with_more_users_and_the_same_for_all_users() -> None:
    table = -table_of(family="congestion", players=3, options=2, seed=1)
    assert (np.array([table[0, 0, 1, 1], table[0, 0, 0, 1], table[0, 0, 0, 0]]) > 0).all()
    assert table[0, 0, 1, 1] < table[0, 0, 0, 1] < table[0, 0, 0, 0]
    assert table[0, 0, 0, 1] == table[1, 0, 0, 1]


def test_polymatrix_payoffs_are_sums_over_pairs() -> None:
    # The gain of player 1 from another option depends on players 2 and 3 additively: mixed differences are zero.
    gain = np.diff(table_of(family="polymatrix", players=3, options=3)[0], axis=0)
    assert np.abs(np.diff(np.diff(gain, axis=1), axis=2)).max() <= 1e-12


@pytest.mark.parametrize(
    ("law", "message"),
    [
        ({"family": "zero_sum", "players": 3}, "family zero_sum: expected 2 players, found 3"),
        ({"family": "uniform", "correlation": 0.5}, "correlation belongs to the family covariant, not to uniform"),
        ({"family": "covariant", "players": 3, "correlation": -0.9}, "expected at least -0.5 for 3 players"),
        ({"options": 11, "players": 8}, "more than 1,000,000 combinations"),
        ({"family": "congestoin"}, "family"),
    ],
)
def test_a_law_that_no_game_has_is_refused(law: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        econsim.make("normal_form", random=law)


def test_one_source_of_payoffs_is_expected() -> None:
    with pytest.raises(UserError, match="expected either classic"):
        econsim.make("normal_form", classic="chicken", random={})
