"""A stranger adds an economy, an agent and a planner, a module each and one YAML; every command finds them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from forked_commands import Commands

ECONOMY = '''"""Charity: one government sets how much of a random endowment is shared.

References: none, an example.
"""

from __future__ import annotations

import torch
from pydantic import Field

from econsim import random
from econsim.game import Box, Game, Observation, Role, Transition, tensors
from econsim.parameters import Model

__all__ = ["Charity", "Parameters"]


class Parameters(Model):
    """Parameters of the charity economy."""

    workers: int = Field(3, ge=1)
    """Number of workers."""
    endowment: float = Field(10.0, gt=0)
    """Largest endowment, money."""


@tensors
class State:
    """Endowments and what is left after sharing."""

    time: torch.Tensor  # [B]
    endowment: torch.Tensor  # [B, N] money
    consumption: torch.Tensor  # [B, N] money
    rates: torch.Tensor  # [B, K] share of endowment given away


class Charity(Game[State]):
    """See the module."""

    horizon = 1
    unit = "USD"

    def __init__(self, parameters):
        count = parameters.workers
        self.parameters = {"endowment": torch.tensor(parameters.endowment, dtype=torch.float64)}
        self.roles = {
            "worker": Role("worker", count, Box(0, 1, (1,)), Box(0, 1), features=("time",)),
            "planner": Role("planner", 1, Box(0, 1, (1,)), Box(0, 1, (1,)), leads=True, features=("time",)),
        }

    def reset(self, key):
        largest = self.parameters["endowment"].reshape(-1, 1).to(self.dtype)
        endowment = largest * random.uniform(key, 0, "endowment", (self.roles["worker"].count,), self.dtype)
        return State(torch.zeros_like(key), endowment, endowment, torch.zeros_like(endowment[:, :1]))

    def observe(self, state):
        time = state.time.to(self.dtype)[:, None, None]
        alive = torch.ones_like(state.endowment, dtype=torch.bool)
        worker = Observation(time.expand(-1, alive.shape[1], 1), alive, alive)
        return {"worker": worker, "planner": Observation(time, alive[:, :1], alive[:, :1])}

    def step(self, state, actions):
        rates = actions["planner"][:, 0].to(state.rates)
        mean = state.endowment.mean(-1, keepdim=True)
        consumption = state.endowment + rates * (mean - state.endowment)
        over = torch.ones_like(state.time, dtype=torch.bool)
        rewards = {"worker": consumption, "planner": consumption.amin(-1, keepdim=True)}
        after = State(state.time + 1, state.endowment, consumption, rates)
        return Transition(after, rewards, over, torch.zeros_like(over))

    def accounts(self, state):
        return {
            "income": state.endowment.double(),
            "consumption": state.consumption.double(),
            "utility": state.consumption.double(),
            "welfare": state.consumption.double().amin(-1),
        }

    def conserved(self, state):
        return {"money": state.consumption.double().sum(-1)}
'''

AGENT = '''"""Bystanders: they do nothing."""

import torch

from econsim.parameters import Model

__all__ = ["Bystander", "Parameters"]


class Parameters(Model):
    """No parameters."""


class Bystander:
    """Does nothing."""

    learner = None

    def __init__(self, parameters):
        self.value = 0.0

    def start(self, game, role, num_envs):
        return (role.count, *role.action.shape), game.dtype

    def act(self, observation, memory, key):
        shape, dtype = memory
        return torch.full((key.shape[0], *shape), self.value, dtype=dtype, device=key.device), memory

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass
'''

PLANNER = '''"""Sharing: a share of each endowment goes to all."""

from pydantic import Field

from charities.agents.bystander import Bystander
from econsim.parameters import Model

__all__ = ["Parameters", "Sharing"]


class Parameters(Model):
    """Parameters of sharing."""

    share: float = Field(0.5, ge=0, le=1)
    """Share that is given, fraction."""


class Sharing(Bystander):
    """Announces one share."""

    def __init__(self, parameters):
        self.value = parameters.share
'''

SCENARIO = """# Charity: how much should be shared?
econsim: 1
economy: {kind: charity}
agents: {worker: {kind: bystander}}
planner: {kind: sharing, share: 0.5}
baselines: {nothing: {kind: sharing, share: 0.0}, everything: {kind: sharing, share: 1.0}}
evaluation: {workers: {kind: bystander}, floor: nothing, ceiling: everything}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a plug-in of three modules and one YAML."""
    root = tmp_path_factory.mktemp("stranger")
    files = {
        "economies/charity.py": ECONOMY,
        "agents/bystander.py": AGENT,
        "planners/sharing.py": PLANNER,
        "scenarios/charity.yaml": SCENARIO,
    }
    for name, text in files.items():
        path = root / "charities" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def econsim(commands: Commands, folder: Path) -> Callable[..., str]:
    """Run the command line in the plug-in's folder; return what it prints."""

    def command(*arguments: str) -> str:
        done = commands.run(("--plugin", "charities", *arguments), folder, folder)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    return command


def test_list_shows_it(econsim: Callable[..., str]) -> None:
    assert "Charity: how much should be shared?" in econsim("list", "scenarios")


def test_describe_explains_it(econsim: Callable[..., str]) -> None:
    text = econsim("describe", "charity")
    assert "endowment" in text
    assert "Largest endowment, money." in text


def test_validate_accepts_it(econsim: Callable[..., str]) -> None:
    econsim("validate", str(Path("charities") / "scenarios" / "charity.yaml"))


def test_check_passes_it(econsim: Callable[..., str]) -> None:
    text = econsim("check", "charity")
    for name in ("conservation", "batch_independence", "one_graph"):
        assert name in text


def test_run_scores_it(econsim: Callable[..., str], folder: Path) -> None:
    econsim("run", "charity", "training=none", "--out", "result", "--quiet")
    result = folder / "result"
    assert all((result / name).is_file() for name in ("scenario.yaml", "metrics.parquet", "report.html"))
    # Sharing moves everyone linearly to the mean, and so the least consumption: half of the gap at one half.
    closed = json.loads((result / "summary.json").read_text())["policies"]["sharing"]["exact"]["gap_closed"]
    assert closed == pytest.approx(0.5, abs=1e-9)
