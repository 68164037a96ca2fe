"""The command ``warm``: compilation of a game's kernels ahead of runs."""

from __future__ import annotations

from typing import Annotated

import typer

from econsim.cli.running import OverridesArgument
from econsim.errors import UserError


def warm(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A name from scenarios/, or a path.")
    ] = "gather_trade_build",
    overrides: OverridesArgument = None,
) -> None:
    """Compile the kernels of a scenario's game ahead, for run and sweep with --backend kernels.

    It takes a minute or two, once: the machine code is kept, and compiled again when econsim's kernels or numba change.
    """
    from time import monotonic

    from econsim.kernels import numba_version
    from econsim.scenario import load

    loaded = load(scenario, list(overrides or ()))
    # torch is imported only after the scenario has been validated.
    from econsim.kernels.cache import cache_folders
    from econsim.runs.backend import KERNELS, on_backend
    from econsim.runs.compilation import compiled_parts

    backed = on_backend(loaded.build_game(), KERNELS)
    if backed.reason:
        raise UserError(f"warm {scenario}: nothing to compile, because {backed.reason}")
    begun = monotonic()
    for part in compiled_parts(backed.game):
        typer.echo(f"{monotonic() - begun:4.0f} s  {part} ...")
    typer.echo(f"kernels of {loaded.name} are ready after {monotonic() - begun:.1f} s (numba {numba_version()})")
    kept = ", ".join(map(str, cache_folders(type(backed.game).__module__.rpartition(".")[0])))
    typer.echo(f"machine code: {kept or 'not kept; set NUMBA_CACHE_DIR to a folder that can be written'}")
