"""Axes are read as written, and a mistake names its axis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from econsim.errors import UserError
from econsim.sweep.axes import Axis, Span, read_axes, zipped
from econsim.sweep.request import read_request
from econsim.sweep.sampling import sampled


def levels(text: str) -> list[Any]:
    (axis,) = read_axes([text])
    assert isinstance(axis, Axis)
    return [value for (value,) in axis.levels]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("planner=free_market,saez", ["free_market", "saez"]),
        ("seed=0:4", [0, 1, 2, 3]),
        ("seed=3:0:-1", [3, 2, 1]),
        ("x=0:1:0.25", [0.0, 0.25, 0.5, 0.75]),
        ("x=0:0.4:0.1", [0.0, 0.1, 0.2, 0.3]),  # exact: three times 0.1 is 0.3
        ("x=lin(0,1,5)", [0.0, 0.25, 0.5, 0.75, 1.0]),
        ("x=log(1e-4,1e-1,4)", [1e-4, 1e-3, 1e-2, 1e-1]),
        ("x=1e-3,2", [1e-3, 2]),
        ("planner={kind: flat, rate: 0.2},saez", [{"kind": "flat", "rate": 0.2}, "saez"]),
        ("rates=[0, 0.1],[0.2, 0.3]", [[0, 0.1], [0.2, 0.3]]),
        ('description="a, b",c', ["a, b", "c"]),
        ("x=none", ["none"]),
        ("planner=joe's,light (1)", ["joe's", "light (1)"]),
        ("planner={kind: 'a,b'},'c,d'", [{"kind": "a,b"}, "c,d"]),
    ],
)
def test_values(text: str, expected: list[Any]) -> None:
    assert levels(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed", "expected key=values"),
        ("=1", "expected key=values"),
        ("x=0.0:1.0", "expected a step, as in 0.0:1.0:0.1, or a count"),
        ("x=1:0", "no values from 1 to 0"),
        ("x=0:1:0", "no values from"),
        ("x=lin(0,1)", "a count of at least 2"),
        ("x=lgo(1,2,3)", "did you mean log"),
        ("x=log(0,1,3)", "bounds above 0"),
        ("x=0:9000000", "expected at most 1,000,000 values"),
        ("x=1,2,1", "the value 1 is given twice"),
        ("x=uniform(1,0)", "a lower and a higher bound"),
        ("x=whole(0,1.5)", "whole numbers"),
    ],
)
def test_mistakes(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_axes([text])


def test_a_key_twice_is_a_mistake() -> None:
    with pytest.raises(UserError, match="seed: this axis is given twice"):
        read_axes(["seed=0:2", "seed=5"])
    with pytest.raises(UserError, match=r"game\.x: this axis is given twice"):
        read_axes(["economy.x=0:2", "game.x=5"])


def test_a_zip_may_name_an_axis_by_its_other_name() -> None:
    (axis,) = zipped(read_axes({"economy.x": [1, 2], "seed": [3, 4]}), [["game.x", "seed"]])
    assert isinstance(axis, Axis)
    assert axis.keys == ("economy.x", "seed")


def test_zipped_axes_change_together() -> None:
    axes = read_axes({"a": [1, 2], "b": "x", "c": [3, 4]})
    assert zipped(axes, [["a", "c"]]) == [Axis(("a", "c"), ((1, 3), (2, 4))), Axis(("b",), (("x",),))]
    with pytest.raises(UserError, match="the same number of values; a has 2, b has 1"):
        zipped(axes, [["a", "b"]])
    with pytest.raises(UserError, match=r"no such axis \(did you mean a\?\)|no such axis"):
        zipped(axes, [["aa", "c"]])


@pytest.mark.parametrize("method", ["lhs", "sobol", "random"])
def test_samples_fill_their_spans(method: str) -> None:
    spans = [Span("a", 2.0, 4.0, "uniform"), Span("b", 1e-4, 1.0, "log"), Span("c", 1, 4, "whole")]
    axis = sampled(spans, method, 256, seed=1)
    points = np.array(axis.levels)
    assert axis.keys == ("a", "b", "c")
    assert axis == sampled(spans, method, 256, seed=1)
    assert points[:, 0].min() >= 2.0
    assert points[:, 0].max() < 4.0
    # Means of uniform draws: 4 standard errors of 256 independent ones; the other two methods are far inside.
    assert abs(points[:, 0].mean() - 3.0) < 4 * (2 / 12**0.5) / 16
    assert abs(np.log10(points[:, 1]).mean() + 2.0) < 4 * (4 / 12**0.5) / 16
    assert set(points[:, 2]) == {1, 2, 3, 4}


def test_a_latin_hypercube_has_one_point_in_every_slice() -> None:
    points = np.array(sampled([Span("a", 0, 1, "uniform"), Span("b", 0, 1, "uniform")], "lhs", 50).levels)
    for column in points.T:
        assert sorted((column * 50).astype(int)) == list(range(50))


def test_what_cannot_be_sampled() -> None:
    with pytest.raises(UserError, match=r"no such method \(did you mean lhs"):
        sampled([Span("a", 0, 1, "uniform")], "lsh", 4)
    with pytest.raises(UserError, match="no axis is a range"):
        sampled([], "lhs", 4)


def test_arrays_and_ranges_are_lists_of_values() -> None:
    given = {"seed": np.arange(3), "a": range(2), "b": np.linspace(0, 1, 3), "c": np.float64(0.5), "d": [np.int64(4)]}
    request = read_request("one_step", given)
    levels = {axis.keys[0]: [value for (value,) in axis.levels] for axis in request.table()}
    assert levels == {"seed": [0, 1, 2], "a": [0, 1], "b": [0.0, 0.5, 1.0], "c": [0.5], "d": [4]}
    assert {type(value) for values in levels.values() for value in values} == {int, float}
    assert read_axes(given) == read_axes(request.axes)
    assert request.model_dump(mode="json")["axes"]["seed"] == [0, 1, 2]  # as sweep.yaml stores it
