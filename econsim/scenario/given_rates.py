"""Check of the marginal tax rates that a scenario gives its planners against the lowest rate of its economy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from econsim.economics import GivenRate, rate_too_low
from econsim.parameters import Chosen, Model
from econsim.scenario.fields import metadata_of
from econsim.scenario.shares import Share

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

__all__ = ["rates_too_low"]

Keys = tuple[str | int, ...]


def rates_too_low(game: Chosen, policies: dict[str, Any]) -> Iterator[tuple[Keys, str]]:
    """Yield the path and the message of every given rate below ``lowest_rate``, of a list only the lowest entry.

    Games without such a parameter allow what their actions allow; their planners check that when they start.

    Args:
        game: the game of the scenario.
        policies: the keys of the scenario that hold agents, with their values.
    """
    lowest = getattr(game.parameters, "lowest_rate", None)
    if lowest is None:
        return
    for keys, rates in _given(policies, ()):
        if min(rates) < lowest:
            entry = (rates.index(min(rates)),) if len(rates) > 1 else ()
            yield (*keys, *entry), rate_too_low(min(rates), lowest)


def _given(value: Any, keys: Keys) -> Iterator[tuple[Keys, tuple[float, ...]]]:
    """Yield the path and the numbers of every parameter that is a :class:`GivenRate` or a list of them."""
    match value:
        case Chosen(parameters=parameters):
            yield from _given(parameters, keys)
        case Share(agent=agent):
            yield from _given(agent, keys)
        case Model():
            for name, field in type(value).model_fields.items():
                content = getattr(value, name)
                if content is not None and _is_rate(field):
                    yield (*keys, name), content if isinstance(content, tuple) else (content,)
                else:
                    yield from _given(content, (*keys, name))
        case dict():
            for name, content in value.items():
                yield from _given(content, (*keys, name))
        case tuple():
            for index, content in enumerate(value):
                yield from _given(content, (*keys, index))


def _is_rate(field: FieldInfo) -> bool:
    return any(isinstance(part, GivenRate) for part in metadata_of(field))
