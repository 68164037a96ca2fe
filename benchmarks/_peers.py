"""Environments of their own for the systems that econsim is compared with, made once and kept in ``.peers``.

None of them can share econsim's environment: their requirements contradict it or each other. Set ``ECONSIM_PEERS`` to
keep them in another folder. Making one needs the package index, and EconoJax its repository too.
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
    """A system to compare with.

    requirements: what ``pip install`` gets.
    alone: requirements that are installed without what they ask for, where their own pins no longer install.
    repository: source at ``commit`` to check out beside the environment, for what is on no package index.
    """

    name: str
    requirements: tuple[str, ...]
    alone: tuple[str, ...] = ()
    repository: str = ""
    commit: str = ""

    @property
    def folder(self) -> Path:
        """Where its environment, source and results are."""
        return FOLDER / self.name

    @property
    def interpreter(self) -> Path:
        """The Python of its environment."""
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
LLM_CLIENTS = Peer("llm_clients", ("litellm==1.106.2",))  # it brings the openai client


def ready(peer: Peer) -> Path:
    """Return the interpreter of ``peer``; its environment is made where there is none of these requirements.

    Raises:
        SystemExit: the package index or the repository cannot be reached, or something does not install.
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
        SystemExit: the script failed; its last lines are shown.
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
    """Fetch one commit; a checkout that somebody put there is left as it is."""
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
