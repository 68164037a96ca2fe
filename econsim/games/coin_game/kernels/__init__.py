"""Kernels of the coin game on the CPU: the rules in numba, in one pass over each environment copy.

The tensors of :mod:`econsim.games.coin_game.game` define the game; ``tests/games/test_coin_game.py`` compares
the two over whole episodes.
"""
