"""Kernels of the legacy economies on the CPU: a year in numba, in one pass over each environment copy.

The tensors of :mod:`econsim.economies.legacy_taxai.year` define the game;
``tests/economies/test_legacy_taxai_kernels.py`` compares the two.
"""
