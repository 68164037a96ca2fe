"""What the README shows works as shown."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from econsim import kinds
from econsim.scenario import load

ROOT = Path(__file__).resolve().parent.parent


def _block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_scenario_loads_and_builds(tmp_path: Path) -> None:
    path = tmp_path / "shown.yaml"
    path.write_text(_block("yaml"))
    game, agents = load(path).build()
    assert game.roles["worker"].count == 3
    assert set(agents) == {"worker", "planner"}
    assert len([line for line in _block("yaml").splitlines() if not line.startswith("#")]) <= 10


def test_the_program_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _block("python")], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"tensor\(-?\d+\.\d+, dtype=torch.float64\)\n", done.stdout)


@pytest.mark.parametrize("name", [*kinds.names("economies"), "matching_pennies"])
@pytest.mark.parametrize("page", ["README.md", "docs/concepts.md"])
def test_the_loop_of_random_play_runs_on_every_game(page: str, name: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    (program,) = [block for block in blocks if "random_actions" in block]
    program = re.sub(r'econsim.make\("one_step", workers=\d+\)', f'econsim.make("{name}")', program)
    program = program.replace("count=1000", "count=2").replace("range(game.horizon)", "range(min(game.horizon, 3))")
    given: dict[str, Any] = {}
    exec(program.partition("print(")[0], given)
    assert isinstance(given["game"].accounts(given["state"]), dict)


def test_every_link_leads_to_a_file() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.endswith(".png")]
    assert [link for link in links if not (ROOT / link).exists()] == []
