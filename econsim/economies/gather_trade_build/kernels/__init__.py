"""Kernels of Gather-Trade-Build on the CPU: the rules of the economy in numba, one function per rule.

The tensors of :mod:`econsim.economies.gather_trade_build.economy` and its components define the economy; these
functions do the same work in one pass per environment copy. ``tests/economies/gather_trade_build/test_kernels.py``
compares the two over whole episodes: integers are equal, floating-point numbers agree to rounding.
"""
