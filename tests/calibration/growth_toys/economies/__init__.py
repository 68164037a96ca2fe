"""Toy economies."""
