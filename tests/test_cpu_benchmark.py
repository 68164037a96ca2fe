"""``make benchmark-cpu``: reruns benchmarks, compares their figures with the committed ones, and overwrites nothing."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def cpu(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("cpu")


def test_every_claim_is_a_figure_of_a_committed_result_that_a_part_measures(cpu: Any) -> None:
    assert [claim.text for claim in cpu.CLAIMS if cpu.figure(cpu.COMMITTED, claim) is None] == []
    names = {part.name for part in cpu.PARTS}
    assert {claim.result for claim in cpu.CLAIMS} == names
    assert [name for name in names if not (BENCHMARKS / f"{name}.py").is_file()] == []
    lines, held = cpu.table(cpu.COMMITTED)
    assert held
    assert len([line for line in lines if "yes" in line]) == len(cpu.CLAIMS)


def test_a_worse_figure_is_named(cpu: Any, tmp_path: Path) -> None:
    for name in ("best_response", "adaptive_choice", "startup"):
        (tmp_path / f"{name}.json").write_bytes((cpu.COMMITTED / f"{name}.json").read_bytes())
    content = json.loads((tmp_path / "best_response.json").read_text())
    content["result"]["float32"]["falling_rates"]["decisions_per_cpu_second"] *= 0.4
    (tmp_path / "best_response.json").write_text(json.dumps(content))
    lines, held = cpu.table(tmp_path)
    assert not held
    (worse,) = [line for line in lines if "NO" in line]
    assert worse.startswith("exact best responses")
    assert any(line.endswith("not measured") for line in lines)


def test_a_benchmark_is_run_and_compared_without_touching_the_committed_result(
    cpu: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (cpu.COMMITTED / "startup.json").read_bytes()
    folder = tmp_path / "cpu"
    monkeypatch.setattr(cpu, "PARTS", (cpu.Part("startup", ("--repeats", "1")),))
    monkeypatch.setattr(sys, "argv", ["cpu.py", "--only", "startup", "--folder", str(folder)])
    cpu.main()  # whether the claim holds depends on the machine
    said = capsys.readouterr().out
    assert "[1/1] startup ..." in said
    assert json.loads((folder / "startup.json").read_text())["benchmark"] == "startup"
    (row,) = [line for line in said.splitlines() if line.startswith("econsim --help")]
    assert row.endswith("100 % (cost)")
    assert (cpu.COMMITTED / "startup.json").read_bytes() == before
    monkeypatch.setattr(sys, "argv", ["cpu.py", "--only", "startup", "--minutes", "0", "--folder", str(folder)])
    assert cpu.main() == 1
    assert "the time is over" in capsys.readouterr().out
