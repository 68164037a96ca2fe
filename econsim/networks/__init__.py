"""Networks: who meets whom, one kind per module, as sorted lists of neighbours that all environment copies share."""

from __future__ import annotations

from typing import Protocol

from econsim.networks._lists import Network, network_of
from econsim.networks._networkx import from_networkx, to_networkx

__all__ = ["Network", "NetworkKind", "from_networkx", "network_of", "to_networkx"]


class NetworkKind(Protocol):
    """A way to make a network."""

    def network(self, people: int) -> Network:
        """Return a network of ``people`` people, the same in every call.

        Raises:
            UserError: there is no such network of this number of people.
        """
