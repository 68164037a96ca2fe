"""The network of a run: its measures as a table and in words, and its drawing."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from econsim.errors import UserError
from econsim.parameters import Chosen
from econsim.runs.metric_columns import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from econsim.networks import Network
    from econsim.runs.folder import Run

__all__ = ["NetworkTable", "draw_network", "network_in_words", "network_measures", "network_of_run"]

_SHARES = ("without_neighbours", "largest_component", "clustering", "transitivity")
_NOTE = (
    "Neighbours in any layer count once. Clustering of more than 5,000 people, and path lengths in large networks, are"
    " estimated from people drawn at random. Correlations are between both ends of an edge."
)


class NetworkTable(NamedTuple):
    """The table as text, with a note."""

    header: list[str]
    rows: list[list[str]]
    note: str


@lru_cache(maxsize=1)  # a report needs it three times, and its measures twice
def network_of_run(run: Run) -> Network:
    """Return the network of a run: that of the economy's parameters ``network`` and ``people``.

    Raises:
        UserError: its economy has no network.
    """
    parameters: Any = run.scenario.economy.parameters
    choice = getattr(parameters, "network", None)
    people = getattr(parameters, "people", None)
    if not isinstance(choice, Chosen) or not isinstance(people, int):
        raise UserError(f"{run.path}: this economy has no network")
    network: Network = choice.build().network(people)
    return network


@lru_cache(maxsize=1)
def network_measures(run: Run) -> pd.DataFrame:
    """Return one row per measure: ``measure``, ``title`` and ``value``.

    The last rows are the correlations of players' accounts at both ends of edges, at the end of the first episode under
    the run's own policy.

    Raises:
        UserError: the economy has no network.
    """
    network = network_of_run(run)
    from econsim.analysis.networks import MEASURES, assortativity, measures  # with scipy, for few reports

    rows = [{"measure": name, "title": MEASURES[name], "value": value} for name, value in measures(network).items()]
    for account, values in _accounts(run, network).items():
        noun = account.replace("_", " ")
        value = assortativity(network, values)
        rows.append({"measure": f"{account}_assortativity", "title": f"Assortativity by {noun}", "value": value})
    return pd.DataFrame(rows)


def network_in_words(run: Run) -> NetworkTable | None:
    """Return the table for a page, or ``None`` if the economy has no network."""
    try:
        table = network_measures(run)
    except UserError:
        return None
    rows = [
        [row["title"], shown(row["value"], "share" if row["measure"] in _SHARES else "amount")]
        for row in table.to_dict("records")
        if not np.isnan(row["value"])
    ]
    return NetworkTable(["Measure", "Value"], rows, _NOTE)


def draw_network(run: Run) -> Figure:
    """Draw the network of a run; the colour of people is their first account at the end of the first episode.

    Raises:
        UserError: the economy has no network, or one that is too large to be drawn.
    """
    network = network_of_run(run)
    from econsim.analysis.networks import network_drawing

    name, values = next(iter(_accounts(run, network).items()), ("", None))
    units = {account.name: account.unit for account in run.plan.game.accounts_spec}
    title = name.replace("_", " ") + (f", {units[name]}" if units.get(name) else "")
    return network_drawing(network, values, title)


def _accounts(run: Run, network: Network) -> dict[str, Any]:
    """Return the accounts of one number per person, ``{name: [N]}``, under the run's own policy; none if not stored."""
    try:
        accounts = run.players()
    except UserError:
        return {}
    first = accounts[
        (accounts["policy"] == list(run.summary["policies"])[-1])
        & (accounts["response"] == run.summary["responses"][0])
        & (accounts["seed"] == accounts["seed"].iloc[0])
    ]
    names = [account.name for account in run.plan.game.accounts_spec if account.is_of_players and not account.weight]
    if len(first) != network.people:
        return {}
    return {name: first[name].to_numpy() for name in names if name in first}
