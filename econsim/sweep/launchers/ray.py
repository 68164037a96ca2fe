"""Ray launcher: every unit is a task of a Ray cluster with the requested CPUs and share of a GPU.

econsim must be installed on all nodes, which must have access to the location of the results: a shared folder or a URL.
If a node dies, its tasks are reported as failed and are tried again on other nodes.
"""

from __future__ import annotations

from typing import Any

from econsim.errors import UserError
from econsim.sweep.launchers.local import import_path
from econsim.sweep.tasks import Task, TaskResult, perform_plain

__all__ = ["Ray"]

_UNITS_A_SLOT = 2  # so that no slot is idle while the next unit is sent


class Ray:
    """Units executed as tasks of a Ray cluster.

    Args:
        address: address of the cluster; if ``None``, a cluster is started on this machine.
        most: maximum number of submitted units; by default twice the capacity of the cluster.
        cpus: CPUs per unit.
        gpus: GPUs per unit; a fraction lets several units share a GPU.

    Raises:
        UserError: Ray is not installed, or there is no cluster at the address.
    """

    def __init__(self, address: str | None, most: int | None, cpus: float, gpus: float) -> None:
        self._ray = _ray()
        self._own = not self._ray.is_initialized()
        if self._own:
            self._join(address)
        environment = {"PYTHONPATH": import_path(), "OMP_NUM_THREADS": "1"}
        # Retries are counted in the sweep's index, which persists when the cluster ends.
        options = {"num_cpus": cpus, "num_gpus": gpus, "max_retries": 0, "runtime_env": {"env_vars": environment}}
        self._function = self._ray.remote(**options)(perform_plain)
        self._most, self._cpus, self._gpus = most, cpus, gpus
        self._units: dict[Any, int] = {}

    def free(self) -> bool:
        """Return whether another unit can be submitted: running or queued until a slot is free."""
        return len(self._units) < (self._most or self._room())

    def submit(self, task: Task) -> None:
        """Send a unit to the cluster."""
        self._units[self._function.remote(task.plain())] = task.unit

    def wait(self, seconds: float) -> list[TaskResult]:
        """Return the results of units that ended within some seconds."""
        if not self._units:
            return []
        ended, _ = self._ray.wait(list(self._units), num_returns=1, timeout=seconds)
        more, _ = self._ray.wait(list(self._units), num_returns=len(self._units), timeout=0)
        return [self._outcome(reference) for reference in dict.fromkeys([*ended, *more])]

    def stop(self) -> None:
        """Cancel all submitted units and disconnect from the cluster."""
        for reference in self._units:
            self._ray.cancel(reference, force=True)
        self._units.clear()
        if self._own:
            self._ray.shutdown()

    def _join(self, address: str | None) -> None:
        try:
            self._ray.init(address=address, log_to_driver=False, include_dashboard=None if address else False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise UserError(f"--address {address}: no Ray cluster at this address ({error})") from None

    def _room(self) -> int:
        resources = self._ray.cluster_resources()
        needs = (("CPU", self._cpus), ("GPU", self._gpus))
        slots = [resources.get(name, 0.0) / need for name, need in needs if need]
        return max(1, int(min(slots, default=1.0)) * _UNITS_A_SLOT)

    def _outcome(self, reference: Any) -> TaskResult:
        unit = self._units.pop(reference)
        try:
            return TaskResult(**self._ray.get(reference))
        except self._ray.exceptions.RayError as error:
            return TaskResult(unit, f"the worker died ({type(error).__name__}: {str(error).strip().splitlines()[0]})")


def _ray() -> Any:
    try:
        import ray
    except ImportError:
        raise UserError("--launcher ray needs Ray; install it with: pip install 'econsim[ray]'") from None
    return ray
