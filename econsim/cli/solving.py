"""The command ``solve``: equilibria of a scenario's game, by an exact method."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from econsim.cli.output_files import check_file
from econsim.cli.progress_bar import progress_bar
from econsim.cli.running import OverridesArgument, QuietOption
from econsim.cli.solved_profiles import MOST_ROWS, joint_table, profile_table
from econsim.cli.stopping import stopped_by_user
from econsim.report.games.strategies import payoffs_text, points, records
from econsim.report.games.words import number, option_names, player_roles, shares_text

if TYPE_CHECKING:
    from econsim.game import Game
    from econsim.learning import Joint, Solution
    from econsim.scenario import Scenario

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
            help="A CSV file of strategies or policies, a row per option, a joint distribution, a row per profile, or"
            " prices and statistics, a row per quantity."
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html",
            help="A self-contained page: payoffs, equilibria, welfare, best responses, strategies, convergence.",
        ),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Solve a scenario's game, and print its equilibria and each player's gain from deviating.

    For example: econsim solve prisoners_dilemma, or with parameters of a solver: econsim solve chicken.yaml --solver
    lemke_howson solver.label=2. The agents of the scenario take no part. Where a planner announces payments first, give
    them as a fixed planner: econsim solve prisoners_dilemma_planner "planner={kind: fixed, action: 2}".
    Ctrl-C stops a solver that iterates; its best result so far is printed.
    """
    from time import process_time

    from econsim.report.games.solution_page import check_page, write_solution_page
    from econsim.scenario import load
    from econsim.scenario.loading import solver_choice
    from econsim.solvers import default_solver

    check_file("--csv", csv)
    if report is not None:
        check_page(report)
    given = overrides or []
    loaded = load(scenario, [text for text in given if not text.startswith(_SOLVER)])
    game = _after_announcement(loaded, loaded.game.build())
    kind = solver or default_solver(game)
    settings = [text.removeprefix(_SOLVER) for text in given if text.startswith(_SOLVER)]
    built = solver_choice(kind, settings).build()
    start = process_time()
    limit = "" if time_limit is None else f" (at most {time_limit:g} s)"
    with progress_bar(f"{kind}{limit}", quiet) as shown, stopped_by_user(shown) as watched:
        solution = built.solve(game, {}, time_limit, watched)
    method = f"{kind}: {process_time() - start:.2g} CPU-seconds"
    _print(game, solution, method)
    if csv is not None:
        _write(csv, game, solution)
    if report is not None:
        write_solution_page(report, loaded, game, kind, solution, [f"{method}.", *_notes(game, solution)])
        typer.echo(str(report))
    if watched.is_stopped:
        raise KeyboardInterrupt("stopped; the result above is the best so far, with its gap from deviating")


def _after_announcement(scenario: Scenario, game: Game[Any]) -> Game[Any]:
    """Return the game that players play after the planner's announcement, or the game itself where there is none."""
    from econsim.errors import UserError
    from econsim.game import FittedAgent
    from econsim.mechanisms.incentives import AnnouncesGame
    from econsim.play import ConstantPolicy

    if not isinstance(game, AnnouncesGame):
        return game
    (leader,) = (role for role in game.roles.values() if role.leads)
    planner = None if scenario.planner is None else scenario.planner.build()
    if not isinstance(planner, ConstantPolicy) or isinstance(planner, FittedAgent):
        payments = ", ".join(leader.action_labels)
        raise UserError(
            f"solve: players choose after an announcement ({payments}); give it, for example"
            f" 'planner={{kind: fixed, action: [{', '.join('1' for _ in leader.action_labels)}]}}'"
        )
    return game.announced_game(planner.action(game, leader))


def _print(game: Game[Any], solution: Solution, method: str) -> None:
    from rich.console import Console

    from econsim.cli.console_tables import grid, print_whole
    from econsim.cli.solved_quantities import quantity_table
    from econsim.markov import MarkovSolution
    from econsim.report.games.policies import policy_table

    console = Console(highlight=False)
    console.print(method)
    listed = points(solution)
    if listed:
        rows = [[point.player, point.information_set, shares_text(point.shares)] for point in listed[:MOST_ROWS]]
        print_whole(console, grid(["player", "information set", "strategy"], rows, words=3))
        if len(listed) > MOST_ROWS:
            more = f"{len(listed) - MOST_ROWS:,} more information sets are not shown"
            console.print(f"{more}; --csv FILE writes all strategies.")
        console.print(f"Expected payoffs: {payoffs_text(game, solution)}.")
    if solution.joint is not None:
        print_whole(console, joint_table(game, solution.joint, console))
    elif solution.profiles:
        print_whole(console, profile_table(game, solution, console))
    if solution.quantities:
        print_whole(console, quantity_table(solution))
    if isinstance(solution, MarkovSolution):
        header, rows, hidden = policy_table(game, solution)
        print_whole(console, grid(header, rows, words=len(header)))
        if hidden:
            console.print(f"{hidden:,} more states are reached; --csv FILE writes all periods and states.")
    for note in _notes(game, solution):
        console.print(note, markup=False)


def _notes(game: Game[Any], solution: Solution) -> list[str]:
    profiles, certificate = solution.profiles, solution.certificate
    notes = []
    if len(profiles) > MOST_ROWS:
        notes.append(f"{len(profiles) - MOST_ROWS} more are not shown; --csv FILE writes them all.")
    notes += solution.notes
    if len(profiles) > 1:
        totals = [profile.total for profile in profiles]
        notes.append(f"Total payoffs of these equilibria: {number(min(totals))} to {number(max(totals))}.")
    gain = max((profile.largest_gain for profile in profiles), default=certificate.upper)
    if gain is not None:
        notes.append(f"Largest gain of a player from deviating to {certificate.deviation_class}: {gain:.2g}.")
    notes += [f"{name}: {value:.3g}" for name, value in solution.residuals.items()]
    return notes


def _write(csv: Path, game: Game[Any], solution: Solution) -> None:
    from dataclasses import asdict

    import pandas as pd

    from econsim.markov import MarkovSolution
    from econsim.report.games.policies import policy_rows
    from econsim.storage.csv_tables import write_csv

    if isinstance(solution, MarkovSolution):
        rows = list(policy_rows(game, solution))
    elif solution.quantities:
        rows = [asdict(quantity) for quantity in solution.quantities]
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
        for name, role in zip(profile.strategies, player_roles(game), strict=True)
        for option, probability in enumerate(profile.strategies[name])
    ]


def _joint_rows(game: Game[Any], joint: Joint) -> list[dict[str, Any]]:
    return [
        {**dict(zip(joint.payoffs, option_names(game, outcome), strict=True)), "probability": probability}
        for outcome, probability in zip(joint.outcomes, joint.probabilities, strict=True)
    ]
