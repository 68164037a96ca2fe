"""Selection of the launcher of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from econsim.errors import UserError, did_you_mean
from econsim.sweep.launchers import Launcher

if TYPE_CHECKING:
    from econsim.sweep.launch import Options

__all__ = ["LAUNCHERS", "launcher_for"]

LAUNCHERS = ("local", "ray", "slurm")


def launcher_for(options: Options, folder: Path, lock: int) -> Launcher:
    """Return the launcher selected by ``options``.

    Raises:
        UserError: there is no such launcher, or a package that it needs is not installed.
    """
    logs = folder / "logs"
    if options.launcher == "local":
        from econsim.sweep.launchers.local import Local

        return Local(options.at_once(), logs, lock, options.threads)
    if options.launcher == "ray":
        from econsim.sweep.launchers.ray import Ray

        return Ray(options.address, options.workers, options.cpus, options.gpus)
    if options.launcher == "slurm":
        from econsim.sweep.launchers.slurm import Slurm

        return Slurm(logs.resolve(), options.workers, options.cpus, options.gpus, options.cluster)
    raise UserError(f"--launcher {options.launcher}: no such launcher{did_you_mean(options.launcher, LAUNCHERS)}")
