"""Networks: who meets whom, one kind per module, as sorted lists of neighbours that all environment copies share."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from econsim.networks._lists import Network, network_of
    from econsim.networks._networkx import from_networkx, to_networkx

__all__ = ["Network", "NetworkKind", "from_networkx", "network_of", "to_networkx"]

# Imported when they are used, since lists of kinds are made without torch.
_MODULES = {"Network": "_lists", "network_of": "_lists", "from_networkx": "_networkx", "to_networkx": "_networkx"}


class NetworkKind(Protocol):
    """A way to make a network."""

    def network(self, people: int) -> Network:
        """Return a network of ``people`` people, the same in every call.

        Raises:
            UserError: there is no such network of this number of people.
        """


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
