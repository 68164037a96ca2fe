"""Server of the dashboard, which is accessible from this machine only."""

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
    """Serve the dashboard of the runs in ``folder`` until it is interrupted.

    Args:
        folder: a run, or a folder of runs and sweeps.
        port: the port on the loopback address; 0 selects a free port.
        ready: called with the address of the page when it can be opened.

    Raises:
        UserError: there is no such folder, the port is in use, or the extra ``live`` is not installed.
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
    """Return a server that is bound to its port but not yet serving; raises as :func:`serve`."""
    from importlib.util import find_spec

    if find_spec("dash") is None or find_spec("dash_ag_grid") is None:
        raise UserError('watch: the dashboard needs dash; install it with: pip install "econsim[live]"')
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
        raise UserError(f"--port {port}: the port is in use; choose another, or 0 for any free port") from error


def _refuse_others() -> tuple[str, int] | None:
    """Refuse a request whose host name is not that of this machine, such as a DNS rebinding attack would send."""
    from flask import request

    name = request.host.rpartition(":")[0] or request.host
    return None if name in _NAMES else ("this page is accessible from this machine only", 403)
