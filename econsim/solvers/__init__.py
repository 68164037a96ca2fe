"""Solvers: exact methods that return agents with a certificate, one kind a module (:mod:`econsim.kinds`)."""
