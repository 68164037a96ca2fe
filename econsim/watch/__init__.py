"""Local dashboard of running and finished runs: ``econsim watch FOLDER`` (needs the extra ``live``)."""

from econsim.watch.server import serve

__all__ = ["serve"]
