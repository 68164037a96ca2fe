"""Densities of weighted samples."""

from __future__ import annotations

import numpy as np

from econsim.analysis.inequality.samples import Floats

__all__ = ["kernel_density"]


def kernel_density(points: Floats, values: Floats, mass: Floats) -> Floats:
    """Return the Gaussian kernel density ``[P]`` of ``values`` ``[N]`` with weights ``mass`` ``[N]`` at ``points``.

    The bandwidth is Scott's for the effective number of people; the density integrates to the sum of weights.
    """
    share = mass / mass.sum()
    variance = float(share @ (values - share @ values) ** 2)
    bandwidth = float(share @ share) ** 0.2 * variance**0.5
    # One point at a time, since an array of points times people would not fit into memory.
    heights = [np.exp(-0.5 * ((point - values) / bandwidth) ** 2) @ mass for point in points]
    return np.asarray(np.array(heights) / (bandwidth * np.sqrt(2.0 * np.pi)))
