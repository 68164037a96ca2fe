"""Taxation: incidence of schedules, responses of incomes, and optimal schedules, from arrays ``[N]``.

``people`` ``[N]`` is the number of people that each entry represents, one each by default. Rates are fractions, money
is in the unit of the incomes.
"""

from econsim.analysis.taxation.bunching import Bunching, bunching
from econsim.analysis.taxation.burden import Burden, flat_tax_burden, marginal_value_of_public_funds, schedule_burden
from econsim.analysis.taxation.elasticity import (
    arc_elasticity,
    income_shares_elasticity,
    panel_elasticity,
)
from econsim.analysis.taxation.household import TaxReform, curve_incomes, household, rates_by_income
from econsim.analysis.taxation.log_linear import ScheduleFit, fit_schedule, shown_incomes
from econsim.analysis.taxation.optimal import (
    optimal_schedule,
    pareto_parameter,
    rates_for_weights,
    top_rate,
)
from econsim.analysis.taxation.progressivity import (
    HSV,
    concentration_index,
    fit_hsv,
    kakwani,
    progressivity_table,
    reynolds_smolensky,
    suits,
)
from econsim.analysis.taxation.rates import (
    effective_rates,
    marginal_rates,
    rates_by_decile,
    rates_by_group,
    revenue,
)
from econsim.mechanisms.laffer import LafferCurve, laffer_curve

__all__ = [
    "HSV",
    "Bunching",
    "Burden",
    "LafferCurve",
    "ScheduleFit",
    "TaxReform",
    "arc_elasticity",
    "bunching",
    "concentration_index",
    "curve_incomes",
    "effective_rates",
    "fit_hsv",
    "fit_schedule",
    "flat_tax_burden",
    "household",
    "income_shares_elasticity",
    "kakwani",
    "laffer_curve",
    "marginal_rates",
    "marginal_value_of_public_funds",
    "optimal_schedule",
    "panel_elasticity",
    "pareto_parameter",
    "progressivity_table",
    "rates_by_decile",
    "rates_by_group",
    "rates_by_income",
    "rates_for_weights",
    "revenue",
    "reynolds_smolensky",
    "schedule_burden",
    "shown_incomes",
    "suits",
    "top_rate",
]
