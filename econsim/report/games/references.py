"""Blocks that compare the policies of a run with reference policies of its game, player by player, with maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from econsim.accounts import Metric
from econsim.analysis.reference_policies import HasReferencePolicies, reference_table
from econsim.analysis.tile_map import is_of_states, tile_maps
from econsim.report.figures import Captioned
from econsim.report.games.blocks import Block, plain
from econsim.runs.evaluation import evaluation_key
from econsim.runs.metric_columns import shown, titled

if TYPE_CHECKING:
    import pandas as pd

    from econsim.runs.folder import Run

__all__ = ["reference_blocks"]

_MOST_PLAYERS = 100
_NOTE = (
    "Policies of the run and reference policies in the first episode, under the same random draws; {what}. The last row"
    " is the mean over people."
)
_CAPTION = "Each square is a state; its colour and its number show {noun} under the policy named above the map."


def reference_blocks(run: Run) -> list[Block]:
    """Return a block for each headline account of players; none for a game without reference policies."""
    import pandas as pd

    game = run.plan.game
    if not isinstance(game, HasReferencePolicies) or not (run.path / "accounts.parquet").is_file():
        return []
    if "player" not in run.accounts:
        return []
    references = reference_table(game, evaluation_key(run.scenario.seed))
    role = str(references["role"].iloc[0])
    names = game.player_names(role)
    if len(names) > _MOST_PLAYERS:
        return []
    accounts = {account.name: account for account in game.accounts_spec if account.axes == (f"role:{role}",)}
    weight = next((name for name, account in accounts.items() if account.weight), None)
    table = pd.concat([_of_run(run, names), references[references["role"] == role]], ignore_index=True)
    by_policy = {
        str(label): rows.set_index("player").loc[list(names)] for label, rows in table.groupby("policy", sort=False)
    }
    weight = next((name for name, account in accounts.items() if account.weight), None)
    return [
        _block(account.name, statistic.metric(account), by_policy, weight)
        for account in accounts.values()
        for statistic in account.statistics
        if statistic.show == "headline" and not account.weight
    ]


def _of_run(run: Run, names: tuple[str, ...]) -> pd.DataFrame:
    """Return the accounts of the run's policies by player, under its first workers, means over training seeds."""
    rows = run.players()
    rows = rows[rows["response"] == rows["response"].iloc[0]]
    means: pd.DataFrame = rows.groupby(["policy", "player"], sort=False).mean(numeric_only=True).reset_index()
    return means.assign(
        player=[names[int(number)] for number in means["player"]],
        policy=[f"this run, {label}" for label in means["policy"]],
    )


def _block(account: str, metric: Metric, by_policy: Mapping[str, pd.DataFrame], weight: str | None) -> Block:
    """Return the table of an account, one row per player and one column per policy, and its maps."""
    values = {label: rows[account] for label, rows in by_policy.items()}
    means = [
        (rows[account] * rows[weight]).sum() / rows[weight].sum() if weight else rows[account].mean()
        for rows in by_policy.values()
    ]
    players = next(iter(values.values())).index
    rows = [
        [str(player), *(shown(float(column[player]), metric.format) for column in values.values())]
        for player in players
    ]
    rows.append(["all", *(shown(float(mean), metric.format) for mean in means)])
    title = f"{metric.title.removeprefix('Mean ').capitalize()} by player and policy"
    what = titled(metric).removeprefix("Mean ")
    return Block(title, ("", *values), plain(rows), (_NOTE.format(what=what),), _maps(account, what, metric, values))


def _maps(account: str, what: str, metric: Metric, values: Mapping[str, pd.Series[float]]) -> Captioned | None:
    by_state = {label: {str(name): float(value) for name, value in column.items()} for label, column in values.items()}
    if not is_of_states(next(iter(by_state.values()))):
        return None
    figure = tile_maps(by_state, what, lambda value: shown(value, metric.format))
    noun = what.split(",")[0]
    return Captioned(
        f"map_{account}", f"Map of {noun}", figure, _CAPTION.format(noun=noun), f"Tile maps of {noun} in each US state."
    )
