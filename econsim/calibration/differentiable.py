"""Observed metrics as differentiable functions of a game's parameters, with checkpoints for long episodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from econsim import random
from econsim.accounts import Account, Statistic
from econsim.calibration.observations import Observation
from econsim.calibration.simulated import Differences
from econsim.errors import UserError
from econsim.game import Game

__all__ = ["DifferentiableMetrics"]


@dataclass(frozen=True)
class _Read:
    """What an observation reads: an account, its statistic (``None`` for one number per episode), and the step."""

    account: Account
    statistic: Statistic | None
    step: int | None


class DifferentiableMetrics:
    """The standardised differences ``[O]`` of a calibration as a function of parameters ``[D]`` in torch.

    Parameters are entries of ``game.parameters``, through which derivatives pass; what else of the game depends on them
    does not change, which the bias against finite differences shows.

    Raises:
        UserError: a parameter is no number of the game, or a metric is not one of its accounts.
    """

    def __init__(self, differences: Differences) -> None:
        self.differences = differences
        game, self._match, self._scenario = differences.match(torch.full((len(differences.free),), 0.5).numpy())
        self._names = [_parameter(one.key, game) for one in differences.free]
        self._reads = [_read(one, game) for one in differences.observed]

    def __call__(self, shares: Tensor, segment: int | None = None) -> Tensor:
        """Return the differences at shares of the ranges.

        Args:
            shares: ``[D]`` float64.
            segment: steps between two checkpoints, between which nothing is kept for the way back; ``None``: all kept.
        """
        differences = self.differences
        game, match, scenario = differences.match(shares.detach().numpy())
        values = {
            name: one.low * (one.high / one.low) ** share if one.logarithmic else one.low + (one.high - one.low) * share
            for name, one, share in zip(self._names, differences.free, shares, strict=True)
        }
        metrics = self._played(game.with_parameters(**values), match.agents, differences.key(scenario), segment)
        differences.count += 1
        wanted = torch.tensor([(one.value, one.error) for one in differences.observed], dtype=torch.float64)
        return (metrics - wanted[:, 0]) / wanted[:, 1]

    def checkpointed(self, shares: Tensor) -> Tensor:
        """Return the differences with a checkpoint every ``sqrt(T)`` steps, so that memory grows like that too."""
        return self(shares, ceil(sqrt(self.differences.match(shares.detach().numpy())[0].horizon)))

    def _played(self, game: Game[Any], agents: Mapping[str, Any], key: Tensor, segment: int | None) -> Tensor:
        memories = {name: agents[name].start(game, role, len(key)) for name, role in game.roles.items()}
        flows = {read.account.name for read in self._reads if read.account.flow}
        carried: Any = (game.reset(key), memories, torch.zeros(len(key), dtype=torch.bool), {}, torch.zeros(len(key)))
        series: list[dict[str, Tensor]] = []

        def advance(first: int, last: int, start: Any) -> Any:
            state, memory, over, totals, steps = start
            seen_flows = []
            for time in range(first, last):
                state, memory, over, playing = _stepped(game, agents, key, time, state, memory, over)
                accounts = game.accounts(state) if flows else {}
                seen_flows.append(self._at_step(accounts, playing, game, time))
                if time >= game.burn_in:
                    counted = playing.double()
                    steps = steps + counted
                    totals = {name: totals.get(name, 0.0) + _weighed(accounts[name], counted) for name in flows}
            return (state, memory, over, totals, steps), seen_flows

        length = segment or game.horizon
        for first in range(0, game.horizon, length):
            arguments = first, min(first + length, game.horizon), carried
            if segment is None:
                carried, seen = advance(*arguments)
            else:
                carried, seen = checkpoint(advance, *arguments, use_reentrant=False, preserve_rng_state=False)
            series += seen
        state, _, _, totals, steps = carried
        means = {name: _weighed(total, 1.0 / steps.clamp(min=1.0)) for name, total in totals.items()}
        final = game.accounts(state) | means
        found = [
            series[read.step][str(index)] if read.step is not None else _statistic(read, final, game).mean()
            for index, read in enumerate(self._reads)
        ]
        return torch.stack(found)

    def _at_step(self, accounts: dict[str, Tensor], playing: Tensor, game: Game[Any], time: int) -> dict[str, Tensor]:
        """Return the metrics observed in one step, means over the copies that play, by the number of observation."""
        found = {}
        for index, read in enumerate(self._reads):
            if read.step == time:
                found[str(index)] = (_statistic(read, accounts, game) * playing).sum() / playing.sum()
        return found


def _stepped(
    game: Game[Any], agents: Mapping[str, Any], key: Tensor, time: int, state: Any, memory: Any, over: Tensor
) -> tuple[Any, Any, Tensor, Tensor]:
    """Return state, memories, which copies have ended, and which of them played in this step."""
    seen, actions, after = game.observe(state), {}, dict(memory)
    for name in game.roles:
        draw = random.fold(random.fold(key, name), time)
        actions[name], after[name] = agents[name].act(seen[name], memory[name], draw)
    transition = game.step(state, actions)
    return transition.state, after, over | transition.terminated | transition.truncated, ~over


def _statistic(read: _Read, accounts: Mapping[str, Tensor], game: Game[Any]) -> Tensor:
    """Return the metric of each copy, ``[B]``."""
    amounts = accounts[read.account.name].double()
    if read.statistic is None:
        return amounts
    same = [each.name for each in game.accounts_spec if each.weight and each.axes == read.account.axes]
    weights = accounts[same[0]].double() if same else torch.ones_like(amounts)
    total = (amounts * weights).sum(1)
    if read.statistic.kind == "gini":
        order = amounts.argsort(1)
        people, paid = weights.gather(1, order), (amounts * weights).gather(1, order)
        below = paid.cumsum(1) - 0.5 * paid
        return 1.0 - 2.0 * (people * below).sum(1) / (weights.sum(1) * total)
    return total if read.statistic.kind == "total" else total / weights.sum(1)


def _weighed(value: Tensor, weights: Tensor) -> Tensor:
    return value.double() * weights.reshape(-1, *[1] * (value.ndim - 1))


def _parameter(key: str, game: Game[Any]) -> str:
    name = key.rpartition(".")[2]
    if name not in game.parameters:
        known = ", ".join(game.parameters) or "none"
        raise UserError(f"--search gradient: {key} is no number through which derivatives pass; this game has {known}")
    return name


def _read(one: Observation, game: Game[Any]) -> _Read:
    for account in game.accounts_spec:
        if one.step is not None and not account.flow:
            continue
        if not account.axes and account.name == one.metric:
            return _Read(account, None, one.step)
        for statistic in account.statistics if account.is_of_players and not account.weight else ():
            if statistic.metric(account).name == one.metric:
                return _Read(account, statistic, one.step)
    raise UserError(f"--search gradient: {one.metric} is no metric of an account of this game, so it has no derivative")
