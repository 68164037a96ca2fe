r"""Legacy economies of TaxAI and SMFG: the published step laws, with their open accounts, corners and short episodes.

Kept for comparison with published results; for an economy whose accounts close, see :mod:`econsim.economies.bewley`.

State
    Each household's assets and productivity, and whether it is a superstar ``[B, N]``; capital, public debt and the
    hours of a share of one ``[B]``; what happened in the last year; time, key, and whether the episode was cut short.

Actions
    ``household``: a share for saving and the share of hours worked; ``government``: five shares of the highest values
    of its instruments, for level and curvature of the tax on income, those of the tax on wealth, and spending. All lie
    in [0, 1] and are clipped to [0.001, 0.99], as published. (The programs of TaxAI take $2 x - 1$ for a share $x$.
    That of SMFG takes the share itself, so that half of a policy network's outputs in [-1, 1] are the lower bound.)

Observations
    ``household``: logs of its assets and productivity; shared by all, as published but in logarithms: mean assets,
    income and productivity of the richest tenth and of the poorer half, and in TaxAI the wage. ``government``: what is
    shared.

Dynamics
    The equations are in :mod:`econsim.economies.legacy_taxai.year`. Productivity is redrawn first: an autoregressive
    logarithm, and rare superstars. An episode is cut short when consumption and spending exceed output, when a Gini
    index is above 0.9 (1 in SMFG), or when somebody's assets or capital fall below zero.

Rewards
    ``household``: log consumption less a power of hours, in all versions but the first squeezed into (0, 1) by a
    logistic function. ``government``: ``task``.

Conservation
    What households receive they consume, pay as tax or keep, and what the government spends it taxes or borrows. Beyond
    that the published accounts are open, and a run reports by how much: ``resource_leak`` is
    $(Y - C - G - K' + (1 - \delta) K) / Y$, zero in TaxAI only; ``balance_leak`` is $(A' - K' - B') / A'$, zero in
    neither.

Calibration
    Constants of the published programs. Households start from rows of the Survey of Consumer Finances, as published
    without survey weights, which makes mean assets 20 million US dollars instead of 1.2 million.

Checks
    Each step equals that of the published programs, run side by side, to 1e-5 (``benchmarks/legacy_parity.py``), and an
    independent plain implementation (``tests/economies/test_legacy_taxai.py``); kernels live the same years
    (``tests/economies/test_legacy_taxai_kernels.py``). Constant policies reach the published results of learned ones.

References:
    Mi, Xia, Song, Zhang, Li and Wang (2023), "TaxAI: A Dynamic Economic Simulator and Benchmark for Multi-Agent
    Reinforcement Learning", arXiv 2309.16307; Mi, Xia, Song, Wang, Zhang and Wang (2024), "Learning Macroeconomic
    Policies based on Microfoundations: A Stackelberg Mean Field Game Approach", arXiv 2403.12093.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from econsim import random
from econsim.economies.legacy_taxai.accounts import ACCOUNTS
from econsim.economies.legacy_taxai.findings import findings
from econsim.economies.legacy_taxai.households import ENTRY, drawn, next_productivity, starts_of
from econsim.economies.legacy_taxai.parameters import LAWS, Parameters
from econsim.economies.legacy_taxai.state import Flows, State
from econsim.economies.legacy_taxai.year import LEAST, MOST, Year, clipped, live, produced, resources
from econsim.game import Box, Game, Observation, Role, Transition
from econsim.households.chains import Floats
from econsim.kernels import require_numba
from econsim.mechanisms.numerics import ascending

if TYPE_CHECKING:
    from econsim.economies.legacy_taxai.kernels.playing import Kernels

__all__ = ["LegacyTaxai", "Parameters"]

REFERENCES = (
    "@article{mi2023taxai, title={TaxAI: A Dynamic Economic Simulator and Benchmark for Multi-Agent Reinforcement "
    "Learning}, author={Mi, Qirui and Xia, Siyu and Song, Yan and Zhang, Haifeng and Zhu, Shenghao and Wang, Jun}, "
    "journal={arXiv preprint arXiv:2309.16307}, year={2023}}",
    "@article{mi2024learning, title={Learning Macroeconomic Policies based on Microfoundations: A Stackelberg Mean "
    "Field Game Approach}, author={Mi, Qirui and Zhao, Zhiyu and Xia, Siyu and Song, Yan and Wang, Jun and Zhang, "
    "Haifeng}, journal={arXiv preprint arXiv:2403.12093}, year={2024}}",
)
INTEREST_RATE, CONSUMPTION_TAX, DEPRECIATION = 0.04, 0.065, 0.06
_CAPITAL_SHARE_OF_ASSETS = 0.5  # at the start of TaxAI, the rest being public debt
_ASSETS_OVER_OUTPUT = 6.6  # of TaxAI's calibration of initial labour
# SMFG's start: GDP (US dollars), debt and "capital" over GDP, hours and population of the United States in 2022.
_GDP, _DEBT, _CAPITAL, _HOURS, _PEOPLE = 23_315.081e9, 1.2129, 0.183, 283_184.6642e6, 333_456e3
_MOST_HOURS = 365 * 24 * (2 / 3) * (2 / 3)  # of a year, in SMFG
UNIT = 1000.0
"""US dollars of observations."""
LEAST_LOGGED = 1e-12
"""The least amount of which observations hold the logarithm."""
_GROUPS = ("richest tenth", "poorer half")
_INSTRUMENTS = ("income tax level", "income tax curvature", "wealth tax level", "wealth tax curvature", "spending")
_OWN = {"productivity": "log", "assets": "log of one plus thousands of US dollars"}


class LegacyTaxai(Game[State]):
    """The published economies; the module docstring describes them."""

    unit = "US dollars"
    accounts_spec = ACCOUNTS

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        self.law = LAWS[parameters.version]
        self.horizon = parameters.periods
        numbers = {
            "technology": self.law.technology,
            "capital_share": self.law.capital_share,
            "depreciation": DEPRECIATION,
            "interest_rate": INTEREST_RATE,
            "consumption_tax": CONSUMPTION_TAX,
        }
        self.parameters = {name: torch.tensor(value, dtype=torch.float64) for name, value in numbers.items()}
        self._rows = starts_of(parameters)
        self._kernels: Kernels | None = None
        shared = _shared(has_wage=self.law.closed_goods)
        self.roles = {role.name: role for role in (_household(parameters.households, shared), _government(shared))}

    def reset(self, key: Tensor) -> State:
        """Return the initial state."""
        count = self.settings.households
        assets, level, income = drawn(key, count, self.settings.version, self._rows)
        chance = random.uniform(key, 0, "legacy_taxai/first", (count,), torch.float64)
        level, superstar = next_productivity(key, torch.zeros_like(key), level, chance < ENTRY)
        owned, values = assets.sum(-1), self._values()
        if self.law.closed_goods:
            labour = owned * (1 - _ASSETS_OVER_OUTPUT * INTEREST_RATE) / _ASSETS_OVER_OUTPUT
            capital = debt = _CAPITAL_SHARE_OF_ASSETS * owned
            output, wage = produced(values, capital, labour)
            most_hours = 3 * labour / (wage[:, None] * level).sum(-1)
            income = level * most_hours[:, None] / 3
        else:
            output = torch.full_like(owned, _GDP / _PEOPLE * count)
            capital, debt, wage = _CAPITAL * output, _DEBT * output, torch.zeros_like(owned)
            most_hours = torch.full_like(owned, _MOST_HOURS)
        nobody, nothing = torch.zeros_like(assets), torch.zeros_like(owned)
        last = Flows(
            **dict.fromkeys(("saving", "hours", "consumption", "tax", "utility"), nobody),
            **dict.fromkeys(("spending", "wealth_gini", "income_gini", "reward"), nothing),
            income=income,
            instruments=nothing[:, None].repeat(1, len(_INSTRUMENTS)),
            output=output,
            capital=capital,
            debt=debt,
            assets=owned,
            wage=wage,
        )
        over = torch.zeros_like(key, dtype=torch.bool)
        return State(key, torch.zeros_like(key), over, level, superstar, assets, capital, debt, most_hours, last)

    def observe(self, state: State) -> dict[str, Observation]:
        """Return the observations of households and of the government."""
        if self._kernels is not None and self._kernels.read(self, state):
            return self._kernels.observe(self, state)
        own = torch.stack([_log(state.productivity), torch.log1p(state.assets / UNIT)], -1).to(self.dtype)
        shared, alive = self._shared(state).to(self.dtype), torch.ones_like(state.superstar)
        one = alive[:, :1]
        return {
            "household": Observation(own, alive, alive, shared=shared),
            "government": Observation(shared[:, None], one, one),
        }

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Live one year; the state of an episode that was cut short stays as it is."""
        if self._kernels is not None and self._kernels.read(self, state, *actions.values()):
            return self._kernels.step(self, state, actions)
        level, superstar = next_productivity(state.key, state.time + 1, state.productivity, state.superstar)
        moved = replace(state, productivity=level, superstar=superstar)
        chosen, instruments = clipped(actions["household"]), clipped(actions["government"][:, 0])
        year = live(moved, self._values(), self.law, self.settings.task, chosen, instruments)
        after = self._after(state, moved, year)
        rewards = {"household": year.flows.utility, "government": year.flows.reward[:, None]}
        truncated = (after.time >= self.horizon) & ~after.over
        return Transition(
            after, {name: reward.to(self.dtype) for name, reward in rewards.items()}, after.over, truncated
        )

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return the accounts that ``accounts_spec`` declares, float64."""
        last, count = state.last, self.settings.households
        began = state.time > 0
        leak = resources(last, state.capital, 1 - self._values()["depreciation"]) / last.output
        owed = state.assets.sum(-1)
        per_household = {name: getattr(last, name) / count for name in ("output", "spending")}
        each = ("consumption", "hours", "saving", "income", "tax", "utility")
        return {
            **per_household,
            "capital": state.capital / count,
            "debt": state.debt / count,
            "wage": last.wage,
            "years": state.time.double(),
            "survived": ((state.time >= self.horizon) & ~state.over).double(),
            "resource_leak": torch.where(began, leak, 0.0),
            "balance_leak": torch.where(began, (owed - state.capital - state.debt) / owed, 0.0),
            "saving_at_bounds": _at_bounds(last.saving),
            "hours_at_bounds": _at_bounds(last.hours),
            "instruments_at_bounds": _at_bounds(last.instruments),
            "wealth_gini": last.wealth_gini,
            "income_gini": last.income_gini,
            **{name: getattr(last, name) for name in each},
            "assets": state.assets,
            "productivity": state.productivity,
        }

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return the residuals of the budgets of households and of the government, ``[B]``, over output."""
        last, values = state.last, self._values()
        began, taxes = state.time > 0, last.tax.sum(-1)
        received = last.income.sum(-1) + last.assets
        households = received - taxes - last.consumption.sum(-1) - state.assets.sum(-1)
        government = (1 + values["interest_rate"]) * last.debt + last.spending - taxes - state.debt
        residuals = {"households": households, "government": government}
        return {name: torch.where(began, residual / last.output, 0.0) for name, residual in residuals.items()}

    def findings(self, by_episode: Mapping[str, Floats]) -> Iterator[str]:
        """Yield what the laws leave open in the episodes of a policy; see :class:`econsim.economics.StatesFindings`."""
        return findings(by_episode)

    def not_covered(self) -> str:
        """Return "", since kernels cover every legacy economy."""
        return ""

    def on_kernels(self) -> LegacyTaxai:
        """Return this game played by its kernels where it is on the CPU and no gradient is taken.

        Raises:
            UserError: numba is not installed.
        """
        require_numba()
        from econsim.economies.legacy_taxai.kernels.playing import Kernels

        other = copy(self)
        other._kernels, other.by_kernels = Kernels(), True
        return other

    # --- implementation -----------------------------------------------------------------------------------------

    def _values(self) -> dict[str, Tensor]:
        return {name: value.double().reshape(-1) for name, value in self.parameters.items()}

    def _after(self, before: State, moved: State, year: Year) -> State:
        """Return the state after a year; where the episode is over already, the state before it."""
        over, row = before.over, before.over[:, None]

        def held(kept: Tensor, new: Tensor) -> Tensor:
            return torch.where(over if new.ndim == 1 else row, kept, new)

        flows = {name: held(kept, getattr(year.flows, name)) for name, kept in vars(before.last).items()}
        return replace(
            before,
            time=before.time + ~over,
            over=over | year.over,
            productivity=held(before.productivity, moved.productivity),
            superstar=held(before.superstar, moved.superstar),
            assets=held(before.assets, year.assets),
            capital=held(before.capital, year.capital),
            debt=held(before.debt, year.debt),
            last=Flows(**flows),
        )

    def _shared(self, state: State) -> Tensor:
        """Return what all observe, ``[B, G]``, float64."""
        count = self.settings.households
        order = state.last.income.argsort(dim=-1, descending=True, stable=True)
        by_assets = ascending(state.assets).flip(-1)
        ranked = torch.stack(
            [by_assets, *(each.gather(-1, order) for each in (state.last.income, state.productivity))], 1
        )
        means = torch.stack([ranked[..., : count // 10].mean(-1), ranked[..., count // 2 :].mean(-1)], 1)  # [B, 2, 3]
        amounts = torch.log1p(means[..., :2].clamp(min=0) / UNIT)
        shared = torch.cat([amounts, _log(means[..., 2:])], -1).flatten(1)
        return torch.cat([shared, _log(state.last.wage)[:, None]], -1) if self.law.closed_goods else shared


def _at_bounds(chosen: Tensor) -> Tensor:
    """Return the share of choices ``[B, N]`` at a bound, ``[B]``."""
    return ((chosen <= LEAST) | (chosen >= MOST)).double().mean(-1)


def _log(amount: Tensor) -> Tensor:
    return amount.clamp(min=LEAST_LOGGED).log()


def _shared(has_wage: bool) -> dict[str, str]:
    """Return the names of what all observe, with units."""
    units = {**dict.fromkeys(("assets", "income"), _OWN["assets"]), "productivity": "log"}
    named = {f"{name} of the {group}": unit for group in _GROUPS for name, unit in units.items()}
    return {**named, **({"wage": "log"} if has_wage else {})}


def _household(count: int, shared: Mapping[str, str]) -> Role:
    return Role(
        "household",
        count,
        Box(-inf, inf, (len(_OWN),)),
        Box(0.0, 1.0, (2,)),
        features=tuple(_OWN),
        feature_units=tuple(_OWN.values()),
        shared_features=tuple(shared),
        shared_units=tuple(shared.values()),
        action_labels=("saving", "hours"),
        action_unit="share",
    )


def _government(shared: Mapping[str, str]) -> Role:
    return Role(
        "government",
        1,
        Box(-inf, inf, (len(shared),)),
        Box(0.0, 1.0, (len(_INSTRUMENTS),)),
        leads=True,
        features=tuple(shared),
        feature_units=tuple(shared.values()),
        action_labels=_INSTRUMENTS,
        action_unit="share of the highest value",
    )
