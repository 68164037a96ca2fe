"""Inputs of optimal-tax formulas: the elasticity of taxable income, and social welfare weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from econsim.economics import OptimalTaxInputs
from econsim.errors import UserError
from econsim.game import Game
from econsim.mechanisms.numerics import power
from econsim.mechanisms.welfare import inverse_income_weights
from econsim.parameters import Model

__all__ = [
    "Interval",
    "SocialWeights",
    "effort_values_of",
    "elasticity_of",
    "explanation",
    "marginal_weights_of",
    "social_weights",
    "taxable_income_of",
]

WEIGHTS, ELASTICITY = "planner.welfare_weights", "planner.elasticity"
Interval = tuple[float, float, float]
"""An elasticity with its 95 % confidence interval; three equal numbers where it is not estimated."""


class Atkinson(Model):
    r"""Weights $C^{-\epsilon}$ of the Atkinson function of consumption $C$."""

    kind: Literal["atkinson"] = "atkinson"
    epsilon: float = Field(1.0, ge=0)
    """Inequality aversion; zero: equal weights."""


class Crra(Model):
    r"""Weights $u^{-\gamma}$ of the sum of isoelastic transformations of utility $u$, which must be in money."""

    kind: Literal["crra"] = "crra"
    risk_aversion: float = Field(1.0, ge=0)
    """Coefficient gamma of relative risk aversion; zero: equal weights, one: the sum of logarithms."""


SocialWeights = (
    Literal["economy", "inverse_income"]
    | Annotated[Atkinson | Crra, Field(discriminator="kind")]
    | tuple[Annotated[float, Field(ge=0)], ...]
)


def social_weights(choice: SocialWeights, game: Game[Any], state: Any, accounts: Mapping[str, Tensor]) -> Tensor:
    """Return the social weight of a unit of money given to each entry, ``[N]`` float64, on any scale.

    Args:
        choice: the choice of weights.
        game: the game.
        state: its state after an episode of one environment copy.
        accounts: the game's accounts in this state, with income, potential income and weight.

    Raises:
        UserError: the game has no such weights, or weights are given for another number of workers.
    """
    people = accounts["weight"][0]
    match choice:
        case "economy":
            return marginal_weights_of(game, state)[0]
        case "inverse_income":
            return people * inverse_income_weights(accounts["potential_income"][0])
        case Atkinson():
            return people * _falling(accounts["consumption"][0], choice.epsilon, "atkinson", "consumption")
        case Crra():
            return people * _falling(accounts["utility"][0], choice.risk_aversion, "crra", "utility")
    if len(choice) != len(people) or not sum(choice) > 0:
        raise UserError(
            f"{WEIGHTS}: expected a weight for each of {len(people)} workers, not all zero, found {len(choice)}"
        )
    return people * torch.tensor(choice, dtype=torch.float64, device=people.device)


def marginal_weights_of(game: Game[Any], state: Any) -> Tensor:
    """Return the marginal social weights of the game's welfare function, ``[B, N]`` float64.

    Raises:
        UserError: the game does not know them.
    """
    return _inputs(game, WEIGHTS, "inverse_income").marginal_social_weights(state)


def effort_values_of(game: Game[Any], state: Any) -> Tensor:
    """Return the social value of income from more work, ``[B, N]`` float64; see :class:`OptimalTaxInputs`.

    Raises:
        UserError: the game does not know it.
    """
    return _inputs(game, WEIGHTS, "inverse_income").effort_values(state)


def taxable_income_of(game: Game[Any], state: Any, accounts: Mapping[str, Tensor]) -> Tensor:
    """Return taxable incomes ``[B, N]``: those that the game states, else the account ``income``."""
    return game.taxable_income(state) if isinstance(game, OptimalTaxInputs) else accounts["income"]


def elasticity_of(game: Game[Any], state: Any) -> float:
    """Return the game's elasticity of taxable income, a mean over environment copies.

    Raises:
        UserError: the game does not know it, or it is not a positive number.
    """
    elasticity = float(_inputs(game, ELASTICITY, "estimated").taxable_income_elasticity(state).mean())
    if not 0 < elasticity < math.inf:
        raise UserError(
            f"{ELASTICITY}: the economy's elasticity of taxable income is {elasticity:g} here, and the formula needs a"
            f" positive number; give {ELASTICITY}=estimated, or a number"
        )
    return elasticity


def explanation(
    choice: float | str,
    elasticity: Tensor,
    weights: SocialWeights | Literal["equal"],
    game: Game[Any],
    averaged: bool = False,
) -> str:
    """Return in words which elasticity ``[3]``, chosen how, and which social weights a schedule rests on.

    With ``averaged`` an estimate is a moving average, and the interval that of the last estimate in it.
    """
    value, low, high = elasticity.tolist()
    source = "given"
    if choice == "estimated":
        estimate = "a moving average; last estimate" if averaged else "estimated"
        source = f"{estimate}, 95 % interval {low:.3g} to {high:.3g}"
    elif choice == "economy":
        source = f"of the economy: {_inputs(game, ELASTICITY, 'estimated').elasticity_meaning}"
    return f"elasticity of taxable income {value:.3g} ({source}); social weights: {_in_words(weights)}"


def _in_words(choice: SocialWeights | Literal["equal"]) -> str:
    match choice:
        case "economy":
            return "those of the economy's own welfare function"
        case "inverse_income":
            return "inverse income"
        case Atkinson():
            return f"Atkinson, inequality aversion {choice.epsilon:g}"
        case Crra():
            return f"isoelastic in utility, coefficient {choice.risk_aversion:g}"
        case "equal":
            return "equal"
    return "given by worker"


def _inputs(game: Game[Any], key: str, instead: str) -> OptimalTaxInputs:
    if not isinstance(game, OptimalTaxInputs):
        raise UserError(
            f"{key}: {type(game).__name__} states neither the elasticity of taxable income nor its social weights"
            f" (econsim.economics.OptimalTaxInputs); give {key}={instead}"
        )
    return game


def _falling(amount: Tensor, exponent: float, kind: str, what: str) -> Tensor:
    if not bool((amount > 0).all()):
        raise UserError(f"{WEIGHTS}: the weights {kind} need a positive {what} of every worker, in money")
    return power(amount.double(), -exponent)
