"""Checks of a single episode: shapes, masks, rewards, ends, finite values, leaders, conservation and accounts."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.analysis.metrics import declaration_errors
from econsim.game import Box, Discrete, Role
from econsim.testing.harness import Promise, Trial, require
from econsim.testing.play import Moment, play, tensors_of

CONSERVATION_TOLERANCE = 1e-9  # relative to the largest account; float64 sums over a million players lose about 1e-10


def spaces(trial: Trial) -> None:
    """Check that observations have the shape, dtype, bounds and feature names that the roles declare."""
    for moment in trial.episode:
        require(moment.observations.keys() == trial.game.roles.keys(), "observe(): its roles are not those of the game")
        for name, role in trial.game.roles.items():
            _observation_fits(role, moment, trial, f"{name} at step {moment.time}")


def _observation_fits(role: Role, moment: Moment, trial: Trial, where: str) -> None:
    players, box, observation = (trial.copies, role.count), role.observation, moment.observations[role.name]
    features = observation.features
    _has_shape(features, (*players, *box.shape), f"{where}: features")
    _has_type(features, trial.game.dtype, f"{where}: features")
    outside = (features < box.low) | (features > box.high)
    require(not bool(outside[moment.playing].any()), f"{where}: a feature is outside its bounds")
    names = len(role.features)
    require(names == box.size, f"{where}: expected {box.size} feature names, found {names}")
    _view_fits(role, observation.view, players, where)
    _shared_fits(role, moment, trial, where)
    for label, mask in (("alive", observation.alive), ("acting", observation.acting)):
        _has_shape(mask, players, f"{where}: {label}")
        _has_type(mask, torch.bool, f"{where}: {label}")


def _view_fits(role: Role, view: Tensor | None, players: tuple[int, int], where: str) -> None:
    require((view is not None) == bool(role.view), f"{where}: a view without a declared shape, or a shape without view")
    if view is not None:
        _has_shape(view, (*players, *role.view), f"{where}: view")
        require(not view.is_floating_point(), f"{where}: view: expected an integer type, found {view.dtype}")


def _shared_fits(role: Role, moment: Moment, trial: Trial, where: str) -> None:
    shared, entries, box = moment.observations[role.name].shared, len(role.shared_features), role.observation
    require((shared is not None) == bool(entries), f"{where}: shared features without names, or names without features")
    if shared is not None:
        _has_shape(shared, (trial.copies, entries), f"{where}: shared features")
        _has_type(shared, trial.game.dtype, f"{where}: shared features")
        outside = (shared < box.low) | (shared > box.high)
        require(not bool(outside[moment.playing].any()), f"{where}: a shared feature is outside the bounds")


def masks(trial: Trial) -> None:
    """Check that acting players are alive and have a legal option for each choice, and that boxes have no mask."""
    for moment in trial.episode:
        for name, role in trial.game.roles.items():
            observation, where = moment.observations[name], f"{name} at step {moment.time}"
            acting, mask = observation.acting & moment.playing[:, None], observation.action_mask
            require(not bool((acting & ~observation.alive).any()), f"{where}: an acting player is not alive")
            if isinstance(role.action, Box):
                require(mask is None, f"{where}: a box action has an action mask")
            elif mask is not None:
                _has_shape(mask, (trial.copies, role.count, role.action.mask_size), f"{where}: mask")
                counts = (role.action.count,) if isinstance(role.action, Discrete) else role.action.counts
                for options in torch.split(mask, list(counts), dim=-1):
                    require(bool(options.any(-1)[acting].all()), f"{where}: an acting player has no legal action")


def rewards(trial: Trial) -> None:
    """Check that every role has floating-point rewards ``[B, N]`` at every step."""
    for moment in trial.episode:
        by_role, roles, where = moment.transition.rewards, trial.game.roles, f"step {moment.time}: rewards"
        require(by_role.keys() == roles.keys(), f"{where}: expected roles {sorted(roles)}, found {sorted(by_role)}")
        for name, role in roles.items():
            reward = by_role[name]
            _has_shape(reward, (trial.copies, role.count), f"{where} of {name}")
            require(reward.is_floating_point(), f"{where} of {name}: expected a float type, found {reward.dtype}")


def ends(trial: Trial) -> None:
    """Check that ends are ``[B]`` bool, terminated or truncated, and that every episode ends by the horizon."""
    for moment in trial.episode:
        terminated, truncated = moment.transition.terminated, moment.transition.truncated
        for label, ended in (("terminated", terminated), ("truncated", truncated)):
            _has_shape(ended, (trial.copies,), f"step {moment.time}: {label}")
            _has_type(ended, torch.bool, f"step {moment.time}: {label}")
        require(not bool((terminated & truncated).any()), f"step {moment.time}: both terminated and truncated")
    last = trial.episode[-1]
    ended = ~last.playing | last.transition.terminated | last.transition.truncated
    require(
        trial.steps < trial.game.horizon or bool(ended.all()),
        f"an episode has not ended at the horizon {trial.game.horizon}",
    )


def finite(trial: Trial) -> None:
    """Check that states, features, rewards and accounts are finite until an episode ends."""
    for moment in trial.episode:
        state = moment.transition.state
        features = {name: (entry.features, entry.shared) for name, entry in moment.observations.items()}
        outputs = {"state": state, "features": features, "reward": moment.transition.rewards}
        for name, value in tensors_of({**outputs, "accounts": trial.game.accounts(state)}).items():
            require(bool(torch.isfinite(value[moment.playing]).all()), f"step {moment.time}: {name} is not finite")


def accounts(trial: Trial) -> None:
    """Check that accounts match ``accounts_spec`` in names, axes and sizes, and that weights are not negative."""
    game = trial.game
    require(not trial.flows or game.burn_in < game.horizon, f"burn_in {game.burn_in}: expected less than the horizon")
    for moment in trial.episode:
        values = game.accounts(moment.transition.state)
        errors = declaration_errors(game, values, trial.copies)
        require(not errors, f"step {moment.time}: {'; '.join(errors[:3])}")
        for account in game.accounts_spec:
            negative = account.weight and bool((values[account.name] < 0).any())
            require(not negative, f"step {moment.time}: the weight {account.name} is negative")


def discount(trial: Trial) -> None:
    """Check that the discount factor is above 0 and at most 1."""
    value = trial.game.discount
    require(0.0 < value <= 1.0, f"discount: expected a number above 0 and at most 1, found {value}")


def leaders(trial: Trial) -> None:
    """Check that leaders act in every ``acts_every``-th step, starting with the first, and in no other step."""
    for name, role in trial.game.roles.items():
        for moment in trial.episode if role.leads else ():
            due = moment.time % role.acts_every == 0
            observation, playing = moment.observations[name], moment.playing
            as_due = observation.acting[playing] == (observation.alive[playing] & due)
            problem = "the leader does not act" if due else "the leader acts although it is not due"
            require(bool(as_due.all()), f"{name} at step {moment.time}: {problem}")


def conservation(trial: Trial) -> None:
    """Check in float64 that no conserved quantity changes by more than 1e-9 of the largest account."""
    game = trial.game.to(dtype=torch.float64)
    before: dict[str, Tensor] = {}
    for moment in play(game, trial.key, trial.steps):
        before = before or game.conserved(moment.state)
        after = game.conserved(moment.transition.state)
        allowed = CONSERVATION_TOLERANCE * _size_of_accounts(game.accounts(moment.transition.state), trial.copies)
        for name, value in after.items():
            change = (value - before[name]).abs()
            is_conserved = bool((change <= allowed)[moment.playing].all())
            require(is_conserved, f"step {moment.time}: {name} changed by {_largest(change, moment):.3g}")


def _size_of_accounts(entries: dict[str, Tensor], copies: int) -> Tensor:
    sizes = [value.double().abs().reshape(copies, -1).sum(-1) for value in entries.values()]
    return torch.stack([torch.ones(copies, dtype=torch.float64), *sizes]).amax(0)


def _largest(change: Tensor, moment: Moment) -> float:
    return float(change[moment.playing].max())


def _has_shape(value: Tensor, expected: tuple[int, ...], where: str) -> None:
    require(tuple(value.shape) == expected, f"{where}: expected shape {list(expected)}, found {list(value.shape)}")


def _has_type(value: Tensor, expected: torch.dtype, where: str) -> None:
    require(value.dtype == expected, f"{where}: expected {expected}, found {value.dtype}")


ALL: tuple[Promise, ...] = (spaces, masks, rewards, discount, ends, finite, accounts, leaders, conservation)
