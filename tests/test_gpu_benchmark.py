"""``make benchmark-gpu`` in slices: each is recorded when it ends, and a second call goes on with the rest."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    for name in ("gpu", "_record"):
        monkeypatch.setattr(import_module(name), "RESULTS", tmp_path)
    return import_module("gpu")


def counting(tmp_path: Path, name: str, *codes: int) -> tuple[str, ...]:
    """Return a command that counts its calls in a file and ends with the given exit codes, the last one repeated."""
    program = "import sys; from pathlib import Path; path = Path(sys.argv[1]); codes = list(map(int, sys.argv[2:]))\n"
    program += "count = len(path.read_text()) if path.exists() else 0; path.write_text('x' * (count + 1))\n"
    program += "sys.exit(codes[min(count, len(codes) - 1)])"
    return (sys.executable, "-c", program, str(tmp_path / name), *map(str, codes))


def test_a_second_call_goes_on_where_the_first_ended(gpu: Any, tmp_path: Path) -> None:
    sliced = gpu.Part(counting(tmp_path, "sliced", 130, 130, 0), "sliced", most_slices=5, timed=True)
    stopped = gpu.Part(counting(tmp_path, "stopped", 130), "stopped", timed=True)
    failing = gpu.Part(counting(tmp_path, "failing", 1, 0), "failing", timed=True)
    assert gpu.carry_out_all((sliced, stopped, failing), again=False) == ["failing"]
    calls = {name: len((tmp_path / name).read_text()) for name in ("sliced", "stopped", "failing")}
    assert calls == {"sliced": 3, "stopped": 1, "failing": 1}
    assert json.loads((tmp_path / "stopped.json").read_text())["result"]["stopped_by_time"]
    assert not json.loads((tmp_path / "sliced.json").read_text())["result"]["stopped_by_time"]
    assert gpu.carry_out_all((sliced, stopped, failing), again=False) == []
    assert len((tmp_path / "sliced").read_text()) == 3
    assert len((tmp_path / "failing").read_text()) == 2
    assert gpu.carry_out_all((stopped,), again=True) == []
    assert len((tmp_path / "stopped").read_text()) == 2


def test_a_result_from_another_card_is_no_result(gpu: Any, tmp_path: Path) -> None:
    part = gpu.Part(counting(tmp_path, "part", 0), "part", timed=True)
    gpu.carry_out(part)
    assert gpu.is_done(part)
    content = json.loads((tmp_path / "part.json").read_text())
    content["machine"]["card"] = "another"
    (tmp_path / "part.json").write_text(json.dumps(content))
    assert not gpu.is_done(part)


def test_every_part_is_a_command_of_files_that_exist(gpu: Any, tmp_path: Path) -> None:
    for part in (*gpu.parts(tmp_path), gpu.published(tmp_path)):
        files = [word for word in part.command if word.endswith(".py")]
        assert files
        assert [name for name in files if not Path(name).is_file()] == []
