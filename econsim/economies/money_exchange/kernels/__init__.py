"""Kernels of the money exchange on the CPU: the rules in numba, in one pass over each environment copy.

The tensors of :mod:`econsim.economies.money_exchange.exchange` define the game;
``tests/economies/test_money_exchange.py`` compares the two.
"""
