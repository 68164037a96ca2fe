"""Networks: degrees, clustering and path lengths beside networkx, closed forms, files and mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch
from pydantic import ValidationError

from econsim import kinds
from econsim.errors import UserError
from econsim.networks import Network, from_networkx, to_networkx

PEOPLE = 1500


def made(kind: str, people: int = PEOPLE, **parameters: Any) -> Network:
    found = kinds.load("networks", kind)
    network: Network = found.build(found.parameters.model_validate(parameters)).network(people)  # type: ignore[attr-defined]
    return network


def path_length(graph: nx.Graph) -> float:
    """Return the mean distance from 40 nodes to all others that can be reached."""
    lengths = [list(nx.single_source_shortest_path_length(graph, node).values()) for node in range(0, PEOPLE, 37)]
    return float(np.mean([length for one in lengths for length in one if length > 0]))


@pytest.mark.parametrize("kind", [kind for kind in kinds.names("networks") if kind != "edge_list"])
def test_every_network_has_sorted_lists_without_loops_and_repetitions(kind: str) -> None:
    network = made(kind, 300)
    source, target = network.sources(), network.neighbours.long()
    layer = 0 if network.layers is None else network.layers.long()
    keys = (source * 300 + target) * 3 + layer
    assert network.people == 300
    assert bool((source * 300 + target).diff().ge(0).all())
    assert len(keys.unique()) == len(keys)
    assert bool((source != target).all())
    assert torch.equal(((target * 300 + source) * 3 + layer).sort().values, keys.sort().values)  # both ways
    again = made(kind, 300)
    assert torch.equal(again.neighbours, network.neighbours)


@pytest.mark.parametrize(
    ("network", "reference"),
    [
        (made("small_world", degree=10, rewiring=0.1), nx.watts_strogatz_graph(PEOPLE, 10, 0.1, seed=1)),
        (made("scale_free", links=5), nx.barabasi_albert_graph(PEOPLE, 5, seed=1)),
        (
            made("stochastic_block", probabilities=[[0.01, 0.002], [0.002, 0.01]]),
            nx.stochastic_block_model([PEOPLE // 2] * 2, [[0.01, 0.002], [0.002, 0.01]], seed=1),
        ),
    ],
    ids=["small_world", "scale_free", "stochastic_block"],
)
def test_degrees_clustering_and_path_lengths_are_those_of_networkx(network: Network, reference: nx.Graph) -> None:
    graph = to_networkx(network)
    assert graph.number_of_edges() == pytest.approx(reference.number_of_edges(), rel=0.03)
    quantiles = np.linspace(0.1, 0.9, 9)
    degrees, expected = network.degrees.numpy(), [degree for _, degree in reference.degree()]
    assert np.abs(np.quantile(degrees, quantiles) - np.quantile(expected, quantiles)).max() <= 1
    # Two graphs of networkx with other seeds differ by at most 0.008 and 1 %.
    assert nx.average_clustering(graph) == pytest.approx(nx.average_clustering(reference), abs=0.015)
    assert path_length(graph) == pytest.approx(path_length(reference), rel=0.03)


def test_small_worlds_keep_all_edges_and_scale_free_degrees_follow_their_law() -> None:
    assert len(made("small_world", 20_000, degree=6, rewiring=1.0).neighbours) == 6 * 20_000
    degrees = made("scale_free", 20_000, links=4).degrees
    for k in (4, 5, 8):
        expected = 2 * 4 * 5 / (k * (k + 1) * (k + 2))
        assert float((degrees == k).double().mean()) == pytest.approx(expected, abs=0.01)
    assert int(degrees.min()) == 4


def test_homophily_is_the_index_of_coleman() -> None:
    network = made("homophilous", 20_000, homophily=0.6, shares=[0.3, 0.7], degree=8)
    group = (torch.arange(20_000) >= 6000).long()
    same = (group[network.sources()] == group[network.neighbours.long()]).double()
    # Edges start anywhere: in a group of share s with probability s, and end in it with h + (1 - h) s.
    assert float(same.mean()) == pytest.approx(0.6 + 0.4 * (0.3**2 + 0.7**2), abs=0.01)


def test_households_are_complete_and_layers_have_their_weights() -> None:
    network = made("households", 2000, household_sizes=[0, 0, 1], employed_share=0.5, mobility=2)
    assert network.layer_names == ("household", "workplace", "mobility")
    assert network.layers is not None
    assert network.weights is not None
    at_home = network.layers == 0
    counts = torch.bincount(network.sources()[at_home], minlength=2000)
    assert counts[:1998].unique().tolist() == [2]  # two others in each household of three
    assert network.weights[at_home].unique().tolist() == [1.0]
    at_work = torch.bincount(network.sources()[network.layers == 1], minlength=2000)
    assert int((at_work > 0).sum()) == 1000
    assert int(at_work.max()) == 6


def test_each_worker_has_one_firm_and_sizes_follow_zipf() -> None:
    network = made("worker_firm", 21_000)
    assert network.degrees[:20_000].unique().tolist() == [1]
    sizes = network.degrees[20_000:].double()
    assert float(sizes[0] / sizes[9]) == pytest.approx(10, rel=0.2)


def test_graphs_go_to_networkx_and_back(tmp_path: Path) -> None:
    graph = nx.DiGraph()
    graph.add_weighted_edges_from([("a", "b", 2.0), ("b", "c", 0.5), ("a", "c", 1.0)])
    network = from_networkx(graph)
    assert network.rows.tolist() == [0, 2, 3, 3]
    assert network.neighbours.tolist() == [1, 2, 2]
    again = to_networkx(network)
    assert again.is_directed()
    assert sorted(again.edges(data="weight")) == [(0, 1, 2.0), (0, 2, 1.0), (1, 2, 0.5)]
    file = tmp_path / "graph.graphml"
    nx.write_graphml(graph, file)
    assert torch.equal(made("edge_list", 3, file=str(file)).neighbours, network.neighbours)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source,target\n0,1\n1,9\n", "edges.csv:3: column target: expected a person, a whole number from 0 to 3"),
        ("source,target\n0,1\n2,2\n", "edges.csv:3: column target: expected another person than the source"),
        ("source,target\n0,1\n1,0\n", "edges.csv:3: the edge 1 - 0 is on line 2 already"),
        ("source,target,weight\n0,1,\n", "edges.csv:2: column weight: expected a number"),
        ("from,to\n0,1\n", "has no column 'source'"),
    ],
)
def test_a_mistake_in_a_list_of_edges_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "edges.csv"
    file.write_text(text)
    with pytest.raises(UserError, match=message):
        made("edge_list", 4, file=str(file))


def test_a_mistake_in_graphml_is_named(tmp_path: Path) -> None:
    graph, file = nx.Graph([(0, 1), (1, 2)]), tmp_path / "graph.graphml"
    graph.edges[0, 1]["weight"] = 2.0
    nx.write_graphml(graph, file)
    with pytest.raises(UserError, match="the edge '1' - '2' has no weight, others have; give all edges a weight"):
        made("edge_list", 3, file=str(file))
    with pytest.raises(UserError, match="has 3 nodes for 4 people; set their number to 3"):
        made("edge_list", 4, file=str(file))
    file.write_text("no xml")
    with pytest.raises(UserError, match="is no GraphML"):
        made("edge_list", 3, file=str(file))
    with pytest.raises(UserError, match=r"network\.file: cannot read"):
        made("edge_list", 3, file=str(tmp_path / "none.graphml"))
    with pytest.raises(UserError, match="node 1 has an edge to itself"):
        from_networkx(nx.Graph([(1, 1)]))


def test_mistaken_parameters_are_named() -> None:
    with pytest.raises(ValidationError, match="expected an even number"):
        made("small_world", degree=3)
    with pytest.raises(UserError, match=r"network\.degree: 10 needs more than 8 people"):
        made("small_world", 8)
    with pytest.raises(ValidationError, match="expected a symmetric table"):
        made("stochastic_block", probabilities=[[0.1, 0.2], [0.3, 0.1]])
