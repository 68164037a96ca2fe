"""The command line. Nothing heavy is imported before a command needs it."""

from econsim.cli.application import app, main

__all__ = ["app", "main"]
