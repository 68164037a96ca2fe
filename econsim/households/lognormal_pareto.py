r"""Log-normal distribution with a Pareto tail, fitted to a Gini index and two top shares.

The bottom nine tenths of families have a log-normal distribution, truncated where the tail begins, and the top tenth a
Pareto distribution; the quantile function is continuous. In units of the mean, with the shares $S_{10}$ and $S_1$ of
the top tenth and of the top hundredth:

- A Pareto tail has $S_1 / S_{10} = 10^{-(1 - 1/a)}$, which gives its exponent $a$, and begins at
  $t = 10 \, S_{10} (1 - 1/a)$.
- The logarithm of an amount below is $\ln t - \sigma (c - z)$ with a standard normal $z \le c$. Its mean must be
  $(1 - S_{10}) / 0.9$, which gives $c$ at a given $\sigma$; $\sigma$ follows from the Gini index.

The mean of the truncated log-normal distribution has a closed form; its Gini index is a one-dimensional quadrature.

Source: composite log-normal and Pareto models, Scollnik (2007), "On Composite Lognormal-Pareto Models", Scandinavian
Actuarial Journal 2007(1), here fitted by moments.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from econsim.errors import UserError
from econsim.households.chains import Floats

__all__ = ["LognormalPareto", "fitted"]

BODY = 0.9
"""Share of families with a log-normal distribution; the others are the tail."""
_NODES = 400  # of the quadrature
_LOWEST = -9.0  # standard normal number below which the distribution has no mass worth a digit
_NARROWEST, _WIDEST = 0.05, 6.0  # log standard deviations that are tried
_FARTHEST = 30.0  # lowest truncation point that is tried


@dataclass(frozen=True)
class LognormalPareto:
    r"""The distribution, in units of its mean.

    exponent: $a$ of the Pareto tail.
    start: $t$, at which the tail begins.
    deviation: $\sigma$ of the logarithm of the distribution below, before truncation.
    cut: $c$, the standard normal number at which it is truncated.
    """

    exponent: float
    start: float
    deviation: float
    cut: float

    def quantile(self, levels: Floats) -> Floats:
        """Return the quantiles at ``levels`` in (0, 1), any shape."""
        from scipy.special import ndtr, ndtri

        standard = ndtri(np.minimum(levels, BODY) / BODY * ndtr(self.cut))
        beyond = np.maximum(1.0, (1 - BODY) / (1 - np.asarray(levels)))
        amounts: Floats = self.start * np.exp(self.deviation * (standard - self.cut)) * beyond ** (1 / self.exponent)
        return amounts

    def lorenz(self, levels: Floats) -> Floats:
        """Return the share of the total that the families below ``levels`` in [0, 1] own, any shape."""
        from scipy.special import ndtr, ndtri

        below = np.minimum(levels, BODY) / BODY
        standard = ndtri(below * ndtr(self.cut)) - self.deviation
        owned = (1 - self._top(1 - BODY)) * ndtr(standard) / ndtr(self.cut - self.deviation)
        above: Floats = 1 - self._top(np.maximum(1 - np.asarray(levels), 0.0))
        return np.where(np.asarray(levels) > BODY, above, owned)

    def gini(self) -> float:
        """Return the Gini index."""
        top = float(self._top(1 - BODY))
        tail = (1 - BODY) * (1 - top / (2 - 1 / self.exponent))  # the area below the Lorenz curve
        return 1 - 2 * (BODY * (1 - top) * (1 - _body_gini(self.deviation, self.cut)) / 2 + tail)

    def _top(self, share: Floats | float) -> Floats:
        """Return what the top ``share`` of families owns, for shares within the tail."""
        rise = 1 - 1 / self.exponent
        owned: Floats = self.start * (1 - BODY) / rise * (np.asarray(share) / (1 - BODY)) ** rise
        return owned


def fitted(gini: float, top_tenth: float, top_hundredth: float) -> LognormalPareto:
    """Return the distribution with this Gini index and these shares of the top tenth and of the top hundredth.

    Raises:
        UserError: no distribution of this form has them.
    """
    from scipy.optimize import brentq

    if not 0.1 < top_hundredth * 10 < top_tenth * 10 < 10 or top_tenth / top_hundredth >= 10:
        raise UserError(
            f"top shares {top_tenth:g} and {top_hundredth:g}: expected that the top hundredth owns less than the top"
            " tenth, and more than a tenth of what that owns"
        )
    rise = math.log10(top_tenth / top_hundredth)
    start = top_tenth * rise / (1 - BODY)
    ratio = start * BODY / (1 - top_tenth)  # of the truncation point to the mean below it
    tail = (1 - BODY) * (1 - top_tenth / (1 + rise))
    wanted = 1 - 2 * ((1 - gini) / 2 - tail) / (BODY * (1 - top_tenth))
    below, above = (_body_gini(each, _cut(each, ratio)) - wanted for each in (_NARROWEST, _WIDEST))
    if ratio <= 1 or below > 0 or above < 0:
        raise UserError(
            f"Gini index {gini:g}: no log-normal distribution below a Pareto tail has it with the top shares"
            f" {top_tenth:g} and {top_hundredth:g}"
        )
    deviation = float(
        brentq(lambda each: _body_gini(each, _cut(each, ratio)) - wanted, _NARROWEST, _WIDEST, xtol=1e-13)
    )
    return LognormalPareto(1 / (1 - rise), start, deviation, _cut(deviation, ratio))


def _cut(deviation: float, ratio: float) -> float:
    """Return the truncation point at which it is ``ratio`` times the mean below it."""
    from scipy.optimize import brentq
    from scipy.special import log_ndtr

    def excess(cut: float) -> float:
        mean = deviation**2 / 2 + log_ndtr(cut - deviation) - log_ndtr(cut)
        return float(deviation * cut - mean - math.log(ratio))

    highest = math.log(ratio) / deviation + deviation + 1  # the mean is at most that of the whole distribution
    return float(brentq(excess, -_FARTHEST * max(1.0, deviation), highest, xtol=1e-13))


def _body_gini(deviation: float, cut: float) -> float:
    """Return the Gini index of a log-normal distribution truncated above at ``cut``."""
    from scipy.special import ndtr

    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    half = (cut - _LOWEST) / 2
    standard = _LOWEST + half * (nodes + 1)
    density = np.exp(-(standard**2) / 2) / math.sqrt(2 * math.pi)
    area = half * np.sum(weights * density * ndtr(standard - deviation)) / ndtr(cut) / ndtr(cut - deviation)
    return float(1 - 2 * area)
