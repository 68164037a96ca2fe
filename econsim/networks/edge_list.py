"""Network from a file: a CSV list of edges, or GraphML.

A CSV file has the columns ``source`` and ``target``, whole numbers from 0, and optionally ``weight``; each edge stands
in it once. In GraphML the nodes are people in the order of the file, and the edge attribute ``weight`` gives weights.
"""

from __future__ import annotations

from pathlib import Path

from econsim.errors import UserError
from econsim.networks import Network, from_networkx, network_of
from econsim.networks._networkx import required
from econsim.parameters import Model
from econsim.storage.csv_reader import CsvTable, read_csv

__all__ = ["EdgeList", "Parameters"]

KEY = "network.file"


class Parameters(Model):
    """Parameters of a network from a file."""

    file: str
    """File in CSV or, with the ending ``.graphml``, in GraphML, relative to the working directory."""
    directed: bool = False
    """Whether an edge of a CSV file leads only from its source to its target; GraphML says so itself."""


class EdgeList:
    """Network from a file."""

    def __init__(self, parameters: Parameters) -> None:
        """Store the parameters."""
        self.parameters = parameters

    def network(self, people: int) -> Network:
        """Return the network.

        Raises:
            UserError: the file cannot be read; an edge has an unknown end, leads from somebody to itself or stands in
                the file twice; some edges have a weight and others none; or GraphML has another number of nodes.
        """
        path = Path(self.parameters.file)
        if path.suffix == ".graphml":
            return _from_graphml(path, people)
        table = read_csv(path, KEY)
        sources, targets = _people(table, "source", people), _people(table, "target", people)
        _check(table, sources, targets, self.parameters.directed)
        weights = table.numbers("weight") if "weight" in table.columns else None
        return network_of(people, sources, targets, weights, directed=self.parameters.directed)


def _people(table: CsvTable, column: str, people: int) -> list[int]:
    expected = f"a person, a whole number from 0 to {people - 1}"
    numbers = table.numbers(column, expected, lambda number: number == int(number) and 0 <= number < people)
    return [int(number) for number in numbers]


def _check(table: CsvTable, sources: list[int], targets: list[int], directed: bool) -> None:
    line_of: dict[tuple[int, int], int] = {}
    for row, (source, target) in enumerate(zip(sources, targets, strict=True)):
        if source == target:
            raise table.mistake(row, "target", "another person than the source")
        edge = (source, target) if directed else (min(source, target), max(source, target))
        if edge in line_of:
            raise UserError(
                f"{table.name}:{table.lines[row]}: the edge {source} - {target} is on line {line_of[edge]} already;"
                " give each edge once"
            )
        line_of[edge] = table.lines[row]


def _from_graphml(path: Path, people: int) -> Network:
    nx = required()
    try:
        graph = nx.read_graphml(path)
    except OSError as error:
        raise UserError(f"{KEY}: cannot read {path}: {error.strerror}") from None
    except (SyntaxError, nx.NetworkXError, KeyError, ValueError) as error:  # SyntaxError: not XML
        raise UserError(f"{KEY}: {path} is no GraphML: {error}") from None
    if len(graph) != people:
        raise UserError(f"{KEY}: {path} has {len(graph)} nodes for {people} people; set their number to {len(graph)}")
    return from_networkx(graph, str(path))
