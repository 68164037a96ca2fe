"""Toy learners."""
