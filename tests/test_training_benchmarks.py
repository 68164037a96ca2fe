"""The benchmarks of training run, on sizes that prove neither speed nor quality."""

from __future__ import annotations

import json
from argparse import Namespace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from forked_commands import Commands

import econsim
from econsim.mechanisms.welfare import equality
from econsim.rl.settings import Settings
from econsim.runs import execute
from econsim.scenario import load

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
TINY: dict[str, Any] = {"kind": "ppo", "iterations": 2, "copies": 4, "steps": 10}
PHASES = [
    {"name": "untaxed", "shared": True, "agents": {"planner": "free_market"}, "training": TINY},
    {"name": "taxed", "training": {**TINY, "refit_every": 1}},
]
SAEZ = {"kind": "saez_buffer", "fewest": 10, "buffer": 10, "copies": 4, "rounds": 2}
OVERRIDES: dict[str, Any] = {
    "economy.horizon": 20,
    "agents.worker": {"kind": "ppo", "hidden": [8], "deterministic": False},
    "baselines": {"free_market": "free_market", "saez": SAEZ},
    "economy.components": ["build", "trade", "gather", {"kind": "tax", "period": 10}],
    "training": {"kind": "curriculum", "phases": PHASES},
    "episodes": 2,
    "headline": None,
}


def test_the_speed_of_training_is_measured_for_every_mind(commands: Commands) -> None:
    done = commands.run_script(BENCHMARKS / "training_speed.py", "--tiny")
    assert done.returncode == 0, done.stderr
    # Two towers of the published worker: 0.39 M weights, of the planner: 1.28 M (derived from the published sizes).
    assert "'weights': 384851" in done.stdout
    assert "'weights': 1279899" in done.stdout
    assert "'plain_loop': " in done.stdout


def test_the_plain_loop_learns_the_network_of_the_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    plain_loop = import_module("_plain_loop")
    common = {"baselines": [], "headline": None, "training": "ppo", "planner": "free_market"}
    game, agents = load("gather_trade_build", {**common, "agents.worker": "gather_trade_build_compact"}).build("cpu")
    loop = plain_loop.PlainLoop(game, agents, Settings(epochs=1, minibatches=2, clip=0.3), 4, 3)
    # As many weights as the compact network of four workers.
    assert sum(weight.numel() for weight in loop.network.parameters()) == 51043
    before = [weight.detach().clone() for weight in loop.network.parameters()]
    loop.iterate()
    assert all((now != then).any() for now, then in zip(loop.network.parameters(), before, strict=True))


def test_the_two_level_comparison_is_read_off_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    benchmark = import_module("_tax_comparison")
    scenario = load("gather_trade_build_two_level", OVERRIDES)
    run = execute(scenario, tmp_path / "run", quiet=True)
    result = benchmark.comparison([run])
    assert result["seeds"] == [42]
    assert list(result["policies"]) == ["free_market", "us_federal", "saez", "gather_trade_build_compact"]
    for label, found in result["policies"].items():
        # Equality of means times means differs from the mean of products, but by less than it varies.
        product = found["equality"] * found["productivity"]
        assert found["equality_times_productivity"] == pytest.approx(product, rel=0.5, abs=20)
        assert len(found["by_seed"]) == 1
        assert "interval" not in found
        assert len(result["division_of_labour"][label]["houses"]) == 4
        market = result["division_of_labour"][label]
        assert (market["mean_price"] is None) == (market["units_traded"] == 0)
    assert len(result["learning_curves"]) == 5
    market = result["gate"]["seed 42"]
    assert market["passed"] is False  # nobody trades so much in 20 steps
    text = benchmark.table(result, planned=5)
    assert "| saez |" in text
    assert "1 of 5 seeds" in text
    assert f"price {market['mean_price']:.2f}, {market['units_traded']:.0f} units" in text
    restricted = import_module("gather_trade_build_two_level").restricted
    parts = [
        execute(restricted(scenario, names), tmp_path / "_".join(names), quiet=True)
        for names in (("free_market", "us_federal"), ("saez", "planner"))
    ]
    joined = benchmark.comparison(parts)
    same = ("seeds", "policies", "division_of_labour", "gate", "learning_curves")
    assert {name: joined[name] for name in same} == {name: result[name] for name in same}
    with pytest.raises(SystemExit, match="--policies flat: expected some of planner, free_market"):
        restricted(scenario, ["flat"])


def test_the_margin_of_the_builder_shows_how_much_of_a_tax_it_feels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    benchmark = import_module("_tax_comparison")
    game = econsim.make("gather_trade_build", workers=2)
    felt, rate, coin, houses, payment, paid = 0.6, 0.4, 1500.0, 100.0, 22.0, 5.0
    # Labour at which the condition holds: c l / h = (1 - s t / 2) (b - m / h) x^-eta.
    labour = houses * (1 - felt * rate / 2) * (payment - paid) * coin ** -game.number("risk_aversion")
    labour = float(labour / game.number("labour_cost"))
    of_builder = {
        "build_payment": payment,
        "houses": houses,
        "building_income": payment * houses,
        "labour": labour,
        "consumption": coin,
        "spent_on_stone": 300.0,
        "spent_on_wood": 300.0,
        "earned_with_stone": 0.0,
        "earned_with_wood": 100.0,
    }
    accounts = {name: torch.tensor([[1.0, value]]) for name, value in of_builder.items()}
    # Weighted by income: (0.1 * 100 + 0.5 * 300) / 400 = 0.4.
    accounts["income_by_period"] = torch.tensor([[[1.0, 1.0], [100.0, 300.0]]])
    accounts["marginal_rate_by_period"] = torch.tensor([[[0.0, 0.0], [0.1, 0.5]]])
    found = benchmark.margin(game, accounts)
    assert found["marginal_rate"] == pytest.approx(rate)
    assert found["net_of_materials"] == pytest.approx(payment - paid)
    # Single precision of the accounts.
    assert found["felt"] == pytest.approx(felt, abs=1e-5)
    untaxed = {**accounts, "marginal_rate_by_period": torch.zeros(1, 2, 2)}
    assert "felt" not in benchmark.margin(game, untaxed)


def test_the_figure_of_the_comparison_draws_the_recorded_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    benchmark = import_module("tax_comparison_figure")
    found = json.loads((benchmark.RESULTS / f"{benchmark.RESULT}.json").read_text("utf-8"))["result"]
    (axes,) = benchmark.draw(found).axes
    means = [policy["equality_times_productivity"] for policy in found["policies"].values()]
    assert [bar.get_width() for bar in axes.patches] == [*found["published"].values(), *means]
    by_seed = [score for policy in found["policies"].values() for score in policy["by_seed"]]
    assert axes.lines[0].get_xdata() == pytest.approx(by_seed)
    assert [label.get_text() for label in axes.get_yticklabels()][-1] == "learned planner"


def test_incomes_are_found_from_productivity_and_equality(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    benchmark = import_module("published_incomes")
    thresholds, rates = torch.tensor([0.0, 100.0]).double(), torch.tensor([0.1, 0.3]).double()
    gross = torch.tensor([250.0, 350.0, 400.0, 2000.0]).double()
    # Taxes by hand over ten periods: a tenth of 25, 35 and 40, and 10 + 0.3 * 100 of 200; a quarter of them comes back.
    kept = gross - torch.tensor([25.0, 35.0, 40.0, 400.0]) + 125.0
    assert benchmark.net(gross, rates, thresholds).tolist() == pytest.approx(kept.tolist())
    found = benchmark.incomes(3000.0, float(equality(kept)), (5, 7, 8), rates, thresholds)
    assert found == pytest.approx((2000.0, 1000.0 / 3, 1725.0))


def test_workers_of_each_seed_come_from_the_run_of_this_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    benchmark = import_module("gather_trade_build_two_level")
    alone: dict[str, Any] = {**OVERRIDES, "planner": "free_market", "baselines": [], "training": TINY}
    for seed in (42, 43):
        execute(load("gather_trade_build_two_level", {**alone, "seed": seed}), tmp_path / f"seed_{seed}", quiet=True)
    worker = {**OVERRIDES["agents.worker"], "weights": {"run": str(tmp_path / "seed_42")}}
    overrides = [f"{key}={json.dumps(value)}" for key, value in {**alone, "agents.worker": worker}.items()]
    options = Namespace(scenario="gather_trade_build_two_level", overrides=overrides, workers_of=tmp_path)
    first, second = (benchmark.of_seed(load(options.scenario, overrides), seed, options) for seed in (42, 43))
    assert (first.seed, second.seed) == (42, 43)
    weights = [scenario.agents["worker"].dump()["weights"] for scenario in (first, second)]
    assert [each["run"] for each in weights] == [str(tmp_path / "seed_42"), str(tmp_path / "seed_43")]
    assert weights[0]["sha256"] != weights[1]["sha256"]


def test_seeds_are_finished_in_slices(commands: Commands, tmp_path: Path) -> None:
    script, keys = BENCHMARKS / "gather_trade_build_two_level.py", ["baselines=[]", "planner=free_market"]
    short = [f"{key}={json.dumps(value)}" for key, value in OVERRIDES.items() if key not in ("planner", "baselines")]
    arguments = ["gather_trade_build_two_level", *short, *keys, "--runs", tmp_path / "runs", "--seeds", "2"]
    results = str(tmp_path / "results")
    stopped = commands.run_script(script, *arguments, "--slice", "0.1s", ECONSIM_RESULTS=results)
    assert stopped.returncode == 130, stopped.stderr
    done = commands.run_script(script, *arguments, ECONSIM_RESULTS=results)
    assert done.returncode == 0, done.stderr
    assert "2 of 2 seeds (42, 43)" in (tmp_path / "results" / "gather_trade_build_two_level.md").read_text()
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["seed_42", "seed_43"]


def test_larger_batches_play_as_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    benchmark = import_module("gather_trade_build_two_level")
    small = load("gather_trade_build_published")
    large = benchmark.in_larger_batches(small, 2048, 50)
    assert small.training is not None
    for few, many in zip(small.training.dump()["phases"], large.training.dump()["phases"], strict=True):
        played = [p["training"]["iterations"] * p["training"]["copies"] * p["training"]["steps"] for p in (few, many)]
        # 25 and 50 million; a batch of 102,400 steps is all that can be missing.
        assert 0 <= played[0] - played[1] < 102_400
        assert played[0] == pytest.approx({"untaxed": 25e6, "taxed": 50e6}[few["name"]], rel=1e-3)
        assert many["training"]["follower"] == few["training"]["follower"]
