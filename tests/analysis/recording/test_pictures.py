"""What is on pictures: colours at places, numbers of lines, sizes and lengths of files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageColor

from econsim.analysis.canvas import SERIES
from econsim.analysis.recording import Recording, animation, plots
from econsim.analysis.recording._screen import HEIGHT, WIDTH, Screen
from econsim.analysis.recording._sprites import BARE, TREE, WATER
from econsim.analysis.recording.map_picture import MapPicture
from econsim.analysis.recording.sheet import contact_sheet, sheet_moments
from econsim.errors import RunError, UserError

SIZE = 32


def has(pixels: Any, color: str, row: int, column: int, size: int = SIZE) -> bool:
    """Return whether a tile has pixels of exactly this colour."""
    tile = pixels[row * size : (row + 1) * size, column * size : (column + 1) * size]
    return bool((tile == ImageColor.getrgb(color)).all(-1).any())


def test_the_map_shows_ground_units_houses_and_people_where_they_are(recording: Recording) -> None:
    picture = MapPicture(recording, SIZE, disc=1.0)
    before, after = picture.draw(1), picture.draw(4)
    assert before.shape == (3 * SIZE, 4 * SIZE, 3)
    assert has(before, WATER, 0, 1)
    assert has(before, TREE, 0, 3)
    assert not has(before, SERIES[1], 1, 2)
    assert has(after, SERIES[1], 1, 2)  # the house of the second person
    assert has(before, SERIES[0], 0, 0)
    assert has(after, BARE, 0, 0)  # the first person left for the stone
    assert has(after, SERIES[0], 0, 2)
    assert has(after, SERIES[1], 2, 3)


def test_a_picture_changes_only_where_something_moves(recording: Recording) -> None:
    screen = Screen(recording, "flat")
    first, last = screen.draw(0), screen.draw(4)
    assert first.shape == (HEIGHT, WIDTH, 3)
    changed = (first != last).any(-1)
    assert changed[66:520, 28:628].any()  # the map
    assert not changed[:, :28].any()
    assert not changed[705:].any()
    np.testing.assert_array_equal(screen.draw(0), first)  # nothing is left behind by later pictures


def test_charts_are_there_for_the_frames_that_are_there(recording: Recording) -> None:
    def charts(*missing: str) -> list[str]:
        kept = {name: rows for name, rows in recording.frames.items() if name not in missing}
        return [type(chart).__name__ for chart in Screen(Recording(recording.stage, kept), "x")._charts]

    assert charts() == ["CoinChart", "MarketChart", "TaxChart"]
    assert charts("traded") == ["CoinChart", "TaxChart"]
    assert charts("rates", "traded") == ["CoinChart"]


def test_the_tax_chart_puts_everybody_on_the_schedule(recording: Recording) -> None:
    chart: Any = Screen(recording, "x")._charts[2]
    chart.show(2)
    # Nobody below a quarter of the lowest threshold is left of the axis; 20 coin are taxed at the second rate.
    assert chart.people.get_offsets().tolist() == [[2.5, pytest.approx(10)], [15.0, pytest.approx(70)]]


def test_a_gif_has_every_nth_moment_and_the_last(recording: Recording) -> None:
    told: list[tuple[int, int]] = []
    file = io.BytesIO()
    animation.write_gif(
        file, recording, "flat", every=3, speed=10, watch=lambda done, total: told.append((done, total))
    )
    with Image.open(file) as image:
        assert (image.size, getattr(image, "n_frames", 1)) == ((WIDTH, HEIGHT), 3)  # steps 0, 3 and 4
        assert image.info["duration"] == 100
        assert image.info["loop"] == 0
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_gif_keeps_colours(recording: Recording) -> None:
    file = io.BytesIO()
    animation.write_gif(file, recording, "flat", every=1, speed=10)
    with Image.open(file) as image:
        found = np.asarray(image.convert("RGB")).astype(int)
    # A palette of two hundred colours for flat pictures: nothing is off by more than a few of 256 steps.
    assert np.abs(found - Screen(recording, "flat").draw(0)).max(-1).mean() < 1.0
    assert np.percentile(np.abs(found - Screen(recording, "flat").draw(0)), 99.5) <= 12


@pytest.mark.parametrize(("every", "speed", "message"), [(0, 20, "every 0"), (1, 0, "fps 0"), (1, 51, "fps 51")])
def test_impossible_clocks_are_refused(recording: Recording, every: int, speed: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        animation.write_gif(io.BytesIO(), recording, "flat", every, speed)


def test_a_gif_that_would_fill_the_memory_is_refused(recording: Recording) -> None:
    long = Recording(recording.stage, {**recording.frames, "coin": np.zeros((3001, 2))})
    with pytest.raises(UserError, match="take 6 or more steps"):
        animation.write_gif(io.BytesIO(), long, "flat", 1, 20)


def test_mp4_without_ffmpeg_says_what_to_install(
    recording: Recording, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def absent(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(animation.shutil, "which", lambda _: None)
    monkeypatch.setattr(animation, "import_module", absent)
    with pytest.raises(UserError, match=r'pip install "econsim\[video\]"'):
        animation.write_mp4(tmp_path / "x.mp4", recording, "flat", 1, 20)


def test_an_ffmpeg_that_fails_is_quoted(recording: Recording, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    command = tmp_path / "ffmpeg"
    command.write_text("#!/bin/sh\necho no such codec >&2\nexit 3\n")
    command.chmod(0o755)
    monkeypatch.setattr(animation, "ffmpeg", lambda: str(command))
    with pytest.raises(RunError, match="no such codec"):
        animation.write_mp4(tmp_path / "x.mp4", recording, "flat", 1, 20)


def test_mp4_is_a_film_that_browsers_know(recording: Recording, tmp_path: Path) -> None:
    try:
        animation.ffmpeg()
    except UserError:
        pytest.skip("no ffmpeg and no imageio-ffmpeg")
    animation.write_mp4(tmp_path / "x.mp4", recording, "flat", 1, 20)
    content = (tmp_path / "x.mp4").read_bytes()
    assert content[4:8] == b"ftyp"
    assert b"avc1" in content


def test_a_sheet_shows_start_end_and_ends_of_periods() -> None:
    long = Recording({"period": 100}, {"coin": np.zeros((1001, 1))})
    assert sheet_moments(long) == [0, 100, 300, 400, 600, 700, 900, 1000]
    assert sheet_moments(Recording({"period": 100}, {"coin": np.zeros((301, 1))}), 3) == [0, 200, 300]
    assert sheet_moments(Recording({}, {"coin": np.zeros((3, 1))})) == [0, 1, 2]


def test_a_sheet_needs_a_map(recording: Recording) -> None:
    figure: Any = contact_sheet(recording)
    assert [axes.get_title() for axes in figure.axes] == ["start", "step 1", "step 2", "step 3", "step 4"]
    with pytest.raises(UserError, match="no owner; a map needs ground"):
        contact_sheet(
            Recording(recording.stage, {name: rows for name, rows in recording.frames.items() if name != "owner"})
        )


def test_plots_draw_the_numbers_of_the_episode(recording: Recording) -> None:
    coin: Any = plots.coin_over_time({"flat": recording, "own": recording})
    assert [axes.get_title() for axes in coin.axes] == ["flat", "own"]
    assert coin.axes[0].lines[1].get_ydata().tolist() == [0, 20, 16, 16, 19]
    trades: Any = plots.prices_and_trades({"flat": recording, "own": recording})
    assert trades.axes[2].lines[0].get_ydata().tolist() == [0, 0, 0, 2, 3]
    taxes: Any = plots.taxes_by_period(recording)
    assert taxes.axes[1].lines[1].get_ydata().tolist() == [8, 0]
    rates: Any = plots.schedules_by_period(recording)
    assert [text.get_text() for text in rates.axes[0].texts] == ["10", "50", "70", "50"]
    assert [text.get_text() for text in rates.axes[0].get_yticklabels()] == ["0", "10"]


def test_without_taxes_there_is_nothing_to_draw_about_them(recording: Recording) -> None:
    untaxed = Recording({**recording.stage, "period": None}, recording.frames)
    for draw in (plots.taxes_by_period, plots.schedules_by_period):
        with pytest.raises(UserError, match="no tax period"):
            draw(untaxed)
