"""Findings about the published laws, in sentences: open accounts, corner solutions and survival under a policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from econsim.households.chains import Floats

__all__ = ["findings"]

_CLOSED = 1e-9  # a residual that is rounding
_CORNER = 0.5  # share of choices at a bound that is worth a sentence


def findings(by_episode: Mapping[str, Floats]) -> Iterator[str]:
    """Yield sentences about open accounts, corner solutions and survival, from metrics by episode, ``[E]`` each."""
    yield _survival(by_episode)
    yield from _leaks(by_episode)
    yield from _corners(by_episode)


def _survival(by_episode: Mapping[str, Floats]) -> str:
    lasted = by_episode["survived"] > 0
    sentence = f"{lasted.sum()} of {len(lasted)} episodes last to the end"
    for group, words in ((lasted, "over these"), (~lasted, "over the others")):
        if group.any():
            sentence += (
                f"; {words}, output per household {by_episode['output'][group].mean():.3g}, government return"
                f" {by_episode['return_government'][group].mean():.4g}"
            )
    if not lasted.all():
        sentence += f", {by_episode['years'][~lasted].mean():.1f} years"
    return sentence + "; a mean over all of them mixes the two."


def _leaks(by_episode: Mapping[str, Floats]) -> Iterator[str]:
    resources, balance = (float(by_episode[name].mean()) for name in ("resource_leak", "balance_leak"))
    if np.abs(by_episode["resource_leak"]).max() > _CLOSED:
        lost = "is neither consumed, spent nor added to capital"
        made = "appears in consumption, spending and capital without being produced"
        yield f"Open account, resources: {_amount(resources, 'output')} a year {made if resources < 0 else lost}."
    if np.abs(by_episode["balance_leak"]).max() > _CLOSED:
        missing = "have neither capital nor public debt behind them"
        excess = "is the excess of capital and public debt over them"
        sentence = excess if balance < 0 else missing
        yield f"Open account, balance sheets: {_amount(balance, 'household assets')} {sentence}."


def _amount(share: float, what: str) -> str:
    """Return a share of something in words, as a multiple where it is large."""
    size = abs(share)
    return f"{size:.1%} of {what}" if size < 10 else f"{size:,.0f} times {what}"


def _corners(by_episode: Mapping[str, Floats]) -> Iterator[str]:
    named = {"saving_at_bounds": "savings", "hours_at_bounds": "hours", "instruments_at_bounds": "instruments"}
    shares = {words: float(by_episode[name].mean()) for name, words in named.items()}
    corners = [f"{share:.0%} of {words}" for words, share in shares.items() if share >= _CORNER]
    if corners:
        yield f"Corner solution: {', '.join(corners)} are at a bound of what may be chosen."
