"""Requests for sweeps: a scenario, axes, groups of axes that change together, and the sampling of ranges.

    scenario: one_step
    axes:
      planner: [flat]
      planner.rate: 0:1:0.1
      seed: 0:10
    zip: [[planner.rate, economy.utility.elasticity]]
    sample: {method: lhs, count: 64}

This is the content of a sweep file; the command line has equivalent options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator

from econsim.errors import ScenarioError, UserError
from econsim.parameters import Model
from econsim.scenario.aliases import canonical_key
from econsim.scenario.overrides import plain_data
from econsim.scenario.validation_errors import problems
from econsim.scenario.yaml_reader import read
from econsim.sweep.axes import Axis, Span, read_axes, zipped
from econsim.sweep.sampling import Method, sampled

__all__ = ["Request", "Sample", "read_request"]


class Sample(Model):
    """The sampling of ranges."""

    method: Method
    """``lhs`` (Latin hypercube), ``sobol`` or ``random``."""
    count: int = Field(ge=1, le=1_000_000)
    """Number of points."""
    seed: int = Field(0, ge=0)
    """Seed of the sample."""


class Request(Model):
    """A request for a sweep; see the module's documentation."""

    scenario: str
    """Name of a scenario in scenarios/, or a path."""
    axes: dict[str, Any] = Field(default_factory=dict)
    """Values by key: a list, a range, an array, or a text such as ``0:1:0.1``."""
    zip: tuple[tuple[str, ...], ...] = ()
    """Groups of keys that change together."""
    sample: Sample | None = None
    """Sampling of the ranges among the axes."""

    @field_validator("axes", mode="before")
    @classmethod
    def _are_plain(cls, axes: Any) -> Any:
        return {key: plain_data(str(key), values) for key, values in axes.items()} if isinstance(axes, dict) else axes

    def table(self) -> list[Axis]:
        """Return the axes whose product is the table of runs; the sampled points form the first axis.

        Raises:
            UserError: an axis cannot be parsed, zipped or sampled.
        """
        axes = zipped(read_axes(self.axes), self.zip)
        spans = [axis for axis in axes if isinstance(axis, Span)]
        plain = [axis for axis in axes if isinstance(axis, Axis)]
        if self.sample is None:
            if spans:
                raise UserError(
                    f"{spans[0].key}: a range must be sampled; add --sample lhs 64, or give a count, as in lin(0,1,11)"
                )
            return plain
        return [sampled(spans, self.sample.method, self.sample.count, self.sample.seed), *plain]


def read_request(
    scenario: str | None,
    axes: Mapping[str, Any] | Sequence[str] = (),
    zip_: Sequence[str] = (),
    sample: tuple[str, int] | None = None,
    file: Path | None = None,
) -> Request:
    """Return the request of a sweep file, updated with the other arguments.

    Raises:
        UserError: no scenario is given, or the file contains mistakes (each is reported with its line).
    """
    content: dict[str, Any] = {} if file is None else _from_file(file)
    if scenario is not None:
        content["scenario"] = scenario
    if "scenario" not in content:
        raise UserError("sweep: no scenario given; name one, for example: econsim sweep one_step seed=0:10")
    new_axes = dict(axes) if isinstance(axes, Mapping) else _by_key(axes)
    replaced = set(map(canonical_key, new_axes))
    kept = {key: values for key, values in content.get("axes", {}).items() if canonical_key(str(key)) not in replaced}
    content["axes"] = {**kept, **new_axes}
    content["zip"] = [*content.get("zip", []), *(_group(text) for text in zip_)]
    if sample is not None:
        content["sample"] = {"method": sample[0], "count": sample[1]}
    return _checked(content, lambda keys: "sweep")


def _by_key(texts: Sequence[str]) -> dict[str, str]:
    read_axes(texts)
    pairs = [text.partition("=") for text in texts]
    return {key.strip(): values for key, _, values in pairs}


def _group(text: str) -> list[str]:
    return [key.strip() for key in text.split(",")]


def _from_file(path: Path) -> dict[str, Any]:
    node = read(path)
    content: dict[str, Any] = node.plain()
    _checked({"scenario": "", **content}, node.place)
    return content


def _checked(content: dict[str, Any], place: Any) -> Request:
    try:
        return Request.model_validate(content)
    except ValidationError as error:
        raise ScenarioError(problems(error, Request, content, place)) from None
