"""Commands for those who write scenarios and games: init, validate, check."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from econsim.errors import UserError

_NAME = re.compile(r"\w[\w-]*")


def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new scenario.")],
    source: Annotated[str, typer.Option("--from", metavar="SCENARIO", help="The scenario to begin with.")] = "one_step",
) -> None:
    """Begin a scenario of your own.

    Writes scenarios/NAME.yaml, a copy of another scenario with every key explained; never overwrites.
    """
    from econsim.scenario import library
    from econsim.scenario.template import template

    if not _NAME.fullmatch(name):
        raise UserError(f"init: {name!r} cannot be a file name; use letters, digits, _ and -")
    path = Path("scenarios") / f"{name}.yaml"
    text = template(name, library.find("scenarios", source))
    path.parent.mkdir(exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(f"init: {path} exists already; nothing was written") from None
    typer.echo(f"{path}\nrun it with: econsim run {name}")


def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="YAML of scenarios, agents or planners.")],
) -> None:
    """Find mistakes in YAML files without running.

    Every mistake is printed with its file and line.
    """
    from econsim.scenario.loading import validate_file

    failed = False
    for file in files:
        try:
            validate_file(file)
            typer.echo(f"{file}: ok")
        except UserError as error:
            failed = True
            typer.echo(str(error), err=True)
    if failed:
        raise typer.Exit(UserError.exit_code)


def check(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A name from scenarios/, or a path.")],
    overrides: Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Overrides.")] = None,
) -> None:
    """Test a game and its agents for conformance.

    Determinism, independence of copies, conservation, legal actions and the other promises of every game.
    """
    from econsim.cli.console_tables import table
    from econsim.scenario import load

    loaded = load(scenario, overrides or ())
    from econsim.testing import check as conformance

    checks = conformance(loaded)
    typer.echo(table([("passed" if each.passed else "FAILED", each.name, each.detail) for each in checks]))
    if not all(each.passed for each in checks):
        raise typer.Exit(1)
