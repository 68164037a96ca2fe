"""Self-play preference optimisation (SPO): a policy learns against itself, and its average is a maximal lottery.

A step moves to ``pi(y) ~ pi_t(y) exp(h P(y > pi_t))``. As the game is symmetric, one learner without regret suffices:
the average of ``T`` policies has a gap of at most its regret divided by ``T``, and ``h = sqrt(8 log C / T)``, the
default for payoffs that differ by at most one, makes that ``sqrt(log C / (2 T))``. In a cycle the policy itself does
not converge; it circles around the lottery.

Source: Swamy et al. (2024), *A Minimaximalist Approach to Reinforcement Learning from Human Feedback*; the bound
follows from the regret of exponential weights (Cesa-Bianchi and Lugosi 2006, theorem 2.2).
"""

from __future__ import annotations

from math import log, sqrt

from econsim.solvers._preference_solver import PreferenceSolver
from econsim.solvers._preferences import Settings, Target

__all__ = ["Parameters", "SelfPlay"]

REFERENCES = (
    "@inproceedings{swamy2024minimaximalist, title={A Minimaximalist Approach to Reinforcement Learning from Human "
    "Feedback}, author={Swamy, Gokul and Dann, Christoph and Kidambi, Rahul and Wu, Steven and Agarwal, Alekh}, "
    "booktitle={International Conference on Machine Learning}, year={2024}}",
)


class Parameters(Settings):
    """Parameters of self-play."""


class SelfPlay(PreferenceSolver):
    """Solver of preference games by self-play."""

    kind = "self_play"

    def rate(self, target: Target, number: int) -> float:
        """Return the constant length that minimises the bound on the average for all iterations."""
        span = 2.0 * float(target.margins.abs().max()) or 1.0
        return sqrt(8.0 * log(len(target.payoffs)) / self.parameters.iterations) / span
