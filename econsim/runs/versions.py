"""Versions of software under which a run or sweep is continued, compared with those under which it was started.

A change of econsim, torch, numpy, of numba where kernels play, or of a plug-in's files can change numbers, so that the
results would be those of neither version: such a run is continued only where the user agrees. Other changes are noted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from econsim.errors import UserError

__all__ = ["ACCEPT", "continued"]

ACCEPT = "--accept-changed-versions"
_DECISIVE = ("econsim", "torch", "numpy", "numba")
_OTHER = ("python", "platform", "device_name")
Environment = Mapping[str, Any]


def continued(
    stored: Environment, now: Environment, folder: Path, command: str, accepted: bool
) -> tuple[Environment, list[str]]:
    """Return the environment of a run or sweep that is continued, and notes on what has changed.

    Args:
        stored: the environment in which it was started.
        now: the present environment.
        folder: the folder of the run or sweep, for the message.
        command: the command that continues it.
        accepted: the user accepts changes that can change numbers; the environment then has the present versions, and
            a note on them.

    Raises:
        UserError: such a change is not accepted; the message lists the changes.
    """
    changes = "; ".join(_changes_of_numbers(stored, now))
    if not changes:
        return stored, [f"changed since the start: {change}" for change in _other_changes(stored, now)]
    if not accepted:
        raise UserError(
            f"{folder}: software has changed since the start: {changes}. Numbers may differ from those of the earlier"
            f" versions. Install these again, or accept the mixture with: {command} {ACCEPT}"
        )
    note = f"continued with changed software: {changes}"
    updated = {key: now[key] for key in (*_OTHER, "versions", "plugin_sha256", "git")}
    return {**stored, **updated, "notes": [*(stored.get("notes") or ()), note]}, [note]


def _changes_of_numbers(stored: Environment, now: Environment) -> Iterator[str]:
    """Yield the changes that can change numbers, in words; what an older version did not store is not compared."""
    yield from _differences(_versions(stored, True), _versions(now, True))
    contents = now.get("plugin_sha256") or {}
    for plugin, checksum in (stored.get("plugin_sha256") or {}).items():
        if plugin in contents and contents[plugin] != checksum:
            yield f"files of the plug-in {plugin}"


def _other_changes(stored: Environment, now: Environment) -> Iterator[str]:
    """Yield all other changes, in words."""
    names = [name for name in _OTHER if name in stored]
    yield from _differences({name: stored[name] for name in names}, now)
    yield from _differences(_versions(stored, False), _versions(now, False))
    commits = [(environment.get("git") or {}).get("commit") for environment in (stored, now)]
    yield from _differences({"git commit of econsim": commits[0]}, {"git commit of econsim": commits[1]})


def _versions(environment: Environment, decisive: bool) -> dict[str, Any]:
    return {name: version for name, version in environment["versions"].items() if (name in _DECISIVE) == decisive}


def _differences(stored: Environment, now: Environment) -> Iterator[str]:
    for name, value in stored.items():
        if value != now.get(name):
            yield f"{name} {value} -> {now.get(name)}"
