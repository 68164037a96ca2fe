"""Payoffs of finite Markov games in words: one line per state and action profile, with the next states."""

from __future__ import annotations

import econsim
from econsim.text.payoffs import payoff_lines


def test_every_state_and_action_profile_has_its_payoffs_and_next_states() -> None:
    lines = payoff_lines(econsim.make("tabular", repeats="prisoners_dilemma"))
    assert len(lines) == 5 * 4
    assert lines[1] == (
        "State start. row: cooperate, column: defect. Paid: row 0, column 5. "
        "Probability of the next state: cooperate, defect 1"
    )


def test_tables_that_differ_between_periods_or_are_long_are_left_out() -> None:
    assert payoff_lines(econsim.make("tabular", random={"states": 2})) == []
    assert payoff_lines(econsim.make("tabular", classic="soccer")) == []
