"""A GPU that is none: tensors that say they are on another device, while the CPU does their work.

What breaks only on a GPU is found without one: an operation that mixes devices raises the error that CUDA raises, and
whatever carries numbers between host and device, so that one waits for the other, is noted. Speed, kernels and rounding
are those of the CPU, so that results must be equal to the bit::

    with pretended_gpu() as device:
        there = game.to(device=device)
        state = there.reset(random.keys(0, 8, device))
        with transfers() as carried:
            there.step(state, actions)
    assert not carried
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["fake_device", "is_supported", "transfers"]

NAME = "pretended"
_aten = torch.ops.aten
# Their results are numbers or shapes on the host.
_LOOKS = {
    _aten._local_scalar_dense.default,
    _aten.nonzero.default,
    _aten.masked_select.default,
    _aten._unique2.default,
    _aten.unique_dim.default,
    _aten.unique_consecutive.default,
    _aten.repeat_interleave.Tensor,
    _aten.bincount.default,
    _aten.equal.default,
}
_INDEXED = {_aten.index.Tensor, _aten.index_put.default, _aten.index_put_.default, _aten._index_put_impl_.default}
_COPIES = {_aten._to_copy.default, _aten.copy_.default, _aten.copy.default}
_watching: list[list[str]] = []
_registered: list[bool] = []


class _Held(Tensor):
    """A tensor on the pretended device; ``on_cpu`` is where its numbers are."""

    on_cpu: Tensor

    @staticmethod
    def __new__(cls, numbers: Tensor) -> _Held:
        held: _Held = Tensor._make_wrapper_subclass(
            cls,
            numbers.size(),
            strides=numbers.stride(),
            storage_offset=numbers.storage_offset(),
            dtype=numbers.dtype,
            device=torch.device(NAME, 0),
        )
        held.on_cpu = numbers
        return held

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        return f"{self.on_cpu!r} on a pretended GPU"

    def tolist(self) -> Any:
        return self.cpu().tolist()

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return _run(func, args, kwargs or {})


class _Pretending(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Serves what makes a tensor on the pretended device from none."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


def is_supported() -> bool:
    """Return whether this version of torch can be told of such a device."""
    return hasattr(torch.utils.backend_registration, "_setup_privateuseone_for_python_backend")


@contextmanager
def fake_device() -> Iterator[torch.device]:
    """Yield the device; tensors can be made on it within the block.

    Raises:
        RuntimeError: this version of torch cannot do it; see :func:`is_supported`.
    """
    _register()
    before = torch._C._only_lift_cpu_tensors()
    torch._C._set_only_lift_cpu_tensors(True)  # torch.tensor(data, device=...) then copies by an operation that is seen
    try:
        # On this thread, which knows of the device; those of other devices were started before it was told of.
        with _Pretending(), torch.autograd.set_multithreading_enabled(False):  # type: ignore[no-untyped-call]
            yield torch.device(NAME, 0)
    finally:
        torch._C._set_only_lift_cpu_tensors(before)


@contextmanager
def transfers() -> Iterator[list[str]]:
    """Yield a list of the operations within the block that carry numbers between host and device, or shapes."""
    seen: list[str] = []
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.remove(seen)


def _register() -> None:
    if _registered:
        return
    if not is_supported():
        raise RuntimeError(f"torch {torch.__version__} cannot be told of a device that is none")
    module: Any = torch.utils.backend_registration._DummyBackendModule()
    module.get_amp_supported_dtype = lambda: [torch.bfloat16]  # what torch.autocast asks for
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.utils.backend_registration._setup_privateuseone_for_python_backend(NAME, module)
    _registered.append(True)


def _run(func: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
    """Do on the CPU what a device would do; raise where it could not."""
    flat = list(_leaves((args, kwargs)))
    held = [leaf for leaf in flat if isinstance(leaf, _Held)]
    wanted = kwargs.get("device")
    there = bool(held) if wanted is None else torch.device(wanted).type == NAME
    if func is _aten.copy_.default:
        there = isinstance(args[0], _Held)
    if held or there:
        _note(func, flat, there)
        _check_devices(func, flat, args)
    wrappers = {id(leaf.on_cpu): leaf for leaf in held}
    result = func(*_mapped(_plain, args), **_mapped(_plain, kwargs))
    if func is _aten.copy_.default:
        return args[0]
    if func is _aten._local_scalar_dense.default or not there:
        return result
    return _mapped(lambda leaf: _wrapped(leaf, wrappers), result)


def _leaves(tree: Any) -> Iterator[Any]:
    """Yield an operation's arguments, those in lists too; torch's own trees take several times as long."""
    if isinstance(tree, (list, tuple)):
        for branch in tree:
            yield from _leaves(branch)
    elif isinstance(tree, dict):
        yield from _leaves(tuple(tree.values()))
    else:
        yield tree


def _mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    if isinstance(tree, (list, tuple)):
        return type(tree)([_mapped(function, branch) for branch in tree])
    if isinstance(tree, dict):
        return {name: _mapped(function, branch) for name, branch in tree.items()}
    return function(tree)


def _wrapped(leaf: Any, wrappers: Mapping[int, _Held]) -> Any:
    if not isinstance(leaf, Tensor):
        return leaf
    return wrappers[id(leaf)] if id(leaf) in wrappers else _Held(leaf)


def _plain(leaf: Any) -> Any:
    if isinstance(leaf, _Held):
        return leaf.on_cpu
    return torch.device("cpu") if isinstance(leaf, torch.device) and leaf.type == NAME else leaf


def _note(func: Any, flat: list[Any], there: bool) -> None:
    """Note what carries numbers from one side to the other."""
    across = func in _COPIES and any(isinstance(leaf, Tensor) and isinstance(leaf, _Held) != there for leaf in flat)
    by_mask = func in _INDEXED and any(isinstance(leaf, Tensor) and leaf.dtype == torch.bool for leaf in flat[1:])
    if func in _LOOKS or across or by_mask:
        for seen in _watching:
            seen.append(str(func))


def _check_devices(func: Any, flat: list[Any], args: Any) -> None:
    """Raise as CUDA does where tensors of two devices meet; numbers in tensors without axes may be on the host."""
    if func in _COPIES:
        return
    if func in _INDEXED:
        flat = [args[0], *args[2:]]
    alien = [leaf for leaf in flat if isinstance(leaf, Tensor) and not isinstance(leaf, _Held) and leaf.ndim]
    if alien:
        raise RuntimeError(f"Expected all tensors to be on the same device, but {func} met {NAME} and cpu")
