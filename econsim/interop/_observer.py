"""Forms of observations for other libraries: a dictionary or one vector, with action masks in it or in ``info``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np

from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.interop._spaces import (
    Array,
    by_choice,
    features_of,
    mask_of,
    mask_space,
    observation_space,
    spaces,
    view_of,
    view_space,
)

Form = Literal["dict", "features", "flat", "padded"]
MaskPlace = Literal["observation", "info"]
Seen = Array | dict[str, Any]


class Observer:
    """Observation spaces and observations of a game's players in one form; see :func:`to_pettingzoo` for the forms.

    Args:
        game: the game.
        first: its observations after a reset, by role.
        form: the form, one of ``forms``.
        masks: where masks stand; ``None``: in the observation of the form ``dict``, else in ``info``.
        forms: the forms to choose from.

    Raises:
        UserError: ``form`` or ``masks`` is unknown, or the form has no room for masks.
    """

    def __init__(
        self,
        game: Game[Any],
        first: Mapping[str, Observation],
        form: Form,
        masks: MaskPlace | None,
        forms: Sequence[Form],
    ) -> None:
        masks = masks or ("observation" if form == "dict" else "info")
        check_option("observations", form, forms)
        check_option("masks", masks, get_args(MaskPlace))
        if form == "features" and masks == "observation":
            raise UserError("masks: observations='features' has no room for masks; use masks='info', or another form")
        self._form, self._in_info = form, masks == "info"
        self._parts = {role.name: self._spaces(game, role, first[role.name]) for role in game.roles.values()}
        self._boxes = {name: _flat_space(parts) for name, parts in self._parts.items()}
        self._width = max(box.shape[0] for box in self._boxes.values())

    def space(self, role: Role) -> spaces.Space[Any]:
        """Return the observation space of a player of ``role``."""
        parts = self._parts[role.name]
        match self._form:
            case "flat":
                return self._boxes[role.name]
            case "padded":
                return _common_space(list(self._boxes.values()), self._width)
        return spaces.Dict(parts) if len(parts) > 1 else parts["observation"]

    def seen(self, role: Role, observation: Observation, player: int) -> Seen:
        """Return what ``player`` observes in the first environment copy, an element of :meth:`space`."""
        parts: dict[str, Any] = {"observation": features_of(observation, player)}
        if "action_mask" in self._parts[role.name]:
            parts["action_mask"] = by_choice(role.action, mask_of(observation, player))
        if "view" in self._parts[role.name]:
            parts["view"] = view_of(observation, player)
        if self._form in ("flat", "padded"):
            width = self._width if self._form == "padded" else self._boxes[role.name].shape[0]
            return _flat(parts, width)
        return parts if len(parts) > 1 else parts["observation"]

    def mask(self, observation: Observation, player: int) -> Array | None:
        """Return the action mask of ``player`` for ``info``, int8 ``[A]``; ``None`` if there is none, or not there."""
        return mask_of(observation, player) if self._in_info else None

    def _spaces(self, game: Game[Any], role: Role, first: Observation) -> dict[str, spaces.Space[Any]]:
        parts: dict[str, spaces.Space[Any]] = {"observation": observation_space(game, role)}
        mask = mask_of(first, 0)
        if mask is not None and not self._in_info:
            parts["action_mask"] = mask_space(role.action, mask.size)
        if first.view is not None and self._form != "features":
            parts["view"] = view_space(role, first.view)
        return parts


def check_option(name: str, value: str, options: Sequence[str]) -> None:
    """Raise :class:`UserError` if ``value`` is not one of the options."""
    if value not in options:
        raise UserError(f"{name}: expected {' or '.join(map(repr, options))}, found {value!r}")


def _in_order(parts: Mapping[str, Any]) -> list[Any]:
    """Return the parts of a vector: features, map, mask."""
    return [parts[name] for name in ("observation", "view", "action_mask") if name in parts]


def _flat(parts: Mapping[str, Any], width: int) -> Array:
    """Return one vector ``[width]``, with zeros at its end."""
    flat = np.zeros(width, dtype=parts["observation"].dtype)
    numbers = np.concatenate(
        [np.concatenate([np.ravel(piece) for piece in _pieces(part)]) for part in _in_order(parts)]
    )
    flat[: len(numbers)] = numbers
    return flat


def _pieces(part: Any) -> Sequence[Any]:
    return part if isinstance(part, tuple) else (part,)


def _flat_space(parts: Mapping[str, spaces.Space[Any]]) -> spaces.Box:
    boxes: list[spaces.Box] = [spaces.utils.flatten_space(part) for part in _in_order(parts)]  # type: ignore[misc]
    dtype: Any = boxes[0].dtype
    low, high = (np.concatenate([getattr(box, side) for box in boxes]).astype(dtype) for side in ("low", "high"))
    return spaces.Box(low, high, dtype=dtype.type)


def _common_space(boxes: Sequence[spaces.Box], width: int) -> spaces.Box:
    """Return the space of vectors ``[width]`` that contains those of all roles, with zeros at their end."""
    dtype: Any = boxes[0].dtype
    padded = [[np.pad(side, (0, width - len(side))) for side in (box.low, box.high)] for box in boxes]
    low, high = np.min([low for low, _ in padded], 0), np.max([high for _, high in padded], 0)
    return spaces.Box(low, high, dtype=dtype.type)
