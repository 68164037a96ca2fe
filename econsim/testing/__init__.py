"""Conformance checks for games, including user-defined ones: ``check_game(game)``, or ``econsim check SCENARIO``."""

from __future__ import annotations

from econsim.testing.conformance import Check, check, check_game
from econsim.testing.play import random_actions

__all__ = ["Check", "check", "check_game", "random_actions"]
