"""The command line. Large dependencies are imported only by the commands that use them."""

from econsim.cli.application import app, main

__all__ = ["app", "main"]
