"""Speed of EconoJax under random legal play, including observations and masks.

The script runs in EconoJax's environment as ``python _econojax_speed.py JOB``, where ``JOB`` is a JSON file with
``source`` (the checkout), ``cache`` (a folder for compiled programs), ``workers``, ``copies``, ``seconds``,
``settings``, ``seed`` and ``output``. It writes environment steps per CPU-second without compilation, and a checksum
over all observations and rewards. EconoJax has no map. Its ``published`` settings are those of the published
configuration where it has them: ten prices, orders that last 50 steps, ten open orders and seven federal brackets; its
``own`` have five prices, 30 steps, fifteen orders and three brackets, and are cheaper. Both have tax years of 100 steps
and episodes of 1,000.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

# Before jax is imported: one thread, on the CPU.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy

SETTINGS: dict[str, dict[str, Any]] = {
    "published": {
        "tax_bracket_cutoffs": numpy.array((0.0, 9.7, 39.475, 84.2, 160.725, 204.1, 510.3, numpy.inf)),
        "possible_trade_prices": numpy.arange(1, 11, dtype=numpy.int8),
        "trade_expiry_time": 50,
        "max_orders_per_agent": 10,
    },
    "own": {},
}
CHUNK = 50  # steps of one compiled call, a divisor of an episode's
WARM_UP = 2  # calls, of which the first compiles


def legal(mask: Any, key: Any) -> Any:
    """Return uniform legal options ``[...]`` for masks ``[..., A]``: the ``k``-th legal option for a random ``k``."""
    rank = jnp.cumsum(mask.astype(jnp.int32), axis=-1)
    draw = jax.random.uniform(key, rank.shape[:-1]) * rank[..., -1]
    return (rank <= draw.astype(jnp.int32)[..., None]).sum(-1)


def chunk_of(environment: Any) -> Any:
    """Return a compiled function that plays ``CHUNK`` steps of all environment copies and sums their outputs."""

    def step(carry: Any, key: Any) -> Any:
        seen, state = carry
        of_play, of_step = jax.random.split(key)
        keys = jax.random.split(of_play, len(seen))
        actions = {name: legal(seen[name].action_mask, each) for name, each in zip(seen, keys, strict=True)}
        outcome, state = environment.step_env(of_step, state, actions)
        outputs = [entry.observation for entry in outcome.observation.values()] + list(outcome.reward.values())
        return (outcome.observation, state), sum(jnp.sum(output) for output in outputs)

    def chunk(seen: Any, state: Any, key: Any) -> Any:
        (seen, state), totals = jax.lax.scan(step, (seen, state), jax.random.split(key, CHUNK))
        return seen, state, totals.sum()

    return jax.jit(jax.vmap(chunk))


def measure(job: dict[str, Any]) -> dict[str, float]:
    """Return the speed over about ``job["seconds"]`` CPU-seconds after a warm-up; episodes start together."""
    from econojax import EconoJax

    environment, copies = EconoJax(num_population=job["workers"], **SETTINGS[job["settings"]]), job["copies"]
    chunk, reset = chunk_of(environment), jax.jit(jax.vmap(environment.reset_env))
    key, checksum, start, number = jax.random.PRNGKey(job["seed"]), 0.0, 0.0, 0
    while number <= WARM_UP or time.process_time() - start < job["seconds"]:
        if number == WARM_UP:
            start = time.process_time()
        keys = jax.random.split(jax.random.fold_in(key, number), copies)
        if number * CHUNK % environment.max_steps_in_episode == 0:
            seen, state = reset(keys)
        seen, state, totals = chunk(seen, state, keys)
        checksum += float(totals.sum())
        number += 1
    rate = (number - WARM_UP) * CHUNK * copies / (time.process_time() - start)
    return {"steps_per_cpu_second": rate, "checksum": checksum}


if __name__ == "__main__":
    order = json.loads(Path(sys.argv[1]).read_text())
    sys.path.insert(0, order["source"])
    jax.config.update("jax_compilation_cache_dir", order["cache"])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    Path(order["output"]).write_text(json.dumps(measure(order)))
