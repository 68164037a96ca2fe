"""Checks of what is stated against what is drawn: listed payoffs, and the distributions of stochastic agents."""

from __future__ import annotations

from itertools import islice, product
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.game import Agent, Discrete, Enumerable, FittedAgent, Game, Stochastic
from econsim.testing.harness import SEED, Promise, Trial, require

__all__ = ["ALL", "draws_its_policy"]

MOST_CHOICES = 4096  # of all players together, that are compared
TOLERANCE = 1e-6  # relative to the largest payoff: rewards may be float32
DRAWS = 2000
SMALLEST_SHARE = 1e-9  # options below it are not drawn
UNLIKELY = 1e-6  # a distribution that is drawn from as stated fails once in a million trials


def payoffs(trial: Trial) -> str | None:
    """In a game that can be enumerated, a step pays what the listed payoffs say, at every choice (at most 4,096)."""
    game = trial.game
    if not isinstance(game, Enumerable):
        return "the game cannot be enumerated"
    listed, players = game.payoff_tensor(), sum(role.count for role in game.roles.values())
    options = [_options(game, name) for name, role in game.roles.items() for _ in range(role.count)]
    shape = (players, *options)
    require(tuple(listed.shape) == shape, f"payoffs are {list(listed.shape)}, expected {list(shape)}")
    require(listed.dtype == torch.float64, f"payoffs are {listed.dtype}, not float64")
    require(game.horizon == 1, f"a game of {game.horizon} steps cannot be enumerated by its payoffs")
    choices = torch.tensor(list(islice(product(*map(range, options)), MOST_CHOICES)))
    paid = _paid(game, choices)
    expected = torch.stack([table[tuple(choices.unbind(-1))] for table in listed], -1)
    error = float((paid - expected).abs().max()) / max(1.0, float(listed.abs().max()))
    require(
        error <= TOLERANCE, f"what a step pays and what is listed differ by up to {error:.3g} of the largest payoff"
    )
    return None


def draws_its_policy(trial: Trial, name: str, agent: Agent) -> str | None:
    """A stochastic agent draws from the distribution that it states: a chi-square test of 2,000 draws at the start."""
    game, role = trial.game, trial.game.roles[name]
    if isinstance(agent, FittedAgent) or not isinstance(agent, Stochastic) or not isinstance(role.action, Discrete):
        return "states no distribution, or none before it is fitted: not checked"
    observation = game.observe(game.reset(trial.key))[name]
    memory = agent.start(game, role, trial.copies)
    stated = agent.policy(observation, memory)[0].probabilities.double()
    total = stated.sum(-1)
    require(bool(((total - 1.0).abs() <= TOLERANCE).all()), f"{name}: probabilities do not add up to 1")
    keys = (random.fold(trial.key, draw) for draw in range(DRAWS))
    drawn = torch.stack([agent.act(observation, memory, key)[0] for key in keys])
    counts = torch.nn.functional.one_hot(drawn, role.action.count).sum(0)
    acting = observation.acting & observation.alive
    _require_drawn_from(stated[acting], counts[acting], name)
    return None


def _require_drawn_from(stated: Tensor, counts: Tensor, name: str) -> None:
    """Fail unless counts ``[M, A]`` of draws agree with probabilities ``[M, A]``."""
    from scipy.stats import chi2

    played = stated > SMALLEST_SHARE
    require(not bool(counts[~played].any()), f"{name}: an option is drawn that the stated policy never takes")
    expected = stated * DRAWS
    statistic = float(((counts - expected).square() / expected)[played].sum())
    freedom = int((played.sum(-1) - 1).sum())
    likely = float(chi2.sf(statistic, freedom)) if freedom else 1.0
    require(likely > UNLIKELY, f"{name}: draws differ from the stated policy (chi-square {statistic:.4g} of {freedom})")


def _options(game: Game[Any], name: str) -> int:
    action = game.roles[name].action
    require(isinstance(action, Discrete), f"{name}: a game with actions {action} cannot be enumerated")
    return action.mask_size  # type: ignore[union-attr]


def _paid(game: Game[Any], choices: Tensor) -> Tensor:
    """Return what every player is paid at choices ``[C, P]``, float64 ``[C, P]``."""
    state = game.reset(random.keys(SEED, len(choices)))
    parts = torch.split(choices, [role.count for role in game.roles.values()], dim=-1)
    rewards = game.step(state, dict(zip(game.roles, parts, strict=True))).rewards
    return torch.cat([rewards[name].double() for name in game.roles], -1)


ALL: tuple[Promise, ...] = (payoffs,)
