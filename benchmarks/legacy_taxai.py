"""The legacy economies beside the published programs of TaxAI and SMFG: year by year, and under constant policies.

The programs are run unchanged, each in a folder ``taxai_2023`` (jidiai/TaxAI at commit ce9f4a5, with ``agents/cfg/
scf2013.csv`` of commit 54c2808), ``taxai_2024`` (the same repository at 04e7cb1) and ``smfg`` (Miracle1207/DSMFG at
7f52561) of the folder that is given; nothing of them is kept. Constant policies play with the rows of the programs'
files and, as in the shipped scenario, with quantiles of them; results are means over seeds with standard errors, with
the share of episodes that last beside them.

Run: ``python benchmarks/legacy_taxai.py FOLDER``. With ``--speed`` instead of a folder, it measures years of play per
CPU-second on one core, observations included, by version, copies and households, by tensors and by kernels
(``legacy_taxai_speed.json``). Targets: 1,000 with one economy of 1,000 households, 250 with one of 10,000, and 30,000
with 64 of 100.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from _legacy_policies import POLICIES
from _record import record
from torch import Tensor

from econsim import random
from econsim.agents.constant import Constant
from econsim.agents.constant import Parameters as Action
from econsim.analysis.flows import FlowAccounts
from econsim.economies.legacy_taxai import LegacyTaxai, Parameters
from econsim.planners.fixed import Fixed
from econsim.planners.fixed import Parameters as Setting
from econsim.play import play

SEED, COPIES = 42, 32
SIZES = (1, 1000), (1, 10_000), (64, 100)
KERNELS = ", kernels"
SURVEYS = {
    "taxai_2023": Path("agents/cfg/scf2013.csv"),
    "taxai_2024": Path("agents/data/advanced_scfp2022.csv"),
    "smfg": Path("agents/data/advanced_scfp2022.csv"),
}


def survey(version: str, folder: Path, work: Path) -> str:
    """Return a copy of the program's survey with the Federal Reserve's names of columns and codes."""
    with (folder / version / SURVEYS[version]).open(encoding="utf-8-sig", newline="") as file:
        rows = [{name.upper(): cell for name, cell in row.items()} for row in csv.DictReader(file)]
    for row in rows:
        row["EDUC"] = "-1" if row.get("EDUC") == "0.1" else row.get("EDUC", "")
    path = work / f"{version}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def constant(version: str, policy: dict[str, Any], file: str | None) -> dict[str, list[float]]:
    """Return the results of episodes under a constant policy, one number each."""
    game = LegacyTaxai(Parameters(version=version, file=file)).to(dtype=torch.float64)  # type: ignore[arg-type]
    household = Constant(Action(action=tuple(policy["household"])))
    government = Fixed(Setting(action=tuple(policy["government"])))
    flows = FlowAccounts(game)
    with torch.no_grad():
        agents = {"household": household, "government": government}
        episode = play(game, agents, random.keys(SEED, COPIES), flows)
    accounts = flows.accounts(episode.state)
    names = ("years", "survived", "output", "wealth_gini", "income_gini", "resource_leak", "balance_leak")
    return {
        **{name: accounts[name].tolist() for name in names},
        "utility": episode.returns["household"].mean(-1).tolist(),
        "government_return": episode.returns["government"][:, 0].tolist(),
    }


def summary(episodes: dict[str, list[float]]) -> dict[str, Any]:
    """Return means and standard errors, the share of episodes that last, and means over these."""
    lasted = np.array(episodes["years"]) >= 300
    found: dict[str, Any] = {"episodes": len(lasted), "survived": round(float(lasted.mean()), 3)}
    for name, values in episodes.items():
        if name != "survived":
            numbers = np.array(values)
            error = numbers.std(ddof=1) / len(numbers) ** 0.5
            found[name] = {"mean": float(f"{numbers.mean():.5g}"), "error": float(f"{error:.2g}")}
            if lasted.any():
                found[name]["of_survivors"] = float(f"{numbers[lasted].mean():.5g}")
    return found


def errors_apart(found: dict[str, Any], other: dict[str, Any], name: str) -> float:
    """Return the difference of two means in standard errors of both."""
    error = np.hypot(found[name]["error"], other[name]["error"])
    difference = abs(found[name]["mean"] - other[name]["mean"])
    return round(float(difference / error), 2) if error > 0 else (0.0 if difference == 0 else float("inf"))


def years_per_second(version: str, copies: int, households: int) -> dict[str, int]:
    """Return years of all copies per CPU-second by tensors and by kernels, interleaved.

    Each is the best of five repetitions under random actions.
    """
    game = LegacyTaxai(Parameters(version=version, households=households))  # type: ignore[arg-type]
    keys, games = random.keys(SEED, copies), {"": game, KERNELS: game.on_kernels()}
    saved = 0.9 + 0.09 * random.uniform(keys, 0, "saved", (households, 2))
    actions = {"household": saved, "government": torch.tensor([0.99, 0.99, 0.99, 0.99, 0.0]).repeat(copies, 1, 1)}
    years, fastest = max(20, 100_000 // (copies * households)), dict.fromkeys(games, float("inf"))
    seconds_of(games[KERNELS], keys, actions, 1)  # compiles them
    for _ in range(5):
        for way, played in games.items():
            fastest[way] = min(fastest[way], seconds_of(played, keys, actions, years))
    return {f"{copies} x {households}{way}": round(copies * years / seconds) for way, seconds in fastest.items()}


def seconds_of(game: LegacyTaxai, keys: Tensor, actions: dict[str, Tensor], years: int) -> float:
    """Return the CPU-seconds of some years, observations included."""
    state, start = game.reset(keys), time.process_time()
    for _ in range(years):
        game.observe(state)
        state = game.step(state, actions).state
    return time.process_time() - start


@torch.no_grad()
def speed() -> dict[str, Any]:
    """Return the speed of each version by "copies x households", of kernels with the ending ", kernels"."""
    torch.set_num_threads(1)
    result: dict[str, Any] = {version: {} for version in POLICIES}
    for version, found in result.items():
        for copies, households in SIZES:
            found |= years_per_second(version, copies, households)
    return result


def main(folder: Path) -> None:
    """Run the programs and econsim, and record the comparison."""
    result: dict[str, Any] = {"households": 100, "parity": {}, "constants": []}
    with TemporaryDirectory() as name:
        work = Path(name)
        for version, policies in POLICIES.items():
            output = work / f"{version}.json"
            script = Path(__file__).resolve().with_name("_legacy_program.py")
            command = [sys.executable, str(script), version, str(output)]
            subprocess.run(command, cwd=folder / version, check=True)
            program = json.loads(output.read_text())
            result["parity"][version] = program["parity"]
            file = survey(version, folder, work)
            for policy, theirs in zip(policies, program["constants"], strict=True):
                ours, published = summary(constant(version, policy, file)), summary(theirs)
                without_file = summary(constant(version, policy, None))
                compared = ("years", "output", "wealth_gini", "income_gini", "utility", "government_return")
                row = {
                    "version": version,
                    **policy,
                    "econsim": ours,
                    "econsim_without_file": without_file,
                    "program": published,
                    "errors_apart": {each: errors_apart(ours, published, each) for each in compared},
                }
                result["constants"].append(row)
                print(version, policy["policy"], ours["survived"], ours["output"], row["errors_apart"], flush=True)
    differences = [value for each in result["parity"].values() for value in each["largest_difference"].values()]
    result["largest_difference"] = float(f"{max(differences):.2g}")
    result["ends_that_differ"] = sum(each["ends_that_differ"] for each in result["parity"].values())
    result["years_compared"] = sum(each["years"] for each in result["parity"].values())
    record("legacy_taxai", result, SEED)


if __name__ == "__main__":
    if sys.argv[1:] == ["--speed"]:
        record("legacy_taxai_speed", speed(), SEED)
    else:
        main(Path(sys.argv[1]).resolve())
