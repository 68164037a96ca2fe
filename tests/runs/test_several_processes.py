"""Data-parallel training through the command line: two processes on loopback against one."""

from __future__ import annotations

import os
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path
from socket import socket
from typing import Any

import pytest
import torch

from econsim.errors import UserError
from econsim.runs import execute, open_run
from econsim.scenario import load
from econsim.storage.states import load_state

# One minibatch a pass: shuffles are each process's own, so that only then the same rows make up a minibatch.
OVERRIDES = [
    "economy.workers=5",
    "agents.worker={kind: ppo, hidden: [8], normalise_values: true}",
    "planner=us_federal",
    "baselines=[]",
    "evaluation=none",
    "headline=none",
    "training={kind: ppo, copies: 4, iterations: 4, checkpoint_every: 2, follower: {minibatches: 1, epochs: 2}}",
]


def torchrun(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*command, "-m", "econsim", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )


def weights(run: Path) -> dict[str, Any]:
    return load_state(run / "checkpoints" / "us_federal-seed-42-ppo" / "fitted")["agents"]["worker"]  # type: ignore[no-any-return]


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without torch.distributed")
def test_two_processes_learn_what_one_with_all_copies_learns(tmp_path: Path) -> None:
    done = torchrun(tmp_path, "run", "one_step", *OVERRIDES, "--device", "cpu", "--out", "both", "--quiet")
    assert done.returncode == 0, done.stderr
    alone = execute(load("one_step", OVERRIDES), tmp_path / "alone", device="cpu", quiet=True)
    ours, theirs = weights(tmp_path / "both"), weights(alone.path)
    for name, value in ours.items():
        # Gradients are sums in another order; Adam makes of a difference near zero one of a share of its steps, of
        # which there are 8 of at most 1e-3.
        torch.testing.assert_close(value, theirs[name], atol=1e-3, rtol=1e-3)
    first = torch.cat([value.flatten() for value in ours.values()])
    assert not torch.equal(first, torch.zeros_like(first))
    returns = [
        open_run(path).metrics.query("name == 'training/return'")["value"] for path in (tmp_path / "both", alone.path)
    ]
    assert list(returns[0]) == pytest.approx(list(returns[1]), rel=1e-3)


def refused(rank: int, port: int, folder: Path) -> None:
    """Be one of two processes with three copies; write what the user is told."""
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    three = [*OVERRIDES[:-1], "training={kind: ppo, copies: 3, iterations: 1}"]
    try:
        execute(load("one_step", three), folder / "odd", device="cpu", quiet=True)
    except UserError as error:
        (folder / f"{rank}.txt").write_text(str(error))


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without torch.distributed")
def test_copies_that_cannot_be_shared_out_are_refused(tmp_path: Path) -> None:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Forked, since torchrun imports all of econsim in each process; above it starts the command line.
    processes = [get_context("fork").Process(target=refused, args=(rank, port, tmp_path)) for rank in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=240)
    told = [(tmp_path / f"{rank}.txt").read_text() for rank in range(2)]
    assert all("3 environment copies cannot be divided evenly among 2 processes" in text for text in told)
