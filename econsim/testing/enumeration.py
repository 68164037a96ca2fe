"""Checks of declared payoffs and distributions against play: payoff tensors, and policies of stochastic agents."""

from __future__ import annotations

from itertools import islice, product
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.anonymous import is_crowd
from econsim.game import Agent, Discrete, Enumerable, FittedAgent, Game, Stochastic
from econsim.testing.harness import SEED, Promise, Trial, require

__all__ = ["ALL", "draws_its_policy"]

MOST_CHOICES = 4096  # maximum number of action profiles that are compared
TOLERANCE = 1e-6  # relative to the largest payoff, since rewards may be float32
DRAWS = 2000
SMALLEST_SHARE = 1e-9  # options with a smaller probability must not be drawn
UNLIKELY = 1e-6  # probability that a correct agent fails the test


def payoffs(trial: Trial) -> str | None:
    """Check that the rewards of a step equal the payoff tensor at every action profile (at most 4,096)."""
    game = trial.game
    if not isinstance(game, Enumerable) or is_crowd(game):
        return "not checked: the game has no payoff tensor, or too many profiles for one"
    listed, players = game.payoff_tensor(), sum(role.count for role in game.roles.values())
    options = [_options(game, name) for name, role in game.roles.items() for _ in range(role.count)]
    shape = (players, *options)
    require(tuple(listed.shape) == shape, f"payoff tensor: expected shape {list(shape)}, found {list(listed.shape)}")
    require(listed.dtype == torch.float64, f"payoff tensor: expected float64, found {listed.dtype}")
    require(game.horizon == 1, f"payoff tensor: expected a game of one step, found a horizon of {game.horizon}")
    choices = torch.tensor(list(islice(product(*map(range, options)), MOST_CHOICES)))
    rewards = _rewards(game, choices)
    expected = torch.stack([table[tuple(choices.unbind(-1))] for table in listed], -1)
    error = float((rewards - expected).abs().max()) / max(1.0, float(listed.abs().max()))
    require(
        error <= TOLERANCE,
        f"rewards of a step differ from the payoff tensor by up to {error:.3g} of the largest payoff",
    )
    return None


def draws_its_policy(trial: Trial, name: str, agent: Agent) -> str | None:
    """Check with a chi-square test of 2,000 draws that a stochastic agent draws from the distribution it reports."""
    game, role = trial.game, trial.game.roles[name]
    if isinstance(agent, FittedAgent) or not isinstance(agent, Stochastic) or not isinstance(role.action, Discrete):
        return "not checked: the agent reports no distribution, or must be fitted first"
    observation = game.observe(game.reset(trial.key))[name]
    memory = agent.start(game, role, trial.copies)
    stated = agent.policy(observation, memory)[0].probabilities.double()
    total = stated.sum(-1)
    require(bool(((total - 1.0).abs() <= TOLERANCE).all()), f"{name}: probabilities do not sum to 1")
    keys = (random.fold(trial.key, draw) for draw in range(DRAWS))
    drawn = torch.stack([agent.act(observation, memory, key)[0] for key in keys])
    counts = torch.nn.functional.one_hot(drawn, role.action.count).sum(0)
    acting = observation.acting & observation.alive
    _require_drawn_from(stated[acting], counts[acting], name)
    return None


def _require_drawn_from(stated: Tensor, counts: Tensor, name: str) -> None:
    """Fail unless the counts of draws ``[M, A]`` agree with the probabilities ``[M, A]``."""
    from scipy.stats import chi2

    played = stated > SMALLEST_SHARE
    require(not bool(counts[~played].any()), f"{name}: an option of probability zero in the reported policy is drawn")
    expected = stated * DRAWS
    statistic = float(((counts - expected).square() / expected)[played].sum())
    freedom = int((played.sum(-1) - 1).sum())
    likely = float(chi2.sf(statistic, freedom)) if freedom else 1.0
    require(
        likely > UNLIKELY,
        f"{name}: draws differ from the reported policy (chi-square {statistic:.4g}, {freedom} degrees of freedom)",
    )


def _options(game: Game[Any], name: str) -> int:
    action = game.roles[name].action
    require(isinstance(action, Discrete), f"{name}: a game with a payoff tensor needs discrete actions, found {action}")
    return action.mask_size  # type: ignore[union-attr]


def _rewards(game: Game[Any], choices: Tensor) -> Tensor:
    """Return the players' rewards at the action profiles ``[C, P]``, float64 ``[C, P]``."""
    state = game.reset(random.keys(SEED, len(choices)))
    by_role = torch.split(choices, [role.count for role in game.roles.values()], dim=-1)
    rewards = game.step(state, dict(zip(game.roles, by_role, strict=True))).rewards
    return torch.cat([rewards[name].double() for name in game.roles], -1)


ALL: tuple[Promise, ...] = (payoffs,)
