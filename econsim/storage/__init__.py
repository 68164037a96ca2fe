"""Crash-safe storage: atomic writes and locks."""
