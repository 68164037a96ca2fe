"""Games of the benchmark of adaptive choice."""
