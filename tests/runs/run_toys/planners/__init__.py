"""Toy planners."""
