"""Best-response graphs and symmetric games, against graphs that are known by inspection."""

from __future__ import annotations

import numpy as np

from econsim.analysis.equilibrium.best_responses import best_options, best_response_graph, graph_of_counts
from econsim.analysis.equilibrium.symmetric import against_all, by_count, is_symmetric

DILEMMA = np.array([[[3.0, 0.0], [5.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]]])
PENNIES = np.array([[[1.0, -1.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]])


def pigou(drivers: int) -> np.ndarray:
    """Return payoffs of drivers on a road of time 1 (option 0) and one whose time is the share of its users."""
    table = np.zeros((drivers, *[2] * drivers))
    for profile in np.ndindex(*[2] * drivers):
        table[(slice(None), *profile)] = [-sum(profile) / drivers if option else -1.0 for option in profile]
    return table


def test_mutual_defection_is_the_only_absorbing_profile_of_the_dilemma() -> None:
    graph = best_response_graph(DILEMMA)
    assert set(graph.moves) == {(0, 1), (0, 2), (1, 3), (2, 3)}
    assert (graph.absorbing, graph.cycles) == ((3,), ())
    assert best_options(DILEMMA).all(0).tolist() == [[False, False], [False, True]]


def test_matching_pennies_have_a_cycle_of_all_four_profiles() -> None:
    graph = best_response_graph(PENNIES)
    assert (graph.absorbing, graph.cycles) == ((), ((0, 1, 2, 3),))
    assert len(graph.moves) == 4


def test_a_profile_in_which_nobody_gains_is_absorbing_even_if_ties_lead_to_it() -> None:
    assert best_response_graph(np.zeros((2, 2, 2))).absorbing == (0, 1, 2, 3)


def test_counts_of_a_symmetric_game_are_the_graph_of_all_profiles_in_short() -> None:
    table = pigou(4)
    assert is_symmetric(table)
    counts = by_count(table)
    np.testing.assert_allclose(counts, [[-1.0] * 4, [-0.25, -0.5, -0.75, -1.0]])
    short, whole = graph_of_counts(counts), best_response_graph(table)
    assert short.moves == ((0, 1), (1, 2), (2, 3))
    assert short.absorbing == (3, 4)
    assert {bin(node).count("1") for node in whole.absorbing} == {3, 4}
    np.testing.assert_allclose(against_all(table), [[-1.0, -1.0], [-0.25, -1.0]])


def test_a_game_whose_players_differ_is_not_symmetric() -> None:
    table = pigou(3)
    table[1, 0, 1, 0] += 0.1
    assert not is_symmetric(table)
    assert not is_symmetric(PENNIES)
    assert is_symmetric(DILEMMA)
