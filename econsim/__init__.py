"""Economic and multi-agent simulation: batched games, two-level training, comparison of policies.

    scenario = econsim.load("one_step", **{"economy.workers": 1000})
    run = econsim.run(scenario, seed=7)
    game = econsim.make("one_step", workers=1000)
    agents = econsim.solve("matching_pennies", "zero_sum").agents

Importing this package does not import torch and needs no network: each function loads what it uses when it is called.
"""

from __future__ import annotations

import os
from importlib import import_module
from numbers import Integral
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

    from econsim.game import Agent, Game
    from econsim.interop.gymnasium import to_gymnasium
    from econsim.interop.mesa import to_mesa
    from econsim.interop.mesa_game import from_mesa
    from econsim.interop.pettingzoo import to_pettingzoo
    from econsim.interop.pettingzoo_game import from_pettingzoo
    from econsim.learning import Solution
    from econsim.report.reported_run import ReportedRun
    from econsim.report.reported_run import open_reported_run as open_run
    from econsim.scenario import Scenario
    from econsim.sweep import open_sweep

# Threads that wait must not spin: where another process needs the core, that costs several times the work itself. It is
# read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__: str
__all__ = [
    "__version__",
    "from_mesa",
    "from_pettingzoo",
    "load",
    "make",
    "open_run",
    "open_sweep",
    "run",
    "solve",
    "to_gymnasium",
    "to_mesa",
    "to_pettingzoo",
]

_HOMES = {
    "from_mesa": "econsim.interop.mesa_game:from_mesa",
    "from_pettingzoo": "econsim.interop.pettingzoo_game:from_pettingzoo",
    "open_run": "econsim.report.reported_run:open_reported_run",
    "open_sweep": "econsim.sweep:open_sweep",
    "to_gymnasium": "econsim.interop.gymnasium:to_gymnasium",
    "to_mesa": "econsim.interop.mesa:to_mesa",
    "to_pettingzoo": "econsim.interop.pettingzoo:to_pettingzoo",
}


def load(source: str | Path, **overrides: Any) -> Scenario:
    """Return a scenario by name or path: ``load("one_step", seed=7, **{"economy.workers": 1000})``.

    Args:
        source: a name from scenarios/, or the path of a YAML file.
        overrides: values of keys of the scenario, dotted or as nested mappings of plain data; ranges, and numbers
            and arrays of numpy, are plain data too.

    Raises:
        UserError: there is no such scenario, or it contains mistakes (each is listed with its file and line).
    """
    from econsim import scenario

    return scenario.load(source, overrides)


def run(
    scenario: Scenario | str | Path,
    *,
    seed: int | None = None,
    device: str = "auto",
    out: str | Path | None = None,
    quiet: bool = False,
    threads: int = 1,
    report: bool = True,
    backend: str = "tensors",
    **overrides: Any,
) -> ReportedRun:
    """Train the agents that need training, evaluate every policy, and write the run folder and its report.

    Args:
        scenario: a name, a path, or a loaded scenario.
        seed: the seed of the first training run and of all shocks; by default, the seed of the scenario.
        device: ``auto``, ``cpu`` or ``cuda``.
        out: the run folder; by default, a new folder under ``runs/``.
        quiet: whether to print no progress.
        threads: the number of CPU threads. It is recorded with the run, because it can change how sums are rounded.
        report: whether to write the report; ``run.report()`` writes it later, with its figures as PNG too.
        backend: ``tensors``, or ``kernels`` for games that offer kernels on the CPU; recorded with the run too.
        overrides: as for :func:`load`.

    Raises:
        UserError: the scenario is not valid, ``out`` is in use, or kernels are requested without numba or on a GPU.
        RunError: the run could not be finished; its folder can be resumed.
    """
    from pathlib import Path

    from econsim.errors import UserError
    from econsim.report.reported_run import open_reported_run
    from econsim.runs import execute
    from econsim.scenario import with_overrides

    if out == "":
        raise UserError("out: expected the path of a folder, found empty text")
    changes = overrides if seed is None else {**overrides, "seed": seed}
    loaded = load(scenario, **changes) if isinstance(scenario, (str, Path)) else with_overrides(scenario, changes)
    folder = None if out is None else Path(out)
    run = execute(loaded, out=folder, device=device, quiet=quiet, threads=threads, backend=backend)
    finished = open_reported_run(run.path)
    if report and finished.finished:  # of several processes that share a run, only the first writes the report
        finished.report(with_png=False)
    return finished


def make(name: str, num_envs: int = 1, device: torch.device | str = "cpu", **parameters: Any) -> Game[Any]:
    """Return a game by its kind or by the name of a scenario: ``make("one_step", workers=1000)``.

    Args:
        name: a kind in ``econsim.economies`` or ``econsim.games``, else the name of a scenario, whose game is returned.
        num_envs: the number ``B`` of environment copies. With ``B > 1``, each numeric parameter becomes ``[B]``, one
            value per copy, ready for ``game.with_parameters``; the game is then reset with ``B`` keys.
        device: the device of the game's tensors.
        parameters: parameters of the game, dotted or as nested mappings.

    Raises:
        UserError: there is no such game or scenario, or a parameter is not valid.
    """
    from econsim.errors import UserError
    from econsim.scenario import game_choice

    given: Any = num_envs  # in a notebook nothing checks types
    if not isinstance(given, Integral) or given < 1:
        hint = '; parameters of the game are given by name, as in make("one_step", workers=100)'
        named = hint if isinstance(given, dict) else ""
        raise UserError(f"make: num_envs must be a whole number of at least 1, found {given!r}{named}")
    game: Game[Any] = game_choice(name, parameters).build().to(device)
    if num_envs == 1:
        return game
    return game.with_parameters(**{key: value.expand(num_envs) for key, value in game.parameters.items()})


def solve(
    game: Scenario | str | Path,
    solver: str | Mapping[str, Any] | None = None,
    fixed: Mapping[str, Agent] | None = None,
    time_limit: float | None = None,
    **parameters: Any,
) -> Solution:
    """Solve a game by an exact method: ``solve("matching_pennies", "zero_sum").agents``.

    Args:
        game: a kind in ``econsim.economies`` or ``econsim.games``, or a scenario, given by name, by path or loaded.
        solver: a kind in ``econsim.solvers``, or a mapping with its ``kind`` and parameters; by default, in games
            whose payoffs can be enumerated, that of all equilibria for two players, else that of the correlated
            equilibrium with the highest total payoff.
        fixed: by role, the agents of roles that are not solved for.
        time_limit: seconds after which the best agents found so far are returned.
        parameters: parameters of the game, dotted or as nested mappings.

    Returns:
        Agents by role, residuals of the solver's equations, and bounds on the gain of any player from deviating.

    Raises:
        UserError: there is no such game or solver, a parameter is not valid, or the solver does not apply to the game.
    """
    from pathlib import Path

    from econsim.scenario import Scenario, game_choice, with_overrides
    from econsim.scenario.loading import solver_choice
    from econsim.solvers import default_solver

    overrides = {f"game.{key}": value for key, value in parameters.items()}
    if isinstance(game, Scenario):
        choice = with_overrides(game, overrides).game
    else:
        choice = load(game, **overrides).game if isinstance(game, Path) else game_choice(game, parameters)
    built = choice.build()
    kind = solver if solver is not None else default_solver(built)
    solution: Solution = solver_choice(kind).build().solve(built, fixed or {}, time_limit)
    return solution


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name not in _HOMES:
        raise AttributeError(f"module 'econsim' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return __all__


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("econsim")
    except PackageNotFoundError:
        return "0.1.0"
