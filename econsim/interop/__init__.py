"""Interfaces to other libraries, each in a module of its own, so that only the requested library is imported."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from econsim.interop.gymnasium import to_gymnasium
    from econsim.interop.mesa import to_mesa
    from econsim.interop.mesa_game import from_mesa
    from econsim.interop.pettingzoo import to_pettingzoo
    from econsim.interop.pettingzoo_game import from_pettingzoo

_MODULES = {
    "from_mesa": "mesa_game",
    "from_pettingzoo": "pettingzoo_game",
    "to_gymnasium": "gymnasium",
    "to_mesa": "mesa",
    "to_pettingzoo": "pettingzoo",
}
__all__ = ["from_mesa", "from_pettingzoo", "to_gymnasium", "to_mesa", "to_pettingzoo"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
