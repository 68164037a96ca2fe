"""Checks that play twice and compare: what must not matter (batch, device, a save, a compiler) does not."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor
from torch.utils import _pytree as pytree

from econsim import random
from econsim.game import tree_map
from econsim.held_tensors import held_tensors
from econsim.testing.fake_device import fake_device, is_supported, transfers
from econsim.testing.harness import SEED, Promise, Trial, outcome, require, require_close, require_same_bits
from econsim.testing.play import play, random_actions, tensors_of

BATCH = 7
# Parameters in a batch are broadcast, and vector and scalar code round powers and logarithms differently in the last of
# 53 bits; a long episode may multiply that by a million. Another device adds its own rounding of sums.
FLOAT64_TOLERANCE = 1e-9


def determinism(trial: Trial) -> None:
    """The same keys give the same bits, and no step changes the state or the actions that it was given."""
    for first, second in zip(trial.episode, play(trial.game, trial.key, trial.steps), strict=True):
        require_same_bits(outcome(first), outcome(second), f"step {first.time}, played twice")
    for moment in trial.episode:
        given = {"state": moment.state, "actions": moment.actions}
        before = {name: value.clone() for name, value in tensors_of(given).items()}
        trial.game.step(moment.state, moment.actions)
        require_same_bits(before, tensors_of(given), f"step {moment.time}, inputs before and after")


def constants(trial: Trial) -> str | None:
    """Neither play nor other numeric parameters change what all copies share, which moves with the game."""
    held = list(held_tensors(trial.game.constants))
    if not held:
        return "no constants"
    before = [value.clone() for value in held]
    list(play(trial.game, trial.key, trial.steps))
    same = all(torch.equal(first, value) for first, value in zip(before, held, strict=True))
    require(same, "constants: play changed them")
    grid = {name: value.expand(trial.copies) for name, value in trial.game.parameters.items()}
    other = list(held_tensors(trial.game.with_parameters(**grid).constants))
    same = len(other) == len(held) and all(torch.equal(first, value) for first, value in zip(other, held, strict=True))
    require(same, "constants: they differ in a game of as many values of each parameter as there are copies")
    return None


def batch_independence(trial: Trial) -> None:
    """A copy alone does bit for bit what it does in a batch of seven."""
    key = random.keys(SEED, BATCH)
    together = list(play(trial.game, key, trial.steps))
    for row in (0, BATCH // 2, BATCH - 1):
        for alone, moment in zip(play(trial.game, key[row : row + 1], trial.steps), together, strict=False):
            mine = {name: value[row : row + 1] for name, value in outcome(moment).items()}
            require_same_bits(outcome(alone), mine, f"step {moment.time}, copy {row} alone and in a batch")
            seen = {name: value[row : row + 1] for name, value in tensors_of(moment.observations).items()}
            where = f"step {moment.time}, observation of copy {row} alone and in a batch"
            require_same_bits(tensors_of(alone.observations), seen, where)


def state_round_trip(trial: Trial) -> None:
    """A state saved in mid-episode and read back continues with the same bits: it holds all there is."""
    for name, leaf in tensors_of(trial.episode[0].state).items():
        leads = leaf.ndim > 0 and leaf.shape[0] == trial.copies
        require(leads, f"state: {name} is {list(leaf.shape)}, expected [{trial.copies}, ...]")
    middle = trial.episode[len(trial.episode) // 2]
    restored = _through_bytes(middle.state)
    rest = play(trial.game, trial.key, trial.steps, restored, middle.time)
    for moment, again in zip(trial.episode[middle.time :], rest, strict=False):
        require_same_bits(outcome(moment), outcome(again), f"step {moment.time}, after a save at {middle.time}")


def _through_bytes(state: Any) -> Any:
    leaves, structure = pytree.tree_flatten(state)
    held = {str(place): leaf for place, leaf in enumerate(leaves) if isinstance(leaf, Tensor)}
    saved = save({place: leaf.clone().contiguous() for place, leaf in held.items()})
    loaded = load(saved)
    return pytree.tree_unflatten([loaded.get(str(place), leaf) for place, leaf in enumerate(leaves)], structure)


def idle_actions(trial: Trial) -> None:
    """What is passed for players who do not act changes nothing: a leader's last action holds until its next."""
    for moment in trial.episode:
        other = random_actions(trial.game, moment.observations, random.fold(trial.key, f"idle {moment.time}"))
        mixed = {
            name: torch.where(_like(moment.observations[name].acting, action), action, other[name])
            for name, action in moment.actions.items()
        }
        again = trial.game.step(moment.state, mixed)
        changed = {"state": again.state, "rewards": again.rewards}
        same = {"state": moment.transition.state, "rewards": moment.transition.rewards}
        require_same_bits(tensors_of(same), tensors_of(changed), f"step {moment.time}, other actions of idle players")


def _like(acting: Tensor, action: Tensor) -> Tensor:
    return acting.reshape(*acting.shape, *[1] * (action.ndim - 2))


def parameters(trial: Trial) -> str | None:
    """A batch of parameter values gives what one game for each value gives (float64, to 1e-9)."""
    game = trial.game.to(dtype=torch.float64)
    numbers = {name: value for name, value in game.parameters.items() if value.is_floating_point()}
    if not numbers:
        return "no numeric parameters"
    factors = torch.linspace(1.0, 0.9, trial.copies, dtype=torch.float64)
    grid = {name: value * factors for name, value in numbers.items()}
    together = list(play(game.with_parameters(**grid), trial.key, trial.steps))
    for row in range(trial.copies):
        alone = game.with_parameters(**{name: values[row] for name, values in grid.items()})
        for moment, single in zip(together, play(alone, trial.key[row : row + 1], trial.steps), strict=False):
            mine = {name: value[row : row + 1] for name, value in outcome(moment).items()}
            where = f"step {moment.time}, parameter values {row} alone and in a batch"
            require_close(outcome(single), mine, FLOAT64_TOLERANCE, where)
    return None


def one_graph(trial: Trial) -> None:
    """``step`` traces into one graph, without a break, and the traced step returns the same bits."""
    moment = trial.episode[0]
    torch._dynamo.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's own notices, of which the game knows nothing
        traced = torch.compile(trial.game.step, fullgraph=True, backend="eager")(moment.state, moment.actions)
    same = {"state": moment.transition.state, "rewards": moment.transition.rewards}
    require_same_bits(tensors_of(same), tensors_of({"state": traced.state, "rewards": traced.rewards}), "traced step")


def device_parity(trial: Trial) -> str | None:
    """A CUDA device gives what the CPU gives (float64, to 1e-9)."""
    if not torch.cuda.is_available():
        return "no CUDA device: not checked"
    here = trial.game.to(dtype=torch.float64)
    there = here.to(device="cuda")
    for moment in play(here, trial.key, trial.steps):
        state, actions = (tree_map(lambda leaf: leaf.cuda(), tree) for tree in (moment.state, dict(moment.actions)))
        result = there.step(state, actions)
        remote = tensors_of({"state": result.state, "rewards": result.rewards})
        local = tensors_of({"state": moment.transition.state, "rewards": moment.transition.rewards})
        back = {name: value.cpu() for name, value in remote.items()}
        require_close(local, back, FLOAT64_TOLERANCE, f"step {moment.time}, CPU and CUDA")
    return None


def no_device_mixed(trial: Trial) -> str | None:
    """All of the game moves to another device, and no step or observation carries numbers to or from the host."""
    if not is_supported():
        return "this version of torch cannot pretend to have a GPU: not checked"
    with fake_device() as device:
        there = trial.game.to(device=device)
        for moment in trial.episode:
            state, actions = (tree_map(_moved(device), tree) for tree in (moment.state, dict(moment.actions)))
            with transfers() as carried:
                result = there.step(state, actions)
                seen = there.observe(result.state)
            where = ", ".join(dict.fromkeys(carried))
            require(not carried, f"step {moment.time}: host and device wait for each other at {where}")
            held = {"state": result.state, "rewards": result.rewards, "seen": seen}
            astray = [name for name, value in tensors_of(held).items() if value.device != device]
            require(not astray, f"step {moment.time}: {', '.join(astray)} stayed on the CPU")
            same = {"state": moment.transition.state, "rewards": moment.transition.rewards}
            back = tensors_of({"state": result.state, "rewards": result.rewards})
            back = {name: value.cpu() for name, value in back.items()}
            require_same_bits(tensors_of(same), back, f"step {moment.time}, on the CPU and on a pretended GPU")
    return None


def _moved(device: torch.device) -> Callable[[Tensor], Tensor]:
    return lambda leaf: leaf.to(device=device)


ALL: tuple[Promise, ...] = (
    determinism,
    constants,
    batch_independence,
    state_round_trip,
    idle_actions,
    parameters,
    one_graph,
    no_device_mixed,
    device_parity,
)
