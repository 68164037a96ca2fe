"""Kernels of the Bewley economy on the CPU: a period in numba, in a few passes over the households of each copy.

The tensors of :mod:`econsim.economies.bewley.period` define the game; ``tests/economies/test_bewley_kernels.py``
compares the two. A life cycle is played by tensors.
"""
