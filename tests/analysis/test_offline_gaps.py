"""Offline gaps: exact where the game is known, coverage of intervals, deviations without data, and mistakes in logs."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from math import sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.optimize import linprog
from torch import Tensor

from econsim import random
from econsim.analysis.offline import PlayLog, offline_gap, read_log, read_policy, sampled_log
from econsim.analysis.offline.confidence import GameBounds, extreme_mean
from econsim.analysis.offline.gap import _PlayerGap
from econsim.cli import main
from econsim.errors import UserError
from econsim.markov import MarkovForm, cce_gains, ce_gains, joint_policy

OPTIONS = {"row": ("up", "down"), "column": ("left", "right")}
PENNIES = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]], dtype=torch.float64)


@cache
def markov_game(horizon: int = 2, states: int = 2, seed: int = 0) -> MarkovForm:
    """Return a random stationary game with payoffs from 0 to 1."""
    key = random.keys(seed, 1)
    rewards = random.uniform(key, 0, "rewards", (2, states, 2, 2), torch.float64)[0]
    moves = random.uniform(key, 0, "moves", (states, 2, 2, states), torch.float64)[0] ** 3
    moves = moves / moves.sum(-1, keepdim=True)
    start = torch.tensor([0.3, 0.7], dtype=torch.float64)[:states]
    return MarkovForm(
        rewards.expand(horizon, *rewards.shape), moves.expand(horizon, *moves.shape), start / start.sum(), 0.9
    )


def one_round(payoffs: Tensor) -> MarkovForm:
    """Return a game of one round and one state with payoffs ``[P, A, B]``."""
    moves = torch.ones((1, 1, *payoffs.shape[1:], 1), dtype=torch.float64)
    return MarkovForm(payoffs[None, :, None], moves, torch.ones(1, dtype=torch.float64))


def mixed(form: MarkovForm, seed: int = 1) -> Tensor:
    key = random.keys(seed, 1)
    strategies = [
        torch.softmax(random.normal(key, player, "policy", (form.horizon, form.states, 2), torch.float64)[0], -1)
        for player in range(2)
    ]
    return joint_policy(strategies)


def uniform(form: MarkovForm) -> Tensor:
    return torch.full((form.horizon, form.states, 2, 2), 0.25, dtype=torch.float64)


def pure(row: int, column: int) -> Tensor:
    joint = torch.zeros((1, 1, 2, 2), dtype=torch.float64)
    joint[0, 0, row, column] = 1.0
    return joint


def log_of(form: MarkovForm, episodes: int, seed: int = 0, policy: Tensor | None = None) -> PlayLog:
    return sampled_log(form, uniform(form) if policy is None else policy, episodes, OPTIONS, seed)


def test_with_a_known_game_the_bounds_are_the_exact_gaps() -> None:
    form = markov_game(horizon=3)
    key = random.keys(4, 1)
    correlated = random.uniform(key, 0, "joint", (3, 2, 4), torch.float64)[0]
    joint = (correlated / correlated.sum(-1, keepdim=True)).reshape(3, 2, 2, 2)
    paid, moves, start = form.rewards[0].numpy(), form.transitions[0].numpy(), form.start.numpy()
    known = GameBounds(np.ones((2, 2, 2)), paid, paid, moves, moves, start, start)
    for sees, exact in ((False, cce_gains(form, joint)), (True, ce_gains(form, joint))):
        for player, gain in enumerate(exact.tolist()):
            found = _PlayerGap(known, joint.numpy(), player, form.discount, sees).interval()
            assert found == pytest.approx((gain, gain), abs=1e-12)


def test_the_extreme_mean_is_that_of_a_linear_program() -> None:
    key = random.keys(2, 1)
    low, room, values = (random.uniform(key, step, "x", (5,), torch.float64)[0].numpy() for step in range(3))
    low, high = low / 5, low / 5 + room / 2
    for sign in (1.0, -1.0):
        solved = linprog(-sign * values, A_eq=np.ones((1, 5)), b_eq=[1.0], bounds=list(zip(low, high, strict=True)))
        assert float(extreme_mean(low, high, values, sign > 0)) == pytest.approx(-sign * solved.fun, abs=1e-9)


def test_intervals_contain_the_gap_at_the_stated_confidence() -> None:
    form, logs, confidence = markov_game(), 25, 0.8
    joint = mixed(form)
    truth = float(cce_gains(form, joint).max())
    every = log_of(form, 150 * logs)
    inside, widths = 0, []
    for number in range(logs):
        rows = slice(300 * number, 300 * (number + 1))
        fields = ("period", "state", "actions", "payoffs", "next_state")
        part = replace(every, **{name: getattr(every, name)[rows] for name in fields})
        # Payoffs are noisy: 1 with the probability of the mean, and 0 otherwise.
        draws = random.uniform(random.keys(number, 1), 0, "noise", part.payoffs.shape, torch.float64)[0].numpy()
        part = replace(part, payoffs=(draws < part.payoffs).astype(float))
        bounds = offline_gap(part, joint, (0, 1), "nash", form.discount, confidence).certificate
        assert bounds.upper is not None
        inside += bounds.lower <= truth <= bounds.upper
        widths.append(bounds.upper - bounds.lower)
    assert inside / logs >= confidence - 3 * sqrt(confidence * (1 - confidence) / logs)
    assert max(widths) < 2 * 1.9  # below the range of all differences of returns, in both directions


def test_the_interval_closes_as_the_log_grows() -> None:
    form = markov_game()
    joint = mixed(form)
    truth = float(cce_gains(form, joint).max())
    small, large = (offline_gap(log_of(form, count), joint, (0, 1), discount=0.9) for count in (1_000, 30_000))
    for gap in (small, large):
        assert gap.unpriced == ()
        assert gap.certificate.lower <= truth <= (gap.certificate.upper or 0)
    assert (large.certificate.upper or 0) - large.certificate.lower < 0.1
    assert large.certificate.lower > 0.5 * truth


def test_a_deviation_that_was_never_played_is_unpriced_and_not_zero() -> None:
    # In matching pennies, column never played right.
    form = one_round(PENNIES)
    law = torch.tensor([[[[0.5, 0.0], [0.5, 0.0]]]], dtype=torch.float64)
    log = log_of(form, 20_000, policy=law)
    gap = offline_gap(log, law, (0, 1))
    low, high = gap.by_player["column"]
    assert low == 0.0
    assert high >= 0.5
    assert [(each.player, each.option, each.share) for each in gap.unpriced] == [("column", "right", 1.0)]
    assert gap.coefficient == float("inf")
    both = offline_gap(log, uniform(form), (0, 1)).certificate
    assert (both.upper or 0) - both.lower >= 0.5
    assert gap.by_player["row"] == pytest.approx((0.5, 0.5), abs=0.05)  # row gains by up, which the log prices


def test_joint_deviations_need_no_data() -> None:
    dilemma = torch.tensor([[[0.6, 0.0], [1.0, 0.2]], [[0.6, 1.0], [0.0, 0.2]]], dtype=torch.float64)
    form = one_round(dilemma)
    law = torch.tensor([[[[0.4, 0.3], [0.3, 0.0]]]], dtype=torch.float64)  # never down and right together
    gap = offline_gap(log_of(form, 20_000, policy=law), pure(0, 0), (0, 1))
    assert gap.unpriced == ()
    assert (gap.certificate.lower, gap.certificate.upper) == pytest.approx((0.4, 0.4), abs=0.05)


def test_a_missing_deviation_does_not_matter_where_nothing_can_be_better() -> None:
    form = one_round(torch.ones((2, 2, 2), dtype=torch.float64))
    gap = offline_gap(log_of(form, 2_000, policy=pure(0, 0)), pure(0, 0), (0, 1))
    assert len(gap.unpriced) == 2
    assert (gap.certificate.upper or 1) < 0.1


def test_players_who_correlate_are_no_nash_profile() -> None:
    log = log_of(one_round(PENNIES), 100)
    correlated = 0.5 * pure(0, 0) + 0.5 * pure(1, 1)
    with pytest.raises(UserError, match="players are correlated"):
        offline_gap(log, correlated, (0, 1))
    assert offline_gap(log, correlated, (0, 1), "ce").certificate.upper is not None
    with pytest.raises(UserError, match=r"found 0 to 0\.5 and payoffs from 0 to 1"):
        offline_gap(log, pure(0, 0), (0, 0.5))


TIMED = "episode,period,state,row,payoff_row,next_state\n"
MISTAKES = {
    "row,column,payoff_row,payoff_col\na,b,1,2\n": "expected a column col with the options, for payoff_col",
    "row,column\na,b\n": "expected rows, and a column payoff_<player> for each column <player>",
    "row,payoff_row\n": "expected rows, and a column payoff_<player>",
    "row,payoff_row\nup,nan\n": "log.csv:2: column payoff_row: expected a finite payoff, found 'nan'",
    "row,payoff_row\nup,1\nleft,1\n": "log.csv:3: column row: expected one of up, down, found 'left'",
    "period,row,payoff_row\n1,up,1\n": "expected a column episode too, as there is a column period",
    TIMED + "1,1,s,up,1,s\n1,3,s,up,1,s\n": "log.csv:3: column period: expected period 2, without a gap in time",
    TIMED + "1,2,s,up,1,s\n": "log.csv:2: column period: expected period 1 at the start of an episode, found '2'",
    TIMED + "1,1,s,up,1,t\n1,2,s,up,1,s\n": "log.csv:3: column state: expected the next_state of the row before, 't'",
    TIMED + "1,1,s,up,1,s\n2,1,s,up,1,s\n1,1,s,up,1,s\n": "column episode: expected all rows of an episode together",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_in_a_log_is_one_clear_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        read_log(path, {"row": ("up", "down")} if "left" in text else None)
    assert MISTAKES[text] in str(error.value)


def written(log: PlayLog, path: Path, parquet: bool = False) -> Path:
    table = {"episode": np.cumsum(log.period == 0), "period": log.period + 1}
    table["state"] = [log.states[state] for state in log.state]
    for player, name in enumerate(log.options):
        table[name] = [log.options[name][action] for action in log.actions[:, player]]
        table[f"payoff_{name}"] = log.payoffs[:, player]
    table["next_state"] = [log.states[state] for state in log.next_state]
    frame = pd.DataFrame(table)
    frame.to_parquet(path) if parquet else frame.to_csv(path, index=False)
    return path


def test_files_hold_the_same_log(tmp_path: Path) -> None:
    log = log_of(markov_game(), 50)
    sizes = {name: tuple(sorted(labels)) for name, labels in OPTIONS.items()}
    for path in (written(log, tmp_path / "log.csv"), written(log, tmp_path / "log.parquet", parquet=True)):
        read = read_log(path, OPTIONS)
        names = [log.states[state] for state in log.state]
        assert [read.states[state] for state in read.state] == names
        assert np.array_equal(read.actions, log.actions)
        assert read.payoffs == pytest.approx(log.payoffs)
        assert np.array_equal(read.period, log.period)
        assert read_log(path).options == sizes


def test_a_policy_comes_from_the_file_of_a_solver(tmp_path: Path) -> None:
    log, path = log_of(markov_game(), 50), tmp_path / "policy.csv"
    rows = [f"{period},{state},up,{side},0.5" for period in (1, 2) for state in (0, 1) for side in ("left", "right")]
    path.write_text("period,state,row,column,probability\n" + "\n".join(rows))
    policy = read_policy(path, log, 2)
    assert policy[:, :, 0].unique().tolist() == [0.5]
    path.write_text("period,state,row,column,probability\n1,0,up,left,0.5\n")
    with pytest.raises(UserError, match=r"period 1, state 0: expected probabilities that add up to 1, found 0\.5"):
        read_policy(path, log, 2)
    path.write_text("state,row,column,probability\n7,up,left,1\n")
    with pytest.raises(UserError, match=r"policy\.csv:2: column state: expected one of 0, 1, as in the log"):
        read_policy(path, replace(log, states=("0", "1")), 2)


def test_the_command_prints_the_interval_and_what_cannot_be_priced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.csv"
    path.write_text("row,column,payoff_row,payoff_column\n" + "up,left,1,0\ndown,left,0,1\n" * 500)
    with pytest.raises(SystemExit) as done:
        main(["offline-gap", str(path), "--payoff-range", "-1", "1", "--options", "column=left,right"])
    assert done.value.code in (0, None)
    text = " ".join(capsys.readouterr().out.split())
    assert "with 0.95 confidence, from 1,000 rows." in text
    assert "column 0 right 1" in text
    with pytest.raises(SystemExit) as failed:
        main(["offline-gap", str(path), "--payoff-range", "0", "0.5"])
    assert failed.value.code == 2
    assert "payoff range: expected a range with all payoffs" in capsys.readouterr().err
