"""What the README shows works as shown."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

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


def test_every_link_leads_to_a_file() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.endswith(".png")]
    assert [link for link in links if not (ROOT / link).exists()] == []
