"""The New Keynesian economy on tensors: reset, periods, observations and accounts."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy

import torch
from torch import Tensor

from econsim import random
from econsim.economies.bewley.period import total
from econsim.economies.bewley.population import distributed, drawn, lottery, next_states, stratified
from econsim.economies.new_keynesian import solved
from econsim.economies.new_keynesian.accounts import ACCOUNTS, LARGEST_RESIDUAL, residuals_of
from econsim.economies.new_keynesian.market import Faced, Firms, Outcome, as_price_takers, cleared
from econsim.economies.new_keynesian.parameters import LEAST_RESPONSE, RULE, Parameters
from econsim.economies.new_keynesian.roles import BANK, HOUSEHOLD, LEAST, bank, household
from econsim.economies.new_keynesian.state import Flows, State
from econsim.errors import UserError
from econsim.game import Game, Observation, Transition
from econsim.households.equilibrium import Equilibrium
from econsim.households.problem import Household
from econsim.mechanisms.numerics import power
from econsim.mechanisms.preferences import isoelastic

__all__ = ["NewKeynesian"]

_PERCENT = 100.0


class NewKeynesian(Game[State]):
    """The New Keynesian economy; the docstring of the package describes it."""

    unit = "goods"
    clocked = True
    compilable = False  # firms and exact households look up paths, which are solved on the CPU
    accounts_spec = ACCOUNTS

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        numbers = ("shock_size", "shock_persistence")
        self.parameters = {name: torch.tensor(getattr(parameters, name), dtype=torch.float64) for name in numbers}
        self.horizon, self.discount = parameters.periods, parameters.discount
        problem = self.household_problem
        self.levels, self.grid = torch.from_numpy(problem.chain.values), torch.from_numpy(problem.grid)
        self.transition = torch.from_numpy(problem.chain.transition)
        self.is_distribution = parameters.households == "distribution"
        cells = len(self.levels) * len(self.grid)
        count = cells if self.is_distribution else int(parameters.households)
        self.roles = {role.name: role for role in (household(count), bank(parameters))}
        self.firms = Firms(parameters.markup, parameters.slope, parameters.labour_curvature, parameters.largest_assets)
        exponent = 1 / (parameters.labour_curvature + parameters.risk_aversion)
        self.reference_output = (1 / parameters.markup / parameters.labour_weight) ** exponent
        self.takes_prices = False
        self._status_quo = torch.tensor(list(parameters.status_quo.model_dump().values()), dtype=torch.float64)

    @property
    def equilibrium(self) -> Equilibrium:
        """The stationary equilibrium, in which an episode starts."""
        return solved.equilibrium_of(self.settings)

    # --- the game -----------------------------------------------------------------------------------------------

    def reset(self, key: Tensor) -> State:
        """Return the initial state: the stationary equilibrium, drawn at random for a sample of households."""
        steady, count = self.equilibrium, self.roles[HOUSEHOLD].count
        begin = {"random": drawn, "stratified": stratified, "distribution": distributed}
        sampling = begin["distribution" if self.is_distribution else self.settings.sampling]
        shares = torch.from_numpy(steady.distribution).to(key.device)
        productivity, assets, mass = sampling(key, shares, self.grid, count, torch.float64)
        debt = total(mass, assets)
        zero, none = torch.zeros_like(debt), torch.zeros_like(assets)
        individual = dict.fromkeys(("consumption", "hours", "earnings", "transfer", "utility"), none)
        rate = zero + steady.interest_rate
        last = Flows(
            mass=mass,
            productivity=self.levels[productivity],
            assets=assets,
            **individual,
            output=zero + steady.output,
            wage=zero + steady.wage,
            inflation=zero,
            interest_rate=rate,
            profit=zero + (1 - steady.wage) * steady.output,
            costs=zero,
            unmet=zero,
            shock=zero,
        )
        rule = self._status_quo.to(key.device).expand(len(key), -1).contiguous()
        size = zero + self.parameters["shock_size"] * self._multiple(key)
        state = State(key, torch.zeros_like(key), rule, size, productivity, assets, mass, debt, rate, last)
        if self.settings.expectations == "path":  # one that cannot be found stops play before it begins
            self._expected(state)
        return state

    def observe(self, state: State) -> dict[str, Observation]:
        """Return the observations of households and of the central bank."""
        last, steady = state.last, self.equilibrium
        entries = [
            *state.rule.unbind(-1),
            _PERCENT * state.nominal_rate,
            _PERCENT * last.inflation,
            (last.wage / steady.wage).log(),
            (last.output / steady.output).log(),
            _PERCENT * self._shock(state),
            _PERCENT * torch.where(state.time > 0, state.size, 0.0),
            state.time / self.horizon,
        ]
        shared = torch.stack([entry.to(self.dtype) for entry in entries], -1)
        features = [torch.log1p(state.assets / self.reference_output), self.levels[state.productivity].log()]
        alive = torch.ones_like(state.assets, dtype=torch.bool)
        due = (state.time % self.roles[BANK].acts_every == 0)[:, None]
        return {
            HOUSEHOLD: Observation(torch.stack(features, -1).to(self.dtype), alive, alive, shared=shared),
            BANK: Observation(shared[:, None], torch.ones_like(due), due),
        }

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Clear the markets of one period; a rule that is set is in force from the next one on."""
        chosen = actions[HOUSEHOLD].double()
        offered = self.settings.largest_hours * chosen[..., 1]
        levels = self.levels[state.productivity]
        faced = Faced(
            state.assets,
            state.mass,
            levels * offered,
            chosen[..., 0],
            state.nominal_rate,
            state.debt,
            self._expected(state),
        )
        with torch.no_grad():
            found = cleared(faced, self.firms)
        if self.takes_prices:
            found = as_price_takers(faced, self.firms, found)
        shock = self._shock(state)
        last = self._flows(state, found, levels, offered, shock)
        if self.is_distribution:
            assets, productivity = state.assets, state.productivity
            mass = lottery(last.assets, state.mass, self.grid, self.transition)
        else:
            assets, mass = last.assets, state.mass
            productivity = next_states(state.key, state.time, state.productivity, self.transition)
        due = (state.time % self.roles[BANK].acts_every == 0)[:, None]
        rule = torch.where(due, _admissible(actions[BANK][:, 0].double()), state.rule)
        nominal = self._nominal_rate(state.rule, last)
        after = State(
            state.key, state.time + 1, rule, state.size, productivity, assets, mass, state.debt, nominal, last
        )
        self.check_balance(after)
        over = after.time >= self.horizon
        rewards = {HOUSEHOLD: last.utility.to(self.dtype), BANK: self._reward(last)[:, None].to(self.dtype)}
        return Transition(after, rewards, torch.zeros_like(over), over)

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return the accounts that ``accounts_spec`` declares, float64."""
        last = state.last
        residuals = {f"{name}_residual": value for name, value in residuals_of(state).items()}
        names = ("inflation", "interest_rate", "shock")
        each = ("consumption", "hours", "earnings", "transfer", "utility", "assets", "productivity")
        return {
            "welfare": total(last.mass, last.utility),
            "output_gap": _PERCENT * self._output_gap(last),
            "nominal_rate": _PERCENT * state.nominal_rate,
            **{name: _PERCENT * getattr(last, name) for name in names},
            **{name: getattr(last, name) for name in ("output", "wage", "profit")},
            **dict(zip(RULE, state.rule.unbind(-1), strict=True)),
            "unmet_share": last.unmet,
            **residuals,
            **{name: getattr(last, name) for name in each},
            "people": last.mass * last.mass.shape[-1],
        }

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return what must stay as it is, ``[B]``: residuals, which are zero, debt, and the share of the population."""
        held = {"debt held": total(state.mass, state.assets), "population": state.mass.sum(-1)}
        return {**residuals_of(state), **held}

    def status_quo(self, role: str) -> Tensor:
        """Return the action that keeps the rule in force before the central bank acts."""
        if role != BANK:
            raise UserError(f"new_keynesian: the role {BANK} has a status quo, the role {role!r} has none")
        return self._status_quo

    def check_instruments(self, role: str, action: Tensor) -> None:
        """Raise ``UserError`` if a rule that is given responds too little to inflation; see ``LimitsInstruments``."""
        if role == BANK and float(action[0]) < LEAST_RESPONSE:
            raise UserError(
                f"planner: a response to inflation of {float(action[0]):g}: expected at least {LEAST_RESPONSE:g}, since"
                " the path after a shock is unique only above one; give 'planner={kind: fixed, action: [1.5, 0]}'"
            )

    def price_taking(self) -> NewKeynesian:
        """Return the economy with the derivatives of each household's own choices; see :class:`PriceTaking`."""
        if self.is_distribution:
            raise UserError(
                "economy.households: distribution has no single households who could learn; train on a sample"
                " (economy.households=200)"
            )
        other = copy(self)
        other.takes_prices = True
        return other

    def whole(self) -> NewKeynesian:
        """Raise ``UserError``: the derivative of what the central bank reaches in its rule is not computed."""
        raise UserError(
            "new_keynesian: returns have no derivative in the rule of the central bank; train it from returns"
            " (training.leader_learns_by=value), or search (planner=search)"
        )

    # --- exact households -----------------------------------------------------------------------------------------

    @property
    def household_problem(self) -> Household:
        """The problem of a household."""
        return solved.household_of(self.settings)

    @property
    def monetary_settings(self) -> dict[str, float]:
        """What the solver ``monetary_shock`` takes from this economy; see :class:`HasStickyPrices`."""
        settings = self.settings
        shock = {"size": settings.shock_size, "persistence": settings.shock_persistence}
        firms = {name: getattr(settings, name) for name in ("slope", "markup", "debt")}
        rule = dict(zip(RULE, self._per_period(self._status_quo).tolist(), strict=True))
        return {**shock, **rule, **firms, "periods": settings.path_periods}

    def exact_actions(self, role: str, observation: Observation) -> Tensor:
        """Return the actions of households who know the path after the shock under the rule in force."""
        assert observation.shared is not None
        shared = observation.shared.double()
        assets = torch.expm1(observation.features[..., 0].double()) * self.reference_output
        levels, time = observation.features[..., 1].double().exp(), (shared[:, -1] * self.horizon).round().long()
        rate, size = shared[:, len(RULE)] / _PERCENT, shared[:, -2] / _PERCENT
        cases = self._cases(shared[:, : len(RULE)], size)
        return solved.actions(self.settings, cases, time, rate, assets, levels).clamp(LEAST, 1.0).to(self.dtype)

    def path_actions(self, role: str, observation: Observation, seen: Tensor) -> Tensor:
        """Return the same as :meth:`exact_actions`, since households there already expect the path."""
        return self.exact_actions(role, observation)

    # --- implementation -------------------------------------------------------------------------------------------

    def check_balance(self, state: State) -> None:
        """Stop play, with a ``RuntimeError``, where an account of the last period does not balance."""
        for name, residual in residuals_of(state).items():
            balances = (residual.abs() <= LARGEST_RESIDUAL).all()
            torch._assert_async(balances, f"new_keynesian: the {name} account does not balance")

    def _flows(self, state: State, found: Outcome, levels: Tensor, offered: Tensor, shock: Tensor) -> Flows:
        settings, hours = self.settings, found.rise[:, None] * offered
        disutility = settings.labour_weight * power(hours, 1 + settings.labour_curvature)
        risk_aversion = torch.tensor(settings.risk_aversion, dtype=torch.float64, device=hours.device)
        return Flows(
            mass=state.mass,
            productivity=levels,
            assets=found.assets,
            consumption=found.consumption,
            hours=hours,
            earnings=found.wage[:, None] * levels * hours,
            transfer=found.transfer,
            utility=isoelastic(found.consumption, risk_aversion) - disutility / (1 + settings.labour_curvature),
            output=found.output,
            wage=found.wage,
            inflation=torch.expm1(found.log_inflation),
            interest_rate=found.interest_rate,
            profit=found.profit,
            costs=found.costs,
            unmet=found.unmet,
            shock=shock,
        )

    def _cases(self, rule: Tensor, size: Tensor) -> Tensor:
        """Return rules ``[B, 2]`` per period with the shock of a size ``[B]``, as paths are looked up."""
        persistence = self.parameters["shock_persistence"].to(size).expand(len(size))
        return torch.cat([self._per_period(rule), torch.stack([size, persistence], -1)], -1)

    def _per_period(self, rule: Tensor) -> Tensor:
        """Return rules ``[..., 2]``, whose response to output is that of annual rates, for rates per period."""
        return torch.stack([rule[..., 0], rule[..., 1] / self.settings.periods_per_year], -1)

    def _multiple(self, key: Tensor) -> Tensor:
        """Return what ``shock_size`` is multiplied by, ``[B]``."""
        multiples = torch.tensor(self.settings.shock_multiples, dtype=torch.float64, device=key.device)
        return multiples[random.integers(key, 0, "new_keynesian/shock", len(multiples), (1,))[:, 0]]

    def _shock(self, state: State) -> Tensor:
        """Return the shock to the Taylor rule, ``[B]``, which arrives in period 1."""
        since = (state.time - 1).clamp(min=0)
        left = torch.where(since > 0, power(self.parameters["shock_persistence"], since.double()), 1.0)
        return torch.where(state.time > 0, state.size * left, 0.0)

    def _expected(self, state: State) -> Tensor:
        """Return what the next period adds to log inflation in the Phillips curve, as firms expect it, ``[B]``."""
        if self.settings.expectations == "path":
            cases = self._cases(state.rule, state.size)
            return solved.expected_inflation(self.settings, cases, state.time, state.nominal_rate)
        return self.settings.inertia * torch.log1p(state.last.inflation) / (1 + self.equilibrium.interest_rate)

    def _nominal_rate(self, rule: Tensor, last: Flows) -> Tensor:
        of_inflation, of_output = self._per_period(rule).unbind(-1)
        target = self.equilibrium.interest_rate + last.shock
        target = target + of_inflation * last.inflation + of_output * self._output_gap(last)
        return target.clamp(min=self.settings.lowest_nominal_rate)

    def _output_gap(self, last: Flows) -> Tensor:
        return (last.output / self.equilibrium.output).log()

    def _reward(self, last: Flows) -> Tensor:
        objective = self.settings.objective
        losses = objective.inflation * last.inflation.square() + objective.output * self._output_gap(last).square()
        return objective.welfare * total(last.mass, last.utility) - losses


def _admissible(rule: Tensor) -> Tensor:
    """Return rules ``[B, 2]`` whose response to inflation is at least the least one."""
    return torch.stack([rule[:, 0].clamp(min=LEAST_RESPONSE), rule[:, 1]], -1)
