"""Taylor rules in the scenario ``monetary_policy``: welfare under exact households, and learned beside exact responses.

Run: ``python benchmarks/monetary_policy.py [--runs FOLDER]``. For a grid of rules, the whole population of exact
households meets the same tightening of 0.25 percentage points a quarter; welfare is that of the 40 periods of an
episode, in consumption equivalents relative to the default rule. Then households learn under the default rule (preset
``learned``, three seeds). Their response is that of output in the same episodes with and without the shock, of samples
that training did not see. Finished runs in the folder, by default ``benchmarks/unfinished/monetary_policy``, are read.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _record import record

import econsim
from econsim import random
from econsim.agents.exact_household import ExactHousehold
from econsim.agents.exact_household import Parameters as NoParameters
from econsim.analysis.canvas import LEGEND, SERIES, new_figure, write_title
from econsim.economies.new_keynesian import NewKeynesian
from econsim.game import Agent
from econsim.households.chains import Floats
from econsim.play import HeldAction, play
from econsim.scenario import load

INFLATION, OUTPUT = (1.05, 1.5, 2.0, 3.0, 5.0), (0.0, 0.5, 1.0, 2.5, 5.0)
DEFAULT, TAYLOR, STRONG = (1.5, 0.0), (1.5, 0.5), (5.0, 5.0)
SEEDS, COPIES, SHOWN = (42, 43, 44), 64, 16
RUNS = Path(__file__).parent / "unfinished" / "monetary_policy"
IMAGE = Path(__file__).parents[1] / "docs" / "images" / "monetary_policy.png"


def economy(**changes: Any) -> NewKeynesian:
    """Return the economy in the precision of exact play."""
    game = econsim.make("new_keynesian", **changes).to(dtype=torch.float64)
    assert isinstance(game, NewKeynesian)
    return game


def episode(game: NewKeynesian, household: Agent, rule: tuple[float, float], copies: int = 1) -> dict[str, Floats]:
    """Return the mean over copies of accounts by period, and the returns of both roles."""
    paths: dict[str, list[float]] = {"output_gap": [], "inflation": [], "welfare": [], "unmet_share": []}

    def watch(state: Any, over: Any) -> None:
        accounts = game.accounts(state)
        for name, path in paths.items():
            path.append(float(accounts[name].mean()))

    bank = HeldAction(torch.tensor(rule, dtype=game.dtype).expand(copies, 1, 2))
    play(game, {"household": household, "central_bank": bank}, random.keys(1, copies), watch)
    return {name: np.array(path[1:]) for name, path in paths.items()}  # without the initial state


def rules() -> dict[str, Any]:
    """Return, for each rule, the gain in welfare over the default rule, and what falls in period 1."""
    game, household = economy(households="distribution"), ExactHousehold(NoParameters())
    found = {}
    for inflation in INFLATION:
        for output in OUTPUT:
            played = episode(game, household, (inflation, output))
            value = float(played["welfare"] @ game.discount ** np.arange(game.horizon))
            found[inflation, output] = value, float(played["output_gap"][1]), float(played["inflation"][1])
    default, weights = found[DEFAULT][0], float((game.discount ** np.arange(game.horizon)).sum())
    # A rise of consumption by x per cent in every period raises utility by x per cent of c u'(c) = c^(1 - sigma).
    steady = game.equilibrium
    marginal = float((steady.distribution * steady.policy.consumption ** (1 - game.settings.risk_aversion)).sum())
    return {
        f"{inflation:g}, {output:g}": {
            "gain_percent": 100 * (value - default) / (weights * marginal),
            "output_gap": gap,
            "inflation": rise,
        }
        for (inflation, output), (value, gap, rise) in found.items()
    }


def learned(seed: int, runs: Path) -> dict[str, Any]:
    """Return the response of households who learned, beside that of exact ones in the same samples."""
    folder = runs / f"seed_{seed}"
    if not (folder / "summary.json").is_file():
        econsim.run(load("monetary_policy", {"preset": "learned", "seed": seed}), out=folder, quiet=True)
    agents = {"learned": econsim.open_run(folder).agents["household"], "exact": ExactHousehold(NoParameters())}
    game = load("monetary_policy", {"preset": "learned", "economy.shock_multiples": [1]}).game.build()
    found: dict[str, Any] = {}
    for name, agent in agents.items():
        with_shock = episode(game, agent, DEFAULT, COPIES)
        without = episode(game.with_parameters(shock_size=0.0), agent, DEFAULT, COPIES)
        found[name] = {
            "response": (with_shock["output_gap"] - without["output_gap"])[:SHOWN].tolist(),
            "swing": float(np.abs(without["output_gap"]).mean()),
            "utility": float(with_shock["welfare"].mean()),
            "unmet_share": float(with_shock["unmet_share"].mean()),
        }
    return found


def draw(responses: dict[str, list[float]], by_seed: dict[str, Any]) -> None:
    """Draw the figure of the documentation: output by rule, and of learned beside exact households."""
    figure, (left, right) = new_figure(2)
    for number, (label, path) in enumerate(responses.items()):
        left.plot(path, color=SERIES[number], label=label)
    exact = np.mean([found["exact"]["response"] for found in by_seed.values()], 0)
    for number, found in enumerate(by_seed.values()):
        right.plot(found["learned"]["response"], color=SERIES[1], label=None if number else "learned")
    right.plot(exact, color=SERIES[0], label="exact")
    for axes, title in ((left, "Output by rule, per cent"), (right, "Output, default rule, per cent")):
        write_title(axes, title)
        axes.set_xlabel("period")
        axes.legend(**LEGEND)
    figure.savefig(IMAGE, dpi=110, facecolor="white")


def main() -> None:
    """Record everything and draw the figure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=Path, default=RUNS)
    runs = parser.parse_args().runs
    by_seed = {str(seed): learned(seed, runs) for seed in SEEDS}
    game, household = economy(households="distribution"), ExactHousehold(NoParameters())
    shown = {"default: 1.5, 0": DEFAULT, "Taylor: 1.5, 0.5": TAYLOR, "strong: 5, 5": STRONG}
    responses = {label: episode(game, household, rule)["output_gap"][:SHOWN].tolist() for label, rule in shown.items()}
    draw(responses, by_seed)
    record("monetary_policy", {"rules": rules(), "responses": responses, "learned": by_seed})


if __name__ == "__main__":
    main()
