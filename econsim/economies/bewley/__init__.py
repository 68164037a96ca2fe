r"""Bewley-Huggett-Aiyagari economy: households save against income risk, firms hire, and a government taxes them.

State
    Each household's assets $a$ ``[B, N]`` (units of output) and productivity (a state of a Markov chain), its share of
    the population, and capital per household; the policy in force; what happened in the last period; time and key.
    With ``households: distribution`` the ``N`` entries are not households but the points of a grid of productivity and
    assets, and their shares move by Young's lottery: the whole population, without sampling noise.

Actions
    ``household``: the share of its resources that it spends on consumption, and its hours as a share of its time
    endowment, each in [0.001, 0.999999], so that capital, hours and consumption stay positive; with ``labour_weight:
    null`` only the first. ``government``: the ``instruments``, by default all six entries of ``Policy``, with a life
    cycle also the given rate of the pension, each in [0, ``highest_rate``], every ``review`` periods; they are in force
    from the next period on, or are announced in it and in force ``announced`` periods later.

Observations
    ``household``: $\log(1 + a / y)$ with output per household $y$ of the complete-markets steady state, and
    log productivity, where $a$ counts from the borrowing limit; shared by all: the policy in force, log capital and log
    wage relative to that steady state, the interest rate of the last period, and debt or the last labour tax where it
    closes the budget; with ``aggregates`` also quantiles of assets, or an embedding of the distribution
    (``embedding.py``); with ``life_cycle`` the contribution rate and the pension, and households observe their age,
    retirement and the end of life; with ``announced`` the next policy and when it will be in force. ``government``:
    time, and what all share. Households do not observe the time of the episode.

Dynamics
    Firms produce $Y = Z K^\alpha L^{1-\alpha}$ with $L = \sum_i m_i e_i h_i$ and pay $r = \alpha Y / K - \delta$ and
    $W = (1 - \alpha) Y / L$. Earnings $y = W e h$ are $\lambda m (y / m)^{1 - \tau}$ after tax, where $m = W L$ is
    their mean, $1 - \lambda$ is ``labour_tax`` and $\tau$ is ``progressivity``; with ``income_tax`` there are brackets
    instead. Resources are $x = (1 + (1 - \tau_k) r - \tau_a) a + T$ plus net earnings, with the transfer $T$; a
    household pays $(1 + \tau_c) c = s (x - \underline{a})$ and keeps $a' = x - (1 + \tau_c) c$, at least the borrowing
    limit $\underline{a}$ (``lowest_assets``). Negative interest is not taxed. The government's budget is
    $G + T + (1 + r) B = R + B'$ with revenue $R$ and debt $B$, and ``budget.adjusts`` names what closes it: by default
    the transfer, with the ``spending_share`` of revenue as public consumption $G$ and no debt. The bank lends
    households' assets to firms and to the government, $A' = K' + B'$. Nobody holds more than ``largest_assets``: what
    is above it is consumed.

    With ``aggregate_shocks``, $Z$ and the share of households without work are those of bad or good times, a Markov
    chain, in place of productivity. An episode starts where the simulation that finds exact households' law ends.

    With ``life_cycle``, households are born without assets, work, retire with a pension that contributions of the same
    period pay for, and die at an uncertain age; what they leave is divided equally among all. The population grows by
    a given rate $n$, and the accounts per person are $Y = C + G + (1 + n) K' - (1 - \delta) K$,
    $A' = (1 + n) (K' + B')$ and $G + T + (1 + r) B = R + (1 + n) B'$. Productivity is that of the chain times the
    efficiency of the age.

Rewards
    ``household``: $u(c) - \psi h^{1+\gamma} / (1+\gamma)$ with constant relative risk aversion. ``government``: the
    objective's weights times mean utility, growth of log output and equality. Returns are discounted by ``discount``.

Conservation
    $Y = C + G + K' - (1 - \delta) K$, $A' = K' + B'$, the government's budget and that of the pension in every period;
    a period in which they do not hold stops the run.

Calibration
    Defaults are conventional annual values: capital share 0.36 and depreciation 0.08 (Aiyagari 1994), Frisch elasticity
    0.5. An episode starts in the stationary equilibrium under ``status_quo``, drawn at random for a sample; with
    ``initial``, wealth and productivity have the distribution of the Survey of Consumer Finances.

Checks
    Aiyagari's table of interest rates, the steady states of two other solvers, Diamond's closed forms, and exact
    households who stay in the stationary equilibrium (``tests/households``, ``tests/economies``).

References:
    Bewley (1986), Huggett (1993); Diamond (1965) and Huggett (1996) for the life cycle. Aiyagari (1994), "Uninsured
    Idiosyncratic Risk and Aggregate Saving", Quarterly Journal of Economics 109(3). Heathcote, Storesletten and
    Violante (2017), "Optimal Tax Progressivity: An Analytical Framework", Quarterly Journal of Economics 132(4). Young
    (2010), "Solving the incomplete markets model with aggregate uncertainty using the Krusell-Smith algorithm and
    non-stochastic simulations", Journal of Economic Dynamics and Control 34(1).
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from econsim.accounts import Account
from econsim.economics import LabourIncomes
from econsim.economies.bewley import exact, schedules
from econsim.economies.bewley.accounts import ACCOUNTS, largest_residual, more_accounts, more_amounts, residuals_of
from econsim.economies.bewley.announcements import News, known_policies, news_after
from econsim.economies.bewley.followed import followed
from econsim.economies.bewley.generations import Demography, first_people, people_after
from econsim.economies.bewley.income_tax import schedule_of
from econsim.economies.bewley.initial import initial_distribution, share_above_grid
from econsim.economies.bewley.observing import observed
from econsim.economies.bewley.parameters import NOT_PROVIDED, Parameters
from econsim.economies.bewley.period import debt_after, government_reward, no_flows, total, trade
from econsim.economies.bewley.requirements import NO_CAPITAL, require
from econsim.economies.bewley.roles import LEAST, MOST, government, household
from econsim.economies.bewley.shocks import shocks_of
from econsim.economies.bewley.state import State
from econsim.errors import UserError
from econsim.game import Agent, Game, Observation, Transition
from econsim.households.chains import Floats
from econsim.households.equilibrium import Equilibrium, Stops, Taxes, Technology
from econsim.households.exploitability import HouseholdPath
from econsim.households.generation_paths import Ends, GenerationPath
from econsim.households.krusell_smith import LawOfMotion
from econsim.households.overlapping_generations import Generations
from econsim.households.problem import Household
from econsim.kernels import require_numba

if TYPE_CHECKING:
    from econsim.economies.bewley.kernels.playing import Kernels

__all__ = ["Bewley", "Parameters"]

REFERENCES = (
    "@article{aiyagari1994uninsured, title={Uninsured Idiosyncratic Risk and Aggregate Saving}, author={Aiyagari, S. "
    "Rao}, journal={The Quarterly Journal of Economics}, volume={109}, number={3}, pages={659--684}, year={1994}}",
    "@article{heathcote2017optimal, title={Optimal Tax Progressivity: An Analytical Framework}, author={Heathcote, "
    "Jonathan and Storesletten, Kjetil and Violante, Giovanni L.}, journal={The Quarterly Journal of Economics}, "
    "volume={132}, number={4}, pages={1693--1754}, year={2017}}",
    "@article{young2010solving, title={Solving the incomplete markets model with aggregate uncertainty using the "
    "Krusell-Smith algorithm and non-stochastic simulations}, author={Young, Eric R.}, journal={Journal of Economic "
    "Dynamics and Control}, volume={34}, number={1}, pages={36--41}, year={2010}}",
)
_NUMERIC = ("risk_aversion", "labour_curvature", "capital_share", "depreciation", "technology")


class Bewley(Game[State]):
    """The Bewley-Huggett-Aiyagari economy; the module docstring describes it."""

    unit = "goods"
    clocked = True
    accounts_spec: tuple[Account, ...] = ACCOUNTS

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        numbers = {name: getattr(parameters, name) for name in _NUMERIC}
        numbers["labour_weight"] = parameters.labour_weight or 0.0
        self.parameters = {name: torch.tensor(value, dtype=torch.float64) for name, value in numbers.items()}
        self.horizon, self.discount = parameters.periods, parameters.discount
        self.shocks = shocks_of(parameters)
        if self.shocks is None:
            problem = exact.household_of(parameters)
            self.chain_values = torch.from_numpy(problem.chain.values)
            self.transition = torch.from_numpy(problem.chain.transition)
            self.grid = torch.from_numpy(problem.grid)
        else:
            self.chain_values, self.grid = self.shocks.values, self.shocks.grid
        firm = parameters.firm()
        intensity = firm.capital_intensity(1 / parameters.discount - 1)
        labour = 1.0 if parameters.labour_weight is None else 1 / 3
        labour = labour if self.shocks is None else self.shocks.mean_labour
        self.reference_capital, self.reference_wage = intensity * labour, firm.wage(intensity)
        self.reference_output = firm.output(self.reference_capital, labour)
        self.is_distribution = parameters.households == "distribution"
        life = exact.life_of(parameters)
        self.demography = None if life is None else Demography(life)
        cells = len(self.chain_values) * len(self.grid) * (1 if life is None else life.ages)
        count = cells if self.is_distribution else int(parameters.households)
        self.accounts_spec = (*ACCOUNTS, *more_accounts(parameters))
        self.roles = {role.name: role for role in (household(parameters, count), government(parameters))}
        rates = parameters.status_quo_rates
        self._status_quo = torch.tensor(list(rates.values()), dtype=torch.float64)
        self._set = torch.tensor([list(rates).index(name) for name in parameters.instruments])
        self.takes_prices = False
        self._kernels: Kernels | None = None
        self._families = None if parameters.initial is None else parameters.initial.families()

    @property
    def equilibrium(self) -> Equilibrium:
        """The stationary equilibrium under the status quo, in which an episode starts."""
        self._check_stationary()
        return exact.equilibrium_of(self.settings, self.settings.status_quo)

    def advice(self) -> list[str]:
        """Return a remark where the grid leaves out some of the initial wealth."""
        if self.settings.initial is None:
            return []  # without the time of solving for the equilibrium
        return share_above_grid(self._initial[1], self.settings.largest_assets)

    @cached_property
    def _initial(self) -> tuple[Floats, float]:
        """Initial shares of households ``[S, G]`` over productivity and assets, and of wealth above the grid."""
        initial, families = self.settings.initial, self._families
        if initial is None or families is None:
            return self.equilibrium.distribution, 0.0
        settings = self.settings
        problem, solved = self.household_problem, self.equilibrium
        return initial_distribution(families, initial.capital, problem, solved, settings.depreciation)

    # --- the game -----------------------------------------------------------------------------------------------

    def reset(self, key: Tensor) -> State:
        """Return the initial state: the stationary equilibrium under the status quo, with ``initial`` another one."""
        shares, times, means = self._start()
        bequest = 0.0 if self.demography is None else self._solved.bequest
        how = "distribution" if self.is_distribution else self.settings.sampling, self.dtype, bequest
        people = first_people(self.demography, key, shares, self.grid, self.roles["household"].count, *how)
        policy = self._status_quo.to(key.device, self.dtype)
        capital = total(people.mass, people.assets) + people.bequest - means["debt"]
        require(capital > 0, NO_CAPITAL)
        last = no_flows(people, self._levels(people.productivity), capital, means)
        time, policy = torch.zeros_like(key), policy.expand(len(key), -1).contiguous()
        news = News(policy, policy, time)
        return State(
            key, time, *news, time + times, *people[:4], capital, last.debt, people.bequest, people.growth, last
        )

    def observe(self, state: State) -> dict[str, Observation]:
        """Return the observations of households and of the government."""
        if self._kernels is not None and self._kernels.read(self, state):
            return self._kernels.observe(self, state)
        return observed(self, state)

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Produce, trade, tax and save for one period; a policy that is set is in force from the next one on."""
        if self._kernels is not None and self._kernels.read(self, state, *actions.values()):
            return self._kernels.step(self, state, actions)
        chosen = actions["household"].to(self.dtype)
        shares = chosen[..., 0]
        hours = chosen[..., 1] if chosen.shape[-1] > 1 else torch.ones_like(shares)
        levels = self._levels(state.productivity)
        values, takes = self._values(state), self.takes_prices
        last = trade(state, values, levels, shares, hours, self.settings, self.demography, takes)
        times, transition = self.next_times(state)
        people = people_after(self.demography, state, last, self.grid, transition, self.is_distribution)
        due = (state.time % self.roles["government"].acts_every == 0)[:, None]
        news = news_after(state, due, self._policy(actions["government"][:, 0]), self.settings.announced)
        debt = debt_after(last, self.settings, people.growth)
        capital = total(people.mass, people.assets) + people.bequest - debt
        if takes:
            people = people._replace(bequest=people.bequest.detach())
            capital, debt = capital.detach(), debt.detach()
        require(capital > 0, NO_CAPITAL)
        after = State(
            state.key, state.time + 1, *news, times, *people[:4], capital, debt, people.bequest, people.growth, last
        )
        self.check_balance(after)
        over = after.time >= self.horizon
        reward = government_reward(state, after, self.settings.objective)[:, None].to(self.dtype)
        rewards = {"household": last.utility, "government": reward}
        return Transition(after, rewards, torch.zeros_like(over), over)

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return the accounts that ``accounts_spec`` declares, float64."""
        last, residuals = state.last, self._residuals(state)
        each = ("consumption", "hours", "income", "tax", "utility", "assets", "productivity")
        people = last.mass.double() * last.mass.shape[-1]
        return {
            "welfare": total(last.mass, last.utility),
            **{name: getattr(last, name) for name in ("output", "capital", "interest_rate", "wage", "spending")},
            "goods_residual": residuals["goods"],
            "balance_residual": residuals["balance"],
            "budget_residual": residuals["budget"],
            **{name: getattr(last, name).double() for name in each},
            **more_amounts(last, residuals, self.settings, self.demography),
            "rebate": last.transfer[:, None].expand(last.mass.shape),
            "people": people,
            "policy": state.policy.double(),
        }

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return what must stay zero, ``[B]``: the residuals of the goods market and of the bank's balance sheet.

        So are those of the government's budget and of the pension. In addition the share of the population, which
        stays one.
        """
        return {**self._residuals(state), "population": state.mass.double().sum(-1)}

    def status_quo(self, role: str) -> Tensor:
        """Return the action that keeps the policy in force before the government acts, one entry per instrument."""
        if role != "government":
            raise UserError(f"bewley: the role government has a status quo, the role {role!r} has none")
        return self._status_quo[self._set]

    def price_taking(self) -> Bewley:
        """Return the economy with derivatives of zero for prices and the transfer; see :class:`PriceTaking`."""
        self._check_stationary()
        if self.is_distribution:
            raise UserError(
                "economy.households: distribution has no single households who could learn; train on a sample"
                " (economy.households=1000), whose agents play for the distribution too (agents.household.weights)"
            )
        other = copy(self)
        other.takes_prices = True
        return other

    def whole(self) -> Bewley:
        """Return the economy of the whole population, without sampling; see :class:`PriceTaking`."""
        settings = self.settings.model_copy(update={"households": "distribution"})
        whole = type(self)(settings).with_parameters(**self.parameters).to(device=self.device, dtype=self.dtype)
        assert isinstance(whole, Bewley)
        return whole

    def not_covered(self) -> str:
        """Return "a life cycle" where there is one, since kernels cover all others."""
        return "a life cycle" if self.has_ages else ""

    def on_kernels(self) -> Bewley:
        """Return this economy played by its kernels where it is on the CPU and no gradient is taken.

        Raises:
            UserError: numba is not installed, or there is a life cycle.
        """
        require_numba()
        if missing := self.not_covered():
            raise UserError(f"bewley: kernels do not cover {missing}")
        from econsim.economies.bewley.kernels.playing import Kernels

        other = copy(self)
        other._kernels, other.by_kernels = Kernels(), True
        return other

    # --- schedules of other forms -------------------------------------------------------------------------------

    @property
    def earnings_elasticity(self) -> float:
        r"""Compensated elasticity of a static worker's hours, $1 / (\gamma + \sigma)$; 0 where they are no choice."""
        settings = self.settings
        return 0.0 if settings.labour_weight is None else 1 / (settings.labour_curvature + settings.risk_aversion)

    @property
    def labour_brackets(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Thresholds, multiples of mean labour income, and rates of ``income_tax``; empty without it."""
        return schedule_of(self.settings.income_tax)

    def check_log_linear_tax(self) -> None:
        """Check that schedules of other forms can be set; see :class:`econsim.economics.SetsLogLinearTax`."""
        self._check_for_ever()
        schedules.check_instruments(self.settings)

    def labour_incomes(self, action: Tensor | None) -> LabourIncomes:
        """Return labour incomes in the stationary equilibrium; see :class:`econsim.economics.SetsLogLinearTax`."""
        self._check_for_ever()
        return schedules.labour_incomes(self.settings, self.status_quo("government") if action is None else action)

    def log_linear_action(self, average_rate: float, progressivity: float) -> Tensor:
        """Return the action that sets this tax on labour income; see :class:`econsim.economics.SetsLogLinearTax`."""
        before = self.status_quo("government")
        return schedules.log_linear_action(self.settings, before, average_rate, progressivity)

    # --- exact households ---------------------------------------------------------------------------------------

    @property
    def household_problem(self) -> Household:
        """The problem of a household, without aggregate shocks."""
        return exact.household_of(self.settings)

    @property
    def has_shocks(self) -> bool:
        """Whether there are aggregate shocks."""
        return self.shocks is not None

    @property
    def has_ages(self) -> bool:
        """Whether there is a life cycle."""
        return self.demography is not None

    @property
    def has_household_paths(self) -> bool:
        """Whether there is a best response to a path of prices, for everybody in the population."""
        return not self.has_shocks and self.settings.provides_for_all

    @property
    def technology(self) -> Technology:
        """The technology of the firm."""
        return self.settings.firm()

    def taxes(self, changes: Mapping[str, float]) -> Taxes:
        """Return the tax rules of the status quo with some instruments changed; see :class:`SolvesHouseholds`."""
        self._check_for_ever()
        return self.settings.reformed(changes)

    def stationary_equilibrium(self, tolerance: float, stops: Stops) -> Equilibrium:
        """Return the stationary equilibrium under the status quo; see :class:`SolvesHouseholds`."""
        self._check_for_ever()
        return exact.solved(self.settings, self.settings.status_quo, tolerance, stops)

    def life_cycle_equilibrium(self, changes: Mapping[str, float], tolerance: float, stops: Stops) -> Generations:
        """Return the stationary equilibrium with ages; see :class:`SolvesLifeCycles`."""
        return exact.generations(self.settings, changes, tolerance, stops)

    def life_cycle_path(
        self, changes: Mapping[str, float], ends: Ends, announced: int, periods: int, stops: Stops
    ) -> GenerationPath:
        """Return the path after a reform; see :class:`SolvesLifeCycles`."""
        return exact.generations_path(self.settings, changes, ends, announced, periods, stops)

    def law_of_motion(self, stops: Stops) -> LawOfMotion:
        """Return the law that households forecast capital with; see :class:`ForecastsCapital`."""
        if self.shocks is None:
            raise UserError("bewley: there is no law of motion without economy.aggregate_shocks")
        return self.shocks.solve(stops)

    def exact_actions(self, role: str, observation: Observation) -> Tensor:
        """Return the actions of households who optimise in the stationary equilibrium under the policy in force."""
        assert observation.shared is not None
        policy = observation.shared[:, None, : len(self._status_quo)]
        return self._optimal(observation, torch.cat([policy, policy, torch.zeros_like(policy[..., :1])], -1))

    def path_actions(self, role: str, observation: Observation, seen: Tensor) -> Tensor:
        """Return the actions of households who expect the path to that equilibrium; see :class:`SolvesHouseholds`."""
        self._check_stationary()
        return self._optimal(observation, known_policies(self.settings, self.roles[role].shared_features, seen))

    def _optimal(self, observation: Observation, policies: Tensor) -> Tensor:
        """Return exact actions after known ``policies`` ``[B, T, 2 P + 1]``; the first was that of an equilibrium."""
        assert observation.shared is not None
        above = torch.expm1(observation.features[..., 0].double()) * self.reference_output
        assets = self.settings.least + above
        levels = observation.features[..., 1].double()
        levels = levels.exp() if self.shocks is None else levels * self.shocks.economy.hours
        numbers = {name: value.expand(len(policies)) for name, value in self.parameters.items()}
        first = len(self._status_quo)
        capital = observation.shared[:, first].double().exp() * self.reference_capital
        times = torch.zeros_like(capital) if self.shocks is None else observation.shared[:, first + 3]
        ages = None
        if self.demography is not None:
            ages = self.demography.age_of(observation.features)
        chosen = exact.actions(self.settings, numbers, policies, assets, levels, capital, times.round().long(), ages)
        width = self.roles["household"].action.shape[0]
        return chosen[..., :width].clamp(LEAST, MOST).to(self.dtype)

    def household_path(self, agents: Mapping[str, Agent], key: Tensor, windfall: float | None = None) -> HouseholdPath:
        """Return what households face and choose where these agents play; see :class:`SolvesHouseholds`."""
        self._check_stationary()
        if not self.has_household_paths:
            raise UserError(f"bewley, economy.life_cycle: {NOT_PROVIDED}")
        whole = self.whole().to(dtype=torch.float64)
        assert isinstance(whole, Bewley)
        return followed(whole, agents, key[:1], windfall)

    # --- what observations and kernels use as well -----------------------------------------------------------------

    def log_wealth(self, assets: Tensor) -> Tensor:
        """Return assets as households observe them."""
        return torch.log1p((assets - self.settings.least) / self.reference_output)

    def check_balance(self, state: State) -> None:
        """Stop play, with a ``RuntimeError``, where an account of the last period does not balance."""
        allowed = largest_residual(self.dtype)
        for name, residual in self._residuals(state).items():
            torch._assert_async((residual.abs() <= allowed).all(), f"bewley: the {name} account does not balance")

    def next_times(self, state: State) -> tuple[Tensor, Tensor]:
        """Return the times of the next period ``[B]``, and the transition of productivity until then."""
        if self.shocks is None:
            return state.times, self.transition
        after = self.shocks.after(state.key, state.time, state.times)
        return after, self.shocks.transition(state.times, after)

    # --- implementation -----------------------------------------------------------------------------------------

    def _levels(self, productivity: Tensor) -> Tensor:
        return self.chain_values.to(self.dtype)[productivity]

    def _values(self, state: State) -> dict[str, Tensor]:
        values = {name: value.double().reshape(-1) for name, value in self.parameters.items()}
        if self.shocks is not None:
            values["technology"] = values["technology"] * self.shocks.factor(state.times)
        return values

    def _start(self) -> tuple[Tensor, int, dict[str, float]]:
        """Return the distribution, the times, and output and prices in which an episode starts."""
        if self.shocks is not None:
            return self.shocks.start()
        solved = self.equilibrium
        means = {"output": solved.output, "interest_rate": solved.interest_rate, "wage": solved.wage}
        means |= {"debt": solved.aggregates.debt, "labour_level": solved.aggregates.labour_level}
        if self.demography is not None:
            means |= {name: getattr(self._solved, name) for name in ("contribution", "pension")}
        return torch.from_numpy(self._initial[0]), 0, means

    @property
    def _solved(self) -> Generations:
        """The equilibrium of the life cycle under the status quo."""
        return exact.generations_of(self.settings, self.settings.status_quo)

    def _check_for_ever(self) -> None:
        """Check that households live for ever and that there are no aggregate shocks."""
        self._check_stationary()
        if self.has_ages:
            raise UserError(
                "bewley with life_cycle: households do not live for ever, which this method needs; the solver"
                " life_cycle finds equilibria, and paths with solver.reform and solver.periods"
            )

    def _check_stationary(self) -> None:
        if self.has_shocks:
            raise UserError(
                "bewley with aggregate_shocks has no stationary equilibrium and no best response to constant prices;"
                " exact households play in runs, and the solver law_of_motion finds what they forecast with"
            )

    def _policy(self, action: Tensor) -> Tensor:
        """Return the policy ``[B, P]`` of an action ``[B, I]``; instruments that are not set stay as they were."""
        status_quo = self._status_quo.to(self.dtype).expand(len(action), -1)
        return status_quo.index_copy(1, self._set, action.to(self.dtype))

    def _residuals(self, state: State) -> dict[str, Tensor]:
        """Return residuals of the last period as shares of output or of assets, ``[B]``; zero before the first."""
        return residuals_of(state, self._values(state)["depreciation"], self.demography)
