"""Toy kinds for the tests of runs that ask a model."""
