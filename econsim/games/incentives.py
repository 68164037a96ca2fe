"""Incentives: a planner who announces payments for actions or outcomes, added to any game with discrete actions.

State
    The state of the game, time, the announced payments ``[B, K]``, the treasury and what each player has received.

Actions
    The planner announces one payment for each of the ``K`` paid options or outcomes before the first step: a subsidy
    where it is positive, a fine or tax where it is negative. Players then choose as in the game itself.

Observations
    Players observe what they observe in the game, and the payments, relative to the largest that is possible. The
    planner observes whether it has announced.

Dynamics
    One step for the announcement, then the steps of the game. Every time a player chooses a paid option, or a paid
    outcome occurs, such as a coin that is taken, the payment is due. Out of the budget: fines enter the treasury before
    subsidies leave it; where subsidies exceed the treasury, all are paid at the same share. Balanced: all players share
    the net cost equally, and the treasury does not change.

Rewards
    A player receives its reward in the game and its payment. The planner receives the sum of the rewards in the game
    and what others gain from it, if the game has such a benefit, less ``cost_of_funds`` times what leaves the treasury:
    payments themselves are transfers, and do not count.

Conservation
    Money: the treasury and all that players have received, net of what they have paid, add up to the budget.

Calibration
    None: payments are in the unit of the game's rewards.

Checks
    In the prisoners' dilemma, the smallest payment that makes cooperation dominant is the larger of temptation less
    reward and punishment less the sucker's payoff; a searching planner finds it. Where each player has a payment of its
    own, it may pay one player less: once the other surely cooperates, temptation less reward is enough.

References:
    Pigou (1920); Monderer and Tennenholtz (2004), *K-Implementation*.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from itertools import product
from typing import Annotated, Any

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim.accounts import Account
from econsim.errors import UserError
from econsim.game import (
    Box,
    Discrete,
    Enumerable,
    Game,
    Observation,
    OffersKernels,
    Role,
    Transition,
    tensors,
)
from econsim.games._announced import Announced, announced_game
from econsim.held_tensors import tree_where
from econsim.markov import DecisionGame, Decisions
from econsim.mechanisms.incentives import BenefitsOthers, PaidOutcomes, balanced_payments, payments_from_budget
from econsim.parameters import Chosen, FromRoom, Model

__all__ = ["Incentives", "Parameters"]

REFERENCES = (
    "@article{monderer2004k, title={K-Implementation}, author={Monderer, Dov and Tennenholtz, Moshe}, "
    "journal={Journal of Artificial Intelligence Research}, volume={21}, pages={37--62}, year={2004}}",
)
PLANNER = "planner"


class Parameters(Model):
    """Parameters of incentives."""

    game: Annotated[Chosen, FromRoom("games")]
    """The game, of a kind in ``econsim.games`` whose roles choose among options and none of which leads."""
    paid: dict[str, tuple[str, ...]] | None = None
    """Names of the options or outcomes that the planner pays for, by role; null: all outcomes of all roles, or all
    options where the game names no outcomes."""
    same_for_all: bool = False
    """Whether options or outcomes of the same name have the same payment in all roles."""
    lowest: float = 0.0
    """Lowest payment; negative for fines and taxes."""
    highest: float = 5.0
    """Highest payment."""
    budget: float = Field(default=10.0, ge=0)
    """Money in the treasury at the start."""
    balanced: bool = False
    """Whether players share the net cost of payments equally, so that the treasury neither gains nor loses."""
    cost_of_funds: float = Field(default=0.0, ge=0)
    """Loss of the planner per unit of money that leaves the treasury."""

    @model_validator(mode="after")
    def _in_order(self) -> Parameters:
        if not self.lowest < self.highest:
            raise ValueError(f"lowest: expected less than highest={self.highest:g}, found {self.lowest:g}")
        return self


@tensors
class State:
    """State of a game with incentives."""

    time: Tensor  # [B] int64, steps, the announcement included
    inner: Any  # the game's state
    payments: Tensor  # [B, K] float64, money; zero before the announcement
    treasury: Tensor  # [B] float64, money
    received: Tensor  # [B, P] float64, money, net of what players have paid, since the start


class Incentives(Game[State]):
    """A game with a planner who announces payments; the module docstring describes it."""

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        self.inner: Game[Any] = parameters.game.build()
        _check_roles(self.inner)
        self.horizon, self.clocked = self.inner.horizon + 1, self.inner.clocked
        self.rests = self.inner.rests
        self.discount, self.unit, self.burn_in = self.inner.discount, self.inner.unit, self.inner.burn_in + 1
        groups = _paid_labels(self.inner, parameters.paid, parameters.same_for_all)
        self.announced = {_account_name(number, label): label for number, label in enumerate(groups, start=1)}
        amounts = {"budget": parameters.budget, "cost_of_funds": parameters.cost_of_funds}
        self.parameters = {name: torch.tensor(value, dtype=torch.float64) for name, value in amounts.items()}
        self.accounts_spec = (
            Account("treasury", title="Treasury", show="table"),
            Account("payments", title="Payments to players", show="table"),
            *(Account(name, title=f"Payment for {label}", show="table") for name, label in self.announced.items()),
            *self.inner.accounts_spec,
        )
        self.largest = max(abs(parameters.lowest), abs(parameters.highest))
        self.constants = {  # the number of the payment for each option [P, A], and outcome [O] of a role; K: not paid
            "payment_of": _payment_numbers(self.inner, list(groups.values())),
            "payment_of_outcome": _outcome_payment_numbers(self.inner, list(groups.values())),
        }
        self.pays_options = bool((self.constants["payment_of"] < len(groups)).any())
        labels = tuple(groups)
        followers = {name: self._follower(role, labels) for name, role in self.inner.roles.items()}
        self.roles = {**followers, PLANNER: _planner(parameters, labels, self.horizon)}

    def reset(self, key: Tensor) -> State:
        """Return the initial state of ``B`` environment copies, before the announcement."""
        action = self.roles[PLANNER].action
        assert isinstance(action, Box)
        players = sum(role.count for role in self.inner.roles.values())
        nothing = torch.zeros(len(key), action.size, dtype=torch.float64, device=key.device)
        received = torch.zeros(len(key), players, dtype=torch.float64, device=key.device)
        treasury = self.parameters["budget"].expand(len(key)).clone()
        return State(torch.zeros_like(key), self.inner.reset(key), nothing, treasury, received)

    def observe(self, state: State) -> dict[str, Observation]:
        """Return the game's observations with the payments, and whether the planner has announced."""
        begun = state.time > 0
        of_game = self.inner.observe(state.inner)
        seen = {name: self.informed(observation, begun, state.payments) for name, observation in of_game.items()}
        alive = torch.ones_like(begun)[:, None]
        planner = Observation(begun[:, None, None].to(self.dtype), alive, ~begun[:, None])
        return {**seen, PLANNER: planner}

    def informed(self, observation: Observation, begun: Tensor, payments: Tensor) -> Observation:
        """Return an observation of the game with the payments ``[B, K]``, and whether they are announced ``[B]``."""
        shown = torch.cat([begun[:, None].double(), payments / self.largest], -1).to(self.dtype)[:, None]
        features = torch.cat([observation.features, shown.expand(-1, observation.alive.shape[1], -1)], -1)
        return observation.with_fields(features=features, acting=observation.acting & begun[:, None], deferred=None)

    def uninformed(self, observation: Observation) -> Observation:
        """Return the observation of the game, without the payments that :meth:`informed` has added."""
        return observation.with_fields(features=observation.features[..., : -1 - len(self.announced)], deferred=None)

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Announce the payments in the first step; afterwards, play the game and pay."""
        begun = state.time > 0
        announced = actions[PLANNER][:, 0].double()
        payments = torch.where(begun[:, None], state.payments, announced)
        played = self.inner.step(state.inner, actions)
        due = self._due_for_options(payments, state.inner, actions) + self._due_for_outcomes(
            payments, state.inner, played.state
        )
        received, treasury = self.paid(due, state.treasury)
        received = torch.where(begun[:, None], received, 0.0)
        treasury = torch.where(begun, treasury, state.treasury)
        inner = tree_where(begun, played.state, state.inner)
        after = State(state.time + 1, inner, payments, treasury, state.received + received)
        rewards, total = {}, torch.zeros_like(treasury)
        counts = [role.count for role in self.inner.roles.values()]
        for (name, reward), extra in zip(played.rewards.items(), torch.split(received, counts, -1), strict=True):
            earned = torch.where(begun[:, None], reward, torch.zeros_like(reward))
            rewards[name] = earned + extra.to(reward.dtype)
            total = total + earned.double().sum(-1)
        if isinstance(self.inner, BenefitsOthers):
            total = total + torch.where(begun, self.inner.external_benefit(state.inner, played.state), 0.0)
        spent = state.treasury - treasury
        rewards[PLANNER] = (total - self.parameters["cost_of_funds"] * spent)[:, None].to(self.dtype)
        return Transition(after, rewards, played.terminated & begun, played.truncated & begun)

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return the treasury, the payments to players, net of fines, those announced, and the accounts of the game."""
        own = {"treasury": state.treasury, "payments": state.received.sum(-1)}
        announced = dict(zip(self.announced, state.payments.unbind(-1), strict=True))
        return {**own, **announced, **self.inner.accounts(state.inner)}

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return the money in the treasury and with the players, and what the game conserves."""
        return {"payments": state.treasury + state.received.sum(-1), **self.inner.conserved(state.inner)}

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Game[State]:
        """Return this game on another device or in another precision, with the game that it contains."""
        other = super().to(device, dtype)
        assert isinstance(other, Incentives)
        other.inner = self.inner.to(device, dtype)
        return other

    def announced_payoffs(self, observation: Observation) -> Tensor:
        """Return payoffs with payments; see :class:`~econsim.mechanisms.incentives.AnnouncesPayoffs`.

        Raises:
            UserError: the game has no table of payoffs.
        """
        if not isinstance(self.inner, Enumerable):
            raise UserError(f"incentives: {type(self.inner).__name__} has no table of payoffs; use normal_form")
        return self.payoffs_with(observation.features[:, 0, -len(self.announced) :].double() * self.largest)

    def announced_game(self, payments: Tensor) -> Announced:
        """Return the game after an announcement; see :class:`~econsim.mechanisms.incentives.AnnouncesGame`.

        Raises:
            UserError: the game has no exact view after the announcement.
        """
        return announced_game(self, payments)

    def payoffs_with(self, payments: Tensor) -> Tensor:
        """Return payoffs with payments ``[B, K]``, float64 ``[B, P, A_1, ..., A_P]``; the game must be enumerable."""
        assert isinstance(self.inner, Enumerable)
        payoffs = self.inner.payoff_tensor()
        profiles = list(product(*(range(options) for options in payoffs.shape[1:])))
        choices = torch.tensor(profiles, device=payments.device).expand(len(payments), -1, -1)  # [B, J, P]
        budget = self.parameters["budget"].expand(len(payments))[:, None].expand(-1, len(profiles))
        due = self.due(payments[:, None].expand(-1, len(profiles), -1), choices)
        received, _ = self.paid(due, budget)
        return payoffs + received.movedim(-1, 1).reshape(len(payments), *payoffs.shape)

    def decisions(self, role: str, observation: Observation) -> Decisions:
        """Return the game's decision problems with the announced payments; see :class:`~econsim.markov.DecisionGame`.

        Raises:
            UserError: the game lists none.
        """
        if not isinstance(self.inner, DecisionGame):
            raise UserError(f"incentives: {type(self.inner).__name__} lists no decision problems; use four_rooms")
        problem = self.inner.decisions(role, observation)
        shown = observation.features[:, 0, -len(self.announced) :].double()
        payments = _and_nothing(shown * self.largest)  # [B, K + 1]
        first = [name for name, own in self.inner.roles.items() for _ in range(own.count)].index(role)
        paid = payments[:, None, self.constants["payment_of"][first, : problem.rewards.shape[-1]]]  # [B, 1, A]
        if (numbers := self.constants["payment_of_outcome"].get(role)) is not None:
            paid = paid + torch.einsum("bsao,bo->bsa", problem.outcomes, payments[:, numbers])
        return replace(problem, rewards=problem.rewards + paid)

    def outcome_labels(self, role: str) -> tuple[str, ...]:
        """Return the names of the outcomes of a role's players; none in games that name no outcomes."""
        return _outcome_labels(self.inner, role)

    def not_covered(self) -> str:
        """Return what the kernels of the game do not cover; a game without kernels is not covered."""
        kernels = self.inner
        return kernels.not_covered() if isinstance(kernels, OffersKernels) else f"the game {type(kernels).__name__}"

    def on_kernels(self) -> Incentives:
        """Return this game with the contained game played by its kernels.

        Raises:
            UserError: numba is not installed, or the game has no kernels that cover it.
        """
        if not isinstance(self.inner, OffersKernels):
            raise UserError(f"incentives: kernels do not cover {self.not_covered()}")
        other = copy(self)
        other.inner, other.by_kernels = self.inner.on_kernels(), True
        return other

    @property
    def pays_outcomes(self) -> bool:
        """Whether any outcome has a payment."""
        numbers = self.constants["payment_of_outcome"].values()
        return any(bool((of_role < len(self.announced)).any()) for of_role in numbers)

    def unheard(self, state: State) -> dict[str, Tensor]:
        """Return an action of the planner for steps after the announcement, which do not read it."""
        return {PLANNER: torch.zeros_like(state.payments)[:, None].to(self.dtype)}

    def due(self, payments: Tensor, choices: Tensor) -> Tensor:
        """Return the payment due to each player for its choice, ``[..., P]``."""
        numbers = self.constants["payment_of"][torch.arange(choices.shape[-1], device=choices.device), choices]
        return _and_nothing(payments).gather(-1, numbers)

    def _due_for_options(self, payments: Tensor, before: Any, actions: Mapping[str, Tensor]) -> Tensor:
        """Return the payments due to each player for its option, ``[B, P]``; none where it did not act."""
        due = self.due(payments, torch.cat([actions[name] for name in self.inner.roles], -1))
        if not self.pays_options:
            return due
        seen = self.inner.observe(before)
        return due * torch.cat([seen[name].acting & seen[name].alive for name in self.inner.roles], -1)

    def _due_for_outcomes(self, payments: Tensor, before: Any, after: Any) -> Tensor | float:
        """Return the payments due to each player for the outcomes of a step of the game, ``[B, P]``."""
        numbers = self.constants["payment_of_outcome"]
        if not numbers or not isinstance(self.inner, PaidOutcomes):
            return 0.0
        counts, amounts = self.inner.outcomes(before, after), _and_nothing(payments)[:, None]
        nothing = torch.zeros_like(payments[:, :1])
        due = [
            (counts[name] * amounts[..., numbers[name]]).sum(-1) if name in numbers else nothing.expand(-1, role.count)
            for name, role in self.inner.roles.items()
        ]
        return torch.cat(due, 1)

    def paid(self, due: Tensor, treasury: Tensor) -> tuple[Tensor, Tensor]:
        """Return what each player receives of what is due, ``[..., P]``, and the treasury ``[...]`` afterwards."""
        return (balanced_payments(due), treasury) if self.settings.balanced else payments_from_budget(due, treasury)

    def _follower(self, role: Role, labels: tuple[str, ...]) -> Role:
        names = role.features or tuple(f"feature {number}" for number in range(role.observation.size))
        units = role.feature_units or ("",) * len(names)
        box, lowest = role.observation, min(0.0, self.settings.lowest / self.largest)
        space = Box(min(box.low, lowest), max(box.high, 1.0), (len(names) + 1 + len(labels),))
        added = tuple(f"payment for {label}" for label in labels)
        paid_units = ("0: not yet announced, 1: announced", *(f"times {self.largest:g}",) * len(labels))
        return replace(
            role, observation=space, features=(*names, "announced", *added), feature_units=(*units, *paid_units)
        )


def _check_roles(game: Game[Any]) -> None:
    for name, role in game.roles.items():
        if role.leads or name == PLANNER or not isinstance(role.action, Discrete):
            name_of_game = type(game).__name__
            reason = f"role {name} of {name_of_game} leads, is called {PLANNER}, or does not choose among options"
            raise UserError(f"game.game: expected a game without a planner and with discrete actions; {reason}")


def _outcome_labels(game: Game[Any], name: str) -> tuple[str, ...]:
    return tuple(game.outcome_labels(name)) if isinstance(game, PaidOutcomes) else ()


def _paid_labels(
    game: Game[Any], paid: Mapping[str, tuple[str, ...]] | None, same_for_all: bool
) -> dict[str, list[tuple[str, str]]]:
    """Return the roles and the labels of options or outcomes for which each payment is due, by the payment's name."""
    by_default = {name: _outcome_labels(game, name) for name in game.roles}
    if not any(by_default.values()):
        by_default = {name: role.options for name, role in game.roles.items()}
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, labels in (by_default if paid is None else paid).items():
        if name not in game.roles:
            raise UserError(f"game.paid: no role is called {name!r}; roles: {', '.join(game.roles)}")
        options, outcomes = game.roles[name].options, _outcome_labels(game, name)
        for label in dict.fromkeys(labels):
            if label not in (*options, *outcomes):
                known = f"options: {', '.join(options)}" + (f"; outcomes: {', '.join(outcomes)}" if outcomes else "")
                what = "option or outcome" if outcomes else "option"
                raise UserError(f"game.paid.{name}: no {what} is called {label!r}; {known}")
            groups.setdefault(label if same_for_all else f"{name} {label}", []).append((name, label))
    if not groups:
        raise UserError("game.paid: expected at least one option")
    return groups


def _account_name(number: int, label: str) -> str:
    """Return the name of the account of an announced payment: its number, and its label with ``_`` between words."""
    return f"payment_{number}_" + re.sub(r"\W+", "_", label)


def _payment_numbers(game: Game[Any], groups: list[list[tuple[str, str]]]) -> Tensor:
    """Return the number of the payment for each player's options, ``[P, A]`` int64; ``K`` where nothing is paid."""
    most = max(role.action.mask_size for role in game.roles.values())  # type: ignore[union-attr]
    number_of = {entry: number for number, group in enumerate(groups) for entry in group}
    rows = [
        [number_of.get((name, label), len(groups)) for label in (*role.options, *[""] * most)][:most]
        for name, role in game.roles.items()
        for _ in range(role.count)
    ]
    return torch.tensor(rows)


def _outcome_payment_numbers(game: Game[Any], groups: list[list[tuple[str, str]]]) -> dict[str, Tensor]:
    """Return the number of the payment for the outcomes of each role with outcomes, ``[O]``; ``K``: not paid."""
    number_of = {entry: number for number, group in enumerate(groups) for entry in group}
    labels = {name: _outcome_labels(game, name) for name in game.roles}
    return {
        name: torch.tensor([number_of.get((name, label), len(groups)) for label in own])
        for name, own in labels.items()
        if own
    }


def _and_nothing(payments: Tensor) -> Tensor:
    """Return the payments ``[..., K]`` and a zero for what is not paid, ``[..., K + 1]``."""
    return torch.cat([payments, torch.zeros_like(payments[..., :1])], -1)


def _planner(parameters: Parameters, labels: tuple[str, ...], horizon: int) -> Role:
    action = Box(parameters.lowest, parameters.highest, (len(labels),))
    units = ("0: not yet announced, 1: announced",)
    planner = Role(PLANNER, 1, Box(0, 1, (1,)), action, leads=True, acts_every=horizon, features=("announced",))
    unit = "paid each time to whoever chooses the option or causes the outcome"
    return replace(planner, feature_units=units, action_labels=labels, action_unit=unit)
