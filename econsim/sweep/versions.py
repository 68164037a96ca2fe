"""Check of the versions under which a sweep or search is continued."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from econsim.runs.environment import read_environment
from econsim.runs.versions import continued
from econsim.storage.files import write_json

__all__ = ["check_versions"]


def check_versions(folder: Path, environment: Mapping[str, Any], command: str, accepted: bool) -> list[str]:
    """Compare the stored environment of ``folder`` with the present ``environment``; return notes on changes.

    Changes that can change numbers are stored in the folder if they are ``accepted``.

    Raises:
        UserError: such a change is not accepted; ``command``, which continues the work, is part of the message.
        RunError: the file ``environment.json`` is damaged or missing.
    """
    stored = read_environment(folder)
    updated, notes = continued(stored, environment, folder, command, accepted)
    if updated is not stored:
        write_json(folder / "environment.json", updated)
    return notes
