"""Formulas of pages as plain text: one of each construction, and none left in the rules that models read."""

from __future__ import annotations

import pytest

from econsim.text.formulas import plain_formulas


@pytest.mark.parametrize(
    ("formula", "plain"),
    [
        (r"$r = \alpha Y / K - \delta$", "r = alpha Y / K - delta"),
        (r"$L = \sum_i m_i e_i h_i$", "L = sum_i m_i e_i h_i"),
        (r"$Y = Z K^\alpha L^{1-\alpha}$", "Y = Z K^alpha L^(1-alpha)"),
        (r"$s (x - \underline{a})$", "s (x - a_low)"),
        (r"$\frac{y_{t + 1}}{\sqrt{x}}$", "(y_(t + 1)) / (sqrt(x))"),
        (r"$$u_{\text{old}} \le \left(2 \cdot x^{2}\right)$$", "u_old <= (2 * x^2)"),
        ("no formula, 5 % of it", "no formula, 5 % of it"),
    ],
)
def test_a_formula_is_readable_without_latex(formula: str, plain: str) -> None:
    assert plain_formulas(f"With {formula} there.") == f"With {plain} there."
