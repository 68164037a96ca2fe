"""Coverage of the kernels: economies, and the states and actions that they can read. Does not import numba."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from econsim.economies.gather_trade_build.components.build import Build
from econsim.economies.gather_trade_build.components.equalise import Equalise
from econsim.economies.gather_trade_build.components.gather import Gather
from econsim.economies.gather_trade_build.components.tax import Tax
from econsim.economies.gather_trade_build.components.trade import Trade
from econsim.economies.gather_trade_build.world import State

if TYPE_CHECKING:
    from econsim.economies.gather_trade_build.economy import GatherTradeBuild

__all__ = ["not_covered", "reads_on_cpu"]

_COMPONENTS = (Build, Trade, Gather, Tax, Equalise)


def not_covered(economy: GatherTradeBuild) -> str:
    """Return what of an economy the kernels do not cover; "" if they cover all of it."""
    other = [component.name for component in economy.components if type(component) not in _COMPONENTS]
    if other:
        return f"the component {other[0]}"
    if economy.workers > 254:
        return f"{economy.workers} workers; they cover up to 254"
    return ""


def reads_on_cpu(economy: GatherTradeBuild, state: State, actions: Mapping[str, Tensor] | None = None) -> bool:
    """Return whether a state and actions lie on the CPU in the economy's precision, and no gradient is taken."""
    coin, given = state.world.coin, {} if actions is None else actions
    if torch.compiler.is_compiling() or coin.device.type != "cpu" or coin.dtype != economy.dtype:
        return False
    announced = [given[name] for name in economy.planners if name in given]
    if (
        len(announced) > 1 and len({action.is_floating_point() for action in announced}) > 1
    ):  # rates of one planner, options of another
        return False
    if not torch.is_grad_enabled():
        return True
    followed = chain((coin, state.utility), announced, economy.parameters.values())
    return not any(tensor.requires_grad for tensor in followed)
