"""The page about a solution: what the solver found, how its gap converged, and the game."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from econsim.errors import UserError
from econsim.markov import MarkovSolution
from econsim.report.drawing import drawn
from econsim.report.games import blocks_of_game
from econsim.report.games.blocks import Block, plain
from econsim.report.games.convergence import convergence_block
from econsim.report.games.curves import curves_block
from econsim.report.games.equilibria import profiles_block
from econsim.report.games.paths import paths_block
from econsim.report.games.play import Play
from econsim.report.games.policies import policy_table
from econsim.report.games.quantities import quantities_blocks
from econsim.report.games.solving import Solved
from econsim.report.games.states import first_round_block
from econsim.report.games.words import number, option_names
from econsim.report.page import fill, with_figures
from econsim.storage.files import write_text

if TYPE_CHECKING:
    from econsim.game import Game
    from econsim.learning import Joint, Solution
    from econsim.scenario import Scenario

__all__ = ["check_page", "write_solution_page"]

_MOST_ROWS = 40
_ALL_EQUILIBRIA = "vertex_enumeration"  # the page lists all equilibria in any case


def check_page(page: Path) -> None:
    """Raise :class:`UserError` if the file of a page has another ending than ``.html``, or no folder to be in."""
    if page.suffix != ".html":
        raise UserError(f"--report {page}: the file name must end in .html")
    if not page.parent.is_dir():
        raise UserError(f"--report {page}: there is no folder {page.parent}")
    if page.is_dir():
        raise UserError(f"--report {page}: this is a folder; give the name of a file")


def write_solution_page(
    page: Path, scenario: Scenario, game: Game[Any], kind: str, solution: Solution, notes: Sequence[str]
) -> None:
    """Write a self-contained page about a solution of a scenario's game.

    Args:
        page: the file, which ends in ``.html``.
        scenario: the scenario.
        game: its game.
        kind: the kind of the solver.
        solution: its solution.
        notes: what the console says about it.

    Raises:
        RunError: the disk is full; an older page is kept.
    """
    blocks = [*_found(game, kind, solution), *_about(game, kind, solution)]
    pictures = [drawn(block.figure, with_png=False) for block in blocks if block.figure is not None]
    parts = with_figures(blocks, pictures)
    context = {"scenario": scenario, "kind": kind, "notes": list(notes), "game": parts}
    write_text(page, fill("solution.html", [], False, context))


def _found(game: Game[Any], kind: str, solution: Solution) -> list[Block]:
    """Return the blocks of what the solver found, and of its convergence."""
    blocks = []
    if solution.joint is not None:
        blocks.append(_joint_block(game, solution.joint))
    elif solution.profiles and kind != _ALL_EQUILIBRIA:
        blocks.append(profiles_block("Strategies found", game, solution.profiles, ()))
    curves, paths = curves_block(solution.curves), paths_block(solution.series)
    blocks += [] if curves is None else [curves]
    blocks += quantities_blocks(solution.quantities)
    blocks += [] if paths is None else [paths]
    caption = f"The gap of the best strategies so far, in payoffs, by the number of iterations of {kind}."
    gap = convergence_block({kind: solution.gaps}, caption)
    return blocks if gap is None else [*blocks, gap]


def _joint_block(game: Game[Any], joint: Joint) -> Block:
    likely = sorted(zip(joint.probabilities, joint.outcomes, strict=True), key=lambda entry: -entry[0])
    rows = [[", ".join(option_names(game, outcome)), f"{share:.4g}"] for share, outcome in likely[:_MOST_ROWS]]
    paid = ", ".join(f"{name} {number(payoff)}" for name, payoff in joint.payoffs.items())
    notes = [f"Options in the order of the players. Expected payoffs: {paid}."]
    if len(likely) > len(rows):
        notes.append(f"{len(likely) - len(rows):,} less likely profiles are left out.")
    return Block("Joint distribution", ("profile", "probability"), plain(rows), tuple(notes), style="prose")


def _about(game: Game[Any], kind: str, solution: Solution) -> list[Block]:
    if solution.series or solution.curves:
        return []  # neither a path over time nor a curve has agents that stand for it
    if isinstance(solution, MarkovSolution) and not solution.agents and solution.joint_policy is not None:
        header, rows, hidden = policy_table(game, solution)
        notes = (f"{hidden:,} more states are left out.",) if hidden else ()
        table = Block("Policy by state", tuple(header), plain(rows), notes, style="prose")
        return [first_round_block(game, solution.joint_policy, "probabilities of joint actions"), table]
    who = "the solution's players" if solution.joint is None else "players who draw from the solution independently"
    return blocks_of_game(game, Play(solution.agents, who, "solution"), Solved(None, "", ()))
