"""The README's scenario with another elasticity and another welfare function has the optimum of the closed form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

import econsim

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("planner", "elasticity", "welfare"),
    [("search", 0.8, "rawlsian"), ("saez", 0.2, "inverse_income"), ("saez", 0.6, "utilitarian")],
)
def test_the_optimal_linear_tax_follows_elasticity_and_welfare(
    planner: str, elasticity: float, welfare: str, tmp_path: Path
) -> None:
    """Utility is ``p (1-t)^(1+e) / (1+e) + t (1-t)^e m`` for potential income ``p`` with mean ``m``.

    Welfare with fixed weights is highest at ``t = (1-s) / (1-s+e)``, where ``s`` is the weighted mean of ``p`` over
    ``m``: below the revenue-maximising rate ``1 / (1+e)``, and zero for a utilitarian.
    """
    text = (ROOT / "README.md").read_text("utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    path = tmp_path / "readme.yaml"
    path.write_text(example, "utf-8")
    changes = {"economy.utility.elasticity": elasticity, "economy.welfare": welfare, "economy.brackets": [0]}
    changes |= {"planner": planner, "baselines": ["free_market", "saez"], "evaluation.ceiling": "saez"}
    run = econsim.run(str(path), out=tmp_path / "run", report=False, **{**changes, "economy.status_quo": [0.1]})
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
