"""The command ``schelling``: payoffs of cooperators and defectors, and whether a game is a social dilemma."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from econsim.cli.output_files import PLOTS, check_file, write_plot
from econsim.cli.running import OverridesArgument
from econsim.errors import UserError

if TYPE_CHECKING:
    from econsim.analysis.schelling import SchellingDiagram
    from econsim.analysis.statistics import Interval
    from econsim.game import Agent, Game, Role
    from econsim.scenario import Scenario

_ANSWERS = {True: "yes", False: "no", None: "open"}


def schelling(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A name from scenarios/, or a path.")],
    cooperator: Annotated[
        str,
        typer.Option(
            metavar="POLICY",
            help="How a cooperator plays: an option of the game, a name of econsim list agents, or a finished run.",
        ),
    ],
    defector: Annotated[str, typer.Option(metavar="POLICY", help="How a defector plays, given in the same way.")],
    overrides: OverridesArgument = None,
    episodes: Annotated[
        int, typer.Option(min=2, help="The number of episodes for each number of cooperators, where they are played.")
    ] = 64,
    csv: Annotated[Path | None, typer.Option(help="A CSV file of the points of both curves, one row each.")] = None,
    plot: Annotated[Path | None, typer.Option(help="A figure: a file that ends in .png or .svg.")] = None,
) -> None:
    """Compare cooperators with defectors, by the number of other players who cooperate.

    Prints the Schelling diagram and whether the game is a social dilemma. For example: econsim schelling public_goods
    --cooperator 1 --defector 0, where both are options of the game. Numbers are exact where the game has a table of
    payoffs, and otherwise means with 95 % intervals. A planner of the scenario plays its own policy.
    """
    import torch

    from econsim import random
    from econsim.analysis.schelling import schelling_diagram
    from econsim.scenario import load

    check_file("--csv", csv)
    check_file("--plot", plot, PLOTS)
    loaded = load(scenario, overrides or [])
    game, agents = loaded.build(dtype=torch.float64)
    leading = {name: agent for name, agent in agents.items() if game.roles[name].leads}
    policies = (_policy(loaded, game, "--cooperator", cooperator), _policy(loaded, game, "--defector", defector))
    diagram = schelling_diagram(game, *policies, random.keys(loaded.seed, episodes), leading)
    _print(diagram)
    _save(diagram, csv, plot, game.unit)


def _policy(scenario: Scenario, game: Game[Any], option: str, text: str) -> dict[str, Agent]:
    """Return the agents of all following roles, as an option of the command names them."""
    from econsim.agents.mixed_strategy import MixedStrategy, Parameters
    from econsim.game import FittedAgent
    from econsim.runs import open_run
    from econsim.scenario.loading import with_overrides

    roles = {name: role for name, role in game.roles.items() if not role.leads}
    if all(text in role.action_labels for role in roles.values()):
        shares = {name: tuple(float(label == text) for label in role.action_labels) for name, role in roles.items()}
        return {name: MixedStrategy(Parameters(probabilities=share)) for name, share in shares.items()}
    if Path(text).is_dir():
        fitted = open_run(Path(text)).agents
        if missing := ", ".join(name for name in roles if name not in fitted):
            raise UserError(f"{option} {text}: this run has no agent of the role {missing}")
        return {name: fitted[name] for name in roles}
    try:
        _, agents = with_overrides(scenario, {f"agents.{name}": text for name in roles}).build()
    except UserError as error:
        raise UserError(_not_known(option, text, roles, error)) from None
    for name in roles:
        if isinstance(agents[name], FittedAgent):
            raise UserError(f"{option} {text}: this agent is trained; give the folder of a run that has trained it")
    return {name: agents[name] for name in roles}


def _not_known(option: str, text: str, roles: Mapping[str, Role], error: UserError) -> str:
    """Return the message for a policy that is no option, run or agent: the option of the command, not its key."""
    (name, role), *_ = roles.items()
    reason = str(error).splitlines()[0].partition(f"agents.{name}: ")[2] or str(error)
    options = f"; options of {name}: {', '.join(role.action_labels)}" if role.action_labels else ""
    return f"{option} {text}: {reason}{options}"


def _print(diagram: SchellingDiagram) -> None:
    from rich.console import Console

    from econsim.cli.console_tables import grid, print_whole

    console = Console(highlight=False)
    points = zip(diagram.cooperator, diagram.defector, strict=True)
    rows = [[str(others), _text(first), _text(second)] for others, (first, second) in enumerate(points)]
    print_whole(console, grid(["other cooperators", "payoff of a cooperator", "payoff of a defector"], rows))
    console.print()
    conditions = [
        [condition.title, _text(condition.difference), _ANSWERS[condition.holds]]
        for condition in diagram.conditions.values()
    ]
    print_whole(console, grid(["condition", "difference", "holds"], conditions))
    console.print(diagram.verdict, markup=False)
    if diagram.method == "played":
        console.print(f"Brackets: 95 % intervals over {diagram.episodes} episodes.", markup=False)


def _text(point: Interval) -> str:
    if point.low is None or point.high is None:
        return f"{point.mean:.4g}"
    return f"{point.mean:.4g} [{point.low:.4g}, {point.high:.4g}]"


def _save(diagram: SchellingDiagram, csv: Path | None, plot: Path | None, unit: str) -> None:
    import pandas as pd

    from econsim.analysis.schelling_plot import schelling_plot
    from econsim.storage.csv_tables import write_csv

    if csv is not None:
        write_csv(csv, pd.DataFrame(diagram.rows()))
    if plot is not None:
        write_plot(plot, schelling_plot(diagram, unit), "schelling")
    for path in (csv, plot):
        if path is not None:
            typer.echo(str(path))
