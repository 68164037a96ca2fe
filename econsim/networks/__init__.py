"""Neural networks of players: towers that take in what is seen, and heads that turn their numbers into actions.

Weights and choices are drawn with :mod:`econsim.random`, never from torch's global generator: a network is a function
of its key, and a choice of the copy's key.
"""

from econsim.networks.actor_critic import ActorCritic, Memory
from econsim.networks.architecture import Architecture, Convolution
from econsim.networks.distributions import Categorical, Distribution, Gaussian
from econsim.networks.heads import Amounts, Choices
from econsim.networks.towers import Seen

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
    "Seen",
]
