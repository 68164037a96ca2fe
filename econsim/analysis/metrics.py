"""Metrics of episodes, computed from a game's declared accounts, each with one name and one definition.

Scoring, counterfactuals, certificates and sweeps all use this module, so that a metric has one value everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from econsim.accounts import FOLLOWERS, Account, Metric, Show, is_player_axis, metrics_of
from econsim.analysis.inequality import Floats, gini
from econsim.errors import UserError
from econsim.game import Game
from econsim.split_roles import PlayerGroup, base_role, player_groups

__all__ = [
    "GAP",
    "check_declared",
    "columns_of",
    "declaration_errors",
    "declared",
    "measure",
    "player_accounts",
    "player_weights",
]

GAP = Metric("gap_closed", "Gap closed", "", "share", "headline")
"""Position of a policy's welfare between the floor (0) and the ceiling (1) of the evaluation."""


def declared(game: Game[Any]) -> dict[str, Metric]:
    """Return the metrics of a game by name: those of its accounts, then the mean return of each role.

    Returns are shown in tables where no metric of accounts is.
    """
    metrics = dict(metrics_of(game.accounts_spec, game.unit))
    show: Show = "never" if any(metric.show in ("table", "headline") for metric in metrics.values()) else "table"
    roles = dict.fromkeys(map(base_role, game.roles))
    returns = [Metric(f"return_{role}", f"Return of the {role.replace('_', ' ')}", show=show) for role in roles]
    metrics |= {metric.name: metric for metric in returns}
    for group in player_groups(game):
        metrics |= {each.name: each for each in _of_group(game, group, metrics)}
    return metrics


def _of_group(game: Game[Any], group: PlayerGroup, metrics: Mapping[str, Metric]) -> Iterator[Metric]:
    """Yield the metrics of one group of players: those of its accounts, and its return."""
    names = [
        metric.name
        for account in game.accounts_spec
        if account.is_of_players and group.players_along(account.axes[0]) is not None
        for metric in account.metrics()
    ]
    for name in names:
        yield replace(
            metrics[name], name=group.metric(name), title=f"{metrics[name].title}, {group.label}", show="never"
        )
    yield Metric(group.metric("return"), f"Return, {group.label}")


def measure(game: Game[Any], accounts: Mapping[str, Tensor], returns: Mapping[str, Tensor]) -> dict[str, Floats]:
    """Return every metric of episodes, ``{name: [B]}`` float64.

    Means and totals over players are weighted by the people that each represents, where the game declares a weight.

    Args:
        game: the game, which declares its accounts.
        accounts: ``{name: [B, ...]}``, stocks at the end of the episodes and flows averaged over their steps.
        returns: ``{role: [B, N]}``.
    """
    values: dict[str, Floats] = {}
    for account in game.accounts_spec:
        if not account.axes:
            values[account.name] = _array(accounts[account.name])
        elif account.is_of_players and not account.weight:
            amounts, weight = _array(accounts[account.name]), _weight(game, account, accounts)
            values |= _statistics(account, amounts, weight)
            for group in player_groups(game):
                if (players := group.players_along(account.axes[0])) is not None:
                    of_group = _statistics(account, amounts[:, players], None if weight is None else weight[:, players])
                    values |= {group.metric(name): value for name, value in of_group.items()}
    return values | _mean_returns(game, accounts, returns)


def _statistics(account: Account, amounts: Floats, weight: Floats | None) -> dict[str, Floats]:
    return {each.metric(account).name: _STATISTICS[each.kind](amounts, weight) for each in account.statistics}


def _mean_returns(game: Game[Any], accounts: Mapping[str, Tensor], returns: Mapping[str, Tensor]) -> dict[str, Floats]:
    """Return the mean return of each role over the people of all its players, and of each group of a split role."""
    groups = {group.role: group for group in player_groups(game)}
    parts: dict[str, list[tuple[Floats, Floats | None]]] = {}
    means: dict[str, Floats] = {}
    for name, value in returns.items():
        own = _array(value), _people(game, accounts, name)
        parts.setdefault(base_role(name), []).append(own)
        if name in groups:
            means[groups[name].metric("return")] = _mean(*own)
    for role, members in parts.items():
        amounts, weights = zip(*members, strict=True)
        people = [weight for weight in weights if weight is not None]  # of all groups of a role, or of none
        means[f"return_{role}"] = _mean(np.concatenate(amounts, 1), np.concatenate(people, 1) if people else None)
    return means


def _people(game: Game[Any], accounts: Mapping[str, Tensor], name: str) -> Floats | None:
    """Return the people that each player of a role, or of a group, represents, ``[B, N]``; ``None`` if one each."""
    for account in (each for each in game.accounts_spec if each.weight):
        if (columns := columns_of(game, account, name)) is not None:
            return _array(accounts[account.name])[:, columns]
    return None


def columns_of(game: Game[Any], account: Account, name: str) -> slice | list[int] | None:
    """Return where an account of players holds those of the role ``name``; ``None`` if it does not hold them."""
    if not account.is_of_players:
        return None
    axis = account.axes[0]
    if axis not in (FOLLOWERS, f"role:{base_role(name)}") or (axis == FOLLOWERS and game.roles[name].leads):
        return None
    group = next((each for each in player_groups(game) if each.role == name), None)
    if group is not None:
        return group.players_along(axis)
    if axis != FOLLOWERS:
        return slice(None)
    following = {role: each.count for role, each in game.roles.items() if not each.leads}
    start = sum(following[role] for role in list(following)[: list(following).index(name)])
    return slice(start, start + following[name])


def player_accounts(game: Game[Any], accounts: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the accounts with one number per player, ``{name: [B, N]}``, weights included."""
    return {account.name: accounts[account.name] for account in game.accounts_spec if account.is_of_players}


def player_weights(game: Game[Any], accounts: Mapping[str, Tensor], name: str) -> Tensor | None:
    """Return the people that each player of the account ``name`` represents, ``[B, N]``; ``None`` if one each.

    Raises:
        KeyError: no such account.
    """
    account = {each.name: each for each in game.accounts_spec}[name]
    weights = [each.name for each in game.accounts_spec if each.weight and each.axes == account.axes]
    return accounts[weights[0]] if weights else None


def declaration_errors(game: Game[Any], accounts: Mapping[str, Tensor], copies: int) -> list[str]:
    """Return the differences between accounts and their declaration, one sentence each; empty where they agree."""
    named = [account.name for account in game.accounts_spec]
    errors = [f"accounts_spec declares {name!r} twice" for name in dict.fromkeys(named) if named.count(name) > 1]
    errors += [
        f"accounts() returns {name!r}, which accounts_spec does not declare" for name in accounts.keys() - set(named)
    ]
    sizes: dict[str, int] = {}
    for account in game.accounts_spec:
        if account.name not in accounts:
            errors.append(f"accounts_spec declares {account.name!r}, which accounts() does not return")
            continue
        shape = tuple(accounts[account.name].shape)
        if len(shape) != 1 + len(account.axes) or shape[0] != copies:
            expected = ", ".join([str(copies), *account.axes])
            errors.append(f"account {account.name!r} has shape {list(shape)}, declared [{expected}]")
            continue
        for axis, size in zip(account.axes, shape[1:], strict=True):
            expected_size = _players(game, axis) if is_player_axis(axis) else sizes.setdefault(axis, size)
            if size != expected_size:
                words = "a role that the game does not have" if expected_size is None else f"expected {expected_size}"
                errors.append(f"account {account.name!r} has {size} entries along {axis}, {words}")
    metrics = [metric.name for account in game.accounts_spec for metric in account.metrics()]
    errors += [f"two accounts define the metric {name!r}" for name in dict.fromkeys(metrics) if metrics.count(name) > 1]
    return sorted(errors)


def check_declared(game: Game[Any], key: Tensor) -> None:
    """Check that the accounts of a game agree with their declaration; ``key`` ``[B]`` resets the copies for the check.

    Raises:
        UserError: they do not agree.
    """
    errors = declaration_errors(game, game.accounts(game.reset(key)), len(key))
    if errors:
        raise UserError(f"{type(game).__name__}: {'; '.join(errors)}")


def _players(game: Game[Any], axis: str) -> int | None:
    """Return the number of players along an axis; ``None`` for a role that the game does not have."""
    if axis == FOLLOWERS:
        return sum(role.count for role in game.roles.values() if not role.leads)
    named = axis.removeprefix("role:")
    counts = [role.count for name, role in game.roles.items() if base_role(name) == named]
    return sum(counts) if counts else None


def _weight(game: Game[Any], account: Account, accounts: Mapping[str, Tensor]) -> Floats | None:
    weight = player_weights(game, accounts, account.name)
    return None if weight is None else _array(weight)


def _array(value: Tensor) -> Floats:
    array: NDArray[np.float64] = value.detach().double().cpu().numpy()
    return array


def _mean(amounts: Floats, weight: Floats | None) -> Floats:
    if weight is None:
        return np.asarray(amounts.mean(1))
    return np.asarray((amounts * weight).sum(1) / weight.sum(1))


def _total(amounts: Floats, weight: Floats | None) -> Floats:
    return np.asarray((amounts if weight is None else amounts * weight).sum(1))


def _gini(amounts: Floats, weight: Floats | None) -> Floats:
    weights = [None] * len(amounts) if weight is None else weight
    return np.array([gini(row, people) for row, people in zip(amounts, weights, strict=True)])


_STATISTICS: dict[str, Callable[[Floats, Floats | None], Floats]] = {"mean": _mean, "total": _total, "gini": _gini}
