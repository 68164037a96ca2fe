"""Pages on which a game runs in the browser: the visualisation of Mesa (SolaraViz), by ``solara run FILE.py``."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from econsim.accounts import Account
from econsim.analysis.canvas import SERIES, new_figure, plain_numbers
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.interop.mesa import GameModel, to_mesa

try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Solara warns of the order of calls within Mesa's own components
        import solara
        from mesa.visualization import SolaraViz, make_plot_component
        from mesa.visualization.utils import update_counter
except ImportError as error:
    raise UserError(f"this needs Solara ({error}); install it with: pip install 'econsim[mesa-viz]'") from error

__all__ = ["mesa_page"]

_MOST_SEED = 1000
_BINS = 30


def mesa_page(
    game: Game[Any], agents: Mapping[str, Agent] | None = None, seed: int = 0, accounts: Sequence[str] = ()
) -> Any:
    """Return a page of Mesa on which a game can be started, stepped, stopped and started again with another seed.

    Accounts with one number are drawn over time, accounts of players as distributions among them. Put
    ``page = mesa_page(...)`` into a file, and open it with ``solara run FILE.py``.

    Args:
        game: the game.
        agents: as for :func:`econsim.to_mesa`.
        seed: seed of the first episode.
        accounts: the accounts to draw; by default all that reports show, or else all.

    Raises:
        UserError: Solara is not installed, an account is unknown, or as :func:`econsim.to_mesa`.
    """
    parameters = {
        "game": game,
        "agents": dict(agents or {}),
        "seed": {"type": "SliderInt", "value": seed, "label": "Seed", "min": 0, "max": max(_MOST_SEED, seed)},
    }
    drawn = [
        (partial(_distribution, account), 0) if account.is_of_players else make_plot_component(account.name)
        for account in _chosen(game, accounts)
    ]
    name = type(game).__name__
    return SolaraViz(to_mesa(game, agents, seed), components=drawn, model_params=parameters, name=name)


def _chosen(game: Game[Any], names: Sequence[str]) -> list[Account]:
    """Return the accounts to draw: the given ones, or those that reports show."""
    drawable = {
        account.name: account
        for account in game.accounts_spec
        if (account.is_of_players and not account.weight) or not account.axes
    }
    if unknown := [name for name in names if name not in drawable]:
        raise UserError(f"mesa_page: accounts: no account {unknown[0]!r} to draw; there are {', '.join(drawable)}")
    if names:
        return [drawable[name] for name in names]
    shown = [
        account
        for account in drawable.values()
        if any(metric.show in ("headline", "table") for metric in account.metrics())
    ]
    return shown or list(drawable.values())


@solara.component  # type: ignore[untyped-decorator]
def _distribution(account: Account, model: GameModel) -> None:
    """Draw the distribution of an account among players, after every step."""
    update_counter.get()  # draws again when the model has changed
    figure, (axes,) = new_figure(height=3.2)
    values = [getattr(player, account.name) for player in model.agents if hasattr(player, account.name)]
    axes.hist(values, bins=_BINS, color=SERIES[0])
    axes.set(xlabel=f"{account.noun}, {account.unit}" if account.unit else account.noun, ylabel="players")
    plain_numbers(axes)
    solara.FigureMatplotlib(figure, format="png", bbox_inches="tight")
