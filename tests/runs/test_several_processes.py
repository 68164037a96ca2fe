"""Data-parallel training through the command line: two processes on loopback against one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from econsim.runs import execute, open_run
from econsim.runs.checkpoints import load_state
from econsim.scenario import load

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


def test_copies_that_cannot_be_shared_out_are_refused(tmp_path: Path) -> None:
    three = [*OVERRIDES[:-1], "training={kind: ppo, copies: 3, iterations: 1}"]
    done = torchrun(tmp_path, "run", "one_step", *three, "--device", "cpu", "--out", "odd", "--quiet")
    assert done.returncode != 0
    assert "3 environment copies cannot be divided evenly among 2 processes" in done.stderr
