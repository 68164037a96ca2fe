"""Maps: the published ones tile by tile, drawn ones by what they promise, texts by their mistakes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from econsim import kinds, random
from econsim.economies.gather_trade_build.layouts import STONE, WATER, WOOD, Layout

ROOM = "economies.gather_trade_build.layouts"

# Rows and columns as the reference lists them (spec, 1.2), taken from the published map file.
OPEN_QUADRANT_WOOD = {0: (0, 1, 2, 3, 4, 7, 14), 1: (0, 1, 3, 14, 21, 23, 24), 2: (1, 22, 24), 3: (1,), 4: (16, 23)}
OPEN_QUADRANT_STONE = {3: (0, 3, 5), 5: (1, 2), 6: (1,), 9: (0, 7), 13: (1,), 14: (0, 2), 15: (3,), 16: (0, 1)}
OPEN_QUADRANT_STONE |= {17: (1, 2), 18: (0, 1), 19: (2,), 24: (0,)}

# Wood, stone, water, side; the sides and counts of the published files.
PUBLISHED = {
    "open_quadrant": (20, 20, 33, 25),
    "closed_quadrant": (20, 20, 49, 25),
    "no_water_quadrant": (20, 20, 0, 25),
    "large_quadrant": (49, 51, 108, 40),
    "large_no_water_quadrant": (49, 51, 0, 40),
    "small_quadrant": (13, 9, 15, 9),
    "pure_and_mixed_15": (23, 12, 21, 15),
    "pure_and_mixed_25": (43, 45, 37, 25),
    "pure_and_mixed_40": (27, 36, 0, 40),
    "wood_above_stone": (9, 9, 0, 14),
    "stone_right_wood_below": (27, 24, 0, 25),
}


def layout(kind: str, **parameters: Any) -> Layout:
    found = kinds.load(ROOM, kind)
    built: Layout = found.build(found.parameters(**parameters))
    return built


def tiles(codes: Tensor, code: int) -> dict[int, tuple[int, ...]]:
    rows = {row: tuple((codes[row] == code).nonzero()[:, 0].tolist()) for row in range(codes.shape[0])}
    return {row: columns for row, columns in rows.items() if columns}


def test_open_quadrant_tile_by_tile() -> None:
    codes = layout("published").draw(random.keys(0, 1))[0]
    assert tiles(codes, WOOD) == OPEN_QUADRANT_WOOD
    assert tiles(codes, STONE) == OPEN_QUADRANT_STONE
    arm = (*range(5), *range(9, 16), *range(20, 25))
    water = dict.fromkeys(arm, (12,)) | {12: arm}
    assert tiles(codes, WATER) == water


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_maps_have_their_tiles(name: str) -> None:
    wood, stone, water, side = PUBLISHED[name]
    codes = layout("published", name=name).draw(random.keys(0, 1))
    assert codes.shape == (1, side, side)
    assert [int((codes == code).sum()) for code in (WOOD, STONE, WATER)] == [wood, stone, water]


@pytest.mark.parametrize("kind", ["uniform", "quadrant", "multi_zone"])
def test_drawn_maps_differ_and_have_the_same_number_of_sources(kind: str) -> None:
    drawn = layout(kind, height=30, width=20, stone_coverage=0.05, wood_coverage=0.02)
    codes = drawn.draw(random.keys(1, 50))
    assert drawn.random
    assert codes.shape == (50, 30, 20)
    assert ((codes == STONE).sum((1, 2)) == 30).all()
    assert ((codes == WOOD).sum((1, 2)) == 12).all()
    assert len({tuple(entry.flatten().tolist()) for entry in codes}) == 50
    assert torch.equal(drawn.draw(random.keys(1, 7))[6], codes[6])  # a copy's map is its own


def test_uniform_maps_have_wood_below_and_stone_above() -> None:
    codes = layout("uniform").draw(random.keys(0, 200))
    row = torch.arange(25.0)[:, None].expand(25, 25)
    # Weights in proportion to the eighth power of the row have their mean at 0.9 of the height.
    assert abs(float(row[None].expand_as(codes)[codes == WOOD].mean()) - 0.9 * 25) < 1.5
    assert abs(float(row[None].expand_as(codes)[codes == STONE].mean()) - 0.1 * 25) < 1.5


def test_clumpy_sources_have_more_neighbours() -> None:
    def neighbours(clumpiness: float) -> float:
        maps = layout("uniform", gradient_steepness=0, stone_clumpiness=clumpiness).draw(random.keys(0, 200)) == STONE
        beside = (maps[:, 1:] & maps[:, :-1]).sum() + (maps[:, :, 1:] & maps[:, :, :-1]).sum()
        return float(beside) / 200

    # 16 of 625 tiles at random have 16 * 15 / 2 pairs, of which 1200 of 195,000 places are side by side.
    assert abs(neighbours(0.0) - 120 * 1200 / 195_000) < 0.2
    assert neighbours(1.0) > 5 * neighbours(0.0)


@pytest.mark.parametrize(("code", "original"), [(STONE, 1.03), (WOOD, 0.60)])
def test_sources_are_about_as_clumped_as_the_originals(code: int, original: float) -> None:
    maps = layout("uniform").draw(random.keys(0, 500)) == code
    beside = (maps[:, 1:] & maps[:, :-1]).sum() + (maps[:, :, 1:] & maps[:, :, :-1]).sum()
    # Measured on 73 (stone) and 85 (wood) maps of Foundation 1.7.1 that have 16 tiles. It grows clumps another way, so
    # a fifth of a neighbour is allowed; without clumps there would be 0.49.
    assert abs(float(2 * beside / maps.sum()) - original) < 0.2


def test_quadrants_are_parted_by_the_published_cross() -> None:
    codes = layout("quadrant").draw(random.keys(0, 500))
    assert (codes[:, 12] < STONE).all()  # the gaps are free: no source lies on either line
    assert (codes[:, :, 12] < STONE).all()
    published = layout("published").draw(random.keys(0, 1))
    assert ((codes == WATER) == (published == WATER)).all()


def test_zones_are_bare_pure_or_mixed() -> None:
    codes = layout("multi_zone", height=32, width=32, stone_clumpiness=0, wood_clumpiness=0).draw(random.keys(0, 40))
    zones = codes.view(40, 8, 4, 8, 4)
    stone, wood = ((zones == code).any(4).any(2).sum((1, 2)) for code in (STONE, WOOD))
    both = ((zones == STONE).any(4).any(2) & (zones == WOOD).any(4).any(2)).sum((1, 2))
    assert (stone <= 10).all()
    assert (wood <= 10).all()
    assert (both <= 4).all()
    assert (both > 0).any()


def test_split_world_has_one_row_of_water() -> None:
    codes = layout("split").draw(random.keys(0, 1))[0]
    assert (codes[12] == WATER).all()
    assert int((codes[:12] == WOOD).sum()) == 20  # the top half keeps all the wood, the bottom only stone
    assert int((codes[13:] == WOOD).sum()) == 0
    assert (layout("split", row=3).draw(random.keys(0, 1))[0, 3] == WATER).all()


def test_a_map_of_ones_own() -> None:
    codes = layout("text", grid="S..\n~W.\n...\n").draw(random.keys(0, 5))
    assert codes.tolist() == [[[STONE, 0, 0], [WATER, WOOD, 0], [0, 0, 0]]]


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("text", {"grid": "S..\n~W\n..."}, "row 2 has 2 tiles, the first row has 3"),
        ("text", {"grid": "S..\n~X.\n..."}, "row 2, column 2: expected one of . ~ S W, found 'X'"),
        ("text", {"grid": "~~~\n~~~\n~~~"}, "all tiles are water"),
        ("text", {"grid": "..\n.."}, "3 to 200 rows and columns, found 2 by 2"),
        ("published", {"name": "atlantis"}, "open_quadrant"),
        ("split", {"row": 24}, "expected less than 24 on a map of 25 rows"),
        ("split", {"layout": "uniform"}, "choose a fixed map"),
        ("split", {"layout": {"kind": "text", "grid": "~~~\n...\n~~~"}}, "all tiles are water"),
        ("uniform", {"stone_coverage": 0.0, "wood_coverage": 0.0}, "the map has no sources"),
        ("multi_zone", {"wood_zones": 60}, "expected at most 64 zones in total"),
        ("multi_zone", {"stone_coverage": 0.3}, "raise stone_zones"),
        # Seven tiles of each do not fit into one mixed zone of nine tiles, though seven of either do.
        (
            "multi_zone",
            {"wood_zones": 0, "stone_zones": 0, "mixed_zones": 1, "stone_coverage": 0.011, "wood_coverage": 0.011},
            "raise wood_zones",
        ),
        ("multi_zone", {"zone_rows": 30}, "expected at most height and width"),
    ],
)
def test_mistakes_are_named(kind: str, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        kinds.load(ROOM, kind).parameters(**parameters)
