"""Policy and value networks: encoders of observations, and heads that map their outputs to actions.

Weights and actions are drawn with :mod:`econsim.random`, never from torch's global generator: the initial weights are a
function of the key of the network, and an action is a function of the key of its environment copy.
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
