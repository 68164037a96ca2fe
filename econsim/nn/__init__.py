"""Neural networks of players: towers that take in what is seen, and heads that turn their numbers into actions.

Weights and choices are drawn with :mod:`econsim.random`, never from torch's global generator: a network is a function
of its key, and a choice of the copy's key.
"""

from econsim.nn.actor_critic import ActorCritic, Memory
from econsim.nn.architecture import Architecture, Convolution
from econsim.nn.distributions import Categorical, Distribution, Gaussian, Probabilities
from econsim.nn.encoders import Seen
from econsim.nn.heads import Amounts, Choices

__all__ = [
    "ActorCritic",
    "Amounts",
    "Architecture",
    "Categorical",
    "Choices",
    "Convolution",
    "Distribution",
    "Gaussian",
    "Memory",
    "Probabilities",
    "Seen",
]
