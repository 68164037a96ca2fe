"""Offline gaps: how far a policy is from equilibrium, as intervals from a log of play of an unknown game.

The game is a finite Markov game with stationary payoffs and transitions, or a game of one round. Each row of a log is
one joint action. From the rows of a *cell*, a state and a joint action, follow confidence sets of its mean payoffs and
of its transition probabilities; cells without rows may pay anything in the range of payoffs and lead anywhere. The gap
is bounded over all games in these sets: with the stated confidence, the interval contains the gap of the true game.

Source: the pessimistic and optimistic values are those of Zhang, Bai and Jiang (2023), *Offline Learning in Markov
Games with General Function Approximation*, for tables; ``docs/offline_gaps.md`` derives the bounds.
"""

from econsim.analysis.offline.coverage import Uncovered
from econsim.analysis.offline.gap import CONCEPTS, Concept, OfflineGap, offline_gap
from econsim.analysis.offline.play_log import PlayLog, read_log, read_policy, sampled_log

__all__ = [
    "CONCEPTS",
    "Concept",
    "OfflineGap",
    "PlayLog",
    "Uncovered",
    "offline_gap",
    "read_log",
    "read_policy",
    "sampled_log",
]
