"""Toy workers."""
