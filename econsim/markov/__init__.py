"""Finite Markov games by exact methods: their tensors, values of policies, and distances from equilibrium."""

from econsim.markov.decisions import DecisionGame, Decisions, soft_policy
from econsim.markov.forecaster import ForecasterGain, forecaster_gain, not_an_equilibrium
from econsim.markov.form import MarkovForm, MarkovGame
from econsim.markov.mixtures import MARKOV, Mixture, mixture_gap
from econsim.markov.profiles import profile_of
from econsim.markov.solution import MarkovSolution
from econsim.markov.values import (
    EXACT,
    HISTORY,
    best_response,
    cce_gains,
    cce_gap,
    ce_gains,
    ce_gap,
    joint_policy,
    reached_states,
    values,
)

__all__ = [
    "EXACT",
    "HISTORY",
    "MARKOV",
    "DecisionGame",
    "Decisions",
    "ForecasterGain",
    "MarkovForm",
    "MarkovGame",
    "MarkovSolution",
    "Mixture",
    "best_response",
    "cce_gains",
    "cce_gap",
    "ce_gains",
    "ce_gap",
    "forecaster_gain",
    "joint_policy",
    "mixture_gap",
    "not_an_equilibrium",
    "profile_of",
    "reached_states",
    "soft_policy",
    "values",
]
