"""The command-line application and its global options.

Exit codes: 0 success, 1 failed run or internal error, 2 mistake in the user's input, 130 interrupted.
"""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, NoReturn

import typer

from econsim import kinds
from econsim.cli import (
    adopting,
    archetype_curve,
    auditing,
    authoring,
    browsing,
    calibrating,
    certifying,
    counterfactual,
    evaluating,
    fitting_taxes,
    household,
    interviewing,
    offline_gaps,
    rendering,
    reporting,
    running,
    schelling,
    solving,
    sweeping,
    transcribing,
    warming,
    watching,
)
from econsim.cli.exit_codes import Command
from econsim.errors import UserError

app = typer.Typer(
    name="econsim",
    help="Economic and multi-agent simulation. Start with: econsim run one_step",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for _command in (
    running.run,
    running.resume,
    running.branch,
    reporting.compare,
    evaluating.evaluate,
    reporting.report,
    watching.watch,
    rendering.render,
    certifying.equilibrium,
    adopting.adoption,
    offline_gaps.offline_gap,
    solving.solve,
    schelling.schelling,
    counterfactual.counterfactual,
    auditing.audit,
    archetype_curve.archetypes,
    transcribing.transcript,
    interviewing.interview,
    interviewing.survey,
    household.household,
    fitting_taxes.fit_tax,
    calibrating.calibrate,
    warming.warm,
    sweeping.sweep,
    sweeping.query,
    sweeping.summary,
    sweeping.search,
    browsing.list_,
    browsing.describe,
    browsing.cite,
    browsing.schema,
    authoring.init,
    authoring.validate,
    authoring.check,
):
    app.command(_command.__name__.rstrip("_").replace("_", "-"), cls=Command)(_command)

_WITH_VALUE = "--plugin"
_FLAGS = ("--debug", "--version")


_OBJECTS_BETWEEN_COLLECTIONS = 10_000
"""Python's default of 700 searches for garbage 800 times while libraries are imported and figures drawn: a tenth of the
time of a short run, and in vain."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its exit code."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    atexit.register(gc.freeze)  # or Python searches all objects once more at its end: half a second with torch
    given = list(sys.argv[1:] if arguments is None else arguments)
    if (problem := _empty(given)) is not None:
        typer.echo(f"econsim: {problem}", err=True)
        sys.exit(UserError.exit_code)
    app(_globals_first(given), prog_name="econsim")
    sys.exit(0)


def _print_version(requested: bool) -> None:
    if requested:
        import econsim

        typer.echo(f"econsim {econsim.__version__}")
        raise typer.Exit()


@app.callback()
def _globals(
    plugin: Annotated[
        list[str] | None,
        typer.Option(metavar="PACKAGE", help="A package or folder that adds kinds and YAML files; repeatable."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the tracebacks of internal errors.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    for package in plugin or ():
        try:
            kinds.add_plugin(package)
        except UserError as error:
            raise typer.BadParameter(str(error)) from None


def _empty(arguments: Sequence[str]) -> str | None:
    """Return what is wrong if an argument is empty text, which would be read as the path of the working directory."""
    for before, argument in pairwise(["", *arguments]):
        option, equals, value = argument.partition("=")
        if argument.startswith("--") and equals and not value:
            return f"{option}: expected a value, found empty text"
        if not argument:
            option = f"{before}: " if before.startswith("--") else ""
            return f"{option}expected {'a value' if option else 'an argument'}, found empty text"
    return None


def _globals_first(arguments: list[str]) -> list[str]:
    """Move global options before the command, so that they are accepted anywhere."""
    first: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            return [*first, *rest, argument, *remaining]
        if argument == _WITH_VALUE:
            value = next(remaining, None)
            if value is None:
                return [*first, argument]
            first += [argument, value]
        elif argument in _FLAGS or argument.startswith(_WITH_VALUE + "="):
            first.append(argument)
        else:
            rest.append(argument)
    return first + rest
