"""Commands that show scenarios and kinds: ``list``, ``describe``, ``cite`` and ``schema``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from econsim import kinds
from econsim.cli.console_tables import table
from econsim.errors import UserError, did_you_mean
from econsim.scenario import library

_ROOMS = ("economies", "games", "populations", "networks", "training", "solvers", "agents", "planners")


class What(StrEnum):
    """Groups that can be listed."""

    scenarios = "scenarios"
    agents = "agents"
    planners = "planners"
    economies = "economies"
    games = "games"
    populations = "populations"
    networks = "networks"
    training = "training"
    solvers = "solvers"


def list_(
    what: Annotated[What | None, typer.Argument(metavar="GROUP", help="One group. Default: all groups.")] = None,
) -> None:
    """List scenarios, agents, planners and kinds."""
    for group in [what] if what else list(What):
        rows = _listed(group.value)
        if rows or what:
            typer.echo(f"{group.value}\n{table(rows, indent='  ') or '  (none)'}")


def describe(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A scenario, agent, planner or kind; where a name is ambiguous, GROUP/NAME, for example agents/ppo.",
        ),
    ],
    text: Annotated[
        bool, typer.Option("--text", help="For a game: the rules and the first question of a language model, by role.")
    ] = False,
) -> None:
    """Describe a scenario, agent, planner or kind.

    Prints its documentation, its parameters and its YAML; for a game also its roles, with features, units and actions;
    for a scenario also how long a run takes, measured on its first steps, or how many questions it asks.
    """
    from econsim.cli.describing import described_file, described_kind
    from econsim.cli.describing_games import described_game

    group, _, plain = name.rpartition("/")
    files = [(axis, plain) for axis in library.AXES if group in ("", axis) and plain in library.names(axis)]
    sub_package = (group,) if "." in group else ()
    rooms = [room for room in (*_ROOMS, *sub_package) if group in ("", room) and plain in kinds.names(room)]
    rooms = [room for room in rooms if (room, plain) not in files]
    if not files and not rooms:
        raise UserError(f"describe: there is nothing with the name {name!r}{did_you_mean(plain, _all_names())}")
    game = described_game(plain, [axis for axis, _ in files], rooms, text)
    pages = [] if text else [described_file(axis, plain) for axis, plain in files]
    pages += [] if text else [described_kind(kinds.load(room, plain)) for room in rooms]
    typer.echo("\n\n".join([*pages, *game]))
    if ("scenarios", plain) in files and not text:
        from econsim.cli.forecasting import expected_cost

        typer.echo("")
        for line in expected_cost(plain):
            typer.echo(line)


def cite(
    run_or_scenario: Annotated[str, typer.Argument(metavar="RUN_OR_SCENARIO", help="A run folder, or a scenario.")],
) -> None:
    """Print the references of a scenario as BibTeX."""
    from econsim.scenario import load

    is_run = (Path(run_or_scenario) / "scenario.yaml").is_file()
    if is_run:
        from econsim.runs import open_run

        scenario = open_run(run_or_scenario).scenario
    else:
        scenario = load(run_or_scenario)
    entries = dict.fromkeys(entry.strip() for kind in scenario.parts() for entry in kind.references)
    typer.echo("\n\n".join(entries) or f"{scenario.name}: none of its kinds has references")


def schema() -> None:
    """Print the JSON schema of scenarios, for editors."""
    import json

    from econsim.scenario.schema import scenario_schema

    typer.echo(json.dumps(scenario_schema(), indent=2, ensure_ascii=False))


def _listed(group: str) -> list[tuple[str, str]]:
    rows = {name: library.kind_summary(group, name) for name in kinds.names(group)}
    if group in library.AXES:
        rows |= {entry.name: entry.summary for entry in library.entries(group)}
    return sorted(rows.items())


def _all_names() -> set[str]:
    yaml_names = {name for axis in library.AXES for name in library.names(axis)}
    return yaml_names | {name for room in _ROOMS for name in kinds.names(room)}
