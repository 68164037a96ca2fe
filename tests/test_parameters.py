"""Parameter models refuse what they do not know; a field can choose a kind."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from econsim import kinds
from econsim.parameters import Chosen, FromRoom, Model

SQUARE = '''"""Square: a population for tests."""
from pydantic import Field
from econsim.parameters import Model

class Parameters(Model):
    """Parameters."""
    side: float = Field(1.0, gt=0)
    """Side length, metres."""

class Square:
    def __init__(self, parameters):
        self.area = parameters.side ** 2
'''


class Plain(Model):
    """A model for tests."""

    rate: float = Field(0.5, ge=0, le=1)
    """Rate, fraction."""


class Nesting(Model):
    """A model with a chosen kind."""

    shape: Annotated[Chosen, FromRoom("populations")]
    """Which shape."""


@pytest.fixture
def _square(tmp_path: Path) -> None:
    room = tmp_path / "square_plugin" / "populations"
    room.mkdir(parents=True)
    (room / "square.py").write_text(SQUARE)
    kinds.add_plugin(str(tmp_path / "square_plugin"))


def test_fields_are_described_by_the_text_below_them() -> None:
    assert Plain.model_fields["rate"].description == "Rate, fraction."


def test_models_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Plain().rate = 0.1  # type: ignore[misc]


@pytest.mark.parametrize("value", [{"rte": 0.1}, {"rate": math.nan}, {"rate": math.inf}, {"rate": 1.1}, {"rate": "x"}])
def test_what_is_unknown_or_out_of_range_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Plain.model_validate(value)


@pytest.mark.usefixtures("_square")
class TestChosen:
    @pytest.mark.parametrize(("value", "area"), [("square", 1.0), ({"kind": "square", "side": 3}, 9.0)])
    def test_a_name_or_a_mapping_chooses_a_kind(self, value: Any, area: float) -> None:
        assert Nesting(shape=value).shape.build().area == area  # type: ignore[attr-defined]

    def test_a_choice_dumps_to_what_validates_to_it_again(self) -> None:
        chosen = Nesting(shape={"kind": "square", "side": 3})
        dumped = chosen.model_dump(mode="json")
        assert dumped == {"shape": {"kind": "square", "side": 3.0}}
        assert Nesting.model_validate(dumped).model_dump(mode="json") == dumped

    def test_a_choice_is_taken_as_it_is(self) -> None:
        chosen = Nesting(shape="square").shape
        assert isinstance(chosen, Chosen)
        assert Nesting(shape=chosen).shape is chosen

    def test_a_wrong_nested_value_is_located(self) -> None:
        with pytest.raises(ValidationError) as caught:
            Nesting(shape={"kind": "square", "side": -1})
        assert caught.value.errors()[0]["loc"] == ("shape", "side")

    @pytest.mark.parametrize("value", [3, None, [], {"side": 1}, {"kind": 3}])
    def test_what_names_no_kind_is_refused(self, value: Any) -> None:
        with pytest.raises(ValidationError, match="names one of populations"):
            Nesting(shape=value)

    def test_a_misspelt_kind_names_the_nearest(self) -> None:
        with pytest.raises(ValidationError, match="did you mean square"):
            Nesting(shape="sqare")

    def test_the_schema_lists_the_kinds_with_their_parameters(self) -> None:
        options = Nesting.model_json_schema()["properties"]["shape"]["anyOf"]
        square = next(
            option for option in options if option.get("properties", {}).get("kind", {}).get("const") == "square"
        )
        assert square["properties"]["side"]["description"] == "Side length, metres."
        assert "kind" in square["required"]


def test_true_is_no_number() -> None:
    class Counted(Model):
        count: int = 1
        share: float | None = None
        open: bool = False

    with pytest.raises(ValidationError) as found:
        Counted.model_validate({"count": True, "share": False, "open": True})
    assert [error["loc"] for error in found.value.errors()] == [("count",), ("share",)]
    assert Counted.model_validate({"open": True}).open
