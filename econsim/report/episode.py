"""Pictures of a run's episodes as files: an animated GIF or MP4, and a contact sheet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from econsim.errors import UserError

if TYPE_CHECKING:
    from econsim.analysis.recording import Recording
    from econsim.runs.folder import Run

__all__ = ["FORMATS", "picture_file", "write_picture"]

FORMATS = ("gif", "mp4", "png")
EVERY, SPEED = 5, 20


def write_picture(
    run: Run,
    path: Path,
    policy: str | None = None,
    every: int = EVERY,
    speed: int = SPEED,
    watch: Callable[[int, int], None] | None = None,
) -> Path:
    """Write the episode of a policy as ``path``, whose suffix says how: a recording, or as PNG a contact sheet.

    Args:
        run: a finished run.
        path: ends in ``.gif``, ``.mp4`` or ``.png``; appears by rename.
        policy: its label; the scenario's own policy when not given.
        every: steps from picture to picture.
        speed: pictures a second.
        watch: told how many pictures of how many are done.

    Raises:
        UserError: no such policy, an unknown suffix, no folder for ``path``, or MP4 without ffmpeg.
        RunError: the disk is full, or ffmpeg failed.
    """
    from econsim.storage.files import appearing

    format_ = _format(path)
    label = policy or _own(run)
    recording = run.recording(label)
    if not path.parent.is_dir():
        raise UserError(f"{path}: there is no folder {path.parent}; make it, or choose another with --out")
    with appearing(path) as file:
        _write(file, format_, recording, label, every, speed, watch)
    return path


def picture_file(run: Run, policy: str | None, format_: str) -> Path:
    """Return where a picture of a policy belongs in the run folder, which is made."""
    from econsim.runs.recordings import file_name

    folder = run.path / "figures"
    folder.mkdir(exist_ok=True)
    return folder / f"episode-{file_name(policy or _own(run))}.{format_}"


def _write(
    file: BinaryIO,
    format_: str,
    recording: Recording,
    label: str,
    every: int,
    speed: int,
    watch: Callable[[int, int], None] | None,
) -> None:
    from econsim.analysis.recording import animation
    from econsim.analysis.recording.sheet import contact_sheet
    from econsim.report.drawing import png

    match format_:
        case "png":
            file.write(png(contact_sheet(recording)))
        case "gif":
            animation.write_gif(file, recording, label, every, speed, watch)
        case _:
            animation.write_mp4(Path(file.name), recording, label, every, speed, watch)


def _format(path: Path) -> str:
    format_ = path.suffix.removeprefix(".").lower()
    if format_ not in FORMATS:
        raise UserError(f"{path}: a picture's file name ends in .gif, .mp4 or .png")
    return format_


def _own(run: Run) -> str:
    policies: dict[str, object] = run.summary["policies"]
    return list(policies)[-1]
