"""The examples of README and quickstart with another elasticity and welfare have the optimum of the closed form."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import torch

import econsim

ROOT = Path(__file__).resolve().parent.parent


def readme_example(folder: Path) -> tuple[str, dict[str, Any]]:
    """Return the README's scenario, written to a file, and no changes of it."""
    (example,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    path = folder / "readme.yaml"
    path.write_text(example, "utf-8")
    return str(path), {}


def quickstart_example(folder: Path) -> tuple[str, dict[str, Any]]:
    """Return the scenario of the quickstart's Python example and the changes that it makes."""
    text = (ROOT / "docs/quickstart.md").read_text("utf-8")
    (changes,) = re.findall(r"^changes = (\{.*?^\})", text, re.DOTALL | re.MULTILINE)
    (name,) = re.findall(r'econsim\.run\("(\w+)", \*\*changes\)', text)
    return name, ast.literal_eval(changes)


@pytest.mark.parametrize(
    ("example", "planner", "elasticity", "welfare"),
    [
        (readme_example, "search", 0.8, "rawlsian"),
        (readme_example, "saez", 0.2, "inverse_income"),
        (readme_example, "saez", 0.6, "utilitarian"),
        (quickstart_example, "saez", 0.8, "rawlsian"),
        (quickstart_example, "saez", 0.3, "utilitarian"),
    ],
)
def test_the_optimal_linear_tax_follows_elasticity_and_welfare(
    example: Any, planner: str, elasticity: float, welfare: str, tmp_path: Path
) -> None:
    """Utility is ``p (1-t)^(1+e) / (1+e) + t (1-t)^e m`` for potential income ``p`` with mean ``m``.

    Welfare with fixed weights is highest at ``t = (1-s) / (1-s+e)``, where ``s`` is the weighted mean of ``p`` over
    ``m``: below the revenue-maximising rate ``1 / (1+e)``, and zero for a utilitarian.
    """
    scenario, changes = example(tmp_path)
    changes |= {"economy.utility.elasticity": elasticity, "economy.welfare": welfare}
    changes |= {"economy.brackets": [0], "economy.status_quo": [0.1]}
    changes |= {"planner": planner, "baselines": ["free_market", "saez"], "evaluation.ceiling": "saez"}
    run = econsim.run(scenario, out=tmp_path / "run", report=False, **changes)
    potential = run.plan.game.income[0].double()  # type: ignore[attr-defined]
    weights = {
        "rawlsian": (potential == potential.min()).double(),
        "inverse_income": 1 / potential,
        "utilitarian": torch.ones_like(potential),
    }[welfare]
    share = float((weights * potential).sum() / weights.sum() / potential.mean())
    optimum = (1 - share) / (1 - share + elasticity)
    # The search ends on small steps of a flat top; the formula is exact for one bracket, up to its last iteration.
    for policy in {planner, "saez"}:
        assert run.summary["policies"][policy]["rates"] == pytest.approx([optimum], abs=2e-3)
    assert optimum <= 1 / (1 + elasticity)
