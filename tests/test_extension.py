"""A plug-in adds an economy, agents, planners and a learner, a module each and one YAML; every command finds them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from forked_commands import Commands

ECONOMY = '''"""Charity: one government sets how much of a random endowment is shared.

References: none, an example.
"""

from __future__ import annotations

import torch
from pydantic import Field

from econsim import random
from econsim.accounts import MONEY, Account, Statistic
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
    accounts_spec = (
        Account("welfare", unit=MONEY, show="headline"),
        Account("income", ("role:worker",), MONEY),
        Account("consumption", ("role:worker",), MONEY, statistics=(Statistic("gini", "table"),)),
        Account("utility", ("role:worker",), MONEY),
    )

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

    def __init__(self, parameters):
        self.value = 0.0

    def start(self, game, role, num_envs):
        return (role.count, *role.action.shape), game.dtype

    def act(self, observation, memory, key):
        shape, dtype = memory
        return torch.full((key.shape[0], *shape), self.value, dtype=dtype, device=key.device), memory
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

APPRENTICE = '''"""Apprentices: agents that the learner ``coaching`` fits where the scenario names no other."""

from __future__ import annotations

from typing import ClassVar

import torch

from charities.agents.bystander import Bystander
from econsim.parameters import Model

__all__ = ["Apprentice", "Parameters"]


class Parameters(Model):
    """No parameters."""


class Apprentice(Bystander):
    """Does what it was taught."""

    default_learner: ClassVar[str] = "coaching"

    def state_dict(self):
        return {"value": torch.tensor(self.value)}

    def load_state_dict(self, state):
        self.value = float(state["value"])
'''

LEARNER = '''"""Coaching: teaches apprentices to do nothing, and counts how often it does so."""

from pydantic import Field

from charities.agents.apprentice import Apprentice
from econsim.parameters import Model

__all__ = ["Coaching", "Parameters"]


class Parameters(Model):
    """Budget of the lessons."""

    iterations: int = Field(1, ge=1)
    """Lessons."""


class Coaching:
    """Fits apprentices."""

    def __init__(self, parameters):
        self.parameters = parameters

    def fits(self, agent):
        return isinstance(agent, Apprentice)

    def fit(self, game, agents, seed, recorder):
        for iteration in range(self.parameters.iterations):
            recorder.progress(iteration + 1, self.parameters.iterations)
        recorder.log("coaching/lessons", self.parameters.iterations, step=0)
        for agent in agents.values():
            if self.fits(agent):
                agent.value = 0.0
        return dict(agents)
'''

FITTED = '''"""Best sharing: the best of some shares, a planner with its fit in one module."""

import torch
from pydantic import Field

from charities.planners.sharing import Sharing
from econsim.leader_evaluation import values_of
from econsim.parameters import Model

__all__ = ["BestSharing", "Parameters"]


class Parameters(Model):
    """Parameters of the best sharing."""

    shares: int = Field(5, ge=2)
    """Shares to try, evenly spaced from zero to one."""


class BestSharing(Sharing):
    """Announces the share with the highest return."""

    def __init__(self, parameters):
        self.parameters, self.value = parameters, None

    def fit(self, game, role, agents, seed, recorder):
        shares = torch.linspace(0, 1, self.parameters.shares, dtype=torch.float64)
        values = values_of(game.to(dtype=torch.float64), agents, role.name, shares[:, None], seed)
        self.value = float(shares[values.argmax()])
        recorder.log("best_sharing/tried", len(shares), step=0)
        recorder.progress(1, 1)

    def state_dict(self):
        return {"value": torch.tensor(self.value)}

    def load_state_dict(self, state):
        self.value = float(state["value"])
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
        "agents/apprentice.py": APPRENTICE,
        "training/coaching.py": LEARNER,
        "planners/best_sharing.py": FITTED,
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
    closed = json.loads((result / "summary.json").read_text())["policies"]["sharing"]["evaluation"]["gap_closed"]
    assert closed == pytest.approx(0.5, abs=1e-9)


def _metrics(folder: Path, name: str) -> list[float]:
    rows = pd.read_parquet(folder / "metrics.parquet")
    return rows[rows["name"] == name]["value"].tolist()


def test_a_default_learner_fits_with_its_default_settings(econsim: Callable[..., str], tmp_path: Path) -> None:
    result = tmp_path / "result"
    training = ["training=none", "seeds=2"]
    econsim("run", "charity", *training, "agents.worker=apprentice", "--out", str(result), "--quiet")
    assert _metrics(result, "coaching/lessons") == [1]


def test_training_reaches_any_learner_that_fits_something(econsim: Callable[..., str], tmp_path: Path) -> None:
    result = tmp_path / "result"
    training = ["training={kind: coaching, iterations: 777}", "seeds=2"]
    econsim("run", "charity", *training, "agents.worker=apprentice", "--out", str(result), "--quiet")
    assert _metrics(result, "coaching/lessons") == [777, 777]
    policy = json.loads((result / "summary.json").read_text())["policies"]["sharing"]
    assert set(policy["seeds"]) == {"42", "43"}
    assert "learned" in policy


def test_a_fitted_planner_is_one_module_with_keys_of_its_own(econsim: Callable[..., str], tmp_path: Path) -> None:
    result = tmp_path / "result"
    planner = "planner={kind: best_sharing, shares: 9}"
    econsim("run", "charity", planner, "training=none", "--out", str(result), "--quiet")
    assert _metrics(result, "best_sharing/tried") == [9]
    closed = json.loads((result / "summary.json").read_text())["policies"]["best_sharing"]["evaluation"]["gap_closed"]
    assert closed == pytest.approx(1.0, abs=1e-9)  # everything shared is best for whoever has least
    assert "Shares to try" in econsim("describe", "best_sharing")
