"""Recordings in the run folder: ``episodes/<policy>.safetensors`` holds the frames, ``.json`` what never changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from econsim.analysis.recording import Recording
from econsim.errors import RunError, UserError, did_you_mean
from econsim.storage.files import appearing, write_json

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["file_name", "load_recording", "recordings_of", "save_recording"]

FOLDER = "episodes"


def save_recording(run: Run, policy: str, recording: Recording) -> None:
    """Write the episode of a policy; each file appears by rename, the frames last.

    Raises:
        RunError: the disk is full.
    """
    folder = run.path / FOLDER
    folder.mkdir(exist_ok=True)
    write_json(folder / f"{file_name(policy)}.json", dict(recording.stage))
    with appearing(folder / f"{file_name(policy)}.safetensors") as file:
        file.write(save({name: rows.copy(order="C") for name, rows in recording.frames.items()}))


def load_recording(run: Run, policy: str) -> Recording:
    """Return the episode of a policy.

    Raises:
        UserError: the run kept none of that policy.
        RunError: a file is damaged.
    """
    kept = recordings_of(run)
    if policy not in kept:
        raise UserError(_missing(run, policy, kept))
    path = run.path / FOLDER / f"{file_name(policy)}.safetensors"
    try:
        stage = json.loads(path.with_suffix(".json").read_text("utf-8"))
        return Recording(stage, load_file(path))
    except (OSError, ValueError, SafetensorError) as error:
        raise RunError(f"{path}: damaged ({error})") from error


def recordings_of(run: Run) -> list[str]:
    """Return the policies of which the run kept an episode, in the order of its summary, the own one last."""
    kept = {unquote(path.stem) for path in (run.path / FOLDER).glob("*.safetensors")}
    return [policy for policy in run.summary["policies"] if policy in kept]


def file_name(policy: str) -> str:
    """Return a policy's label as a file name without suffix."""
    return quote(policy, safe="")


def _missing(run: Run, policy: str, kept: list[str]) -> str:
    if kept:
        return f"{run.path}: no episode of a policy {policy!r}{did_you_mean(policy, kept)}"
    return (
        f"{run.path}: no episode is kept here; runs of games that can be pictured keep one of each policy"
        " (gather_trade_build is such a game)"
    )
