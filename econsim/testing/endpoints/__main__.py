"""Command-line server of simulated models: ``python -m econsim.testing.endpoints scripted|faulty|tiny``."""

from __future__ import annotations

import shlex
import sys
import threading
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import typer

from econsim.errors import EconsimError
from econsim.testing.endpoints.faults import Faults
from econsim.testing.endpoints.quirks import QUIRKS
from econsim.testing.endpoints.responders import Responder
from econsim.testing.endpoints.scripted import Scripted
from econsim.testing.endpoints.server import serve

FAULTY = Faults(too_many=0.05, failing=0.02, cut=0.02, garbage=0.1, wrong_type=0.03, wrong_length=0.03, injection=0.05)


def endpoint(
    who: Annotated[Literal["scripted", "faulty", "tiny"], typer.Argument(help="The simulated model.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port of the server; 0: any free port.")] = 8001,
    folder: Annotated[
        Path | None, typer.Option(help="The folder of the tiny model, which is trained if the folder holds none.")
    ] = None,
    quirk: Annotated[str, typer.Option(help=f"A quirk of real servers: {', '.join(QUIRKS)}.")] = "",
) -> None:
    """Serve a simulated model on this machine through an OpenAI-compatible API, until it is interrupted.

    scripted: computes exact replies; faulty: the same, with injected faults; tiny: a small language model, which is
    trained in about a minute.
    """
    with TemporaryDirectory() as temporary:
        responder = _tiny(folder or Path(temporary)) if who == "tiny" else Scripted()
        with serve(responder, FAULTY if who == "faulty" else None, port, quirk) as base_url:
            settings = f"llm.base_url={base_url} llm.model={responder.name} llm.simulated={shlex.quote(who)}"
            print(
                f"serving {responder.name}; stop it with Ctrl-C; run a scenario with it in another shell:", flush=True
            )
            print(f"  econsim run llm_economist {settings}", flush=True)
            with suppress(KeyboardInterrupt):
                threading.Event().wait()


def _tiny(folder: Path) -> Responder:
    from econsim.testing.endpoints.tiny import Tiny, Training, train

    if not (folder / "config.json").is_file():
        print(f"training the tiny model for {Training().steps} steps, which takes about a minute", flush=True)
        train(folder)
    return Tiny(folder)


if __name__ == "__main__":
    try:
        typer.run(endpoint)
    except EconsimError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
