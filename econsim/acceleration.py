"""Compilation of steps: one compiled graph, replayed as a CUDA graph on a GPU, with eager execution as the fallback.

A game's ``step`` and ``observe`` are pure functions of tensors that never synchronise with the host, so that a whole
step, including the policies of its agents, can be compiled or captured once and then run many times::

    def advance(state, actions):
        transition = game.step(state, actions)
        return transition.state, game.observe(transition.state), transition.rewards

    fast = accelerate(advance, (state, actions))
    state, seen, rewards = fast(state, actions)
"""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Callable
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from econsim.errors import EconsimWarning, UserError
from econsim.game import tree_map

T = TypeVar("T")
Mode = Literal["auto", "eager", "compile", "graph"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MOST_KEPT = -1, -3, 1 << 30  # of mallopt(3)
WARM_UP_CALLS = 3  # before a capture, so that libraries set themselves up outside of it


def accelerate(function: Callable[..., T], example: tuple[Any, ...], mode: Mode = "auto") -> Callable[..., T]:
    """Return an accelerated ``function`` for arguments with the shapes, dtypes and device of ``example``.

    Args:
        function: a function from tensors (or states, dictionaries and tuples of them) to the same, without Python side
            effects and without control flow that depends on values.
        example: arguments of a first call.
        mode: ``eager`` returns the function unchanged. ``compile`` fuses it into one graph, which takes tens of seconds
            once. ``graph`` (CUDA only) compiles it and replays it as a CUDA graph; the next call overwrites the results
            of the previous one, so clone what you keep. ``auto`` is ``graph`` on a GPU, or as much of it as the
            function allows, and ``eager`` on a CPU, where compilation is rarely faster.

    Raises:
        UserError: mode ``graph`` without a GPU.
    """
    on_gpu = any(leaf.is_cuda for leaf in _tensors(example))
    if mode == "graph" and not on_gpu:
        raise UserError("acceleration: mode graph needs tensors on a CUDA GPU, found the CPU; use mode compile instead")
    if mode == "eager" or (mode == "auto" and not on_gpu):
        return function
    compiled = _compiled(function, example)
    if not on_gpu or mode == "compile":
        return compiled
    return _CudaGraph(compiled, example) if mode == "graph" else _captured(compiled, example)


def fused(loss: Callable[..., tuple[Tensor, T]], mode: Mode) -> Callable[..., tuple[Tensor, T]]:
    """Return a differentiable ``loss``, compiled forwards and backwards where ``mode`` compiles steps.

    The first call determines the device. The length of a batch may change: from the second length on, one program
    serves all lengths. Pass numbers that change between calls as tensors, since each Python number is compiled anew.

    Args:
        loss: a function from modules, tensors and containers of these to the loss ``[]`` and any other value.
        mode: as for :func:`accelerate`; ``graph`` only compiles, since a replayed CUDA graph gives no gradients.
    """
    if mode == "eager":
        return loss
    programs: list[Callable[..., tuple[Tensor, T]]] = []

    def compiled_at_first_call(*arguments: Any) -> tuple[Tensor, T]:
        if not programs:
            on_gpu = any(leaf.is_cuda for leaf in _tensors(arguments))
            programs.append(_compiled(loss, arguments, differentiable=True) if on_gpu or mode != "auto" else loss)
        return programs[0](*arguments)

    return compiled_at_first_call


def known(flag: Tensor) -> bool:
    """Return whether a flag ``[]`` is known to be true, so that work can be left out; always false in a graph.

    Only in eager play on a CPU is its value at hand: a GPU would have to be waited for, and a graph is for all values.
    """
    return flag.device.type == "cpu" and not torch.compiler.is_compiling() and bool(flag)


def keep_memory() -> bool:
    """Let the C library keep freed memory for the next step instead of returning it; return whether it does.

    Large batches on a CPU free and allocate the same megabytes in every step, and each page that was returned to the
    operating system costs a page fault: with several thousand environment copies, a third of the time. Only glibc has
    this setting.
    """
    try:
        library = ctypes.CDLL("libc.so.6")
        return all(library.mallopt(option, _MOST_KEPT) == 1 for option in (_TRIM_THRESHOLD, _MMAP_THRESHOLD))
    except (OSError, AttributeError):
        return False


def _compiled(
    function: Callable[..., Any], example: tuple[Any, ...], differentiable: bool = False
) -> Callable[..., Any]:
    """Return the compiled function after a first call, or the function itself where it cannot be compiled."""
    # Beyond the limit of recompilations a loss runs uncompiled; with fullgraph=True it would raise an error instead.
    compiled = torch.compile(function, fullgraph=not differentiable, dynamic=None if differentiable else False)
    try:
        results = compiled(*example)
        if differentiable:
            weights = [leaf for module in example if isinstance(module, nn.Module) for leaf in module.parameters()]
            torch.autograd.grad(results[0], weights, allow_unused=True)
    except (RuntimeError, torch._dynamo.exc.TorchDynamoException) as error:
        _warn("without compilation", error)
        return function
    return compiled


def _captured(function: Callable[..., T], example: tuple[Any, ...]) -> Callable[..., T]:
    """Return the function as a CUDA graph, or unchanged where it cannot be captured since it depends on values."""
    try:
        return _CudaGraph(function, example)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        _warn("without a CUDA graph", error)
        return function


def _warn(how: str, error: Exception) -> None:
    reason = str(error).strip().split("\n", 1)[0]
    warnings.warn(f"acceleration: continuing {how}: {reason}", EconsimWarning, stacklevel=4)


class _CudaGraph:
    """A function captured as a CUDA graph: arguments are copied into fixed inputs, results are fixed outputs."""

    def __init__(self, function: Callable[..., Any], example: tuple[Any, ...]) -> None:
        self.arguments = tree_map(torch.clone, example)
        self.inputs = _tensors(self.arguments)
        warm_up = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        warm_up.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(warm_up):
            for _ in range(WARM_UP_CALLS):
                function(*self.arguments)
        torch.cuda.current_stream().wait_stream(warm_up)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.results = function(*self.arguments)

    def __call__(self, *arguments: Any) -> Any:
        torch._foreach_copy_(self.inputs, _tensors(arguments))
        self.graph.replay()
        return self.results


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in pytree.tree_leaves(tree) if isinstance(leaf, Tensor)]
