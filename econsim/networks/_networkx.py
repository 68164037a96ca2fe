"""Networks from graphs of networkx and back; networkx is imported when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from econsim.errors import UserError
from econsim.networks._lists import Network, network_of

if TYPE_CHECKING:
    import networkx

__all__ = ["from_networkx", "required", "to_networkx"]


def required() -> Any:
    """Return the module networkx.

    Raises:
        UserError: it is not installed; the message names the extra that installs it.
    """
    try:
        import networkx
    except ImportError as error:
        raise UserError(f"this needs networkx ({error}); install it with: pip install 'econsim[networks]'") from None
    return networkx


def from_networkx(graph: networkx.Graph[Any], name: str = "from_networkx") -> Network:
    """Return a graph of networkx as a network; its nodes are people in the order of the graph.

    The edge attribute ``weight`` gives weights.

    Args:
        graph: a simple graph, directed or not.
        name: what messages call the graph.

    Raises:
        UserError: it is a multigraph, has an edge from a node to itself, or has weights for some of its edges only.
    """
    if graph.is_multigraph():
        raise UserError(f"{name}: a multigraph has several edges between two nodes; give a Graph or a DiGraph")
    number = {node: index for index, node in enumerate(graph)}
    edges = list(graph.edges(data="weight"))
    if loop := next((source for source, target, _ in edges if source == target), None):
        raise UserError(f"{name}: node {loop!r} has an edge to itself; remove it")
    weighted = [weight is not None for *_, weight in edges]
    if any(weighted) and not all(weighted):
        source, target, _ = edges[weighted.index(False)]
        raise UserError(f"{name}: the edge {source!r} - {target!r} has no weight, others have; give all edges a weight")
    ends = np.array([(number[source], number[target]) for source, target, _ in edges], np.int64).reshape(-1, 2)
    weights = [_number(weight, name) for *_, weight in edges] if any(weighted) else None
    return network_of(len(number), ends[:, 0], ends[:, 1], weights, directed=graph.is_directed())


def to_networkx(network: Network) -> networkx.DiGraph[int] | networkx.Graph[int]:
    """Return a network as a graph of networkx with nodes ``0 .. N - 1``; undirected if all edges lead both ways.

    Edges have the attributes ``weight`` and ``layer`` where the network has them; of several edges between two people,
    one in each of several layers, the graph has the last one.

    Raises:
        UserError: networkx is not installed.
    """
    nx = required()
    sources, targets = network.sources().numpy(), network.neighbours.long().numpy()
    keys = sources * network.people + targets
    both_ways = np.array_equal(np.sort(targets * network.people + sources), keys)
    graph = nx.Graph() if both_ways else nx.DiGraph()
    graph.add_nodes_from(range(network.people))
    graph.add_edges_from(zip(sources.tolist(), targets.tolist(), _attributes(network), strict=True))
    return graph


def _attributes(network: Network) -> list[dict[str, Any]]:
    values: list[dict[str, Any]] = [{} for _ in network.neighbours]
    if network.weights is not None:
        for entry, weight in zip(values, network.weights.tolist(), strict=True):
            entry["weight"] = weight
    if network.layers is not None:
        for entry, layer in zip(values, network.layers.tolist(), strict=True):
            entry["layer"] = network.layer_names[layer]
    return values


def _number(weight: Any, name: str) -> float:
    try:
        return float(weight)
    except (TypeError, ValueError):
        raise UserError(f"{name}: expected a number as weight of an edge, found {weight!r}") from None
