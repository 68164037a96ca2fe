"""Trackers, one module each; see :mod:`econsim.sweep.tracking`."""
