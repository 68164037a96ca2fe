"""Solutions of finite Markov games."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from econsim.learning import Solution
from econsim.markov.mixtures import Mixture

__all__ = ["MarkovSolution"]


@dataclass(frozen=True)
class MarkovSolution(Solution):
    """The solution of a finite Markov game.

    Attributes:
        joint_policy: the probability of every action profile, ``[H, S, A_1, ..., A_P]``. Where it correlates the
            players, no agents that choose independently play it: ``agents`` is then empty, and the certificate is of
            ``joint_policy``.
        mixture: the profiles of which a method returns the mixture; ``None`` for other methods.
    """

    joint_policy: Tensor | None = None
    mixture: Mixture | None = None
