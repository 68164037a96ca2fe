"""Commands for authors of scenarios and games: ``init``, ``validate`` and ``check``."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from typing import Annotated

import typer

from econsim import kinds
from econsim.errors import UserError, command


def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new scenario.")],
    source: Annotated[str, typer.Option("--from", metavar="SCENARIO", help="The scenario to copy.")] = "one_step",
) -> None:
    """Create a scenario of your own.

    Writes scenarios/NAME.yaml, a copy of another scenario with every key explained. An existing file is not
    overwritten.
    """
    from econsim.scenario import library
    from econsim.scenario.labels import label_of
    from econsim.scenario.template import template

    if not name or label_of(name) != unicodedata.normalize("NFC", name) or name.endswith((".yaml", ".yml")):
        raise UserError(
            f"init: {name!r} is not a valid name; use letters, digits, spaces and . _ + - ( ) ', beginning with a"
            " letter, a digit or _, without the ending .yaml"
        )
    path = Path("scenarios") / f"{name}.yaml"
    text = template(name, library.find("scenarios", source))
    path.parent.mkdir(exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(f"init: {path} already exists; nothing was written") from None
    typer.echo(f"{path}\nRun it with: {command('run', name)}{kinds.plugin_options()}")


def validate(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="YAML files of scenarios, agents or planners; or names of scenarios."),
    ],
) -> None:
    """Find mistakes in YAML files without running them.

    Prints every mistake with its file and line.
    """
    from econsim.scenario.loading import scenario_path, validate_file

    failed = False
    for source in sources:
        try:
            validate_file(Path(source) if os.path.exists(source) else scenario_path(source))
            typer.echo(f"{source}: ok")
        except UserError as error:
            failed = True
            typer.echo(str(error), err=True)
    if failed:
        raise typer.Exit(UserError.exit_code)


def check(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A name from scenarios/, or a path.")],
    overrides: Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Overrides.")] = None,
) -> None:
    """Test whether a game and its agents conform to the interface.

    The checks cover determinism, independence of environment copies, conservation, legal actions and the other
    requirements of every game.
    """
    from econsim.cli.console_tables import table
    from econsim.scenario import load

    loaded = load(scenario, overrides or ())
    from econsim.testing import check as conformance

    checks = conformance(loaded)
    typer.echo(table([("passed" if result.passed else "FAILED", result.name, result.detail) for result in checks]))
    if not all(result.passed for result in checks):
        raise typer.Exit(1)
