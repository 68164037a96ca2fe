"""Tile maps: one tile for each state, one scale of colours for all policies."""

from __future__ import annotations

from typing import Any

from econsim.analysis.tile_map import TILES, is_of_states, tile_maps
from econsim.economies.pandemic_states.made_data import CODES


def test_every_state_has_a_tile_of_its_own() -> None:
    assert sorted(TILES) == sorted(CODES)
    assert len(set(TILES.values())) == 51
    # Neighbours on the ground, west to east and north to south.
    assert [TILES[code][1] for code in ("WA", "ID", "MT")] == sorted(TILES[code][1] for code in ("WA", "ID", "MT"))
    assert TILES["WA"][0] < TILES["OR"][0] < TILES["CA"][0]


def test_other_players_are_not_drawn() -> None:
    assert is_of_states(("CA", "TX"))
    assert not is_of_states(("CA", "Bavaria"))


def test_the_same_value_has_the_same_colour_on_all_maps() -> None:
    figure = tile_maps({"one": {"CA": 0.0, "TX": 5.0}, "two": {"CA": 5.0, "TX": 10.0}}, "deaths", "{:.0f}".format)
    first, second = ([patch.get_facecolor() for patch in axes.patches] for axes in figure.axes[:2])
    assert first[1] == second[0]
    assert len({first[0], first[1], second[1]}) == 3
    texts: Any = [text.get_text() for text in figure.axes[1].texts]
    assert texts == ["CA", "5", "TX", "10"]


def test_equal_values_and_one_policy() -> None:
    figure = tile_maps({"one": dict.fromkeys(CODES, 3.0)}, "level", "{:.0f}".format)
    assert len({patch.get_facecolor() for patch in figure.axes[0].patches}) == 1
