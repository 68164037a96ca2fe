"""Scripted worker: it chooses the hours that are best for its aim, from a comparison of all options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from econsim.testing.endpoints.responders import Unanswerable

__all__ = ["hours", "satisfied"]

Numbers = NDArray[np.float64]


def hours(facts: Mapping[str, Any]) -> float:
    """Return the hours that maximise income less tax less ``labour_cost_scale * hours^labour_cost_exponent``.

    The rebate is taken as given. Altruistic workers count their taxes as income, since taxes are paid back to others;
    adversarial workers minimise the taxes that they pay.

    Args:
        facts: ``skill`` (money per hour), ``hours_cap``, ``hours_step`` (``None``: continuous), ``thresholds`` and
            ``rates`` ``[K]``, the two parameters of labour costs, and optionally ``standard_deduction`` and ``aim``.

    Raises:
        Unanswerable: facts are missing, such as labour costs, which some utility functions do not measure in money.
    """
    try:
        skill, scale = float(facts["skill"]), float(facts["labour_cost_scale"])
        exponent, choices = float(facts["labour_cost_exponent"]), _choices(facts)
        tax = _tax(np.maximum(skill * choices - facts.get("standard_deduction", 0.0), 0.0), facts)
    except (KeyError, TypeError, ValueError) as error:
        raise Unanswerable(f"the facts of a worker are incomplete ({error})") from None
    objective = skill * choices - scale * choices**exponent
    aim = facts.get("aim", "own")
    if aim != "altruistic":
        objective = -tax if aim == "adversarial" else objective - tax
    return float(choices[np.argmax(objective)])


def satisfied(facts: Mapping[str, Any]) -> bool:
    """Return whether a worker's utility did not fall.

    Raises:
        Unanswerable: ``utility_change`` is missing.
    """
    change = facts.get("utility_change")
    if not isinstance(change, int | float):
        raise Unanswerable("the facts of a worker contain no utility_change")
    return change >= 0.0


def _choices(facts: Mapping[str, Any]) -> Numbers:
    """Return the hours to compare: all steps, or for continuous hours each bracket's optimum and the kinks."""
    cap, step = float(facts["hours_cap"]), facts.get("hours_step")
    if step:
        return np.arange(round(cap / step) + 1) * float(step)
    kept = 1.0 - np.append(np.asarray(facts["rates"], dtype=np.float64), 0.0)
    exponent, marginal = float(facts["labour_cost_exponent"]), float(facts["skill"]) * kept
    peaks = (marginal / (exponent * float(facts["labour_cost_scale"]))) ** (1.0 / (exponent - 1.0))
    begins = np.asarray(facts["thresholds"], dtype=np.float64) + facts.get("standard_deduction", 0.0)
    return np.sort(np.clip(np.concatenate([peaks, begins / float(facts["skill"]), [0.0, cap]]), 0.0, cap))


def _tax(income: Numbers, facts: Mapping[str, Any]) -> Numbers:
    lower = np.asarray(facts["thresholds"], dtype=np.float64)
    within = np.clip(income[:, None] - lower, 0.0, np.append(lower[1:], np.inf) - lower)
    taxed: Numbers = within @ np.asarray(facts["rates"], dtype=np.float64)
    return taxed
