"""Recordings in the run folder: frames in ``episodes/<policy>.safetensors``, constants of the episode in ``.json``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from econsim.analysis.recording import Recording
from econsim.errors import RunError, UserError, did_you_mean
from econsim.storage.manifest import check, record_json, recorded

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["file_name", "load_recording", "recordings_of", "save_recording"]

FOLDER = "episodes"


def save_recording(run: Run, policy: str, recording: Recording) -> None:
    """Write the episode of a policy: its constants first, then its frames, each under a temporary name at first.

    Raises:
        RunError: the disk is full.
    """
    (run.path / FOLDER).mkdir(exist_ok=True)
    name = f"{FOLDER}/{file_name(policy)}"
    record_json(run.path, f"{name}.json", dict(recording.stage))
    with recorded(run.path, f"{name}.safetensors") as file:
        file.write(save({name: rows.copy(order="C") for name, rows in recording.frames.items()}))


def load_recording(run: Run, policy: str) -> Recording:
    """Return the recorded episode of a policy.

    Raises:
        UserError: the run has no recording of that policy.
        RunError: a file is damaged.
    """
    recorded = recordings_of(run)
    if policy not in recorded:
        raise UserError(_missing(run, policy, recorded))
    path = run.path / FOLDER / f"{file_name(policy)}.safetensors"
    for suffix in (".json", ".safetensors"):
        check(run.path, f"{FOLDER}/{file_name(policy)}{suffix}")
    try:
        stage = json.loads(path.with_suffix(".json").read_text("utf-8"))
        return Recording(stage, load_file(path))
    except (OSError, ValueError, SafetensorError) as error:
        raise RunError(f"{path}: the file is damaged ({error})") from error


def recordings_of(run: Run) -> list[str]:
    """Return the policies with a recorded episode in the order of the summary, the scenario's own policy last."""
    recorded = {unquote(path.stem) for path in (run.path / FOLDER).glob("*.safetensors")}
    return [policy for policy in run.summary["policies"] if policy in recorded]


def file_name(policy: str) -> str:
    """Return a policy's label as a file name without suffix."""
    return quote(policy, safe="")


def _missing(run: Run, policy: str, recorded: list[str]) -> str:
    if recorded:
        return f"{run.path}: no recorded episode of a policy {policy!r}{did_you_mean(policy, recorded)}"
    return (
        f"{run.path}: this run has no recorded episodes; only runs of games that can be recorded, such as"
        " gather_trade_build, keep one episode of each policy"
    )
