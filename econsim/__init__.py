"""Economic and multi-agent simulation: batched games, two-level training, policies that can be compared.

    scenario = econsim.load("one_step", **{"economy.workers": 1000})
    run = econsim.run(scenario, seed=7)
    game = econsim.make("one_step", workers=1000)
    agents = econsim.solve("matching_pennies", "zero_sum").agents

Importing this package touches neither torch nor the network: everything is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

    from econsim.game import Agent, Game
    from econsim.interop.gymnasium import to_gymnasium
    from econsim.interop.pettingzoo import to_pettingzoo
    from econsim.learning import Solution
    from econsim.report.reported_run import ReportedRun
    from econsim.report.reported_run import open_reported_run as open_run
    from econsim.scenario import Scenario
    from econsim.sweep import open_sweep

__version__: str
__all__ = ["__version__", "load", "make", "open_run", "open_sweep", "run", "solve", "to_gymnasium", "to_pettingzoo"]

_HOMES = {
    "open_run": "econsim.report.reported_run:open_reported_run",
    "open_sweep": "econsim.sweep:open_sweep",
    "to_gymnasium": "econsim.interop.gymnasium:to_gymnasium",
    "to_pettingzoo": "econsim.interop.pettingzoo:to_pettingzoo",
}


def load(source: str | Path, **overrides: Any) -> Scenario:
    """Return the scenario that a name or path gives: ``load("one_step", seed=7, **{"economy.workers": 1000})``.

    Args:
        source: a name from scenarios/, or a path to a YAML file.
        overrides: keys of the scenario, dotted or as nested mappings, with plain data.

    Raises:
        UserError: no such scenario, or mistakes in it (each with file and line).
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
    **overrides: Any,
) -> ReportedRun:
    """Train what has to be trained, score every policy, write the run folder and its report.

    Args:
        scenario: a name, a path, or a loaded scenario.
        seed: seed of the first training run and of all shocks; the scenario's own when not given.
        device: ``auto``, ``cpu`` or ``cuda``.
        out: the run folder; a new one under ``runs/`` when not given.
        quiet: print no progress.
        threads: on the CPU; part of the run, since sums may round otherwise with another number.
        report: write the report; ``run.report()`` writes it later.
        overrides: as for :func:`load`.

    Raises:
        UserError: the scenario is wrong, or ``out`` is in use.
        RunError: the run could not be finished; its folder can be resumed.
    """
    from pathlib import Path

    from econsim.report.reported_run import open_reported_run
    from econsim.runs import execute
    from econsim.scenario import with_overrides

    changes = overrides if seed is None else {**overrides, "seed": seed}
    loaded = load(scenario, **changes) if isinstance(scenario, (str, Path)) else with_overrides(scenario, changes)
    folder = execute(loaded, None if out is None else Path(out), device, quiet, threads).path
    finished = open_reported_run(folder)
    if report and finished.finished:  # a helper of a run on several processes leaves that to the first one
        finished.report()
    return finished


def make(name: str, num_envs: int = 1, device: torch.device | str = "cpu", **parameters: Any) -> Game[Any]:
    """Return a game by its kind or by a scenario: ``make("one_step", workers=1000)``.

    Args:
        name: a kind of economies or of games, else a scenario, whose game is taken.
        num_envs: with ``B`` above 1, each numeric parameter becomes ``[B]``, one value a copy, ready for
            ``game.with_parameters``; the game is then reset with ``B`` keys.
        device: where the game's tensors live.
        parameters: parameters of the game, dotted or as nested mappings.

    Raises:
        UserError: no such game or scenario, or wrong parameters.
    """
    from econsim.errors import UserError
    from econsim.scenario import game_choice

    if num_envs < 1:
        raise UserError(f"make: num_envs must be at least 1, found {num_envs}")
    game: Game[Any] = game_choice(name, parameters).build().to(device)
    if num_envs == 1:
        return game
    return game.with_parameters(**{key: value.expand(num_envs) for key, value in game.parameters.items()})


def solve(
    game: Scenario | str | Path,
    solver: str | Mapping[str, Any],
    fixed: Mapping[str, Agent] | None = None,
    time_limit: float | None = None,
    **parameters: Any,
) -> Solution:
    """Solve a game by an exact method: ``solve("matching_pennies", "zero_sum").agents``.

    Args:
        game: a kind of economies or of games, or a scenario whose game is solved: its name, its path, or loaded.
        solver: a kind of solvers, or a mapping with its ``kind`` and parameters.
        fixed: agents of roles that are not to be solved for, by role.
        time_limit: seconds after which the best agents so far are returned.
        parameters: of the game, dotted or as nested mappings.

    Returns:
        Agents by role, residuals of the solver's equations, and bounds on what anybody gains by deviating.

    Raises:
        UserError: no such game or solver, wrong parameters, or the solver is not for such a game.
    """
    from pathlib import Path

    from econsim.scenario import Scenario, game_choice, with_overrides
    from econsim.scenario.loading import solver_choice

    overrides = {f"game.{key}": value for key, value in parameters.items()}
    if isinstance(game, Scenario):
        chosen = with_overrides(game, overrides).game
    else:
        chosen = load(game, **overrides).game if isinstance(game, Path) else game_choice(game, parameters)
    solution: Solution = solver_choice(solver).build().solve(chosen.build(), fixed or {}, time_limit)
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
