"""Kernels of the epidemic on the CPU: a day of each environment copy in two passes over its people.

The tensors of :mod:`econsim.economies.epidemic.contagion` and :mod:`econsim.economies.epidemic.measures` define the
game; ``tests/economies/epidemic/test_epidemic_kernels.py`` compares the two.
"""
