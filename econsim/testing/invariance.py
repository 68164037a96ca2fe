"""Invariance checks: results must not depend on the batch, the device, a checkpoint or compilation."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor
from torch.utils import _pytree as pytree

from econsim import random
from econsim.game import OffersKernels, tree_map
from econsim.held_tensors import held_tensors
from econsim.kernels import numba_version
from econsim.testing.fake_device import fake_device, is_supported, transfers
from econsim.testing.harness import SEED, Promise, Trial, outcome, require, require_close, require_same_bits
from econsim.testing.play import play, random_actions, tensors_of

BATCH = 7
NOT_COMPILABLE = "not checked: steps of this game cannot be compiled"
# Batched parameters are vectors, and vector and scalar code may round powers and logarithms differently in the last of
# 53 bits. A long episode can amplify this by a factor of a million, and other devices round sums differently.
FLOAT64_TOLERANCE = 1e-9
FLOAT32_TOLERANCE = 2e-4  # rewards are differences of utilities, whose rounding they inherit


def determinism(trial: Trial) -> None:
    """Check that equal keys give identical results, and that no step modifies its input state or actions."""
    for first, second in zip(trial.episode, play(trial.game, trial.key, trial.steps), strict=True):
        require_same_bits(outcome(first), outcome(second), f"step {first.time}, played twice")
    for moment in trial.episode:
        inputs = {"state": moment.state, "actions": moment.actions}
        before = {name: value.clone() for name, value in tensors_of(inputs).items()}
        trial.game.step(moment.state, moment.actions)
        require_same_bits(before, tensors_of(inputs), f"step {moment.time}, inputs before and after")


def constants(trial: Trial) -> str | None:
    """Check that neither play nor other numeric parameters change the constants that environment copies share."""
    held = list(held_tensors(trial.game.constants))
    if not held:
        return "no constants"
    before = [value.clone() for value in held]
    list(play(trial.game, trial.key, trial.steps))
    same = all(torch.equal(first, value) for first, value in zip(before, held, strict=True))
    require(same, "constants: they were changed by play")
    grid = {name: value.expand(trial.copies) for name, value in trial.game.parameters.items()}
    other = list(held_tensors(trial.game.with_parameters(**grid).constants))
    same = len(other) == len(held) and all(torch.equal(first, value) for first, value in zip(other, held, strict=True))
    require(same, "constants: they differ in a game whose parameters have one value per environment copy")
    return None


def batch_independence(trial: Trial) -> None:
    """Check that an environment copy gives identical results alone and in a batch of seven."""
    key = random.keys(SEED, BATCH)
    batch = list(play(trial.game, key, trial.steps))
    for row in (0, BATCH // 2, BATCH - 1):
        for alone, moment in zip(play(trial.game, key[row : row + 1], trial.steps), batch, strict=False):
            in_batch = {name: value[row : row + 1] for name, value in outcome(moment).items()}
            where = f"step {moment.time}, environment copy {row} alone and in a batch"
            require_same_bits(outcome(alone), in_batch, where)
            observed = {name: value[row : row + 1] for name, value in tensors_of(moment.observations).items()}
            where = f"step {moment.time}, observation of environment copy {row} alone and in a batch"
            require_same_bits(tensors_of(alone.observations), observed, where)


def state_round_trip(trial: Trial) -> None:
    """Check that a state that is saved in mid-episode and loaded continues with identical results."""
    for name, leaf in tensors_of(trial.episode[0].state).items():
        is_batched = leaf.ndim > 0 and leaf.shape[0] == trial.copies
        require(is_batched, f"state: {name}: expected shape [{trial.copies}, ...], found {list(leaf.shape)}")
    middle = trial.episode[len(trial.episode) // 2]
    restored = _through_bytes(middle.state)
    rest = play(trial.game, trial.key, trial.steps, restored, middle.time)
    for moment, again in zip(trial.episode[middle.time :], rest, strict=False):
        require_same_bits(outcome(moment), outcome(again), f"step {moment.time}, after a save at {middle.time}")


def _through_bytes(state: Any) -> Any:
    leaves, structure = pytree.tree_flatten(state)
    tensors = {str(index): leaf for index, leaf in enumerate(leaves) if isinstance(leaf, Tensor)}
    saved = save({name: leaf.clone().contiguous() for name, leaf in tensors.items()})
    loaded = load(saved)
    return pytree.tree_unflatten([loaded.get(str(index), leaf) for index, leaf in enumerate(leaves)], structure)


def idle_actions(trial: Trial) -> None:
    """Check that actions of players who do not act are ignored; a leader's action holds until its next one."""
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
    """Check that a batch of parameter values gives the results of separate games (float64, to 1e-9)."""
    game = trial.game.to(dtype=torch.float64)
    numbers = {name: value for name, value in game.parameters.items() if value.is_floating_point()}
    if not numbers:
        return "no numeric parameters"
    factors = torch.linspace(1.0, 0.9, trial.copies, dtype=torch.float64)
    grid = {name: value * factors for name, value in numbers.items()}
    batch = list(play(game.with_parameters(**grid), trial.key, trial.steps))
    for row in range(trial.copies):
        alone = game.with_parameters(**{name: values[row] for name, values in grid.items()})
        for moment, single in zip(batch, play(alone, trial.key[row : row + 1], trial.steps), strict=False):
            in_batch = {name: value[row : row + 1] for name, value in outcome(moment).items()}
            where = f"step {moment.time}, parameter values {row} alone and in a batch"
            require_close(outcome(single), in_batch, FLOAT64_TOLERANCE, where)
    return None


def one_graph(trial: Trial) -> str | None:
    """Check that ``step`` is traced into one graph without breaks, and that the traced step gives identical results."""
    if not trial.game.compilable:
        return NOT_COMPILABLE
    moment = trial.episode[0]
    torch._dynamo.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings of the tracer itself, which are not caused by the game
        traced = torch.compile(trial.game.step, fullgraph=True, backend="eager")(moment.state, moment.actions)
    same = {"state": moment.transition.state, "rewards": moment.transition.rewards}
    require_same_bits(tensors_of(same), tensors_of({"state": traced.state, "rewards": traced.rewards}), "traced step")
    return None


def kernel_parity(trial: Trial) -> str | None:
    """Check that kernels on the CPU, where a game offers them, agree with its tensors in the game's own precision.

    Kernels are compiled once per precision, which takes far longer than the check itself.
    """
    game = trial.game
    if not isinstance(game, OffersKernels):
        return "no kernels"
    if missing := game.not_covered():
        return f"not checked: kernels do not cover {missing}"
    if numba_version() is None:
        return "not checked: numba is not installed"
    kernels = game.on_kernels()
    for moment in trial.episode:
        result = kernels.step(moment.state, moment.actions)
        by_kernels = {"state": result.state, "rewards": result.rewards, "seen": kernels.observe(moment.state)}
        by_tensors = {"state": moment.transition.state, "rewards": moment.transition.rewards}
        left, right = tensors_of(by_tensors | {"seen": dict(moment.observations)}), tensors_of(by_kernels)
        require(left.keys() == right.keys(), f"step {moment.time}: {sorted(left.keys() ^ right.keys())} only once")
        kinds = [
            name for name in left if (left[name].dtype, left[name].shape) != (right[name].dtype, right[name].shape)
        ]
        require(not kinds, f"step {moment.time}: {', '.join(kinds)} has another type or shape in kernels")
        is_double = all(value.dtype == torch.float64 for value in left.values() if value.is_floating_point())
        tolerance = FLOAT64_TOLERANCE if is_double else FLOAT32_TOLERANCE
        require_close(left, right, tolerance, f"step {moment.time}, tensors and kernels")
    of_kernels = Trial(kernels, trial.copies, trial.steps)
    determinism(of_kernels)
    batch_independence(of_kernels)
    return None


def device_parity(trial: Trial) -> str | None:
    """Check that a CUDA device gives the same results as the CPU (float64, to 1e-9)."""
    if not torch.cuda.is_available():
        return "not checked: no CUDA device"
    cpu_game = trial.game.to(dtype=torch.float64)
    cuda_game = cpu_game.to(device="cuda")
    for moment in play(cpu_game, trial.key, trial.steps):
        state, actions = (tree_map(lambda leaf: leaf.cuda(), tree) for tree in (moment.state, dict(moment.actions)))
        result = cuda_game.step(state, actions)
        on_cuda = tensors_of({"state": result.state, "rewards": result.rewards})
        on_cpu = tensors_of({"state": moment.transition.state, "rewards": moment.transition.rewards})
        copied_back = {name: value.cpu() for name, value in on_cuda.items()}
        require_close(on_cpu, copied_back, FLOAT64_TOLERANCE, f"step {moment.time}, CPU and CUDA")
    return None


def no_device_mixed(trial: Trial) -> str | None:
    """Check that the whole game moves to another device, and that play transfers no data to or from the host."""
    if not trial.game.compilable:
        return NOT_COMPILABLE
    if not is_supported():
        return "not checked: this version of torch does not support a simulated GPU"
    with fake_device() as device:
        moved_game = trial.game.to(device=device)
        for moment in trial.episode:
            state, actions = (tree_map(_moved(device), tree) for tree in (moment.state, dict(moment.actions)))
            with transfers() as operations:
                result = moved_game.step(state, actions)
                observations = moved_game.observe(result.state)
            names = ", ".join(dict.fromkeys(operations))
            require(not operations, f"step {moment.time}: data is transferred between host and device by {names}")
            outputs = {"state": result.state, "rewards": result.rewards, "seen": observations}
            on_cpu = [name for name, value in tensors_of(outputs).items() if value.device != device]
            require(not on_cpu, f"step {moment.time}: {', '.join(on_cpu)} stayed on the CPU")
            same = {"state": moment.transition.state, "rewards": moment.transition.rewards}
            on_device = tensors_of({"state": result.state, "rewards": result.rewards})
            copied_back = {name: value.cpu() for name, value in on_device.items()}
            require_same_bits(tensors_of(same), copied_back, f"step {moment.time}, on the CPU and on a simulated GPU")
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
    kernel_parity,
    device_parity,
)
