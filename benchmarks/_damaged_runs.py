"""Killed and damaged runs: small real runs in forked processes, resumed or read after a kill or a corruption."""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from econsim.errors import EconsimError
from econsim.runs import execute, open_run, resume
from econsim.runs.costs import fit_costs
from econsim.scenario import load

OVERRIDES: dict[str, Any] = {
    "economy.workers": 12, "economy.population.sampling": "random",
    "baselines.search": {"kind": "search", "method": "cma_es", "starts": 2, "generations": 3},
    "training.warm_up": 2, "training.iterations": 8, "training.checkpoint_every": 3,
    "training.copies": 4, "training.leader_copies": 4,
}  # fmt: skip
RESULTS = ("metrics.parquet", "accounts.parquet", "summary.json")
PPO = "checkpoints/ppo-seed-42-ppo"
FINISHED = (
    "summary.json",
    "metrics.parquet",
    "accounts.parquet",
    "environment.json",
    "scenario.yaml",
    "manifest.json",
    f"{PPO}/fitted/state.json",
    f"{PPO}/fitted/state.safetensors",
    f"{PPO}/cost.json",
    "log.txt",
    "lock",
)
INTERRUPTED = (
    "environment.json",
    "scenario.yaml",
    "manifest.json",
    "metrics.parts/*.parquet",
    f"{PPO}/step-*/state.json",
    f"{PPO}/step-*/state.safetensors",
)
NOT_COVERED = {
    "manifest.json": "a deleted manifest is warned of: the run reads as one of an older version, without checks",
    "log.txt": "grows while the run works, so it has no checksum; no number is read from it",
    "lock": "holds the number of a process only; the operating system holds the lock",
    "step-*": "a checkpoint without its state.json is not complete: the run continues from the one before; the older"
    " of two checkpoints is not read while the newer one is complete",
}


def whole_run(folder: Path) -> float:
    """Make the undisturbed run; return its seconds."""
    start = time.monotonic()
    execute(load("one_step", OVERRIDES), folder, quiet=True)
    return time.monotonic() - start


def results(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in RESULTS}


def forked(work: Callable[[], object], log: Path | None = None) -> int:
    """Do the work in a forked process; its exit status is that of the command line. Return the process's number."""
    child = os.fork()
    if child:
        return child
    status = 0
    try:
        with warnings.catch_warnings(action="ignore"):
            work()
    except BaseException as error:
        status = error.exit_code if isinstance(error, EconsimError) else 70
        if log is not None:
            log.write_text(f"{type(error).__name__}: {error}")
    finally:
        os._exit(status)


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed(folder: Path, ready: Callable[[], bool], delay: float) -> bool:
    """Start a run and kill it ``delay`` seconds after a condition holds; return whether it was still running."""
    child = forked(lambda: execute(load("one_step", OVERRIDES), folder, quiet=True))
    while not ready() and not (folder / "summary.json").exists():
        time.sleep(0.002)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    return ended(child) == -signal.SIGKILL


def kill(folder: Path, whole: Path, seconds: float, draw: random.Random) -> str:
    """Kill a run at a random moment, resume it and compare its results with those of the undisturbed run.

    A run that ended before it was killed is repeated with an earlier moment.
    """
    while not killed(folder, (folder / "environment.json").exists, draw.random() * seconds):
        shutil.rmtree(folder)
        seconds *= 0.8
    if ended(forked(lambda: resume(folder, quiet=True), folder.with_suffix(".error"))):
        return "not_resumed"
    if results(folder) != results(whole):
        return "different"
    return "identical"


def interrupt(folder: Path) -> None:
    """Kill a run in its last training, when it has stored two checkpoints."""
    assert killed(folder, lambda: len(list(folder.glob(f"{PPO}/step-*/state.json"))) > 1, 0.0)
    assert not (folder / "summary.json").exists()


def two_resumes(interrupted: Path, folder: Path, whole: Path) -> str:
    """Resume an interrupted run in two processes at once; return how they ended."""
    shutil.copytree(interrupted, folder)
    logs = [folder.with_suffix(f".{number}") for number in range(2)]
    children = [forked(lambda log=log: resume(folder, quiet=True), log) for log in logs]  # type: ignore[misc]
    ends = sorted(ended(child) for child in children)
    said = "".join(log.read_text() for log in logs if log.exists())
    if results(folder) != results(whole):
        return "different"
    return "one_refused" if ends == [0, 2] and "another process is using this folder" in said else f"ended {ends}"


def damage(path: Path, draw: random.Random) -> str:
    """Flip a bit of a file, truncate it or, in one case of ten, delete it; return which."""
    content, way = bytearray(path.read_bytes()), draw.random()
    if way < 0.1 or not content:
        path.unlink()
        return "deletion"
    if way < 0.4:
        path.write_bytes(content[: draw.randrange(len(content))])
        return "truncation"
    bit = draw.randrange(8 * len(content))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    return "flip"


def read_finished(folder: Path) -> Any:
    """Resume a finished run (it checks its files) and read all numbers in it."""
    run = resume(folder, quiet=True)
    agents = {role: agent.state_dict() for role, agent in run.agents.items()}  # type: ignore[attr-defined]
    tables = [run.metrics.to_csv(), run.accounts.to_csv()]
    return str([run.scenario.dump(), run.environment, run.summary, tables, fit_costs(run), agents])


def read_interrupted(folder: Path) -> Any:
    """Resume an interrupted run to its end and return its results."""
    open_run(folder)
    resume(folder, quiet=True)
    return results(folder)


READERS: dict[bool, Callable[[Path], Any]] = {True: read_finished, False: read_interrupted}


def corruption(template: Path, folder: Path, pattern: str, read: Callable[[Path], Any], whole: Any, seed: str) -> str:
    """Damage one file of a copy of a run and read it; return the outcome."""
    draw = random.Random(seed)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)
    path = draw.choice(sorted(folder.glob(pattern)))
    damage(path, draw)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            same = read(folder) == whole
        except EconsimError as error:
            names = (path.name, path.name[:5] if "parts" in pattern else path.name, f"{path.parent.name}: not a")
            return "error_names_file" if any(name in str(error) for name in names) else f"error_unnamed: {error}"
        except Exception as error:
            return f"other_exception: {type(error).__name__}: {error}"
    warned = any(path.name in str(warning.message) for warning in caught)
    return "SILENT" if not same else "warned" if warned else "harmless"


def corruptions(template: Path, work: Path, finished: bool, pattern: str, count: int, seed: int) -> Counter[str]:
    """Count the outcomes of many corruptions of one kind of file, each in a fresh copy of the run."""
    read, whole = READERS[finished], undamaged(template, finished)
    return Counter(
        corruption(template, work / "run", pattern, read, whole, f"{seed}-{finished}-{pattern}-{number}")
        for number in range(count)
    )


@cache
def undamaged(template: Path, finished: bool) -> Any:
    """Return what is read from a sound copy of a run."""
    with tempfile.TemporaryDirectory(dir=template.parents[1]) as work:
        return READERS[finished](shutil.copytree(template, Path(work) / "run"))
