"""The page "Extend econsim" shows the files of ``docs/examples``; its commands run as they are written there."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from forked_commands import CHECKOUT, Commands
from memory_recorder import MemoryRecorder

from econsim import random
from econsim.planners import ppo
from econsim.training import two_level

EXAMPLES = CHECKOUT / "docs" / "examples"
sys.path.insert(0, str(EXAMPLES))
from test_fisheries import *  # noqa: E402, F403 - the tests that the page shows
from test_fisheries import BEST_FEE, NUMBERS, OPEN_ACCESS_STOCK, steps_at_large  # noqa: E402

from fisheries.agents import adaptive_fisher  # noqa: E402
from fisheries.economies import fishery  # noqa: E402

PAGE = (CHECKOUT / "docs" / "extending.md").read_text(encoding="utf-8")
WRITTEN = re.findall(r"^econsim --plugin fisheries (.+)$", PAGE.replace("\\\n", " "), re.M)
COMMANDS = [shlex.split(line, comments=True) for line in WRITTEN]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a copy of the plug-in and nothing else."""
    root = tmp_path_factory.mktemp("reader")
    shutil.copytree(EXAMPLES / "fisheries", root / "fisheries", ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture(scope="module")
def printed(commands: Commands, folder: Path) -> dict[str, str]:
    """Run the commands of the page in their order; return what each prints, by its first two words.

    ``report`` and the figures of further runs are left out: it takes seconds to draw what the first run has drawn.
    """
    outputs = {}
    for command in COMMANDS:
        if command[0] != "report":
            alone = ("--workers", "1") if command[0] == "sweep" else ()  # a process more takes seconds to start
            drawn = command[:2] == ["run", "fishery"]
            done = commands.run(("--plugin", "fisheries", *command, *alone), folder, folder, drawn=drawn)
            assert done.returncode == 0, (command, done.stderr + done.stdout)
            outputs[" ".join(command[:2])] = done.stdout
    return outputs


def scores(folder: Path, policy: str) -> dict[str, float]:
    """Return the metrics of a policy as it was scored in a run."""
    rows = pd.read_parquet(folder / "metrics.parquet")
    rows = rows[(rows["policy"] == policy) & (rows["response"] != "") & ~rows["name"].str.startswith("series/")]
    return dict(zip(rows["name"], rows["value"], strict=True))


def test_the_page_shows_every_file_of_the_example() -> None:
    files = {
        path.relative_to(EXAMPLES).as_posix() for suffix in ("py", "yaml") for path in EXAMPLES.rglob(f"*.{suffix}")
    }
    assert set(re.findall(r"^--8<--\n(.+)\n--8<--$", PAGE, re.M)) == files
    assert set(re.findall(r"\]\(examples/(.+?)\)", PAGE)) == files  # a link beside each, for readers on GitHub


def test_list_shows_every_kind_and_scenario(printed: dict[str, str], folder: Path) -> None:
    names = {path.stem for path in (folder / "fisheries").rglob("*.*") if path.suffix in (".py", ".yaml")}
    assert names <= set(re.findall(r"^  (\w+)", printed["list"], re.M))


def test_describe_gives_units_of_features_and_accounts(printed: dict[str, str]) -> None:
    text = printed["describe fishery"]
    assert "a number from 0 to 100 (days at sea)" in text
    assert "stock (share of the carrying capacity)" in text
    assert re.search(r"fee +EUR per tonne +Landing fee +fee", text)
    assert "A day at sea earns" in printed["describe adaptive_fisher"]


def test_check_passes(printed: dict[str, str]) -> None:
    assert "failed" not in printed["check pursuit"]
    assert re.search(r"passed +agent_poacher", printed["check pursuit"])


def test_a_run_finds_the_best_fee_and_reports_titles_and_units(printed: dict[str, str], folder: Path) -> None:
    run = folder / "runs" / "fishery"
    assert scores(run, "best_fee")["fee"] == pytest.approx(BEST_FEE, rel=0.015)  # 150 seasons, in steps of 16 EUR
    assert scores(run, "best_fee")["gap_closed"] == pytest.approx(1.0, abs=0.001)
    shown = re.search(r"^```text\n(policy .+?)```", PAGE, re.M | re.S)
    assert shown
    assert shown[1] in printed["run fishery"]
    report = (run / "report.html").read_text(encoding="utf-8")
    heads = [" ".join(re.sub(r"<[^>]+>", " ", head).split()) for head in re.findall(r"<th.*?</th>", report, re.S)]
    assert {"Rent per season EUR", "Landing fee EUR per tonne", "Fish stock tonnes", "Mean profit EUR"} <= set(heads)


def test_a_counterfactual_agrees_with_the_closed_form(printed: dict[str, str], folder: Path) -> None:
    fee = scores(folder / "runs" / "fishery", "best_fee")["fee"]
    stocks = [cost / ((NUMBERS.price - fee) * NUMBERS.catchability) for cost in (400.0, 300.0)]
    row = next(line for line in printed["counterfactual runs/fishery"].splitlines() if "stock" in line)
    assert [f"{stock:.4g}" for stock in stocks] == re.findall(r"-?[\d.]+", row)[:2]


def test_a_sweep_agrees_with_the_nash_equilibria(printed: dict[str, str], folder: Path) -> None:
    sweep = folder / "sweeps" / "commons"
    runs = pd.read_parquet(sweep / "runs.parquet")
    metrics = pd.read_parquet(sweep / "metrics.parquet")
    stocks = metrics[(metrics["name"] == "stock") & (metrics["response"] != "")].set_index("run")["value"]
    assert len(runs) == 6
    for _, run in runs.iterrows():
        fishers, effect = run["economy.fishers"], run["agents.fisher.stock_effect"]
        nash = (effect * NUMBERS.capacity + fishers * OPEN_ACCESS_STOCK) / (fishers + effect)
        assert stocks[run["run"]] == pytest.approx(nash, rel=0.01)


def test_the_cooperative_learns_more_rent_than_open_access_leaves(printed: dict[str, str], folder: Path) -> None:
    run = folder / "runs" / "cooperative"
    assert len(pd.read_parquet(run / "metrics.parquet").query("name == 'cross_entropy/return'")) == 10
    assert scores(run, "free_market")["welfare"] > 0.9 * 160_000


def test_pursuit_lasts_as_long_as_its_markov_chain(printed: dict[str, str], folder: Path) -> None:
    caught = scores(folder / "runs" / "pursuit", "agents")["return_poacher"]
    assert caught == pytest.approx(steps_at_large(7, 50), rel=0.05)  # 4,096 episodes: a standard error of 1 %


def test_a_run_names_the_plugin_that_it_needs(commands: Commands, printed: dict[str, str], folder: Path) -> None:
    done = commands.run(("counterfactual", "runs/fishery", "economy.price=1"), folder, folder)
    assert (done.returncode, done.stderr) == (
        2,
        "econsim: runs/fishery: this run used the plug-in fisheries; add --plugin fisheries\n",
    )
    report = (folder / "runs" / "fishery" / "report.html").read_text(encoding="utf-8")
    assert "econsim --plugin fisheries run runs/fishery/scenario.yaml" in report


def test_a_network_learns_the_fee_while_adaptive_fishers_play() -> None:
    game = fishery.Fishery(fishery.Parameters(seasons=4))
    role, key = game.roles["regulator"], random.keys(seed=1, count=2)
    fishers = adaptive_fisher.AdaptiveFisher(adaptive_fisher.Parameters())
    learner = two_level.TwoLevel(two_level.Parameters(warm_up=0, iterations=1, copies=2, leader_copies=4))
    agents = learner.fit(game, {"fisher": fishers, "regulator": ppo.Ppo(ppo.Parameters())}, 1, MemoryRecorder())
    regulator, observation = agents["regulator"], game.observe(game.reset(key))["regulator"]
    fee, _ = regulator.act(observation, regulator.start(game, role, len(key)), key)
    assert ((fee > 0.0) & (fee < NUMBERS.price)).all()


def test_the_entry_point_of_the_page_adds_the_package(commands: Commands, folder: Path) -> None:
    project = tomllib.loads(re.search(r"^```toml\n(.+?)^```", PAGE, re.M | re.S)[1])["project"]  # type: ignore[index]
    (installed := folder / f"{project['name']}-{project['version']}.dist-info").mkdir()
    (installed / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    points = project["entry-points"]["econsim.plugins"].items()
    (installed / "entry_points.txt").write_text("[econsim.plugins]\n" + "".join(f"{a} = {b}\n" for a, b in points))
    assert "Pursuit" in commands.run(("describe", "pursuit"), folder, folder).stdout
