"""The server of the page: this machine alone can reach it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from econsim.errors import UserError

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

__all__ = ["make_server", "serve"]

HOST = "127.0.0.1"
_NAMES = ("127.0.0.1", "localhost")


def serve(folder: Path, port: int = 8765, ready: Callable[[str], object] | None = None) -> None:
    """Serve the page about the runs in ``folder`` until it is interrupted.

    Args:
        folder: a run, or a folder that holds runs and sweeps.
        port: of the loopback address; 0 takes a free one.
        ready: is told the page's address once it can be opened.

    Raises:
        UserError: no such folder, the port is taken, or the extra ``live`` is not installed.
    """
    server = make_server(folder, port)
    if ready is not None:
        ready(f"http://{HOST}:{server.server_port}/")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


def make_server(folder: Path, port: int) -> BaseWSGIServer:
    """Return a server that is bound to its port and not yet serving; raises as :func:`serve`."""
    from importlib.util import find_spec

    if find_spec("dash") is None or find_spec("dash_ag_grid") is None:
        raise UserError('the page to watch needs dash: pip install "econsim[live]"')
    from werkzeug import serving

    from econsim.watch.application import application
    from econsim.watch.discovery import find

    find(folder)
    app = application(folder).server
    app.before_request(_refuse_others)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    try:
        return serving.make_server(HOST, port, app, threaded=True)
    except (OSError, SystemExit) as error:
        raise UserError(f"--port {port}: it is taken; give another, or 0 for any that is free") from error


def _refuse_others() -> tuple[str, int] | None:
    """Refuse a request under another name than this machine's own, as a hostile page would make it."""
    from flask import request

    name = request.host.rpartition(":")[0] or request.host
    return None if name in _NAMES else ("only this machine can read here", 403)
