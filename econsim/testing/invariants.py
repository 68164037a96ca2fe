"""Checks that watch one play: shapes, masks, rewards, ends, finite numbers, leaders, conservation, accounts."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.analysis.metrics import declaration_errors
from econsim.game import Box, Discrete, Role
from econsim.testing.harness import Promise, Trial, require
from econsim.testing.play import Moment, play, tensors_of

CONSERVATION_TOLERANCE = 1e-9  # of the largest account: float64 sums over a million players lose about 1e-10


def spaces(trial: Trial) -> None:
    """Observations have the shape, dtype, bounds and feature names that the roles declare."""
    for moment in trial.episode:
        require(moment.observations.keys() == trial.game.roles.keys(), "observe() leaves out or adds a role")
        for name, role in trial.game.roles.items():
            _observation_fits(role, moment, trial, f"{name} at step {moment.time}")


def _observation_fits(role: Role, moment: Moment, trial: Trial, where: str) -> None:
    players, box, seen = (trial.copies, role.count), role.observation, moment.observations[role.name]
    features = seen.features
    _has_shape(features, (*players, *box.shape), f"{where}: features")
    require(features.dtype == trial.game.dtype, f"{where}: features are {features.dtype}, not {trial.game.dtype}")
    outside = (features < box.low) | (features > box.high)
    require(not bool(outside[moment.playing].any()), f"{where}: a feature is out of its bounds")
    named = len(role.features)
    require(named == box.size, f"{where}: {named} names for {box.size} features")
    _view_fits(role, seen.view, players, where)
    _shared_fits(role, moment, trial, where)
    for label, mask in (("alive", seen.alive), ("acting", seen.acting)):
        _has_shape(mask, players, f"{where}: {label}")
        require(mask.dtype == torch.bool, f"{where}: {label} is {mask.dtype}, not bool")


def _view_fits(role: Role, view: Tensor | None, players: tuple[int, int], where: str) -> None:
    require((view is not None) == bool(role.view), f"{where}: a view without a declared shape, or the other way round")
    if view is not None:
        _has_shape(view, (*players, *role.view), f"{where}: view")
        require(not view.is_floating_point(), f"{where}: view is {view.dtype}, not a type of integers")


def _shared_fits(role: Role, moment: Moment, trial: Trial, where: str) -> None:
    shared, entries, box = moment.observations[role.name].shared, len(role.shared_features), role.observation
    require((shared is not None) == bool(entries), f"{where}: shared features without names, or names without them")
    if shared is not None:
        _has_shape(shared, (trial.copies, entries), f"{where}: shared features")
        require(
            shared.dtype == trial.game.dtype, f"{where}: shared features are {shared.dtype}, not {trial.game.dtype}"
        )
        outside = (shared < box.low) | (shared > box.high)
        require(not bool(outside[moment.playing].any()), f"{where}: a shared feature is out of the bounds")


def masks(trial: Trial) -> None:
    """A player who acts is alive and has a legal option for each choice; a box has no mask."""
    for moment in trial.episode:
        for name, role in trial.game.roles.items():
            seen, where = moment.observations[name], f"{name} at step {moment.time}"
            acting = seen.acting & moment.playing[:, None]
            require(not bool((acting & ~seen.alive).any()), f"{where}: a player acts who is not alive")
            if isinstance(role.action, Box):
                require(seen.action_mask is None, f"{where}: a mask for a box of numbers")
            elif seen.action_mask is not None:
                _has_shape(seen.action_mask, (trial.copies, role.count, role.action.mask_size), f"{where}: mask")
                counts = (role.action.count,) if isinstance(role.action, Discrete) else role.action.counts
                for options in torch.split(seen.action_mask, list(counts), dim=-1):
                    require(bool(options.any(-1)[acting].all()), f"{where}: a player acts who has no legal action")


def rewards(trial: Trial) -> None:
    """Every role is paid a floating-point ``[B, N]`` at every step."""
    for moment in trial.episode:
        paid = moment.transition.rewards
        require(paid.keys() == trial.game.roles.keys(), f"step {moment.time}: rewards for {sorted(paid)}")
        for name, role in trial.game.roles.items():
            _has_shape(paid[name], (trial.copies, role.count), f"step {moment.time}: rewards of {name}")
            require(paid[name].is_floating_point(), f"step {moment.time}: rewards of {name} are {paid[name].dtype}")


def ends(trial: Trial) -> None:
    """Ends are ``[B]`` bool, one of two kinds, and every copy has ended by the horizon."""
    for moment in trial.episode:
        terminated, truncated = moment.transition.terminated, moment.transition.truncated
        for label, ended in (("terminated", terminated), ("truncated", truncated)):
            _has_shape(ended, (trial.copies,), f"step {moment.time}: {label}")
            require(ended.dtype == torch.bool, f"step {moment.time}: {label} is {ended.dtype}, not bool")
        require(not bool((terminated & truncated).any()), f"step {moment.time}: terminated and truncated at once")
    last = trial.episode[-1]
    ended = ~last.playing | last.transition.terminated | last.transition.truncated
    require(trial.steps < trial.game.horizon or bool(ended.all()), f"not over at the horizon {trial.game.horizon}")


def finite(trial: Trial) -> None:
    """No NaN and no infinity in states, features, rewards or accounts while a copy plays."""
    for moment in trial.episode:
        state = moment.transition.state
        seen = {name: (entry.features, entry.shared) for name, entry in moment.observations.items()}
        every = {"state": state, "features": seen, "reward": moment.transition.rewards}
        for name, value in tensors_of({**every, "accounts": trial.game.accounts(state)}).items():
            require(bool(torch.isfinite(value[moment.playing]).all()), f"step {moment.time}: {name} is not finite")


def accounts(trial: Trial) -> None:
    """Accounts have the names, axes and sizes that ``accounts_spec`` declares, and weights are not negative."""
    game = trial.game
    require(not trial.flows or game.burn_in < game.horizon, f"burn_in {game.burn_in} leaves no step of an episode")
    for moment in trial.episode:
        now = game.accounts(moment.transition.state)
        errors = declaration_errors(game, now, trial.copies)
        require(not errors, f"step {moment.time}: {'; '.join(errors[:3])}")
        for account in game.accounts_spec:
            negative = account.weight and bool((now[account.name] < 0).any())
            require(not negative, f"step {moment.time}: the weight {account.name} is negative")


def discount(trial: Trial) -> None:
    """The discount is a number above 0 and at most 1."""
    value = trial.game.discount
    require(0.0 < value <= 1.0, f"the discount is {value}, expected a number above 0 and at most 1")


def leaders(trial: Trial) -> None:
    """A leader acts every ``acts_every`` steps, beginning with the first, and at no other."""
    for name, role in trial.game.roles.items():
        for moment in trial.episode if role.leads else ():
            due = moment.time % role.acts_every == 0
            seen = moment.observations[name]
            acting = seen.acting[moment.playing] == (seen.alive[moment.playing] & due)
            require(bool(acting.all()), f"{name} at step {moment.time}: {'does not act' if due else 'acts'}")


def conservation(trial: Trial) -> None:
    """In float64 no conserved quantity moves by more than 1e-9 of the largest account."""
    game = trial.game.to(dtype=torch.float64)
    before: dict[str, Tensor] = {}
    for moment in play(game, trial.key, trial.steps):
        before = before or game.conserved(moment.state)
        after = game.conserved(moment.transition.state)
        allowed = CONSERVATION_TOLERANCE * _size_of_accounts(game.accounts(moment.transition.state), trial.copies)
        for name, value in after.items():
            change = (value - before[name]).abs()
            kept = bool((change <= allowed)[moment.playing].all())
            require(kept, f"step {moment.time}: {name} changed by {_largest(change, moment):.3g}")


def _size_of_accounts(entries: dict[str, Tensor], copies: int) -> Tensor:
    sizes = [value.double().abs().reshape(copies, -1).sum(-1) for value in entries.values()]
    return torch.stack([torch.ones(copies, dtype=torch.float64), *sizes]).amax(0)


def _largest(change: Tensor, moment: Moment) -> float:
    return float(change[moment.playing].max())


def _has_shape(value: Tensor, expected: tuple[int, ...], where: str) -> None:
    require(tuple(value.shape) == expected, f"{where}: shape {list(value.shape)}, expected {list(expected)}")


ALL: tuple[Promise, ...] = (spaces, masks, rewards, discount, ends, finite, accounts, leaders, conservation)
