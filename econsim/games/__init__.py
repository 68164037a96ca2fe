"""Markov games without an economy."""
