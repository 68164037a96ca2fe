"""Utility functions as pure functions on tensors, with any leading axes."""

from __future__ import annotations

import torch
from torch import Tensor


def isoelastic(consumption: Tensor, risk_aversion: Tensor) -> Tensor:
    r"""Return isoelastic utility $(C^{1 - \eta} - 1) / (1 - \eta)$, elementwise, or its limit $\log C$ at $\eta = 1$.

    ``consumption`` $C$ must be positive where ``risk_aversion`` $\eta$ is one or more. Source: worker utility in Zheng
    et al. (2020).
    """
    distance = 1.0 - risk_aversion
    is_log = distance.abs() < 1e-9
    safe = torch.where(is_log, torch.ones_like(distance), distance)
    return torch.where(is_log, consumption.log(), torch.expm1(safe * consumption.log()) / safe)
