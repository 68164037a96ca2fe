"""``python -m econsim.testing.endpoints scripted|faulty|tiny``: serve a simulated model until it is interrupted."""

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
from econsim.testing.endpoints.responders import Responder
from econsim.testing.endpoints.scripted import Scripted
from econsim.testing.endpoints.server import serve

FAULTY = Faults(too_many=0.05, failing=0.02, cut=0.02, garbage=0.1, wrong_type=0.03, wrong_length=0.03, injection=0.05)


def endpoint(
    who: Annotated[Literal["scripted", "faulty", "tiny"], typer.Argument(help="Who answers.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen; 0: anywhere.")] = 8001,
    folder: Annotated[
        Path | None, typer.Option(help="Of the tiny model, which is trained there if it is missing.")
    ] = None,
) -> None:
    """Serve a simulated model on this machine, OpenAI-compatible.

    scripted: computes best answers; faulty: the same with faults; tiny: a small language model, trained in a minute.
    """
    with TemporaryDirectory() as temporary:
        responder = _tiny(folder or Path(temporary)) if who == "tiny" else Scripted()
        with serve(responder, FAULTY if who == "faulty" else None, port) as base_url:
            settings = f"llm.base_url={base_url} llm.model={responder.name} llm.simulated={shlex.quote(who)}"
            print(f"{responder.name} listens; ask it from another shell, and end it with Ctrl-C:", flush=True)
            print(f"  econsim run llm_economist {settings}", flush=True)
            with suppress(KeyboardInterrupt):
                threading.Event().wait()


def _tiny(folder: Path) -> Responder:
    from econsim.testing.endpoints.tiny import Tiny, Training, train

    if not (folder / "config.json").is_file():
        print(f"training the tiny model: {Training().steps} steps, about a minute", flush=True)
        train(folder)
    return Tiny(folder)


if __name__ == "__main__":
    try:
        typer.run(endpoint)
    except EconsimError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
