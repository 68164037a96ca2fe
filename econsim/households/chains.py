r"""Markov chains of individual productivity: discretisations of an autoregressive process, and a superstar state.

Log productivity follows $\log e' = \rho \log e + \sigma \sqrt{1 - \rho^2} \, \epsilon$ with standard normal shocks,
so that $\sigma$ is its stationary standard deviation.

Sources: Tauchen (1986); Rouwenhorst (1995) and Kopecky and Suen (2010); Castañeda, Díaz-Giménez and Ríos-Rull (2003)
and Boar and Midrigan (2022) for the superstar state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from econsim.errors import UserError

__all__ = ["Chain", "Floats", "chain_of", "rouwenhorst", "tauchen", "with_superstar"]

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Chain:
    """A Markov chain of productivity with mean one under its stationary distribution.

    values: ``[S]``, productivity, a multiple of its mean.
    transition: ``[S, S]``, the probability of the next state in each row.
    stationary: ``[S]``, the stationary distribution.
    """

    values: Floats
    transition: Floats
    stationary: Floats

    @property
    def states(self) -> int:
        """The number of states ``S``."""
        return len(self.values)

    @property
    def log_deviation(self) -> float:
        """The stationary standard deviation of log productivity."""
        logs = np.log(self.values)
        return float(np.sqrt(self.stationary @ (logs - self.stationary @ logs) ** 2))


def chain_of(values: npt.ArrayLike, transition: npt.ArrayLike, normalise: bool = True) -> Chain:
    """Return a chain with given ``values`` ``[S]`` and ``transition`` ``[S, S]``, divided by mean productivity.

    Args:
        values: positive numbers.
        transition: rows that add up to one.
        normalise: whether values are divided by their mean; they are kept as given otherwise.

    Raises:
        UserError: the shapes differ, a value is not positive, a row is not a distribution, or the stationary
            distribution is not unique.
    """
    levels, rows = np.array(values, np.float64), np.array(transition, np.float64)
    if levels.ndim != 1 or rows.shape != (len(levels), len(levels)):
        raise UserError(f"productivity: expected {levels.size} rows and columns of transition, found {rows.shape}")
    if not (levels > 0).all():
        raise UserError(f"productivity: expected positive values, found {levels.min():g}")
    sums = rows.sum(1)
    if (rows < 0).any() or np.abs(sums - 1).max() > 1e-9:
        worst = int(np.abs(sums - 1).argmax())
        raise UserError(
            f"productivity: expected probabilities in row {worst + 1} that add up to 1, found {sums[worst]:g}"
        )
    stationary = _stationary(rows)
    return Chain(levels / (stationary @ levels) if normalise else levels, rows, stationary)


def rouwenhorst(persistence: float, deviation: float, states: int) -> Chain:
    r"""Return the discretisation of Rouwenhorst, which has the moments of the process exactly.

    Args:
        persistence: the autocorrelation $\rho$ of log productivity.
        deviation: its stationary standard deviation $\sigma$.
        states: the number of states ``S``, at least two.
    """
    stay = (1 + persistence) / 2
    rows = np.array([[stay, 1 - stay], [1 - stay, stay]])
    for size in range(3, states + 1):
        wider = np.zeros((size, size))
        wider[:-1, :-1] += stay * rows
        wider[:-1, 1:] += (1 - stay) * rows
        wider[1:, :-1] += (1 - stay) * rows
        wider[1:, 1:] += stay * rows
        wider[1:-1] /= 2
        rows = wider
    end = deviation * np.sqrt(states - 1)
    return chain_of(np.exp(np.linspace(-end, end, states)), rows)


def tauchen(persistence: float, deviation: float, states: int, width: float = 3.0) -> Chain:
    r"""Return the discretisation of Tauchen: equal steps between $\pm$ ``width`` $\sigma$, conditional probabilities.

    With high persistence and few states its variance is above that of the process.
    """
    from scipy.special import ndtr

    logs = np.linspace(-width * deviation, width * deviation, states)
    half = (logs[1] - logs[0]) / 2
    shock = deviation * np.sqrt(1 - persistence**2)
    upper = ndtr((logs[None, :-1] + half - persistence * logs[:, None]) / shock)
    cumulated = np.column_stack([np.zeros(states), upper, np.ones(states)])
    return chain_of(np.exp(logs), np.diff(cumulated, axis=1))


def with_superstar(chain: Chain, multiple: float, entry: float, stay: float) -> Chain:
    """Return a chain with one more state, the last, in which productivity is a ``multiple`` of the mean of the others.

    Args:
        chain: the other states.
        multiple: of their mean productivity.
        entry: the probability of becoming a superstar, equal in all other states.
        stay: the probability of remaining one; a superstar that does not draws from the stationary distribution of
            the other states.
    """
    rows = np.zeros((chain.states + 1, chain.states + 1))
    rows[:-1, :-1] = (1 - entry) * chain.transition
    rows[:-1, -1] = entry
    rows[-1, :-1] = (1 - stay) * chain.stationary
    rows[-1, -1] = stay
    return chain_of(np.append(chain.values, multiple * (chain.stationary @ chain.values)), rows)


def _stationary(rows: Floats) -> Floats:
    count = len(rows)
    equations = np.vstack([(np.eye(count) - rows).T, np.ones(count)])
    solution, _, rank, _ = np.linalg.lstsq(equations, np.append(np.zeros(count), 1.0), rcond=1e-13)
    if rank < count or solution.min() < -1e-9:
        raise UserError("productivity: the chain has several stationary distributions; connect its states")
    clipped = np.clip(solution, 0.0, None)
    stationary: Floats = clipped / clipped.sum()
    return stationary
