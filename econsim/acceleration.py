"""Making a step fast: one compiled graph, replayed as a CUDA graph on a GPU, with eager play to fall back on.

A game's ``step`` and ``observe`` are pure functions of tensors without a round trip to the host, so that a whole step,
with the minds that act in it, can be compiled or captured once and run again and again::

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
    """Return ``function`` made fast for arguments with the shapes, dtypes and device of ``example``.

    Args:
        function: from tensors (or states, dictionaries and tuples of them) to the same; no Python side effects, no
            look at values.
        example: arguments to try it on.
        mode: ``eager`` leaves it as it is. ``compile`` fuses it into one graph, which takes tens of seconds once.
            ``graph`` (CUDA only) compiles it and replays it as a CUDA graph: what it returns is overwritten by the next
            call, so clone what you keep. ``auto`` is ``graph`` on a GPU, or as near to it as the function allows, and
            ``eager`` on a CPU, where compiling rarely pays.

    Raises:
        UserError: mode ``graph`` without a GPU.
    """
    on_gpu = any(leaf.is_cuda for leaf in _tensors(example))
    if mode == "graph" and not on_gpu:
        raise UserError("acceleration: mode graph replays CUDA graphs, and these tensors are on the CPU; say compile")
    if mode == "eager" or (mode == "auto" and not on_gpu):
        return function
    compiled = _compiled(function, example)
    if not on_gpu or mode == "compile":
        return compiled
    return _CudaGraph(compiled, example) if mode == "graph" else _captured(compiled, example)


def fused(loss: Callable[..., tuple[Tensor, T]], mode: Mode) -> Callable[..., tuple[Tensor, T]]:
    """Return ``loss``, of which gradients are taken, compiled forwards and backwards where ``mode`` has steps compiled.

    The first call says on which device. Batches may change their length: from the second length on, one program serves
    all. Numbers that change from call to call belong in tensors, or each value is compiled anew.

    Args:
        loss: from modules, tensors and what holds them to the loss ``[]`` and anything else.
        mode: as for :func:`accelerate`; ``graph`` compiles, since what is replayed takes no gradients.
    """
    if mode == "eager":
        return loss
    chosen: list[Callable[..., tuple[Tensor, T]]] = []

    def chosen_at_first(*arguments: Any) -> tuple[Tensor, T]:
        if not chosen:
            on_gpu = any(leaf.is_cuda for leaf in _tensors(arguments))
            chosen.append(_compiled(loss, arguments, differentiable=True) if on_gpu or mode != "auto" else loss)
        return chosen[0](*arguments)

    return chosen_at_first


def keep_memory() -> bool:
    """Let the C library keep freed memory for the next step instead of handing it back; return whether it does.

    Large batches on a CPU free and claim the same megabytes in every step, and a page that was handed back costs a
    fault to have again: with some thousand copies that is a third of the time. Only glibc can be told so.
    """
    try:
        library = ctypes.CDLL("libc.so.6")
        return all(library.mallopt(option, _MOST_KEPT) == 1 for option in (_TRIM_THRESHOLD, _MMAP_THRESHOLD))
    except (OSError, AttributeError):
        return False


def _compiled(
    function: Callable[..., Any], example: tuple[Any, ...], differentiable: bool = False
) -> Callable[..., Any]:
    """Return the compiled function after a first call, or the function itself where it cannot be compiled here."""
    # A loss that meets more kinds of batches than programs are kept for goes on without; a whole graph would raise.
    compiled = torch.compile(function, fullgraph=not differentiable, dynamic=None if differentiable else False)
    try:
        found = compiled(*example)
        if differentiable:
            weights = [leaf for module in example if isinstance(module, nn.Module) for leaf in module.parameters()]
            torch.autograd.grad(found[0], weights, allow_unused=True)
    except (RuntimeError, torch._dynamo.exc.TorchDynamoException) as error:
        _say("without a compiler", error)
        return function
    return compiled


def _captured(function: Callable[..., T], example: tuple[Any, ...]) -> Callable[..., T]:
    """Return the function as a CUDA graph, or as it is where it cannot be one: it looks at values."""
    try:
        return _CudaGraph(function, example)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        _say("without a CUDA graph", error)
        return function


def _say(what: str, error: Exception) -> None:
    reason = str(error).strip().split("\n", 1)[0]
    warnings.warn(f"acceleration: going on {what}: {reason}", EconsimWarning, stacklevel=4)


class _CudaGraph:
    """A function captured as a CUDA graph: arguments are copied to where it reads, results stay where it writes."""

    def __init__(self, function: Callable[..., Any], example: tuple[Any, ...]) -> None:
        self.arguments = tree_map(torch.clone, example)
        self.places = _tensors(self.arguments)
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
        torch._foreach_copy_(self.places, _tensors(arguments))
        self.graph.replay()
        return self.results


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in pytree.tree_leaves(tree) if isinstance(leaf, Tensor)]
