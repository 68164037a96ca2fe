"""Solvers: exact methods that return agents with a certificate, one kind per module (:mod:`econsim.kinds`)."""
