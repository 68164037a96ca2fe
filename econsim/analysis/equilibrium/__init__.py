"""Distance from equilibrium: gains from unilateral deviations, and the Stackelberg gap of a leader.

gain = unilateral_gain(game, agents, "worker", exact_deviator(), key)
"""

from econsim.analysis.equilibrium.deviation import DEVIATOR, Deviating, Deviation
from econsim.analysis.equilibrium.exact import exact_gain
from econsim.analysis.equilibrium.gains import Gain, paired_gain
from econsim.analysis.equilibrium.households import HouseholdGain, household_gain
from econsim.analysis.equilibrium.stackelberg_gap import BetterAnnouncement, leading_gain, rule_gain
from econsim.analysis.equilibrium.trained import WAYS, settings_for, trained_deviator, trained_policies
from econsim.analysis.equilibrium.unilateral import exact_deviator, unilateral_gain, unilateral_plays

__all__ = [
    "DEVIATOR",
    "WAYS",
    "BetterAnnouncement",
    "Deviating",
    "Deviation",
    "Gain",
    "HouseholdGain",
    "exact_deviator",
    "exact_gain",
    "household_gain",
    "leading_gain",
    "paired_gain",
    "rule_gain",
    "settings_for",
    "trained_deviator",
    "trained_policies",
    "unilateral_gain",
    "unilateral_plays",
]
