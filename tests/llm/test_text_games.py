"""Games without any code for text, played by a scripted model over HTTP, from the command line to the report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from forked_commands import Commands
from typer.testing import CliRunner

from econsim import kinds
from econsim.cli import application
from econsim.errors import UserError
from econsim.runs import execute
from econsim.scenario import load, with_overrides
from econsim.testing.endpoints import Faults, Scripted, serve

PASTURE = '''"""Pasture: herders choose a field and how many animals to bring, a council sets a fee for each field."""

from __future__ import annotations

import torch
from pydantic import Field

from econsim.accounts import Account
from econsim.game import Box, Game, MultiDiscrete, Observation, Role, Transition, tensors
from econsim.parameters import Model

__all__ = ["Parameters", "Pasture"]


class Parameters(Model):
    """Parameters of the pasture."""

    herders: int = Field(3, ge=1)
    """Number of herders; herder n owns n animals, counted from 1."""


@tensors
class State:
    """The last step."""

    time: torch.Tensor  # [B]
    fees: torch.Tensor  # [B, 2] coins an animal
    animals: torch.Tensor  # [B, N]
    paid: torch.Tensor  # [B, N] coins so far


class Pasture(Game[State]):
    """See the module."""

    horizon = 4
    unit = "coins"
    accounts_spec = (Account("animals", ("role:herder",), "animals"), Account("paid", ("role:herder",), "coins"))

    def __init__(self, parameters):
        self.parameters = {}
        self.owned = torch.arange(1, parameters.herders + 1)
        most = parameters.herders
        self.roles = {
            "herder": Role(
                "herder",
                most,
                Box(0, 100, (3,)),
                MultiDiscrete((2, most)),
                features=("owned", "fee_1", "fee_2"),
                feature_units=("animals", "coins an animal", "coins an animal"),
                action_labels=("field", "animals"),
                option_labels=(("north", "south"), tuple(str(count + 1) for count in range(most))),
            ),
            "council": Role(
                "council", 1, Box(0, 100, (1,)), Box(0.0, 8.0, (2,)), True, 2, features=("animals",),
                action_labels=("north", "south"), action_unit="coins an animal",
            ),
        }

    def reset(self, key):
        nothing = torch.zeros((len(key), len(self.owned)), dtype=self.dtype)
        return State(torch.zeros_like(key), nothing.new_zeros((len(key), 2)), nothing, nothing)

    def observe(self, state):
        copies, herders = state.animals.shape
        owned = self.owned.to(self.dtype).expand(copies, -1)[..., None]
        herder = torch.cat([owned, state.fees[:, None].expand(-1, herders, -1)], -1)
        alive = torch.ones_like(state.animals, dtype=torch.bool)
        fits = torch.arange(1, herders + 1) <= self.owned[:, None]
        mask = torch.cat([torch.tensor([False, True]).expand(herders, 2), fits], -1)
        council = state.animals.sum(-1)[:, None, None]
        return {
            "herder": Observation(herder, alive, alive, mask.expand(copies, -1, -1)),
            "council": Observation(council, alive[:, :1], (state.time % 2 == 0)[:, None]),
        }

    def step(self, state, actions):
        begins = (state.time % 2 == 0)[:, None]
        fees = torch.where(begins, actions["council"][:, 0].to(state.fees), state.fees)
        field, animals = actions["herder"][..., 0], actions["herder"][..., 1] + 1
        due = fees.gather(1, field) * animals
        after = State(state.time + 1, fees, animals.to(state.animals), state.paid + due)
        over = after.time >= self.horizon
        return Transition(after, {"herder": -due, "council": due.sum(-1, keepdim=True)}, over, torch.zeros_like(over))

    def accounts(self, state):
        return {"animals": state.animals.double(), "paid": state.paid.double()}

    def conserved(self, state):
        return {}
'''
SCENARIO = """# Pasture: a model plays herders and council.
econsim: 1
economy: {kind: pasture}
agents: {herder: llm}
planner: llm
evaluation: none
"""


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with serve(Scripted()) as address:
        yield address


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a plug-in of one game and its scenario."""
    root = tmp_path_factory.mktemp("plugin")
    for name, text in {"economies/pasture.py": PASTURE, "scenarios/pasture.yaml": SCENARIO}.items():
        path = root / "pastures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_plugin_game_is_played_by_a_model_in_both_roles(commands: Commands, folder: Path, base_url: str) -> None:
    model = (f"llm.base_url={base_url}", f"llm.model={Scripted.name}", "llm.simulated=scripted")
    arguments = ("--plugin", "pastures", "run", "pasture", *model, "--out", "result")
    done = commands.run(arguments, folder, folder)
    assert done.returncode == 0, done.stderr
    assert "up to 14 calls" in done.stdout + done.stderr
    summary = json.loads((folder / "result" / "summary.json").read_text())
    purposes = summary["llm"]["purposes"]
    assert {name: counts["questions"] for name, counts in purposes.items()} == {"herder": 3 * 4, "council": 2}
    assert {counts["clean"] for counts in purposes.values()} == {12, 2}
    # The model takes the first legal option, one animal on the south field, and the middle of the range of fees:
    # each herder pays 4 coins in each of 4 steps.
    (policy,) = summary["policies"].values()
    assert policy["scenario"]["mean_paid"] == pytest.approx(16.0)
    assert policy["scenario"]["mean_animals"] == pytest.approx(1.0)
    assert "scripted" in (folder / "result" / "report.html").read_text()


def described(folder: Path, *arguments: str) -> Any:
    kinds.add_plugin(str(folder / "pastures"))
    return CliRunner().invoke(application.app, ["describe", *arguments])


def test_describe_shows_roles_and_what_a_model_is_told(folder: Path) -> None:
    shown = described(folder, "pasture").output
    assert "herder: 3 players, acting in every step" in shown
    assert "fee_1 (coins an animal)" in shown
    assert "for each of field, one of: north, south" in shown
    assert "a list of 2 numbers from 0 to 8 (coins an animal), in the order north, south" in " ".join(shown.split())
    told = described(folder, "pasture", "--text").output
    assert "--- council: rules" in told
    assert "Pasture: herders choose a field" in told
    assert "Legal now:\n- field: south\n- animals: 1\n" in told


def test_text_is_of_games_alone(folder: Path) -> None:
    done = described(folder, "best_response", "--text")
    assert done.exit_code == 2
    assert "--text needs a scenario, or a game whose parameters all have defaults; best_response is" in done.output


def test_the_text_of_the_one_step_economy_is_its_own(folder: Path) -> None:
    told = described(folder, "one_step", "--text").output
    assert "You are a worker in a small country." in told
    assert "--- planner: first question\n\nTax year 1 of 1." in told


GATHER = {"economy.horizon": 3, "episodes": 1, "baselines": [], "headline": None, "llm.model": Scripted.name}
BY_MODEL = {"agents.worker": "llm", "planner": "llm"}
REGIONS = dict.fromkeys(("agents.north", "agents.south", "agents.north_planner", "planner"), "llm")


@pytest.mark.parametrize(
    ("scenario", "overrides", "questions"),
    [
        ("gather_trade_build", {**BY_MODEL, "economy.planner_sees_map": True}, {"worker": 12, "planner": 1}),
        (
            "gather_trade_build_two_regions",
            REGIONS,
            {"north": 6, "south": 6, "north_planner": 1, "south_planner": 1},
        ),
    ],
)
def test_gather_trade_build_is_played_in_all_its_roles(
    scenario: str, overrides: dict[str, Any], questions: dict[str, int], base_url: str, tmp_path: Path
) -> None:
    chosen = load(scenario, {**GATHER, **overrides, "llm.base_url": base_url})
    run = execute(chosen, tmp_path / "run", quiet=True)
    purposes = run.summary["llm"]["purposes"]
    assert {name: counts["questions"] for name, counts in purposes.items()} == questions
    assert {counts["failed"] for counts in purposes.values()} == {0}
    # A strict replay gives the same numbers without a server.
    replayed = with_overrides(chosen, {"llm.mode": "strict_replay", "llm.store": str(run.path), "llm.base_url": None})
    again = execute(replayed, tmp_path / "again", quiet=True)
    assert again.summary["policies"] == run.summary["policies"]


def test_replies_that_are_spoiled_are_asked_again_and_counted(tmp_path: Path) -> None:
    with serve(Scripted(), Faults(garbage=0.2, wrong_type=0.1, seed=1)) as base_url:
        short = {**GATHER, **BY_MODEL, "economy.horizon": 10, "llm.failure_share": 1.0}
        chosen = load("gather_trade_build", {**short, "llm.base_url": base_url})
        run = execute(chosen, tmp_path / "run", quiet=True)
    counts = run.summary["llm"]["purposes"]["worker"]
    assert counts["questions"] == 40
    assert counts["asked_again"] > 0
    assert counts["failed"] < counts["asked_again"]


def test_lessons_are_for_tax_years(base_url: str, tmp_path: Path) -> None:
    chosen = load("gather_trade_build", {**GATHER, "planner": "llm_lessons", "llm.base_url": base_url})
    with pytest.raises(UserError, match="planner: kind llm_lessons needs a game with prompts for tax years"):
        execute(chosen, tmp_path / "run", quiet=True)


def test_a_normal_form_game_is_played_by_a_model(base_url: str, tmp_path: Path) -> None:
    model = {"agents.row": "llm", "agents.column": "llm", "headline": None, "llm.model": Scripted.name}
    chosen = load("prisoners_dilemma", {**model, "llm.base_url": base_url})
    run = execute(chosen, tmp_path / "run", quiet=True)
    (policy,) = run.summary["policies"].values()
    # The first legal option is to cooperate.
    assert {name: policy["scenario"][f"return_{name}"] for name in ("row", "column")} == {"row": 3.0, "column": 3.0}
