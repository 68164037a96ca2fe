"""The command ``solve``: equilibria of a scenario's game, by an exact method."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from econsim.cli.running import OverridesArgument
from econsim.cli.solved_strategies import payoffs_text, points, records

if TYPE_CHECKING:
    from econsim.game import Game, Role
    from econsim.learning import Joint, Profile, Solution

_DECIMALS = 9  # below which a payoff is rounding
_MOST_ROWS = 40
_MOST_OPTIONS = 6  # of a mixed strategy
_SOLVER = "solver."


def solve(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A name from scenarios/, or a path.")],
    overrides: OverridesArgument = None,
    solver: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="A kind of econsim list solvers. Default: the one that fits the game."),
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(min=0.0, help="Seconds after which the solver stops; gains are computed after it."),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            help="A CSV file of strategies or policies, a row per option, or a joint distribution, a row per profile."
        ),
    ] = None,
) -> None:
    """Solve a scenario's game, and print its equilibria and each player's gain from deviating.

    For example: econsim solve prisoners_dilemma, or with parameters of a solver: econsim solve chicken.yaml --solver
    lemke_howson solver.label=2. The agents of the scenario take no part.
    """
    from time import process_time

    from econsim.scenario import load
    from econsim.scenario.loading import solver_choice
    from econsim.solvers import default_solver

    _check_file(csv)
    given = overrides or []
    game = load(scenario, [text for text in given if not text.startswith(_SOLVER)]).game.build()
    kind = solver or default_solver(game)
    settings = [text.removeprefix(_SOLVER) for text in given if text.startswith(_SOLVER)]
    built = solver_choice(kind, settings).build()
    start = process_time()
    solution = built.solve(game, {}, time_limit)
    _print(game, solution, f"{kind}: {process_time() - start:.2g} CPU-seconds")
    if csv is not None:
        _write(csv, game, solution)


def _print(game: Game[Any], solution: Solution, method: str) -> None:
    from rich.console import Console

    from econsim.cli.console_tables import grid
    from econsim.cli.markov_policies import policy_table
    from econsim.markov import MarkovSolution

    console = Console(highlight=False)
    console.print(method)
    listed = points(solution)
    if listed:
        rows = [[point.player, point.information_set, _shares_text(point.shares)] for point in listed[:_MOST_ROWS]]
        console.print(grid(["player", "information set", "strategy"], rows, words=3))
        if len(listed) > _MOST_ROWS:
            more = f"{len(listed) - _MOST_ROWS:,} more information sets are not shown"
            console.print(f"{more}; --csv FILE writes all strategies.")
        console.print(f"Expected payoffs: {payoffs_text(game, solution)}.")
    if solution.joint is not None:
        console.print(_joint_grid(game, solution.joint))
    elif solution.profiles:
        names = list(solution.profiles[0].strategies)
        header = ["", *names, *(f"{name} payoff" for name in names), "total"]
        rows = [_row(game, number, profile) for number, profile in enumerate(solution.profiles[:_MOST_ROWS], 1)]
        if _has_mixtures(solution):
            header, rows = (
                [*header, "component"],
                [[*row, str(profile.component)] for row, profile in zip(rows, solution.profiles, strict=False)],
            )
        console.print(grid(header, rows, words=1 + len(names)))
    if isinstance(solution, MarkovSolution):
        header, rows, notes = policy_table(game, solution)
        console.print(grid(header, rows, words=len(header)))
        for note in notes:
            console.print(note, markup=False)
    for note in _notes(game, solution):
        console.print(note, markup=False)


def _row(game: Game[Any], number: int, profile: Profile) -> list[str]:
    played = [strategy_text(*each) for each in zip(_roles(game), profile.strategies.values(), strict=True)]
    return [str(number), *played, *map(_shown, (*profile.payoffs.values(), profile.total))]


def _roles(game: Game[Any]) -> list[Role]:
    """Return the role of every player."""
    return [role for role in game.roles.values() for _ in range(role.count)]


def _joint_grid(game: Game[Any], joint: Joint) -> Any:
    """Return the table of a joint distribution, likeliest profiles first, and the expected payoffs in its last row."""
    from econsim.cli.console_tables import grid

    likely = sorted(zip(joint.probabilities, joint.outcomes, strict=True), key=lambda entry: -entry[0])[:_MOST_ROWS]
    rows = [[*_options(game, outcome), f"{share:.4g}"] for share, outcome in likely]
    payoffs = [_shown(value) for value in joint.payoffs.values()]
    return grid([*joint.payoffs, "probability"], [*rows, [*payoffs, "expected payoffs"]], words=len(payoffs))


def _options(game: Game[Any], outcome: tuple[int, ...]) -> list[str]:
    """Return the name of each player's option in a profile."""
    roles = _roles(game)
    return [
        role.action_labels[option] if role.action_labels else str(option)
        for role, option in zip(roles, outcome, strict=True)
    ]


def _has_mixtures(solution: Solution) -> bool:
    """Return whether some component contains several of the profiles, which can then be mixed."""
    return len({profile.component for profile in solution.profiles}) < len(solution.profiles)


def _shown(value: float) -> str:
    return f"{round(value, _DECIMALS) + 0.0:.4g}"  # adding zero removes the sign of a rounded negative number


def strategy_text(role: Role, probabilities: tuple[float, ...]) -> str:
    """Return a mixed strategy in words: the options that are played, each with its probability unless it is one."""
    names = role.action_labels or tuple(map(str, range(len(probabilities))))
    return _shares_text(dict(zip(names, probabilities, strict=True)))


def _shares_text(shares: Mapping[str, float]) -> str:
    played = [(name, share) for name, share in shares.items() if share > 0]
    if len(played) == 1:
        return played[0][0]
    likely = sorted(played, key=lambda entry: -entry[1])[:_MOST_OPTIONS]
    text = ", ".join(f"{name} {share:.3g}" for name, share in played if (name, share) in likely)
    return text if len(played) <= _MOST_OPTIONS else f"{text}, and {len(played) - _MOST_OPTIONS} more"


def _notes(game: Game[Any], solution: Solution) -> list[str]:
    profiles, certificate = solution.profiles, solution.certificate
    notes = []
    if len(profiles) > _MOST_ROWS:
        notes.append(f"{len(profiles) - _MOST_ROWS} more are not shown; --csv FILE writes them all.")
    notes += solution.notes
    if len(profiles) > 1:
        totals = [profile.total for profile in profiles]
        notes.append(f"Total payoffs of these equilibria: {_shown(min(totals))} to {_shown(max(totals))}.")
    gain = max((profile.largest_gain for profile in profiles), default=certificate.upper)
    if gain is not None:
        notes.append(f"Largest gain of a player from deviating to {certificate.deviation_class}: {gain:.2g}.")
    notes += [f"{name}: {value:.3g}" for name, value in solution.residuals.items()]
    return notes


def _check_file(csv: Path | None) -> None:
    from econsim.errors import UserError

    if csv is not None and not csv.parent.is_dir():
        raise UserError(f"--csv {csv}: there is no folder {csv.parent}")
    if csv is not None and csv.is_dir():
        raise UserError(f"--csv {csv}: this is a folder; give the name of a file")


def _write(csv: Path, game: Game[Any], solution: Solution) -> None:
    import pandas as pd

    from econsim.cli.markov_policies import policy_rows
    from econsim.markov import MarkovSolution
    from econsim.storage.csv_tables import write_csv

    if isinstance(solution, MarkovSolution):
        rows = list(policy_rows(game, solution))
    elif solution.joint is not None:
        rows = _joint_rows(game, solution.joint)
    else:
        rows = list(records(solution)) or _profile_rows(game, solution)
    write_csv(csv, pd.DataFrame(rows))
    typer.echo(str(csv))


def _profile_rows(game: Game[Any], solution: Solution) -> list[dict[str, Any]]:
    return [
        {
            "equilibrium": number,
            "component": profile.component,
            "player": name,
            "option": (role.action_labels or range(len(profile.strategies[name])))[option],
            "probability": probability,
            "payoff": profile.payoffs[name],
            "largest_gain": profile.largest_gain,
        }
        for number, profile in enumerate(solution.profiles, 1)
        for name, role in zip(profile.strategies, _roles(game), strict=True)
        for option, probability in enumerate(profile.strategies[name])
    ]


def _joint_rows(game: Game[Any], joint: Joint) -> list[dict[str, Any]]:
    return [
        {**dict(zip(joint.payoffs, _options(game, outcome), strict=True)), "probability": probability}
        for outcome, probability in zip(joint.outcomes, joint.probabilities, strict=True)
    ]
