from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from econsim.analysis.equilibrium import trained_deviator
from econsim.errors import UserError
from econsim.report import write_report
from econsim.runs import Run, execute, open_run
from econsim.runs import deviations as findings_module
from econsim.runs.certificate import DeviationBudget, certify
from econsim.runs.cross_table import cross_table
from econsim.scenario import Scenario, load

Make = Callable[..., Scenario]
QUICK = DeviationBudget(episodes=2, iterations=4, announcements=60)


@pytest.fixture
def run(scenario: Make, tmp_path: Path) -> Run:
    return execute(scenario(), tmp_path / "run", quiet=True)


def by_method(certificate: dict[str, Any], seed: int) -> dict[str, Any]:
    return {entry["method"]: entry for entry in certificate["findings"] if entry["seed"] == seed}


def test_every_role_and_seed_is_certified_by_its_closed_form(run: Run) -> None:
    certificate = certify(run, QUICK, quiet=True)
    assert certificate["seeds"] == [7, 8]
    for seed in (7, 8):
        found = by_method(certificate, seed)
        rate = run.summary["policies"]["trained"]["seeds"][str(seed)]["rates"][0]
        effort = (1 - rate) * (1 - 0.1 * rate)
        better = 1 - rate
        # Of utility (1 - t) v e - v e^2 / 2 + rebate: the rebate shares the deviator's own tax among five.
        gain = 3 * ((1 - rate) * (better - effort) - (better**2 - effort**2) / 2 + rate * (better - effort) / 5)
        assert found["exact"]["difference"] == pytest.approx(gain, abs=1e-12)
        assert found["exact"]["players"] == 5
        # The least able gain (1 - t)^2 / 2 + 3 t (1 - t) with workers who respond exactly: 0.9 at the best, t = 0.4.
        own = (1 - rate) ** 2 / 2 + 3 * rate * (1 - rate)
        assert found["search"]["own"] == pytest.approx(own, abs=1e-12)
        # A search of sixty comes within 0.01 of the best rate, where welfare is 2.5 * 0.01^2 lower.
        assert 0.9 - 2.5e-4 <= found["search"]["reached"] <= 0.9
        assert found["search"]["followers"] == "exact"
        # The floor earns 0.5, the ceiling 0.9.
        assert found["search"]["share_of_gap"] == pytest.approx((0.9 - own) / 0.4, abs=1e-3)
        assert found["search"]["welfare"]["difference"] == pytest.approx(found["search"]["difference"])
        assert "lower bound" in found["trained"]["deviations"]
        assert found["trained"]["gain"] == max(0.0, found["trained"]["difference"])


@pytest.mark.usefixtures("undrawn")
def test_the_folder_holds_the_certificate_and_the_report_tells_it(run: Run) -> None:
    with pytest.raises(UserError, match="has no certificate; compute it with: econsim equilibrium"):
        _ = run.certificate
    certificate = certify(run, QUICK, quiet=True)
    assert run.certificate == certificate == json.loads((run.path / "certificate.json").read_text())
    assert open_run(run.path).certificate["policy"] == "trained"
    report = write_report(run).read_text()
    for words in ("Distance from equilibrium", "exact best response", "leader action", "lower bound on the true gap"):
        assert words in report
    assert not (run.path / "certificate.partial.json").exists()


def test_the_same_run_and_budget_give_the_same_certificate_and_reads_agree(run: Run) -> None:
    first = certify(run, QUICK, quiet=True)
    assert certify(run.path, QUICK, quiet=True) == first == run.certificate


def test_a_stopped_certificate_goes_on_where_it_was(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = certify(run, QUICK, quiet=True)
    (run.path / "certificate.json").unlink()
    calls: list[int] = []

    def training(*arguments: Any, **named: Any) -> Any:
        calls.append(len(calls))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return trained_deviator(*arguments, **named)

    monkeypatch.setattr(findings_module, "trained_deviator", training)
    with pytest.raises(KeyboardInterrupt, match="continue with the same command: econsim equilibrium"):
        certify(run, QUICK, quiet=True)
    assert not (run.path / "certificate.json").exists()
    assert certify(run, QUICK, quiet=True) == whole
    # Worker under seed 7; worker under seed 8, stopped; the same again. The first was not done twice.
    assert len(calls) == 3


def test_roles_and_seeds_can_be_chosen(run: Run) -> None:
    certificate = certify(run, QUICK, roles=("planner",), first_seed=True, quiet=True)
    assert [(it["role"], it["seed"], it["method"]) for it in certificate["findings"]] == [("planner", 7, "search")]
    exact = certify(run, DeviationBudget(episodes=1, iterations=0), roles=("worker",), first_seed=True, quiet=True)
    assert [it["method"] for it in exact["findings"]] == ["exact"]


@pytest.mark.usefixtures("undrawn")
def test_a_baseline_has_a_certificate_of_its_own(run: Run) -> None:
    exact = DeviationBudget(episodes=1, iterations=0, announcements=20)
    half = certify(run, exact, quiet=True, policy="half")
    assert half["policy"] == "half"
    # The planner's gap at a rate of 1/2: the least able gain 0.9 at the best rate.
    assert half["findings"][1]["own"] == pytest.approx(0.5**2 / 2 + 3 * 0.5 * 0.5, abs=1e-12)
    assert list(run.certificates) == ["half"]
    own = certify(run, exact, quiet=True)
    assert run.certificates == {"half": half, "trained": own}
    assert own == json.loads((run.path / "certificate.json").read_text())
    report = write_report(run).read_text()
    assert "Gains from deviating, half" in report
    assert "Gains from deviating, trained" in report
    with pytest.raises(UserError, match="--policy hlf: this run has no such policy"):
        certify(run, exact, quiet=True, policy="hlf")


@pytest.mark.parametrize(
    ("budget", "roles", "reason"),
    [
        ({}, ("wrker",), r"--role wrker: no such role in this run \(did you mean worker"),
        ({"episodes": 0}, (), "--episodes 0: expected at least 1"),
        ({"iterations": -1}, (), "--iterations -1: expected at least 0"),
        ({"announcements": 0}, (), "--search-budget 0: expected at least 1"),
    ],
)
def test_wrong_wishes_are_refused(run: Run, budget: dict[str, int], roles: tuple[str, ...], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        certify(run, DeviationBudget(**budget), roles, quiet=True)
    assert not (run.path / "certificate.json").exists()


def test_games_without_exact_answers_need_training(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(
        "econsim: 1\nname: tiny\neconomy: {kind: gather_trade_build, horizon: 2}\n"
        "agents: {worker: {kind: wander}}\nplanner: free_market\nevaluation: none\n"
    )
    run = execute(load(tmp_path / "tiny.yaml"), tmp_path / "run", quiet=True)
    with pytest.raises(UserError, match="GatherTradeBuild has no exact best responses for worker, so a deviation must"):
        certify(run, DeviationBudget(iterations=0), quiet=True)
    certificate = certify(run, DeviationBudget(episodes=2, iterations=1, announcements=2), quiet=True)
    assert [(it["role"], it["method"]) for it in certificate["findings"]] == [
        ("worker", "trained"), ("planner", "search")
    ]  # fmt: skip
    assert certificate["findings"][1]["followers"] == "own"
    assert len(certificate["findings"][1]["announcement"]) == 7


def test_leaders_that_are_no_planners_are_certified_too(tmp_path: Path) -> None:
    (tmp_path / "solo.yaml").write_text(
        "econsim: 1\nname: solo\neconomy: {kind: orchard}\n"
        "agents: {worker: {kind: best_response}, planner: {kind: flat, rate: 0.5}}\n"
    )
    run = execute(load(tmp_path / "solo.yaml"), tmp_path / "run", quiet=True)
    certificate = certify(run, DeviationBudget(episodes=1, iterations=0, announcements=20), quiet=True)
    assert {it["role"] for it in certificate["findings"]} == {"worker", "planner"}
    with pytest.raises(UserError, match="this run has no planner"):
        cross_table([run.path])


def test_an_unfinished_run_is_refused(run: Run) -> None:
    (run.path / "summary.json").unlink()
    with pytest.raises(UserError, match=r"this run is not finished; finish it with: econsim resume"):
        certify(run.path, QUICK, quiet=True)
