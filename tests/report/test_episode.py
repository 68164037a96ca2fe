"""A run of Gather-Trade-Build from play to pictures: what is kept, what the report draws, what ``render`` writes."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import econsim
from econsim import kinds
from econsim.cli import app
from econsim.errors import RunError, UserError
from econsim.report.episode import write_animation
from econsim.runs import Run
from econsim.runs.recordings import load_recording, recordings_of

TOYS = Path(__file__).parents[1] / "runs" / "run_toys"
SCENARIO = """
# People wander and build.
econsim: 1
name: village
economy:
  kind: gather_trade_build
  horizon: 60
  starting_coin: 20
  layout: {kind: published, name: small_quadrant}
  components: [build, trade, gather, {kind: tax, period: 20, brackets: [0, 10, 30]}]
agents: {worker: {kind: wander}}
planner: {kind: flat, rate: 0.4, label: flat 40}
baselines: {free: {kind: free_market}}
seed: 3
"""
FIGURES = ("episode", "schedules", "schedules_by_period", "houses", "coin", "prices", "taxes", "welfare", "metrics")


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Run:
    added = list(kinds._added_plugins)
    kinds.add_plugin(str(TOYS))
    folder = tmp_path_factory.mktemp("village")
    (folder / "village.yaml").write_text(SCENARIO)
    done = econsim.run(folder / "village.yaml", out=folder / "run", quiet=True)
    kinds._added_plugins[:] = added
    return done


def test_every_policy_keeps_its_episode(village: Run) -> None:
    assert recordings_of(village) == ["free", "flat 40"]
    assert sorted(path.name for path in (village.path / "episodes").iterdir()) == [
        "flat%2040.json", "flat%2040.safetensors", "free.json", "free.safetensors",
    ]  # fmt: skip
    recording = village.recording()
    assert len(recording) == 61
    assert recording.stage == json.loads((village.path / "episodes" / "flat%2040.json").read_text())


def test_the_episode_is_the_one_that_was_scored(village: Run) -> None:
    for policy in ("free", "flat 40"):
        recording = village.recording(policy)
        people = village.accounts[village.accounts["policy"] == policy]
        # Pictures are in float32.
        np.testing.assert_allclose(recording.at("coin", -1), people["consumption"], rtol=1e-6)
        np.testing.assert_allclose(recording.by_period("tax").sum(0), people["tax"], rtol=1e-5)
        np.testing.assert_array_equal(recording.at("houses", -1), people["houses"])
    assert village.recording("free").by_period("tax").sum() == 0
    assert village.recording().by_period("tax").sum() > 0
    rates = village.recording().over_time("rates")[village.recording().period_ends()]
    np.testing.assert_allclose(rates, 0.4, rtol=1e-6)


def test_totals_of_the_economy_are_metrics(village: Run) -> None:
    found = village.summary["policies"]["free"]["scenario"]
    people = village.accounts[village.accounts["policy"] == "free"]
    coin = people["consumption"].to_numpy()
    assert found["productivity"] == pytest.approx(coin.sum(), rel=1e-12)
    gaps = np.abs(coin[:, None] - coin).sum()
    # Zheng et al. (2020): one less the Gini index times N / (N - 1).
    assert found["equality"] == pytest.approx(1 - gaps / (2 * 4 * coin.sum()) * 4 / 3, rel=1e-9)
    assert not [name for name in people if name.startswith("price_history")]


def test_the_report_draws_what_there_is_and_nothing_else(village: Run) -> None:
    text = (village.path / "report.html").read_text("utf-8")
    names = [path.stem for path in (village.path / "figures").glob("*.svg")]
    assert set(FIGURES) <= set(names)
    assert not {"hours", "incomes", "effective_rates", "learning"} & set(names)
    assert text.count("<svg") == 2 * len(FIGURES)  # each has a second layout for phones
    assert len(text.encode()) < 2_000_000
    # The maps are within the page; everything else follows the page into the dark.
    assert len(re.findall(r'href="data:image/png;base64,', text)) == 2 * 8
    assert not re.findall(r"#[0-9a-f]{6}\b", re.sub(r'"data:[^"]*"', "", text[text.index("</style>") :]))
    found = village.summary["policies"]["flat 40"]["scenario"]
    assert f"Productivity {found['productivity']:.4g} coin" in " ".join(text.split())


def test_houses_stand_by_rank_of_pay(village: Run) -> None:
    axes: Any = village.plot.houses().axes[0]
    people = village.accounts[village.accounts["policy"] == "free"].sort_values("build_payment")
    assert [bar.get_height() for bar in axes.patches] == people["houses"].tolist()


def test_render_writes_a_film_and_a_sheet(village: Run, tmp_path: Path) -> None:
    runner = CliRunner()
    done = runner.invoke(app, ["render", str(village.path), "--every", "20"])
    assert done.exit_code == 0, done.output
    gif, sheet = (village.path / "figures" / f"episode-flat%2040.{kind}" for kind in ("gif", "png"))
    assert done.output.split("\n")[:2] == [str(gif), str(sheet)]
    assert struct.unpack("<HH", gif.read_bytes()[6:10]) == (1280, 720)
    with Image.open(sheet) as image:
        assert np.asarray(image.convert("RGBA"))[0, 0].tolist() == [255] * 4  # white, where figures have no ground
    out = tmp_path / "free.png"
    done = runner.invoke(app, ["render", str(village.path), "--policy", "free", "--out", str(out)])
    assert done.exit_code == 0
    assert out.is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--policy", "fre"], "no recorded episode of a policy 'fre' (did you mean free?)"),
        (["--out", "recording.avi"], "recording.avi: the file name must end in .gif, .mp4 or .png"),
        (["--out", "recording.gif", "--format", "png"], "recording.gif: --format png needs the suffix .png"),
        (["--out", "absent/recording.gif"], "there is no folder absent"),
    ],
)
def test_what_cannot_be_rendered_is_told_and_nothing_is_written(
    village: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["render", str(village.path), *arguments])
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_episodes_says_so(run: Run, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="this run has no recorded episodes"):
        write_animation(run, tmp_path / "x.gif")
    assert not (run.path / "episodes").exists()


def test_a_damaged_episode_is_named(village: Run, tmp_path: Path) -> None:
    path = village.path / "episodes" / "free.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(RunError, match=r"free\.safetensors: the file is damaged"):
        load_recording(village, "free")
    path.write_bytes(content)
