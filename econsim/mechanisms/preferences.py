"""Preferences over consumption and work: pure functions on tensors, any leading axes."""

from __future__ import annotations

import torch
from torch import Tensor


def isoelastic(consumption: Tensor, risk_aversion: Tensor) -> Tensor:
    r"""Return $(C^{1 - \eta} - 1) / (1 - \eta)$, its limit $\log C$ at $\eta = 1$.

    ``consumption`` must be positive where ``risk_aversion`` is one or more. Source: Zheng et al. 2020, eq. for worker
    utility; the logarithmic branch is selected per element.
    """
    distance = 1.0 - risk_aversion
    is_log = distance.abs() < 1e-9
    safe = torch.where(is_log, torch.ones_like(distance), distance)
    return torch.where(is_log, consumption.log(), torch.expm1(safe * consumption.log()) / safe)
