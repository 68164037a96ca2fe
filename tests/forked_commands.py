"""Commands of econsim and programs in Python, in processes of their own, forked from one that has imported libraries.

A process so starts in milliseconds instead of seconds; ``tests/cli/test_startup.py`` looks at what a fresh process
imports. Each process has its own working directory, environment and exit code, and nothing that it does is seen by
another.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import traceback
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

CHECKOUT = Path(__file__).resolve().parent.parent
MOST_SECONDS = 300
_IMPORTED = (
    "econsim.analysis.counterfactual",
    "econsim.analysis.equilibrium",
    "econsim.cli",
    "econsim.report.figures",
    "econsim.report.page",
    "econsim.runs",
    "econsim.scenario",
    "econsim.testing",
    "matplotlib.backends.backend_agg",
    "pandas",
    "pyarrow.parquet",
    "scipy.stats",
    "torch._dynamo",
)


class Commands:
    """A process that has imported econsim and forks one for each command."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "COLUMNS": "120"}
        self._server = subprocess.Popen(
            [sys.executable, __file__], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self, arguments: tuple[str, ...], folder: Path, *search: Path, drawn: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run ``econsim`` in a folder, with further folders to import from; wait for its end.

        Reports of runs have no figures where ``drawn`` is false, which saves seconds.
        """
        request = {"arguments": ["econsim", *arguments], "search": [str(path) for path in search], "drawn": drawn}
        return self._wait_for(request, folder)

    def run_script(
        self, script: Path, *arguments: str | Path, folder: Path = CHECKOUT, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a file of Python in a folder, as ``python SCRIPT ARGUMENTS`` does; wait for its end."""
        words = [str(word) for word in (script, *arguments)]
        search = [str(script.parent)]
        return self._wait_for({"arguments": words, "search": search, "environment": environment}, folder)

    def _wait_for(self, request: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
        assert self._server.stdin
        assert self._server.stdout
        with TemporaryDirectory() as outputs:
            self._server.stdin.write(json.dumps({**request, "folder": str(folder), "outputs": outputs}) + "\n")
            self._server.stdin.flush()
            status = int(self._server.stdout.readline())
            said, complained = (Path(outputs, name).read_text(encoding="utf-8") for name in ("stdout", "stderr"))
        return subprocess.CompletedProcess(request["arguments"], os.waitstatus_to_exitcode(status), said, complained)

    def close(self) -> None:
        """End the process."""
        self._server.communicate()


def serve() -> None:
    """Fork a process for each request, a line of JSON on standard input; answer with its wait status."""
    sys.path.remove(str(Path(__file__).resolve().parent))  # no command finds the modules of the tests
    for name in _IMPORTED:
        import_module(name)
    gc.freeze()  # no process searches what it shares with this one for garbage
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _become(json.loads(line))
        print(os.waitpid(child, 0)[1], flush=True)


def _become(request: dict[str, Any]) -> NoReturn:
    """Turn this process into the command that was asked for."""
    signal.alarm(MOST_SECONDS)
    os.chdir(request["folder"])
    sys.path[:0] = [request["folder"], *request["search"]]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(CHECKOUT), *request["search"]])
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(Path(request["outputs"], name), os.O_WRONLY | os.O_CREAT), descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(request.get("environment", {}))
    if not request.get("drawn", True):
        import_module("econsim.report.figures")._CAPTIONS = ()
    sys.argv = request["arguments"]
    os._exit(_exit_code())


def _exit_code() -> int:
    try:
        if sys.argv[0] == "econsim":
            import_module("econsim.cli").main()
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    serve()
