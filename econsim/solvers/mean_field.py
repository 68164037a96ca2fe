"""Mean-field best responses: the equilibrium of an anonymous game in the limit of many players.

A player of a continuum does not move the shares of players on the options. In equilibrium, every option that is used
is a best response to the shares (Wardrop 1952). Each iteration moves players from the used option that pays least to
the option that pays most; the damping is the largest move after which the latter does not pay less. In congestion games
with times that rise in traffic, this minimises the potential of Beckmann, McGuire and Winsten (1956) along one
direction after another; in games without a potential it need not converge, which the gap states.

All players of the solution draw from the same shares. Its certificate is exact for the game's own number of players:
the expectation over the counts of all others. The gain in the limit of many players is stated beside it.

Sources: Wardrop (1952), *Some Theoretical Aspects of Road Traffic Research*; Dafermos and Sparrow (1969), *The Traffic
Assignment Problem for a General Network*, for the method; Roughgarden and Tardos (2002).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim.agents import mixed_strategy
from econsim.anonymous import Anonymous, limit_payoffs
from econsim.errors import UserError
from econsim.expected_play import certificate_of
from econsim.game import Agent, Game
from econsim.learning import Certificate, Quantity, Solution, SolverProgress
from econsim.parameters import Model
from econsim.solvers._fitting import not_fitting
from econsim.solvers._pace import Pace

__all__ = ["MeanField", "Parameters"]

REFERENCES = (
    "@article{dafermos1969traffic, title={The Traffic Assignment Problem for a General Network}, author={Dafermos, "
    "Stella C. and Sparrow, Frederick T.}, journal={Journal of Research of the National Bureau of Standards B}, "
    "volume={73}, number={2}, pages={91--118}, year={1969}}",
)
BISECTIONS = 52  # halvings of a move, down to the precision of float64
UNUSED = 1e-12  # share of players below which an option counts as unused


class Parameters(Model):
    """Parameters of mean-field best responses."""

    gap: float = Field(default=1e-9, gt=0)
    """The gain from deviating in the limit of many players at which the solver stops, in payoffs."""
    iterations: int = Field(default=2_000, ge=1)
    """The largest number of moves."""


class MeanField:
    """Solver of anonymous games by damped best responses in the limit of many players."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return the shares with the smallest gain in the limit; see :class:`~econsim.learning.Solver`.

        Raises:
            UserError: payoffs are not given by counts, or an agent is fixed.
        """
        if not isinstance(game, Anonymous) or len(game.roles) != 1:
            raise not_fitting("mean_field", "payoffs that depend on the number of players on each option", game)
        if fixed:
            raise UserError(f"mean_field: all players are solved for; {', '.join(fixed)} cannot be fixed")
        pace = Pace(self.parameters.iterations, time_limit, progress)
        shares, moves = self._shares(game, pace)
        (role,) = game.roles.values()
        mix = tuple((shares / shares.sum()).tolist())
        parameters = mixed_strategy.Parameters(probabilities=mix)
        agents: dict[str, Agent] = {role.name: mixed_strategy.MixedStrategy(parameters)}
        gain = limit_gain(game, shares, role.count)
        certificate = certificate_of(game, agents)
        notes = [] if gain <= self.parameters.gap else [f"Stopped after {moves:,} moves, above the gap asked for."]
        if certificate is None:
            certificate = Certificate(gain, None, "another option in the limit of many players", "mean field")
            notes.append(f"The counts of {role.count:,} players on the options are too many for an exact gain.")
        return Solution(
            agents,
            {"gain from deviating in the limit of many players": gain},
            certificate,
            notes=tuple(notes),
            gaps=pace.gaps,
            quantities=tuple(_quantities(game, shares)),
        )

    def _shares(self, game: Game[Any], pace: Pace) -> tuple[Tensor, int]:
        """Return the best shares ``[A]`` found and the number of moves; at first, all options have the same share."""
        (role,) = game.roles.values()
        options = len(role.options)
        shares = torch.full((options,), 1.0 / options, dtype=torch.float64)
        best, lowest = shares, limit_gain(game, shares, role.count)  # type: ignore[arg-type]
        for move in range(self.parameters.iterations):
            if lowest <= self.parameters.gap or pace.stops(move, f"gap {lowest:.2g}", lowest):
                return best, move
            shares = _moved(game, shares, role.count)  # type: ignore[arg-type]
            gain = limit_gain(game, shares, role.count)  # type: ignore[arg-type]
            best, lowest = (shares, gain) if gain < lowest else (best, lowest)
        return best, self.parameters.iterations


def limit_gain(game: Anonymous, shares: Tensor, players: int) -> float:
    """Return what a player gains at most by another option, where one player does not move the shares ``[A]``."""
    payoffs = limit_payoffs(game, shares, players)
    return float(payoffs.max() - payoffs[shares > UNUSED].min())


def _moved(game: Anonymous, shares: Tensor, players: int) -> Tensor:
    """Move players from the used option that pays least to the one that pays most, as far as it does not pay less."""
    payoffs = limit_payoffs(game, shares, players)
    to, used = int(payoffs.argmax()), shares > UNUSED
    source = int(torch.where(used, payoffs, torch.inf).argmin())
    direction = torch.zeros_like(shares)
    direction[to], direction[source] = 1.0, -1.0

    def after(amount: float) -> Tensor:
        return (shares + amount * direction).clamp(min=0.0)

    low, high = 0.0, float(shares[source])
    if _pays_more(game, after(high), players, to, source):
        return after(high)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if _pays_more(game, after(middle), players, to, source) else (low, middle)
    return after(low)


def _pays_more(game: Anonymous, shares: Tensor, players: int, to: int, source: int) -> bool:
    payoffs = limit_payoffs(game, shares, players)
    return bool(payoffs[to] >= payoffs[source])


def _quantities(game: Game[Any], shares: Tensor) -> list[Quantity]:
    """Return the share and the payoff of each option in the limit, and the mean payoff."""
    (role,) = game.roles.values()
    assert isinstance(game, Anonymous)
    payoffs = limit_payoffs(game, shares, role.count)
    of_shares = zip(role.options, shares.tolist(), strict=True)
    of_payoffs = zip(role.options, payoffs.tolist(), strict=True)
    return [
        *(Quantity("shares of players", name, share, "share") for name, share in of_shares),
        *(Quantity("payoffs in the limit", name, payoff, game.unit) for name, payoff in of_payoffs),
        Quantity("payoffs in the limit", "mean of all players", float(shares @ payoffs), game.unit),
    ]
