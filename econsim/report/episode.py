"""Files of a run's recorded episodes: animations (GIF or MP4) and contact sheets (PNG)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from econsim.errors import UserError

if TYPE_CHECKING:
    from econsim.analysis.recording import Recording
    from econsim.runs.folder import Run

__all__ = ["FORMATS", "animation_file", "write_animation"]

FORMATS = ("gif", "mp4", "png")
EVERY, SPEED = 5, 20


def write_animation(
    run: Run,
    path: Path,
    policy: str | None = None,
    every: int = EVERY,
    speed: int = SPEED,
    watch: Callable[[int, int], None] | None = None,
) -> Path:
    """Write the recorded episode of a policy to a file: an animation (GIF, MP4), or a contact sheet (PNG).

    Args:
        run: a finished run.
        path: the file, whose suffix ``.gif``, ``.mp4`` or ``.png`` determines the format; it is written atomically.
        policy: the label of the policy; by default, the scenario's own policy.
        every: the number of steps between two frames.
        speed: frames per second.
        watch: called with the number of completed frames and the total number of frames.

    Raises:
        UserError: there is no such policy, the suffix is unknown, the folder of ``path`` does not exist, or ffmpeg is
            missing for MP4.
        RunError: the disk is full, or ffmpeg failed.
    """
    from econsim.storage.files import appearing

    format_ = _format(path)
    label = policy or _own(run)
    recording = run.recording(label)
    if not path.parent.is_dir():
        raise UserError(f"{path}: there is no folder {path.parent}; create it, or choose another with --out")
    with appearing(path) as file:
        _write(file, format_, recording, label, every, speed, watch)
    return path


def animation_file(run: Run, policy: str | None, format_: str) -> Path:
    """Return the default file of a policy's animation or contact sheet in the run folder; create its folder."""
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
        raise UserError(f"{path}: the file name must end in .gif, .mp4 or .png")
    return format_


def _own(run: Run) -> str:
    policies: dict[str, object] = run.summary["policies"]
    return list(policies)[-1]
