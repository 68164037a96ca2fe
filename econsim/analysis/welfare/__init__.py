"""Welfare analysis: welfare functions, equivalents in consumption and in money, and marginal welfare weights."""

from econsim.analysis.welfare.equivalents import compensating_variation, consumption_equivalent, equivalent_variation
from econsim.analysis.welfare.functions import FUNCTIONS, NEEDED, nash_welfare, welfare_table
from econsim.analysis.welfare.gap import share_of_gap_closed
from econsim.analysis.welfare.weights import inverse_optimum, marginal_weights

__all__ = [
    "FUNCTIONS",
    "NEEDED",
    "compensating_variation",
    "consumption_equivalent",
    "equivalent_variation",
    "inverse_optimum",
    "marginal_weights",
    "nash_welfare",
    "share_of_gap_closed",
    "welfare_table",
]
