"""Calibration: the parameters of a scenario with which its metrics come closest to observed ones, with intervals.

:func:`calibrate` simulates a scenario under common random numbers, so that differences between parameters are no noise.
Observed metrics have normal errors with known standard errors: the fit minimises the sum of squared standardised
differences, and with a uniform prior between the bounds the posterior is proportional to ``exp(-chi2 / 2)``. Two
methods that need no likelihood, ABC-SMC and neural posterior estimation, include the randomness of episodes as well.
"""

from __future__ import annotations

from econsim.calibration.calibrating import Calibration, calibrate
from econsim.calibration.figure import calibration_plot
from econsim.calibration.free_parameters import FreeParameter
from econsim.calibration.gradients import GradientBias
from econsim.calibration.observations import Observation, read_observations
from econsim.calibration.predictive import predictive_plot

__all__ = [
    "Calibration",
    "FreeParameter",
    "GradientBias",
    "Observation",
    "calibrate",
    "calibration_plot",
    "predictive_plot",
    "read_observations",
]
