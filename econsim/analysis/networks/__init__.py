"""Network analysis: measures of a network and of its people, mixing by a characteristic, and drawings."""

from __future__ import annotations

from econsim.analysis.networks.centrality import MOST_PEOPLE, person_measures
from econsim.analysis.networks.drawing import MOST_DRAWN, network_drawing
from econsim.analysis.networks.layout import positions
from econsim.analysis.networks.structure import MEASURES, assortativity, components, local_clustering, measures

__all__ = [
    "MEASURES",
    "MOST_DRAWN",
    "MOST_PEOPLE",
    "assortativity",
    "components",
    "local_clustering",
    "measures",
    "network_drawing",
    "person_measures",
    "positions",
]
