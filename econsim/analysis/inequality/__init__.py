"""Inequality: Lorenz curves, quantile groups and indices of weighted samples ``[N]``.

``people`` ``[N]`` is the number of people that each entry represents, one each by default. An index that is undefined
for a sample (logarithms of zero, shares of a total that is not positive) is missing (NaN).
"""

from econsim.analysis.inequality.decomposition import between_within
from econsim.analysis.inequality.groups import by_decile, by_group, deciles, quantile_groups
from econsim.analysis.inequality.indices import (
    INDICES,
    atkinson_index,
    generalised_entropy,
    gini,
    inequality_table,
    mean_log_deviation,
    palma,
    share_ratio,
    theil,
    top_share,
)
from econsim.analysis.inequality.lorenz import Dominance, dominance, generalised_lorenz_curve, lorenz_curve
from econsim.analysis.inequality.poverty import (
    growth_incidence,
    percentile_ratio,
    poverty_index,
    poverty_table,
    quantile,
)
from econsim.analysis.inequality.samples import Floats, arrays, sample

__all__ = [
    "INDICES",
    "Dominance",
    "Floats",
    "arrays",
    "atkinson_index",
    "between_within",
    "by_decile",
    "by_group",
    "deciles",
    "dominance",
    "generalised_entropy",
    "generalised_lorenz_curve",
    "gini",
    "growth_incidence",
    "inequality_table",
    "lorenz_curve",
    "mean_log_deviation",
    "palma",
    "percentile_ratio",
    "poverty_index",
    "poverty_table",
    "quantile",
    "quantile_groups",
    "sample",
    "share_ratio",
    "theil",
    "top_share",
]
