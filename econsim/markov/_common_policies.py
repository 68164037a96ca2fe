"""Best Markov policy of a player against several profiles at once, which it cannot tell apart."""

from __future__ import annotations

from time import monotonic

import torch
from torch import Tensor

from econsim.markov._induced import Induced

MOST_POLICIES = 1 << 16
MOST_STARTS, MOST_SWEEPS = 32, 100


def best_markov_value(mdps: Induced, start: Tensor, weights: Tensor, most: int, deadline: float) -> tuple[float, bool]:
    """Return the expected return of the best policy found, and whether it is the best of all.

    Args:
        mdps: the decision processes, one for each of ``T`` profiles.
        start: ``[S]``, the probability of each first state.
        weights: ``[T]``, the probability of each profile.
        most: the most numbers that an enumeration may store.
        deadline: on the clock of :func:`time.monotonic`, after which no further ascent begins.
    """
    periods, profiles, states, options = mdps.rewards.shape
    policies = options ** (periods * states)
    if policies <= MOST_POLICIES and policies * profiles * states * states <= most:
        choices = _all_policies(periods, states, options, start.device)
        return float((_values(mdps, choices) @ start @ weights).max()), True
    first, *rest = _starts(mdps, weights)
    value = _ascend(mdps, start, weights, first)
    for choices in rest:
        if monotonic() >= deadline:
            break
        value = max(value, _ascend(mdps, start, weights, choices))
    return value, False


def _all_policies(periods: int, states: int, options: int, device: torch.device) -> Tensor:
    """Return every policy, ``[K, H, S]``."""
    numbers = torch.arange(options ** (periods * states), device=device)
    places = options ** torch.arange(periods * states, device=device)
    return (numbers[:, None] // places % options).reshape(-1, periods, states)


def _values(mdps: Induced, choices: Tensor) -> Tensor:
    """Return the values of the first period ``[K, S, T]`` transposed for products with ``start`` and ``weights``.

    The result is ``[K, T, S]``; ``choices`` are policies ``[K, H, S]``.
    """
    state = torch.arange(mdps.rewards.shape[2], device=choices.device)
    later = mdps.rewards.new_zeros(mdps.rewards.shape[1], len(choices), len(state))  # [T, K, S]
    for period in reversed(range(len(mdps.rewards))):
        chosen = choices[:, period]  # [K, S]
        moved = torch.einsum("tksz,tkz->tks", mdps.transitions[period][:, state, chosen], later)
        later = mdps.rewards[period][:, state, chosen] + mdps.discount * moved
    return later.movedim(0, 1)


def _starts(mdps: Induced, weights: Tensor) -> list[Tensor]:
    """Return policies ``[H, S]`` to improve: best against the average of all profiles, and against single ones."""
    best = mdps.best()
    average = torch.einsum("ptsa,t->psa", best, weights).argmax(-1)
    likeliest = weights.argsort(descending=True)[:MOST_STARTS]
    return [average, *best[:, likeliest].argmax(-1).movedim(1, 0)]


def _ascend(mdps: Induced, start: Tensor, weights: Tensor, choices: Tensor) -> float:
    """Return the value of a policy that is improved in one period after another until no period improves it.

    With the other periods fixed, the best option of a state maximises the sum over profiles of the probability of the
    profile and of reaching the state, times the value of the option.
    """
    value, choices = float(_values(mdps, choices[None])[0] @ start @ weights), choices.clone()
    for _ in range(MOST_SWEEPS):
        reached = _reached(mdps, start, weights, choices)
        later = mdps.rewards.new_zeros(mdps.rewards.shape[1:3])
        for period in reversed(range(len(mdps.rewards))):
            paid = mdps.option_values(period, later)
            choices[period] = torch.einsum("ts,tsa->sa", reached[period], paid).argmax(-1)
            later = _chosen(paid, choices[period])
        improved = float(later @ start @ weights)
        if improved <= value + 1e-12:
            break
        value = improved
    return max(value, improved)


def _reached(mdps: Induced, start: Tensor, weights: Tensor, choices: Tensor) -> Tensor:
    """Return the probability of each profile and state in each period, ``[H, T, S]``."""
    state = torch.arange(len(start), device=start.device)
    by_period = [weights[:, None] * start]
    for period in range(len(mdps.rewards) - 1):
        moved = mdps.transitions[period][:, state, choices[period]]  # [T, S, S]
        by_period.append(torch.einsum("ts,tsz->tz", by_period[-1], moved))
    return torch.stack(by_period)


def _chosen(paid: Tensor, choice: Tensor) -> Tensor:
    return paid.gather(-1, choice.expand(len(paid), -1)[..., None])[..., 0]
