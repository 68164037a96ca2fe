"""A page on this machine alone that follows running and finished runs: ``econsim watch FOLDER`` (extra ``live``)."""

from econsim.watch.server import serve

__all__ = ["serve"]
