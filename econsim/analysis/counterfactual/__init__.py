"""Counterfactuals: baseline and reform under common random numbers, gains and losses, their causes and precision.

::

    pair = play_pair(game, agents, key, elasticity=0.2)
    paired_difference(pair.baseline.measured("welfare"), pair.reform.measured("welfare"))
"""

from econsim.analysis.counterfactual.branches import Branches, Dated, branches, over_time_table, step_on
from econsim.analysis.counterfactual.by_income import income_groups, reform_by_income
from econsim.analysis.counterfactual.differences import Difference, paired_difference
from econsim.analysis.counterfactual.doses import dose_response
from econsim.analysis.counterfactual.effects import Effects, behaviour_held, decomposed, revenue_effects
from econsim.analysis.counterfactual.gains import Shares, gains_by_group, winners_and_losers
from econsim.analysis.counterfactual.incidence import gains_table, money_gain
from econsim.analysis.counterfactual.paired_play import Pair, Played, play_pair, play_points, plays_of_points
from econsim.analysis.counterfactual.rankings import best_by_function, disagreement, flips, rankings
from econsim.analysis.counterfactual.robustness import robustness_table
from econsim.analysis.counterfactual.sensitivity import game_function, morris_table, sobol_table
from econsim.analysis.counterfactual.sides import Parts, Sides
from econsim.analysis.counterfactual.summary_tables import effects_table, gains_by_decile
from econsim.analysis.counterfactual.totals import totals_table
from econsim.analysis.counterfactual.transitions import mobility, transition_matrix

__all__ = [
    "Branches",
    "Dated",
    "Difference",
    "Effects",
    "Pair",
    "Parts",
    "Played",
    "Shares",
    "Sides",
    "behaviour_held",
    "best_by_function",
    "branches",
    "decomposed",
    "disagreement",
    "dose_response",
    "effects_table",
    "flips",
    "gains_by_decile",
    "gains_by_group",
    "gains_table",
    "game_function",
    "income_groups",
    "mobility",
    "money_gain",
    "morris_table",
    "over_time_table",
    "paired_difference",
    "play_pair",
    "play_points",
    "plays_of_points",
    "rankings",
    "reform_by_income",
    "revenue_effects",
    "robustness_table",
    "sobol_table",
    "step_on",
    "totals_table",
    "transition_matrix",
    "winners_and_losers",
]
