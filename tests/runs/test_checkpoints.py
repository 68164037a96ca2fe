from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from econsim.errors import RunError
from econsim.runs.checkpoints import Checkpoints
from econsim.storage.states import load_state, save_state

STATE = {
    "policy": {"layer.weight": torch.arange(6.0).reshape(2, 3).T, "bias": torch.tensor(1.5, dtype=torch.float64)},
    "count": 2**62 + 1,
    "share": 0.1,
    "flag": True,
    "note": "ümlaut",
    "nothing": None,
    "empty": {},
    "list": [1, torch.tensor([True])],
}


def test_a_state_comes_back_exactly(tmp_path: Path) -> None:
    save_state(tmp_path / "a", STATE)
    back = load_state(tmp_path / "a")
    weight = back["policy"]["layer.weight"]
    assert weight.dtype == torch.float32
    assert torch.equal(weight, STATE["policy"]["layer.weight"])  # type: ignore[index]
    assert back["policy"]["bias"].item() == 1.5
    assert back["list"][1].dtype == torch.bool
    assert {name: back[name] for name in ("count", "share", "flag", "note", "nothing", "empty")} == {
        "count": 2**62 + 1, "share": 0.1, "flag": True, "note": "ümlaut", "nothing": None, "empty": {},
    }  # fmt: skip


def test_views_of_one_tensor_are_saved_apart(tmp_path: Path) -> None:
    whole = torch.arange(4.0)
    save_state(tmp_path / "a", {"left": whole[:2], "right": whole[1:]})
    assert load_state(tmp_path / "a")["right"].tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("state", [{"object": object()}, {"nested": {3: 1.0}}, {"$tensor": "x"}])
def test_what_cannot_be_kept_is_refused_before_anything_is_written(tmp_path: Path, state: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="checkpoint entry"):
        save_state(tmp_path / "a", state)
    assert list(tmp_path.iterdir()) == []


def test_the_newest_two_stay(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    assert checkpoints.newest() is None
    for step in (9, 10, 100):
        checkpoints.save(step, {"step": step})
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["step-000000010", "step-000000100"]
    assert checkpoints.newest() == {"step": 100}


def test_an_incomplete_one_is_passed_over(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, {"step": 1})
    (tmp_path / ".step-000000002.partial").mkdir()
    (tmp_path / "step-000000002").mkdir()
    assert checkpoints.newest() == {"step": 1}


def test_damaged_bytes_are_named_and_not_used(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, {"x": torch.zeros(8)})
    path = tmp_path / "step-000000001" / "state.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(RunError, match=r"step-000000001: not a readable checkpoint .*digest.*delete this folder"):
        checkpoints.newest()


@pytest.mark.parametrize("content", ["not json", "[]", '{"format": 1}', '{"format": 99, "sha256": "", "state": {}}'])
def test_foreign_files_give_a_clear_error(tmp_path: Path, content: str) -> None:
    save_state(tmp_path / "a", {"x": 1})
    (tmp_path / "a" / "state.json").write_text(content)
    with pytest.raises(RunError, match="checkpoint"):
        load_state(tmp_path / "a")


def test_the_description_is_plain_json(tmp_path: Path) -> None:
    save_state(tmp_path / "a", {"x": torch.zeros(1), "y": 2})
    described = json.loads((tmp_path / "a" / "state.json").read_text())
    assert described["state"] == {"x": {"$tensor": "/x"}, "y": 2}
