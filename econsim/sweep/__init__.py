"""Sweeps: many runs of a scenario, on one machine or a cluster, which can be resumed after an interruption."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from econsim.sweep.folder import Sweep, is_sweep, open_sweep
    from econsim.sweep.launch import Options, resume_sweep, start_sweep
    from econsim.sweep.request import Request, read_request

__all__ = ["Options", "Request", "Sweep", "is_sweep", "open_sweep", "read_request", "resume_sweep", "start_sweep"]

_HOMES = {
    "Options": "launch",
    "Request": "request",
    "Sweep": "folder",
    "is_sweep": "folder",
    "open_sweep": "folder",
    "read_request": "request",
    "resume_sweep": "launch",
    "start_sweep": "launch",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'econsim.sweep' has no attribute {name!r}")
    return getattr(import_module(f"econsim.sweep.{_HOMES[name]}"), name)
