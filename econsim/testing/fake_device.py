"""Simulated GPU: tensors that report another device, while the CPU performs their operations.

It finds errors that otherwise occur only on a GPU: an operation that mixes devices raises the same error as CUDA, and
operations that transfer data between host and device, which forces a synchronisation, are recorded. Speed, kernels and
rounding are those of the CPU, so that results must be identical bit for bit::

    with fake_device() as device:
        moved = game.to(device=device)
        state = moved.reset(random.keys(0, 8, device))
        with transfers() as operations:
            moved.step(state, actions)
    assert not operations
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

NAME = "simulated"
_aten = torch.ops.aten
# Operations whose results are numbers on the host, or whose output shapes depend on data.
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
    """A tensor on the simulated device; ``on_cpu`` holds its data."""

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
        return f"{self.on_cpu!r} on a simulated GPU"

    def tolist(self) -> Any:
        return self.cpu().tolist()

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return _run(func, args, kwargs or {})


class _Pretending(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Handles operations that create tensors on the simulated device without tensor arguments."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


def is_supported() -> bool:
    """Return whether this version of torch supports a simulated device."""
    return hasattr(torch.utils.backend_registration, "_setup_privateuseone_for_python_backend")


@contextmanager
def fake_device() -> Iterator[torch.device]:
    """Yield the simulated device, on which tensors can be created within the context.

    Raises:
        RuntimeError: this version of torch does not support it; see :func:`is_supported`.
    """
    _register()
    before = torch._C._only_lift_cpu_tensors()
    torch._C._set_only_lift_cpu_tensors(True)  # makes the copy in torch.tensor(data, device=...) a visible operation
    try:
        # Autograd must run in this thread: its worker threads were started before the device was registered.
        with _Pretending(), torch.autograd.set_multithreading_enabled(False):  # type: ignore[no-untyped-call]
            yield torch.device(NAME, 0)
    finally:
        torch._C._set_only_lift_cpu_tensors(before)


@contextmanager
def transfers() -> Iterator[list[str]]:
    """Yield a list to which the operations that transfer data or shapes between host and device are added."""
    operations: list[str] = []
    _watching.append(operations)
    try:
        yield operations
    finally:
        _watching.remove(operations)


def _register() -> None:
    if _registered:
        return
    if not is_supported():
        raise RuntimeError(f"torch {torch.__version__} does not support a simulated device")
    module: Any = torch.utils.backend_registration._DummyBackendModule()
    module.get_amp_supported_dtype = lambda: [torch.bfloat16]  # required by torch.autocast
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.utils.backend_registration._setup_privateuseone_for_python_backend(NAME, module)
    _registered.append(True)


def _run(func: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
    """Perform on the CPU an operation of the simulated device; raise where a device would raise."""
    flat = list(_leaves((args, kwargs)))
    held = [leaf for leaf in flat if isinstance(leaf, _Held)]
    target = kwargs.get("device")
    on_device = bool(held) if target is None else torch.device(target).type == NAME
    if func is _aten.copy_.default:
        on_device = isinstance(args[0], _Held)
    if held or on_device:
        _record_transfer(func, flat, on_device)
        _check_devices(func, flat, args)
    wrappers = {id(leaf.on_cpu): leaf for leaf in held}
    result = func(*_mapped(_plain, args), **_mapped(_plain, kwargs))
    if func is _aten.copy_.default:
        return args[0]
    if func is _aten._local_scalar_dense.default or not on_device:
        return result
    return _mapped(lambda leaf: _wrapped(leaf, wrappers), result)


def _leaves(tree: Any) -> Iterator[Any]:
    """Yield the arguments of an operation, including those in lists; torch's own tree functions are much slower."""
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


def _record_transfer(func: Any, flat: list[Any], on_device: bool) -> None:
    """Record an operation that transfers data between host and device."""
    across = func in _COPIES and any(isinstance(leaf, Tensor) and isinstance(leaf, _Held) != on_device for leaf in flat)
    by_mask = func in _INDEXED and any(isinstance(leaf, Tensor) and leaf.dtype == torch.bool for leaf in flat[1:])
    if func in _LOOKS or across or by_mask:
        for operations in _watching:
            operations.append(str(func))


def _check_devices(func: Any, flat: list[Any], args: Any) -> None:
    """Raise the error of CUDA if tensors are on two devices; zero-dimensional tensors may be on the host."""
    if func in _COPIES:
        return
    if func in _INDEXED:
        flat = [args[0], *args[2:]]
    alien = [leaf for leaf in flat if isinstance(leaf, Tensor) and not isinstance(leaf, _Held) and leaf.ndim]
    if alien:
        raise RuntimeError(f"Expected all tensors to be on the same device, but {func} found {NAME} and cpu")
