"""Periods and observations by kernels: hands tensors to kernels and wraps what they return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from econsim.economies.bewley.accounts import largest_residual
from econsim.economies.bewley.income_tax import schedule_of
from econsim.economies.bewley.kernels.arrays import (
    AFTER,
    BEFORE,
    CLOSURES,
    PARAMETERS,
    SEEN,
    Chances,
    Numbers,
    Problem,
    Sizes,
    Tables,
)
from econsim.economies.bewley.kernels.observing import observe
from econsim.economies.bewley.kernels.rules import live
from econsim.economies.bewley.observing import further_entries, log_work
from econsim.economies.bewley.period import ALL_LABOUR, NO_SPENDING, NOTHING_LEFT, government_reward
from econsim.economies.bewley.requirements import NO_CAPITAL
from econsim.economies.bewley.state import Flows, State
from econsim.errors import UserError
from econsim.game import Observation, Transition
from econsim.kernels.allocation import addresses_of, array_of, contiguous
from econsim.kernels.constants import KeptConstants, can_be_read
from econsim.kernels.recycling import Recycled
from econsim.kernels.threads import over_copies, slices_of

if TYPE_CHECKING:
    from econsim.economies.bewley import Bewley

__all__ = ["Kernels"]

_MESSAGES = {
    Problem.ALL_LABOUR: ALL_LABOUR,
    Problem.NOTHING_LEFT: NOTHING_LEFT,
    Problem.NO_SPENDING: NO_SPENDING,
    Problem.NO_CAPITAL: NO_CAPITAL,
}


class Constants(NamedTuple):
    """What kernels need again in every call for batches of the same size."""

    sizes: Sizes
    numbers: Numbers
    tables: Tables
    chances: Chances  # without aggregate shocks
    after: Recycled  # the state after a period and what it returns, by their places in ``arrays``
    seen: Recycled  # observations, by their places in ``arrays``
    scratch: tuple[int, int, int]  # [slices, 2, N], the shape of scratch memory
    unit: Any  # an array in the precision of the game
    alive: Tensor  # [B, N] bool, all True
    one: Tensor  # [B, 1] bool, all True
    never: Tensor  # [B] bool, all False
    none: Tensor  # [B] float64, all zero
    no_entries: Any  # [B, 0]


class Kernels:
    """The kernels of a Bewley economy and what they need again in every call."""

    def __init__(self) -> None:
        self._constants = KeptConstants(_constants)

    def read(self, game: Bewley, state: State, *actions: Tensor) -> bool:
        """Return whether kernels can read a state and actions: they lie on the CPU, and no gradient is taken."""
        followed = (state.assets, state.mass, state.policy, state.capital, state.debt, *actions)
        return state.assets.dtype == game.dtype and can_be_read(game, *followed)

    def step(self, game: Bewley, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Return what the tensors of :meth:`Bewley.step` return.

        Raises:
            UserError: as by tensors, where a policy or households leave nothing to spend or to produce with.
        """
        copies = len(state.time)
        constants = self._constants.of(game, copies)
        given = [actions["household"].to(game.dtype), actions["government"].to(game.dtype)]
        held = contiguous([*_before(state), *given])
        (new, after), failures = constants.after.take(), np.empty(copies, np.int64)
        times, chances = (state.times, constants.chances) if game.shocks is None else _chances(game, state)
        over_copies(
            live,
            copies,
            constants.sizes,
            constants.numbers,
            constants.tables,
            chances,
            addresses_of(held),
            after,
            np.empty(constants.scratch),
            failures,
            constants.unit,
        )
        named = dict(zip(AFTER, new, strict=True))
        state_after = _after(game, state, times, named, constants.none)
        if failures.any():
            _stop(game, state_after, failures)
        reward = named["reward"]
        if game.settings.objective.equality:
            reward = government_reward(state, state_after, game.settings.objective)[:, None].to(game.dtype)
        rewards = {"household": state_after.last.utility, "government": reward}
        return Transition(state_after, rewards, constants.never, named["over"])

    def observe(self, game: Bewley, state: State) -> dict[str, Observation]:
        """Return what the tensors of :meth:`Bewley.observe` return."""
        constants = self._constants.of(game, len(state.time))
        further = further_entries(game, state)
        held = contiguous(_seen(state))
        (own, shared, of_government, due), written = constants.seen.take()
        over_copies(
            observe,
            len(state.time),
            constants.sizes,
            constants.numbers,
            constants.tables,
            np.concatenate([addresses_of(held), written]),
            array_of(torch.stack([each.double() for each in further], -1)) if further else constants.no_entries,
            constants.unit,
        )
        alive, one = constants.alive, constants.one
        return {
            "household": Observation(own, alive, alive, shared=shared),
            "government": Observation(of_government, one, due),
        }


def _before(state: State) -> list[Tensor]:
    """Return the tensors of a state by their places in ``arrays``."""
    return [*(getattr(state, name) for name in BEFORE[:-1]), state.last.output]


def _seen(state: State) -> list[Tensor]:
    """Return what is observed of a state by its places in ``arrays``."""
    last = state.last
    of_state = [getattr(state, name) for name in SEEN[:-3]]
    return [*of_state, last.wage, last.interest_rate, last.labour_level]


def _after(game: Bewley, before: State, times: Tensor, new: Mapping[str, Tensor], none: Tensor) -> State:
    """Return the state after a period, with new tensors by name."""
    last = Flows(
        mass=before.mass,
        age=before.age,
        productivity=new["level"],
        assets=new["assets"],
        consumption=new["consumption"],
        hours=new["hours"],
        income=new["income"],
        tax=new["tax"],
        utility=new["utility"],
        output=new["output"],
        capital=before.capital,
        interest_rate=new["interest_rate"],
        wage=new["wage"],
        mean_consumption=new["mean_consumption"],
        spending=new["spending"],
        transfer=new["transfer"],
        debt=before.debt,
        labour_level=new["labour_level"],
        contribution=none,
        pension=none,
        bequest=before.bequest,
    )
    of_cells = game.is_distribution
    return State(
        key=before.key,
        time=new["time"],
        policy=new["policy"],
        announced=new["announced"] if game.settings.announced else new["policy"],
        until=new["until"],
        times=times,
        age=before.age,
        productivity=before.productivity if of_cells else new["state"],
        assets=before.assets if of_cells else new["assets"],
        mass=new["mass"] if of_cells else before.mass,
        capital=new["capital"],
        debt=new["debt"],
        bequest=none,
        growth=none,
        last=last,
    )


def _stop(game: Bewley, after: State, failures: Any) -> None:
    """Stop play with the message of the tensors for what is wrong with a period; ``failures``: ``[B]``."""
    first = Problem(failures[failures > 0].min())
    if first in _MESSAGES:
        raise UserError(_MESSAGES[first])
    game.check_balance(after)


def _chances(game: Bewley, state: State) -> tuple[Tensor, Chances]:
    """Return the times of the next period, and the chances of this one under aggregate shocks."""
    assert game.shocks is not None
    times, transition = game.next_times(state)
    factor = array_of(game.shocks.factor(state.times))
    return times, Chances(factor, array_of(transition), array_of(transition.cumsum(-1)))


def _constants(game: Bewley, copies: int) -> Constants:
    settings, budget, objective = game.settings, game.settings.budget, game.settings.objective
    household, government = game.roles["household"], game.roles["government"]
    rates = settings.status_quo_rates
    count, width, shared = household.count, len(rates), len(household.shared_features)

    def empty(*shape: int, dtype: torch.dtype = game.dtype) -> Tensor:
        return torch.empty(copies, *shape, dtype=dtype)

    amounts, number, whole = empty(count), empty(dtype=torch.float64), empty(dtype=torch.int64)
    unused, policy = torch.empty(0), empty(width)
    moved = (amounts, unused) if game.is_distribution else (unused, empty(count, dtype=torch.int64))
    columns = [game.parameters[name].double().reshape(-1) for name in PARAMETERS]
    rows = max(len(column) for column in columns)
    thresholds, brackets = schedule_of(settings.income_tax)
    transition = game.transition if game.shocks is None else torch.empty(0, 0)
    return Constants(
        sizes=Sizes(
            households=count,
            choices=household.action.shape[0],
            rates=width,
            is_distribution=int(game.is_distribution),
            adjusts=CLOSURES.index(budget.adjusts),
            review=government.acts_every,
            delay=settings.announced,
            horizon=game.horizon,
            with_times=int(game.has_shocks),
        ),
        numbers=Numbers(
            least=float(torch.tensor(settings.least, dtype=game.dtype)),
            largest=settings.largest_assets,
            spending=budget.spending,
            transfer=budget.transfer,
            debt=budget.debt,
            response=budget.response or 0.0,
            welfare=objective.welfare,
            growth=objective.growth,
            allowed=largest_residual(game.dtype),
            capital=game.reference_capital,
            wage=game.reference_wage,
            output=game.reference_output,
        ),
        tables=Tables(
            parameters=array_of(torch.stack([column.expand(rows) for column in columns], 1)),
            levels=array_of(game.chain_values.to(game.dtype).double()),
            of_work=array_of(log_work(game).double()),
            grid=array_of(game.grid.to(game.dtype).double()),
            thresholds=np.array(thresholds, np.float64),
            rates=np.array(brackets, np.float64),
            status_quo=np.array(list(rates.values()), np.float64),
            instruments=np.array([list(rates).index(name) for name in settings.instruments], np.int64),
        ),
        chances=Chances(np.ones(1), array_of(transition[None]), array_of(transition.cumsum(-1)[None])),
        after=Recycled(
            [
                *[amounts] * 7,
                *moved,
                *[number] * 9,
                *(policy, policy if settings.announced else unused, whole, whole),
                *(empty(1), empty(dtype=torch.bool)),
            ]
        ),
        seen=Recycled([empty(count, 2), empty(shared), empty(1, shared + 1), empty(1, dtype=torch.bool)]),
        scratch=(slices_of(copies), 2, count),
        unit=array_of(torch.ones(1, dtype=game.dtype)),
        alive=torch.ones(copies, count, dtype=torch.bool),
        one=torch.ones(copies, 1, dtype=torch.bool),
        never=torch.zeros(copies, dtype=torch.bool),
        none=torch.zeros(copies, dtype=torch.float64),
        no_entries=np.empty((copies, 0)),
    )
