"""Exit codes and messages of commands that fail: one clear message on standard error, and an exit code."""

from __future__ import annotations

import os
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand

from econsim.errors import EconsimError, EconsimWarning, UserError
from econsim.storage.user_files import shown

INTERRUPTED = 130
INTERNAL_ERROR = 1


class Command(TyperCommand):
    """A command whose errors become messages and exit codes."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command.

        Raises:
            typer.Exit: the command failed; with the exit code of the error.
        """
        try:
            with _plain_warnings():
                return super().invoke(ctx)
        except (typer.Exit, BrokenPipeError):
            raise
        except KeyboardInterrupt as error:
            typer.echo(f"\n{str(error) or 'stopped'}", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except EconsimError as error:
            typer.echo(f"econsim: {error}" if "\n" not in str(error) else f"econsim:\n{error}", err=True)
            raise typer.Exit(error.exit_code) from None
        except Exception as error:
            if isinstance(error, OSError) and error.filename is not None and not ctx.find_root().params["debug"]:
                # For example, a path that is too long: the message of the system names the file and the reason.
                reason = (error.strerror or "cannot be used").lower()
                typer.echo(f"econsim: {shown(Path(os.fsdecode(error.filename)))}: {reason}", err=True)
                raise typer.Exit(UserError.exit_code) from None
            _explain(error, debug=ctx.find_root().params["debug"])
            raise typer.Exit(INTERNAL_ERROR) from None


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Print each :class:`EconsimWarning` as one line, once; show all other warnings as usual."""
    shown: set[str] = set()
    with warnings.catch_warnings():
        show = warnings.showwarning

        def show_plainly(message: Warning | str, category: type[Warning], *location: Any, **options: Any) -> None:
            if not issubclass(category, EconsimWarning):
                show(message, category, *location, **options)
            elif str(message) not in shown:
                shown.add(str(message))
                typer.echo(f"warning: {message}", err=True)

        warnings.showwarning = show_plainly
        yield


def _explain(error: Exception, debug: bool) -> None:
    if debug:
        typer.echo("".join(traceback.format_exception(error)), err=True)
    typer.echo(f"econsim: internal error: {type(error).__name__}: {error}", err=True)
    for note in getattr(error, "__notes__", ()):
        typer.echo(note, err=True)
    if not debug:
        typer.echo("Run the command again with --debug to see the traceback.", err=True)
