"""The command ``offline-gap``: how far play is from equilibrium, as far as a log of it shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from econsim.analysis.offline import OfflineGap

_MOST_ROWS = 40


def offline_gap(
    log: Annotated[
        Path,
        typer.Argument(
            metavar="LOG", help="A CSV or Parquet file with a row per joint action; see docs/offline_gaps.md."
        ),
    ],
    payoff_range: Annotated[
        tuple[float, float],
        typer.Option(metavar="LOW HIGH", help="The lowest and the highest payoff of a period that the game can have."),
    ],
    concept: Annotated[
        Literal["nash", "cce", "ce"],
        typer.Option(help="nash; cce or ce: a (coarse) correlated equilibrium. Default: cce, which includes nash."),
    ] = "cce",
    policy: Annotated[
        Path | None,
        typer.Option(help="A CSV file of econsim solve --csv, a row per joint action. Default: as the log plays."),
    ] = None,
    horizon: Annotated[int | None, typer.Option(min=1, help="The number of periods. Default: as in the log.")] = None,
    discount: Annotated[float, typer.Option(min=0.0, max=1.0, help="Weight of a payoff one period later.")] = 1.0,
    confidence: Annotated[float, typer.Option(help="With which all bounds hold together.")] = 0.95,
    options: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PLAYER=A,B,...", help="All options of a player, where the log lacks some; one option per player."
        ),
    ] = None,
) -> None:
    """Bound how far recorded play, or a policy, is from equilibrium, from a log alone.

    For example: econsim offline-gap play.csv --payoff-range 0 1. Prints an interval of each player's largest gain from
    deviating, and the deviations that the log cannot price.
    """
    from econsim.analysis.offline import offline_gap as bound
    from econsim.analysis.offline import read_log, read_policy

    read = read_log(log, _options(options or []))
    periods = horizon or int(read.period.max()) + 1
    joint = read.behaviour(periods) if policy is None else read_policy(policy, read, periods)
    _print(bound(read, joint, payoff_range, concept, discount, confidence), len(read.state))


def _options(given: list[str]) -> dict[str, tuple[str, ...]]:
    from econsim.errors import UserError

    named = {}
    for text in given:
        player, equals, names = text.partition("=")
        split = tuple(name.strip() for name in names.split(","))
        if not equals or not all(split) or len(set(split)) < len(split):
            raise UserError(f"--options {text}: expected PLAYER=A,B,... with different names")
        named[player.strip()] = split
    return named


def _print(gap: OfflineGap, rows: int) -> None:
    from rich.console import Console

    from econsim.cli.console_tables import grid, print_whole
    from econsim.report.games.words import number

    console, certificate = Console(highlight=False), gap.certificate
    table = [[player, number(low), number(high)] for player, (low, high) in gap.by_player.items()]
    print_whole(console, grid(["player", "gain at least", "gain at most"], table))
    assert certificate.upper is not None  # the range of payoffs is finite
    interval = f"{number(certificate.lower)} to {number(certificate.upper)}"
    console.print(f"Largest gain from deviating: {interval}, with {gap.confidence:.4g} confidence, from {rows:,} rows.")
    console.print(f"Deviations: {certificate.deviation_class}.", markup=False)
    if not gap.unpriced:
        ratio = f"unilateral concentrability {gap.coefficient:.3g}"
        console.print(f"The log contains every joint action that one player's deviation needs ({ratio}).")
        return
    console.print("Deviations that the log cannot price, since joint actions that they need are missing:")
    cells = [[each.player, each.state, each.option, f"{each.share:.3g}"] for each in gap.unpriced[:_MOST_ROWS]]
    print_whole(console, grid(["player", "state", "option", "missing share"], cells, words=3))
    if len(gap.unpriced) > _MOST_ROWS:
        console.print(
            f"{len(gap.unpriced) - _MOST_ROWS:,} more are not shown; econsim.analysis.offline lists them all."
        )
