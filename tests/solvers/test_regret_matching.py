"""Regret matching in zero-sum games: the value of the linear program, the gap asked for, and batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import econsim
from econsim.errors import UserError
from econsim.solvers import regret_matching
from econsim.solvers.regret_matching import PlainIterations, equilibria
from econsim.solvers.zero_sum import maximin


def test_the_value_is_that_of_the_linear_program() -> None:
    table = np.random.default_rng(1).normal(size=(30, 20))
    found = equilibria(torch.from_numpy(table)[None], 1e-6, 100_000)
    row, column = found.row[0].numpy(), found.column[0].numpy()
    _, value = maximin(table)
    span = table.max() - table.min()
    # Both bounds enclose the value, and differ by the gap.
    lowest, highest = (row @ table).min(), (table @ column).max()
    assert lowest <= value + 1e-9
    assert value <= highest + 1e-9
    assert highest - lowest == pytest.approx(float(found.gaps), abs=1e-12)
    assert float(found.gaps) <= 1e-6 * span


def test_each_game_of_a_batch_reaches_the_gap() -> None:
    tables = torch.from_numpy(np.random.default_rng(0).random((50, 6, 9)))
    found = equilibria(tables, 1e-4, 20_000)
    spans = tables.amax((1, 2)) - tables.amin((1, 2))
    assert (found.gaps <= 1e-4 * spans).all()
    values = torch.tensor([maximin(table.numpy())[1] for table in tables], dtype=torch.float64)
    payoffs = torch.einsum("gr,grc,gc->g", found.row, tables, found.column)
    assert (payoffs - values).abs().max() <= 1e-4


def test_a_game_of_constant_sum_is_solved_with_its_gap_as_the_gain() -> None:
    table = np.array([[3.0, -1.0], [-2.0, 4.0]])
    payoffs = {"row": table.tolist(), "column": (10 - table).tolist()}
    solution = econsim.solve("normal_form", {"kind": "regret_matching", "gap": 1e-7}, payoffs=payoffs)
    (profile,) = solution.profiles
    assert profile.strategies["row"] == pytest.approx((0.6, 0.4), abs=1e-6)
    assert solution.residuals["gap"] <= 1e-7 * 6
    assert solution.certificate.upper is not None
    assert solution.certificate.upper <= solution.residuals["gap"]  # the larger of two gains, whose sum is the gap
    assert solution.notes == ()


@pytest.mark.parametrize("payoffs", [[[2.0, 2.0], [2.0, 2.0]], [[1.0]]])
def test_where_all_payoffs_are_equal_any_strategy_will_do(payoffs: list[list[float]]) -> None:
    found = equilibria(torch.tensor(payoffs, dtype=torch.float64)[None], 1e-4, 100)
    assert float(found.gaps) == 0.0


def test_out_of_iterations_or_time_it_says_so() -> None:
    solution = econsim.solve("normal_form", {"kind": "regret_matching", "iterations": 3}, classic="rock_paper_scissors")
    assert solution.certificate.upper == pytest.approx(0, abs=1e-7)  # it starts at the equilibrium
    table = np.random.default_rng(1).normal(size=(5, 5))
    payoffs = {"row": table.tolist(), "column": (-table).tolist()}
    stopped = econsim.solve("normal_form", {"kind": "regret_matching", "gap": 1e-9}, time_limit=0.0, payoffs=payoffs)
    assert stopped.notes == ("Stopped after 50 iterations, above the gap of 1e-09 asked for.",)
    assert stopped.residuals["gap"] > 0


def test_games_that_are_not_zero_sum_are_refused() -> None:
    with pytest.raises(UserError, match="NormalForm is not zero-sum"):
        econsim.solve("prisoners_dilemma", "regret_matching")


def test_iterations_in_machine_code_are_those_of_tensors() -> None:
    kernels = pytest.importorskip("econsim.solvers._regret_matching_kernels")
    tables = torch.from_numpy(np.random.default_rng(5).normal(size=(3, 9, 14)))
    tables[2] = 0.0  # no regrets: all options stay equally likely
    compiled, plain = kernels.CompiledIterations(tables), PlainIterations(tables)
    for process in (compiled, plain):
        process.run(1, 25)
        process.run(26, 60)
    for own, definition in ((compiled.averages(), plain.averages()), (compiled.last(), plain.last())):
        for mix, expected in zip(own, definition, strict=True):
            assert (mix - expected).abs().max() <= 1e-12
    assert torch.equal(compiled.last()[0][2], torch.full((9,), 1 / 9, dtype=torch.float64))


def test_large_tables_reach_the_gap_in_machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regret_matching, "_FEWEST_COMPILED", 1)
    table = np.random.default_rng(1).normal(size=(30, 20))
    found = equilibria(torch.from_numpy(table)[None], 1e-6, 100_000)
    gap = (table @ found.column[0].numpy()).max() - (found.row[0].numpy() @ table).min()
    assert float(found.gaps) == pytest.approx(gap, abs=1e-12)
    assert gap <= 1e-6 * (table.max() - table.min())
