"""Animations: GIF, without further software, and MP4, by ffmpeg."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from econsim.analysis.recording._palette import Palette
from econsim.analysis.recording._screen import HEIGHT, WIDTH, Screen
from econsim.analysis.recording.record import Recording
from econsim.errors import RunError, UserError

__all__ = ["ffmpeg", "moments", "write_gif", "write_mp4"]

Pixels = NDArray[np.uint8]
Watch = Callable[[int, int], None]

_HOLD = 2.0  # seconds on the last frame, before the animation restarts
_SAMPLES = 6
_MOST_IN_GIF = 600


def moments(recording: Recording, every: int) -> list[int]:
    """Return the moments to show: the start, every ``every``-th and the end.

    Raises:
        UserError: ``every`` is below one.
    """
    if every < 1:
        raise UserError(f"every {every}: expected at least one step from frame to frame")
    last = len(recording) - 1
    return [*range(0, last, every), last]


def write_gif(
    file: BinaryIO, recording: Recording, title: str, every: int, speed: int, watch: Watch | None = None
) -> None:
    """Write an endless GIF.

    Args:
        file: the file to write to.
        recording: the episode.
        title: the policy of the episode.
        every: steps from frame to frame.
        speed: frames per second.
        watch: called with the number of finished frames and their total.

    Raises:
        UserError: ``every`` or ``speed`` is out of bounds, or the episode has no map.
    """
    shown = moments(recording, every)
    _check(speed)
    if len(shown) > _MOST_IN_GIF:
        raise UserError(
            f"every {every}: a GIF of {len(shown):,} frames does not fit into memory; take"
            f" {-(-len(recording) // _MOST_IN_GIF)} or more steps from frame to frame, or write an mp4"
        )
    screen = Screen(recording, title)
    sampled = [shown[index] for index in np.linspace(0, len(shown) - 1, _SAMPLES).astype(int)]
    palette = Palette([screen.draw(time) for time in sampled])
    drawn = (palette.applied(pixels) for pixels in _drawn(screen, shown, watch))
    first = next(drawn)
    # GIF counts in hundredths of a second.
    lengths = [round(100 / speed) * 10] * (len(shown) - 1) + [round(_HOLD * 1000)]
    first.save(file, format="GIF", save_all=True, append_images=drawn, duration=lengths, loop=0, optimize=True)


def write_mp4(path: Path, recording: Recording, title: str, every: int, speed: int, watch: Watch | None = None) -> None:
    """Write an H.264 video for browsers and slides; arguments as for :func:`write_gif`.

    Raises:
        UserError: as for :func:`write_gif`, or ffmpeg is not installed.
        RunError: ffmpeg failed.
    """
    shown = moments(recording, every)
    _check(speed)
    command = [
        *(ffmpeg(), "-y", "-loglevel", "error"),
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(speed), "-i", "-"),
        *("-c:v", "libx264", "-crf", "20", "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4", str(path)),
    ]
    screen = Screen(recording, title)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        try:
            for pixels in _drawn(screen, shown, watch):
                process.stdin.write(np.ascontiguousarray(pixels).tobytes())
        except BrokenPipeError:
            pass  # the error is reported below
        _, said = process.communicate()
    if process.returncode != 0:
        raise RunError(f"{path}: ffmpeg failed: {said.decode(errors='replace').strip()[-300:]}")


def ffmpeg() -> str:
    """Return the installed ffmpeg, otherwise that of the package ``imageio-ffmpeg``.

    Raises:
        UserError: there is neither.
    """
    installed = shutil.which("ffmpeg")
    if installed:
        return installed
    try:
        return str(import_module("imageio_ffmpeg").get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        raise UserError('mp4: ffmpeg is not installed; run: pip install "econsim[video]", or write a gif') from None


def _drawn(screen: Screen, shown: list[int], watch: Watch | None) -> Iterator[Pixels]:
    for done, time in enumerate(shown, start=1):
        yield screen.draw(time)
        if watch is not None:
            watch(done, len(shown))


def _check(speed: int) -> None:
    if not 1 <= speed <= 50:
        raise UserError(f"fps {speed}: expected 1 to 50 frames per second")
