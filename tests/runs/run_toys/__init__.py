"""Kinds for the tests of runs: an orchard with one tax rate, and learners that take a few milliseconds."""
