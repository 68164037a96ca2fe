"""The command ``household``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pytest

import econsim

Econsim = Callable[..., CompletedProcess[str]]


def test_liability_and_rates_under_law_and_reform(econsim_command: Econsim, tmp_path: Path) -> None:
    files = ("--csv", "curve.csv", "--plot", "curve.png")
    done = econsim_command("household", "income=85400", "reform=flat", "reform.rate=0.2", *files)
    assert done.returncode == 0, done.stderr
    for line in ("liability, USD  10,629.00  17,080.00    6,451.00", "12.45 %    20.00 %", "22.00 %    20.00 %"):
        assert line in done.stdout
    assert "standard deduction of 14,600 USD" in done.stdout
    assert "payroll taxes" in done.stdout
    curve = pd.read_csv(tmp_path / "curve.csv")
    assert curve["reform_liability"].tolist() == pytest.approx((0.2 * curve["income"]).tolist())
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_brackets_on_the_command_line(econsim_command: Econsim, tmp_path: Path) -> None:
    reform = ("brackets=[0,50000]", "rates=[0.1,0.3]", "deduction=standard")
    done = econsim_command("household", "income=114600", *reform, "--plot", "curve.svg")
    assert "liability, USD  17,053.00  20,000.00    2,947.00" in done.stdout
    assert "marginal" in (tmp_path / "curve.svg").read_text(encoding="utf-8")


def test_a_policy_of_a_run_with_the_deduction_of_its_economy(econsim_command: Econsim, tmp_path: Path) -> None:
    economy = {"workers": 4, "brackets": [0, 50_000], "status_quo": [0.1, 0.1], "standard_deduction": 10_000}
    planners = {"planner": {"kind": "fixed", "rates": [0.1, 0.3]}, "baselines": {"half": {"kind": "flat"}}}
    (tmp_path / "small.yaml").write_text(
        f"econsim: 1\neconomy: {{kind: one_step}}\nagents: {{worker: best_response}}\nplanner: {planners['planner']}\n"
        f"baselines: {planners['baselines']}\n",
        encoding="utf-8",
    )
    overrides = {f"economy.{key}": value for key, value in economy.items()}
    econsim.run(tmp_path / "small.yaml", out=tmp_path / "done", quiet=True, report=False, **overrides)
    own = econsim_command("household", "income=100000", f"reform=done{os.sep}")
    assert "17,000.00" in own.stdout, own.stderr  # of 90,000: 10 % of 50,000 and 30 % of 40,000
    half = econsim_command("household", "income=100000", "reform=done:half")
    assert "45,000.00" in half.stdout
    wrong = econsim_command("household", "income=100000", "reform=done:hlf")
    assert (wrong.returncode, "did you mean half?" in wrong.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["incme=1"], "incme: unknown key (did you mean income?)"),
        (["income=1", "filing=married"], "filing: expected 'single', 'married_joint', 'married_separate'"),
        (["income=1", "year=2030"], "year: expected at most 2026"),
        (["income=1", "reform=flt"], "did you mean flat?"),
        (["income=1", "reform=saez"], "give the folder of the run instead"),
        (["income=1", "reform=flat", "reform.rat=0.2"], "did you mean rate?"),
        (["income=1", "reform=flat", "rates=[0.1]"], "not both"),
        (["income=1", "brackets=[0,1]"], "give rates as well"),
        (["income=1", "deduction=5"], "applies to a reform"),
        (["income=1", "brackets=[0,5]", "rates=[0.1]"], "expected one per bracket"),
        (["income=1", "reform.rate=0.2"], "name a planner as well"),
        (["income=1", "--plot", "a.pdf"], "ends in .png or .svg"),
        (["income=1", "--csv", "none/a.csv"], "there is no folder none"),
    ],
)
def test_mistakes_name_key_and_fix(econsim_command: Econsim, arguments: list[str], message: str) -> None:
    done = econsim_command("household", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_log_linear_tax_is_fitted_to_brackets(econsim_command: Econsim, tmp_path: Path) -> None:
    brackets = ("brackets=[0,50000]", "rates=[0.2,0.2]", "incomes=lognormal", "people=100")
    done = econsim_command("fit-tax", *brackets, "--csv", "rates.csv", "--plot", "rates.svg")
    assert done.returncode == 0, done.stderr
    # A flat tax is log-linear itself.
    for line in ("progressivity tau", "0.00000", "0.80000", "414,492  20.00 %  20.00 %   20.00 %  20.00 %"):
        assert line in done.stdout
    assert pd.read_csv(tmp_path / "rates.csv")["fitted_marginal_rate"].to_numpy() == pytest.approx(0.2)
    assert "log-linear" in (tmp_path / "rates.svg").read_text(encoding="utf-8")
    wrong = econsim_command("fit-tax", "incomes=lognormal", "incomes.medan=1")
    assert (wrong.returncode, "did you mean median?" in wrong.stderr) == (2, True)
