"""The network of a run in its report, and the distribution of wealth beside its law."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest

import econsim
from econsim.errors import UserError
from econsim.networks import to_networkx
from econsim.report.network import network_in_words, network_of_run


def test_a_report_measures_and_draws_the_network_of_its_economy(tmp_path: Path) -> None:
    settings = {"economy.people": 60, "economy.horizon": 6, "economy.network.kind": "scale_free", "episodes": 1}
    run = econsim.run("money_exchange", out=tmp_path / "run", quiet=True, **settings)
    graph = to_networkx(network_of_run(run))
    table = (run.path / "tables" / "network.csv").read_text()
    assert f"edges,Edges between two people,{graph.number_of_edges()}" in table
    nx.set_node_attributes(graph, dict(enumerate(run.accounts["wealth"].tolist())), "wealth")
    by_wealth = next(line for line in table.splitlines() if line.startswith("wealth_assortativity"))
    assert float(by_wealth.split(",")[-1]) == pytest.approx(nx.numeric_assortativity_coefficient(graph, "wealth"))
    page = (run.path / "report.html").read_text()
    assert "<h2>Network</h2>" in page
    assert "Assortativity by wealth" in page
    assert "network" in run.plot.available
    assert "law" not in run.plot.available
    discs = run.plot.network().axes[0].collections[1]
    assert np.array_equal(discs.get_array(), run.accounts["wealth"])


def test_a_report_draws_the_law_of_wealth_where_it_is_known(tmp_path: Path) -> None:
    settings = {"economy.people": 400, "economy.horizon": 60, "episodes": 1}
    run = econsim.run("money_exchange", out=tmp_path / "run", quiet=True, report=False, **settings)
    assert network_in_words(run) is None
    with pytest.raises(UserError, match="this economy has no network"):
        run.plot.network()
    shares = run.plot.law().axes[0]
    found, law = shares.patches[0].get_data().values, shares.lines[0].get_ydata()
    assert law[0] == pytest.approx(100 * (2**0.5 - 1))
    assert found[0] == pytest.approx(law[0], abs=100 * 4 * 0.023)  # four standard deviations of a snapshot
