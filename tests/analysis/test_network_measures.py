"""Measures of networks beside networkx, small graphs by hand, drawings, and mistakes."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import torch

from econsim.analysis import networks as analysed
from econsim.analysis.law_plot import distribution_and_law
from econsim.errors import UserError
from econsim.networks import Network, from_networkx, network_of

KARATE = nx.karate_club_graph()
SPARSE = nx.gnm_random_graph(70, 60, seed=3)  # several components, and people without neighbours


@pytest.mark.parametrize("graph", [KARATE, SPARSE, nx.star_graph(6)], ids=["karate", "sparse", "star"])
def test_measures_are_those_of_networkx(graph: nx.Graph) -> None:
    found = analysed.measures(from_networkx(graph))
    parts = list(nx.connected_components(graph))
    distances = [d for _, of in nx.all_pairs_shortest_path_length(graph) for d in of.values() if d > 0]
    degrees = [degree for _, degree in graph.degree()]
    expected = {
        "people": len(graph),
        "edges": graph.number_of_edges(),
        "mean_degree": np.mean(degrees),
        "degree_deviation": np.std(degrees),
        "largest_degree": max(degrees),
        "without_neighbours": np.mean(np.array(degrees) == 0),
        "components": len(parts),
        "largest_component": max(map(len, parts)) / len(graph),
        "clustering": nx.average_clustering(graph),
        "transitivity": nx.transitivity(graph),
        "degree_assortativity": nx.degree_pearson_correlation_coefficient(graph),
        "path_length": np.mean(distances),
    }
    assert found.keys() == analysed.MEASURES.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name


@pytest.mark.parametrize("graph", [KARATE, SPARSE], ids=["karate", "sparse"])
def test_measures_of_people_are_those_of_networkx(graph: nx.Graph) -> None:
    table = analysed.person_measures(from_networkx(graph))
    expected = {
        "degree": dict(graph.degree()),
        "clustering": nx.clustering(graph),
        "closeness": nx.closeness_centrality(graph),
        "betweenness": nx.betweenness_centrality(graph),
    }
    if graph is KARATE:  # with one component, so that the eigenvector is unique
        expected["eigenvector"] = nx.eigenvector_centrality_numpy(graph)
        expected["strength"] = dict(graph.degree(weight="weight"))
    for name, values in expected.items():
        np.testing.assert_allclose(table[name], list(values.values()), atol=1e-7, err_msg=name)
    groups = [set(group.index) for _, group in table.groupby("component")]
    assert sorted(map(sorted, groups)) == sorted(map(sorted, nx.connected_components(graph)))


def test_assortativity_is_that_of_networkx_and_knows_groups() -> None:
    wealth = {node: (node * 7) % 11 for node in KARATE}
    nx.set_node_attributes(KARATE, wealth, "wealth")
    expected = nx.numeric_assortativity_coefficient(KARATE, "wealth")
    assert analysed.assortativity(from_networkx(KARATE), list(wealth.values())) == pytest.approx(expected)
    cliques = from_networkx(nx.disjoint_union(nx.complete_graph(4), nx.complete_graph(4)))
    assert analysed.assortativity(cliques, [0] * 4 + [1] * 4) == pytest.approx(1.0)
    assert np.isnan(analysed.assortativity(cliques, [1] * 8))


def test_directions_and_layers_count_once_and_the_network_stays_as_it_is() -> None:
    layered = network_of(4, [0, 0, 1, 2], [1, 1, 2, 0], layers=[0, 1, 0, 1], layer_names=("home", "work"))
    before = layered.neighbours.clone()
    found = analysed.measures(layered)
    assert (found["edges"], found["transitivity"], found["components"]) == (3, 1.0, 2)
    assert torch.equal(layered.neighbours, before)
    directed = analysed.measures(from_networkx(nx.DiGraph([(0, 1), (1, 0), (1, 2)])))
    assert (directed["edges"], directed["path_length"]) == (2, pytest.approx(4 / 3))


def test_a_sample_estimates_the_measures_of_large_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    network = from_networkx(nx.watts_strogatz_graph(700, 10, 0.1, seed=2))
    exact = analysed.measures(network)
    monkeypatch.setattr("econsim.analysis.networks.structure.CLUSTERED", 300)
    monkeypatch.setattr("econsim.analysis.networks.structure._EDGES_WALKED", 30 * 7_000)
    estimated = analysed.measures(network)
    # Local clustering has a standard deviation of 0.11, so that the mean of 300 people has one of 0.006.
    assert 0 < abs(estimated["clustering"] - exact["clustering"]) < 0.025
    assert estimated["path_length"] == pytest.approx(
        exact["path_length"], rel=0.05
    )  # 30 sources; their means differ by 2 %


def two_groups() -> Network:
    return from_networkx(nx.planted_partition_graph(2, 40, 0.3, 0.01, seed=4))


def test_a_layout_puts_neighbours_and_groups_together() -> None:
    network = two_groups()
    at = analysed.positions(network)
    assert np.array_equal(at, analysed.positions(network))
    edges = np.linalg.norm(at[network.sources().numpy()] - at[network.neighbours.numpy()], axis=1)
    pairs = np.linalg.norm(at[:, None] - at[None], axis=2)
    assert edges.mean() < 0.6 * pairs.mean()
    apart = np.linalg.norm(at[:40].mean(0) - at[40:].mean(0))
    assert apart > 1.5 * at[:40].std(0).mean()
    assert np.isfinite(analysed.positions(from_networkx(nx.empty_graph(5)))).all()


def test_a_drawing_has_each_person_and_each_edge_once() -> None:
    figure = analysed.network_drawing(two_groups(), np.arange(80.0), "wealth, coins")
    lines, discs = figure.axes[0].collections
    assert len(lines.get_paths()) == len(two_groups().neighbours) // 2
    assert discs.get_array().tolist() == list(range(80))
    assert figure.axes[1].get_ylabel() == "wealth, coins"
    layered = network_of(3, [0, 1], [1, 2], layers=[0, 1], layer_names=("home", "work"))
    legend = analysed.network_drawing(layered).axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["home", "work"]


def test_networks_that_are_too_large_are_refused() -> None:
    ring = from_networkx(nx.cycle_graph(5001))
    with pytest.raises(UserError, match="5,001 people; at most 5,000 can be drawn"):
        analysed.network_drawing(ring)
    with pytest.raises(UserError, match=r"5,001 people; the paths .* use measures\(network\)"):
        analysed.person_measures(ring)


def test_a_distribution_stands_beside_its_law() -> None:
    law = 0.5 ** np.arange(1, 40)
    figure = distribution_and_law({"agents": np.array([0, 0, 1, 2])}, law, "wealth", "coins")
    shares, tails = figure.axes
    assert shares.patches[0].get_data().values.tolist() == [50.0, 25.0, 25.0]
    assert shares.lines[0].get_ydata()[:3].tolist() == [50.0, 25.0, 12.5]
    assert tails.lines[0].get_ydata().tolist() == [1.0, 0.5, 0.25]
    assert tails.lines[1].get_ydata()[:3].tolist() == [1.0, 0.5, 0.25]
    assert shares.get_xlabel() == "wealth, coins"
