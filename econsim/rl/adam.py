"""The Adam optimiser (Kingma and Ba 2015), with the numbers of ``torch.optim.Adam`` to the last bit.

It calls torch's fused step directly: the class of ``torch.optim`` imports torch's compiler, which takes two seconds of
every process that learns, and does the bookkeeping of options that are not used here in every step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor
from torch.optim.adam import adam

__all__ = ["Adam"]

Moments = dict[str, Tensor]


class Adam:
    """Adam for a fixed list of parameters; each gets its moments at its first gradient.

    Args:
        parameters: the parameters to optimise, in an order that is the same whenever moments are restored.
        eps: added to the root of the second moment.
    """

    def __init__(self, parameters: Iterable[Tensor], eps: float) -> None:
        self.parameters = tuple(parameters)
        self.eps = eps
        self.moments: dict[int, Moments] = {}
        """By the position of a parameter: ``step`` ``[]``, and ``exp_avg`` and ``exp_avg_sq`` of its shape."""

    def zero_grad(self) -> None:
        """Remove all gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Change every parameter that has a gradient, in place."""
        gradients = {index: p.grad for index, p in enumerate(self.parameters) if p.grad is not None}
        moments = [self.moments.setdefault(index, _zeros(self.parameters[index])) for index in gradients]
        adam(
            [self.parameters[index] for index in gradients],
            list(gradients.values()),
            [each["exp_avg"] for each in moments],
            [each["exp_avg_sq"] for each in moments],
            max_exp_avg_sqs=[],
            state_steps=[each["step"] for each in moments],
            fused=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=learning_rate,
            weight_decay=0.0,
            eps=self.eps,
            maximize=False,
        )

    def stored(self) -> dict[str, Moments]:
        """Return the moments by the position of their parameter, for a checkpoint."""
        return {str(index): dict(moments) for index, moments in self.moments.items()}

    def restore(self, stored: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Load what :meth:`stored` returned."""
        for index, moments in stored.items():
            like = self.parameters[int(index)]
            self.moments[int(index)] = {name: value.to(like.device, copy=True) for name, value in moments.items()}


def _zeros(parameter: Tensor) -> Moments:
    first, second = torch.zeros_like(parameter), torch.zeros_like(parameter)
    return {"step": torch.zeros((), device=parameter.device), "exp_avg": first, "exp_avg_sq": second}
