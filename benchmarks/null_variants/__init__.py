"""Kinds of the benchmark of adaptive choice."""
