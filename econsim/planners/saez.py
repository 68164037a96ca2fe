"""Saez's optimal income tax: the fixed point of the formula and the workers' responses.

Workers respond to a schedule, and the formula computes the next schedule from their incomes, until the schedule
converges. By default the elasticity of taxable income and the social weights are those of the economy
(:class:`econsim.economics.OptimalTaxInputs`): its workers' response, and the derivative of its welfare function.

The formula holds for hours of people who work. It may ask for negative rates, which are limited to the economy's lowest
rate; subsidies that draw people into work (Saez 2002) are not derived.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import pad

from econsim import random
from econsim.actions import lowest_rate, tax_thresholds
from econsim.economics import SetsLogLinearTax
from econsim.errors import EconsimWarning, UserError
from econsim.game import Agent, Game, Role
from econsim.leader_evaluation import play_proposals
from econsim.learning import Recorder
from econsim.mechanisms.saez import BUNCHING, bracket_schedule, estimate_elasticity, kernel_schedule
from econsim.parameters import Model
from econsim.planners._fitted_action import FittedAction
from econsim.planners._log_linear import saez_action
from econsim.planners._optimal_tax_inputs import (
    Interval,
    SocialWeights,
    effort_values_of,
    elasticity_of,
    explanation,
    social_weights,
    taxable_income_of,
)
from econsim.rl.checkpoint_schedule import CheckpointSchedule

__all__ = ["Parameters", "Saez"]

REFERENCES = (
    "@article{saez2001using, title={Using Elasticities to Derive Optimal Income Tax Rates}, author={Saez, Emmanuel}, "
    "journal={Review of Economic Studies}, volume={68}, number={1}, pages={205--229}, year={2001}}",
)
EXPERIMENTS = 32
_SETTLED = 1e-3  # change of a log-linear tax at which the iteration ends
_ALL = 0.98  # a rate that takes all
HIGHEST_EXPERIMENTAL_RATE = 0.9


class Parameters(Model):
    """Parameters of the Saez planner."""

    elasticity: Annotated[float, Field(gt=0)] | Literal["economy", "estimated"] = "economy"
    """Elasticity of taxable income with respect to the net-of-tax rate; ``economy``: that of the economy's workers, who
    must choose their hours; ``estimated``: by a regression on incomes under random flat taxes."""
    welfare_weights: SocialWeights = "economy"
    """Social welfare weights. ``economy``: the marginal weights of the economy's welfare function; ``inverse_income``:
    of potential income; ``{kind: atkinson, epsilon: 1}`` of consumption; ``{kind: crra, risk_aversion: 1}`` of utility
    in money; or one number per worker."""
    method: Literal["brackets", "kernel"] = "brackets"
    """``brackets``: the first-order condition of each bracket's rate; ``kernel``: the formula for a schedule without
    brackets, at the midpoint of each bracket, with a kernel density of incomes (as in the LLM Economist)."""
    iterations: int = Field(60, ge=1, le=10_000)
    """Number of iterations of response and formula; one iteration applies the formula to incomes without taxes."""
    damping: float = Field(0.7, ge=0, lt=1)
    """Weight of the previous schedule in each iteration after the first. The planner announces the mean schedule of the
    second half of the iterations, since workers who move between brackets can make them cycle."""


class Saez(FittedAction):
    """Announces the schedule at the formula's fixed point."""

    kind = "saez"

    def __init__(self, parameters: Parameters) -> None:
        super().__init__()
        self.parameters = parameters

    def check(self, game: Game[Any], role: Role) -> None:
        """Check that the role sets tax brackets, or a log-linear tax at known labour incomes."""
        if not isinstance(game, SetsLogLinearTax):
            tax_thresholds(game, role, "saez")
            return
        game.check_log_linear_tax()
        if self.parameters.elasticity == "estimated" or self.parameters.welfare_weights != "economy":
            raise UserError(
                f"planner.elasticity, planner.welfare_weights: {type(game).__name__} sets a log-linear tax, for which"
                " saez takes a number or economy, and the weights of the economy"
            )
        if self.parameters.elasticity == "economy" and not game.earnings_elasticity:
            raise UserError(
                f"planner.elasticity: labour income does not respond to taxes in this economy ({type(game).__name__}"
                " without a choice of hours), and the formula would tax all of it; give planner.elasticity=NUMBER, let"
                " households choose hours, or choose a planner that evaluates its policies, such as search"
            )

    def fit(self, game: Game[Any], role: Role, agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> None:
        """Iterate responses and formula, starting without taxes; continues from the recorder's newest checkpoint.

        Raises:
            UserError: the role does not set tax brackets, the game has no potential incomes, or incomes do not respond.
        """
        self.check(game, role)
        if isinstance(game, SetsLogLinearTax):
            self._fit_log_linear(game, recorder)
            return
        responses = _Responses(game, role, agents, seed, self.parameters)
        given = responses.estimate() if self.parameters.elasticity == "estimated" else self.parameters.elasticity
        done, stored = recorder.restore() or (0, {"rates": torch.zeros_like(responses.thresholds), "late": []})
        rates, late, elasticity = stored["rates"].to(game.device), list(stored["late"]), stored.get("elasticity", ())
        schedule = CheckpointSchedule()
        for iteration in range(done, self.parameters.iterations):
            optimal, elasticity = responses.formula(rates, given)
            damping = self.parameters.damping if iteration else 0.0
            change = (optimal - rates).abs().max()
            rates = damping * rates + (1.0 - damping) * optimal
            late += [rates] if 2 * (iteration + 1) > self.parameters.iterations else []
            recorder.log("saez/largest_change", float(change), step=iteration)
            recorder.progress(iteration + 1, self.parameters.iterations, "saez")
            if schedule.is_due(iteration + 1):
                recorder.checkpoint(iteration + 1, {"rates": rates, "late": late, "elasticity": elasticity})
        announced = torch.stack([each.to(rates) for each in late]).mean(0)
        responses.warn_of_empty_brackets(announced)
        self.load_state_dict({"rates": announced, "elasticity": torch.tensor(elasticity, dtype=torch.float64)})

    def _fit_log_linear(self, game: SetsLogLinearTax, recorder: Recorder) -> None:
        """Iterate stationary equilibria and formula, whose schedule is set as the closest log-linear tax."""
        settings = self.parameters
        elasticity = settings.elasticity
        assert elasticity != "estimated", "check() raises an error"
        used = game.earnings_elasticity if elasticity == "economy" else elasticity
        action: Tensor | None = None
        late: list[Tensor] = []
        for iteration in range(settings.iterations):
            optimal = saez_action(game, action, used)
            before = optimal if action is None else action
            action, change = settings.damping * before + (1.0 - settings.damping) * optimal, (optimal - before).abs()
            late += [action] if 2 * (iteration + 1) > settings.iterations else []
            recorder.log("saez/largest_change", float(change.max()), step=iteration)
            recorder.progress(iteration + 1, settings.iterations, "saez")
            if iteration and float(change.max()) < _SETTLED:
                late = [action]
                break
        used_for_all = torch.tensor((used,) * 3, dtype=torch.float64)
        self.load_state_dict({"rates": torch.stack(late).mean(0), "elasticity": used_for_all})

    def explanation(self, game: Game[Any]) -> str:
        """Return which elasticity and which social weights the schedule rests on."""
        if isinstance(game, SetsLogLinearTax):
            used = float(self.fitted["elasticity"][0])
            return f"elasticity of labour income {used:.3g}; social weights: marginal utility of consumption"
        return explanation(self.parameters.elasticity, self.fitted["elasticity"], self.parameters.welfare_weights, game)


class _Responses:
    """Responses of incomes to schedules, computed in float64; ``thresholds`` ``[K]`` are those of the brackets."""

    def __init__(
        self, game: Game[Any], role: Role, agents: Mapping[str, Agent], seed: int, settings: Parameters
    ) -> None:
        self.game: Game[Any] = game.to(dtype=torch.float64)
        self.role, self.agents, self.seed, self.settings = role, agents, seed, settings
        self.thresholds = tax_thresholds(self.game, role, "saez").double()
        self.lowest_rate = lowest_rate(self.game, role)

    def formula(self, rates: Tensor, elasticity: Interval | float | str) -> tuple[Tensor, Interval]:
        """Return the schedule ``[K]`` of the formula at the incomes under ``rates`` ``[K]``, and its elasticity.

        ``elasticity`` is a number, an estimate, or ``economy`` for that of the economy at these incomes.
        """
        state, accounts = self._play(rates[None])
        if isinstance(elasticity, str):
            elasticity = elasticity_of(self.game, state)
        used = elasticity if isinstance(elasticity, tuple) else (elasticity,) * 3
        income, people = taxable_income_of(self.game, state, accounts)[0], accounts["weight"][0]
        weights = social_weights(self.settings.welfare_weights, self.game, state, accounts)
        if self.settings.method == "kernel":
            return kernel_schedule(income, weights, self.thresholds, used[0], people, self.lowest_rate), used
        effort = effort_values_of(self.game, state)[0] if self.settings.welfare_weights == "economy" else None
        thresholds, lowest = self.thresholds, self.lowest_rate
        return bracket_schedule(income, thresholds, used[0], weights, people, effort, lowest), used

    def estimate(self) -> Interval:
        """Estimate the elasticity of income and its 95 % confidence interval from random flat taxes.

        With flat taxes there is no bunching at kinks, and dividing income by potential income removes differences in
        skill.
        """
        key = random.keys(self.seed, 1, self.game.device)
        draw = random.uniform(key, 0, "saez/experiments", (EXPERIMENTS,), torch.float64)[0]
        rates = (HIGHEST_EXPERIMENTAL_RATE * draw)[:, None].expand(-1, len(self.thresholds))
        _, accounts = self._play(rates)
        relative = accounts["income"] / accounts["potential_income"]
        estimate = estimate_elasticity(relative.flatten(), rates[:, :1].expand_as(relative).flatten())
        if not math.isfinite(estimate.value) or estimate.value <= 0:
            raise UserError(
                "planner.elasticity: the elasticity cannot be estimated, because incomes do not fall with tax rates;"
                " give a number"
            )
        return estimate.value, estimate.low, estimate.high

    def warn_of_empty_brackets(self, rates: Tensor) -> None:
        """Warn of brackets that take all because nobody earns within them, where no first-order condition holds."""
        takes_all = rates > _ALL
        if not takes_all.any():
            return
        state, accounts = self._play(rates[None])
        income, ends = (
            taxable_income_of(self.game, state, accounts)[0],
            pad(self.thresholds[1:], (0, 1), value=torch.inf),
        )
        within = (income > self.thresholds[:, None] * (1 + BUNCHING)) & (income < ends[:, None] * (1 - BUNCHING))
        if starts := self.thresholds[takes_all & ~within.any(1)].tolist():
            first = ", ".join(f"{start:,.0f}" for start in starts[:3])
            warnings.warn(
                f"saez: nobody earns within {len(starts)} of {len(rates)} brackets (the first from {first}),"
                " so that no first-order condition holds there and the formula takes all; this happens in narrow"
                " brackets where optimal rates fall with income: choose wider ones, or planner=search",
                EconsimWarning,
                stacklevel=2,
            )

    def _play(self, schedules: Tensor) -> tuple[Any, dict[str, Tensor]]:
        """Return the final state and the game's accounts under each of the schedules ``[C, K]``."""
        _, state = play_proposals(self.game, self.agents, self.role.name, schedules, self.seed)
        accounts = self.game.accounts(state)
        if not {"income", "potential_income", "weight"} <= accounts.keys():
            raise UserError(
                "planner: kind saez needs accounts of income, potential income and weight, which"
                f" {type(self.game).__name__} does not have; use planner=saez_buffer"
            )
        return state, accounts
