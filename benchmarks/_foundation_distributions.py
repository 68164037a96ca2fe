"""Comparison of distributions: samples of whole episodes of uniform legal play in econsim and in Foundation."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import _peers
import numpy
import torch
from _foundation_configuration import FEDERAL_RATES
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor

import econsim
from econsim import random
from econsim.game import Game

Array = NDArray[Any]
Sample = dict[str, Array]

GOODS = ("stone", "wood")
QUARTERS = ("lowest", "second", "third", "highest")
OF_WORKERS = {  # names in Foundation's script and in econsim's accounts
    "payment": "build_payment",
    "coin": "consumption",
    "labour": "labour",
    "utility": "utility",
    "houses": "houses",
    "tax": "tax",
}
COPIES = 1000  # environment copies per batch


def foundation_sample(configuration: dict[str, Any], taxes: str, episodes: int, seed: int) -> Sample:
    """Return Foundation's sample; stored episodes of the same configuration are reused."""
    identity = {"configuration": configuration, "seed": seed, "peer": _peers.FOUNDATION.alone}
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]
    kept = _peers.FOUNDATION.folder / "play" / f"{taxes}-{configuration['n_agents']}-{seed}-{digest}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    played = len(kept.read_text().splitlines()) if kept.exists() else 0
    if played < episodes:
        job = {"configuration": configuration, "seed": seed, "first": played, "last": episodes, "output": str(kept)}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "job.json"
            path.write_text(json.dumps(job))
            _peers.run(_peers.FOUNDATION, "_foundation_random.py", str(path))
    lines = [json.loads(line) for line in kept.read_text().splitlines()[:episodes]]
    return _sample_of(lines)


def _sample_of(lines: list[dict[str, Any]]) -> Sample:
    """Return the sample of Foundation's episodes, with workers in ascending order of building payment."""
    sample = {name: numpy.array([line[name] for line in lines]) for name in OF_WORKERS}
    for number, good in enumerate(("Stone", "Wood")):
        prices = [line["prices"][good] for line in lines]
        sample[f"trades_{GOODS[number]}"] = numpy.array([len(entry) for entry in prices])
        sample[f"spent_{GOODS[number]}"] = numpy.array([sum(entry) for entry in prices])
        sample[f"gathered_{GOODS[number]}"] = numpy.array([line["gathered"][good] for line in lines])
    return sample


def econsim_sample(taxes: str, workers: int, episodes: int, seed: int) -> Sample:
    """Return econsim's sample, played in float32."""
    game = econsim.make("gather_trade_build", workers=workers)
    keys = random.fold(random.keys(seed, episodes), f"{taxes}/{workers}")
    parts = [_episodes(game, key, taxes) for key in keys.split(COPIES)]
    return {name: numpy.concatenate([part[name] for part in parts]) for name in parts[0]}


def _episodes(game: Game[Any], key: Tensor, taxes: str) -> Sample:
    state = game.reset(key)
    fixed = torch.tensor(FEDERAL_RATES if taxes == "us_federal" else (0.0,) * len(FEDERAL_RATES))
    for time in range(game.horizon):
        seen = game.observe(state)
        worker = _any_legal(seen["worker"].action_mask, key, time, "worker")
        planner = fixed.expand(len(key), 1, -1)
        if taxes == "random_planner":
            options = seen["planner"].action_mask
            assert options is not None
            planner = _any_legal(options.unflatten(-1, (len(FEDERAL_RATES), -1)), key, time, "planner")
        state = game.step(state, {"worker": worker, "planner": planner}).state
    accounts = {name: value.numpy() for name, value in game.accounts(state).items()}
    by_skill = accounts["build_payment"].argsort(-1)
    sample = {name: numpy.take_along_axis(accounts[account], by_skill, -1) for name, account in OF_WORKERS.items()}
    for good in GOODS:
        sample[f"trades_{good}"] = accounts[f"bought_{good}"].sum(-1)
        sample[f"spent_{good}"] = accounts[f"spent_on_{good}"].sum(-1)
        sample[f"gathered_{good}"] = accounts[f"gathered_{good}"].sum(-1)
    return sample


def _any_legal(mask: Tensor | None, key: Tensor, time: int, who: str) -> Tensor:
    assert mask is not None
    draw = random.uniform(key, time, f"parity/{who}", tuple(mask.shape[1:]))
    return torch.where(mask, draw, -1.0).argmax(-1)


def figures(sample: Sample) -> Sample:
    """Return the figures that are compared, one number per episode; ``nan`` where undefined."""
    coin, workers = sample["coin"], sample["coin"].shape[1]
    equal = equality(coin)
    weight = 1.0 / numpy.maximum(coin, 1.0)
    found = {
        "total coin": coin.sum(1),
        "equality": equal,
        "equality x coin per head": equal * coin.mean(1),
        "inverse-income-weighted utility": (weight * sample["utility"]).sum(1) / weight.sum(1),
        "labour per worker": sample["labour"].mean(1),
        "houses": sample["houses"].sum(1),
        "tax collected": sample["tax"].sum(1),
    }
    for good in GOODS:
        trades = sample[f"trades_{good}"]
        found[f"{good} gathered"] = sample[f"gathered_{good}"]
        found[f"{good} trades"] = trades
        found[f"{good} price"] = numpy.where(trades > 0, sample[f"spent_{good}"] / numpy.maximum(trades, 1), numpy.nan)
    group = numpy.arange(workers) * len(QUARTERS) // workers
    for name in ("coin", "houses", "labour", "tax"):
        for number, quarter in enumerate(QUARTERS):
            found[f"{name}, {quarter} skill"] = sample[name][:, group == number].mean(1)
    # Figures that are always zero, such as taxes in a free market, are left out.
    return {name: values for name, values in found.items() if numpy.nanmax(numpy.abs(values)) > 0}


def equality(coin: Array) -> Array:
    """Return one minus the exact Gini index times ``N / (N - 1)``; one if total coin is zero."""
    workers = coin.shape[1]
    gaps = numpy.abs(coin[:, :, None] - coin[:, None, :]).sum((1, 2))
    total = coin.sum(1)
    return 1.0 - gaps / (2.0 * (workers - 1) * numpy.where(total > 0, total, 1.0))


def pay(theirs: Sample, ours: Sample) -> dict[str, Any]:
    """Return the payment per house by skill rank; Foundation simulates it with 100,000 draws, econsim integrates."""
    one, two = theirs["payment"][0], ours["payment"][0]
    error = float(numpy.abs(two / one - 1.0).max())
    return {"foundation": one.tolist(), "econsim": two.tolist(), "largest_relative_difference": error}


def compare(theirs: Sample, ours: Sample) -> dict[str, dict[str, float]]:
    """Return means, standard errors, the difference in standard errors and the Kolmogorov-Smirnov p-value."""
    others = figures(theirs)
    found = {}
    for name, values in figures(ours).items():
        one, two = (entry[~numpy.isnan(entry)] for entry in (others[name], values))
        errors = [float(entry.std(ddof=1) / numpy.sqrt(len(entry))) for entry in (one, two)]
        found[name] = {
            "foundation": float(one.mean()),
            "foundation_error": errors[0],
            "econsim": float(two.mean()),
            "econsim_error": errors[1],
            "z": float((two.mean() - one.mean()) / numpy.hypot(*errors)),
            "ks_p": float(stats.ks_2samp(one, two).pvalue),
        }
    return found
