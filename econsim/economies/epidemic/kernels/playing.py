"""Days of the epidemic by its kernels: hands tensors to kernels and wraps what they return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from econsim.economies.epidemic.description import PERSON, lever_names
from econsim.economies.epidemic.economy import State
from econsim.economies.epidemic.kernels.entry import step
from econsim.economies.epidemic.kernels.rules import BLOCK, Numbers, Population, Sizes
from econsim.economies.epidemic.parameters import Isolation, Testing, Vaccination
from econsim.game import Transition
from econsim.kernels.allocation import addresses_of, array_of, contiguous, like
from econsim.kernels.constants import KeptConstants, can_be_read
from econsim.kernels.threads import over_copies, slices_of

if TYPE_CHECKING:
    from econsim.economies.epidemic.economy import Epidemic

__all__ = ["Kernels"]


class Constants(NamedTuple):
    """What kernels need again in every call for batches of the same size."""

    arguments: tuple[Any, ...]  # sizes, numbers, population, mortality [1 | B], infectiousness [L]
    scratch: tuple[Any, ...]  # scratch memory, and an array in the precision of the game


class Kernels:
    """The kernels of an epidemic and what they need again in every call."""

    def __init__(self) -> None:
        self._constants = KeptConstants(_constants)

    def read(self, game: Epidemic, state: State) -> bool:
        """Return whether kernels can read a state: it lies on the CPU, and no gradient is taken."""
        return can_be_read(game, state.stage, state.levers)

    def step(self, game: Epidemic, state: State, actions: Mapping[str, Tensor], levers: Tensor) -> Transition[State]:
        """Return what the tensors of :meth:`Epidemic.step` return; ``levers`` ``[B, K]`` are those in force."""
        before = contiguous([getattr(state, name) for name in _BEFORE])
        constants = self._constants.of(game, len(state.time))
        new = like([getattr(state, name).contiguous() for name in _AFTER])
        rewards = torch.empty(state.stage.shape, dtype=game.dtype)
        sizes = constants.arguments[0]
        risk = game.reproduction(state.time)[:, None] if sizes.edges < 0 else game.risk_of_day(state.time)
        read = contiguous([levers, actions[PERSON].long() if sizes.isolation == 2 else state.time, risk])
        addresses = addresses_of([*before, *new, *read, rewards])
        over_copies(step, len(state.time), *constants.arguments, addresses, *constants.scratch)
        fields: dict[str, Any] = dict(zip(_AFTER, new, strict=True))
        return game.transition(replace(state, levers=levers, **fields), rewards)


_AFTER = ("time", "stage", "days", "home", "test", "confined", "vaccinated", "counts", "today", "peak")
_BEFORE = ("key", *_AFTER)


def _constants(game: Epidemic, copies: int) -> Constants:
    slices, groups = slices_of(copies), len(game.population.susceptibility)
    return Constants(
        arguments=(
            _sizes(game, copies),
            _numbers(game),
            _population(game),
            array_of(game.parameters["mortality"].reshape(-1)),
            array_of(game.shares_of_day()),
        ),
        scratch=(
            np.empty((slices, 2, game.people), np.bool_),
            np.empty((slices, 2, groups), np.float64),
            np.empty((slices, 2, BLOCK), np.int64),
            np.empty((slices, BLOCK), np.int32),
            np.empty((slices, BLOCK), np.bool_),
            np.empty((slices, BLOCK + 1), np.int32),
            array_of(torch.ones(1, dtype=game.dtype)),
        ),
    )


def _sizes(game: Epidemic, copies: int) -> Sizes:
    settings, population = game.settings, game.population
    isolation, testing, names = settings.isolation, settings.testing, lever_names(settings)
    return Sizes(
        copies=copies,
        people=game.people,
        length=sum(game.lengths),
        exposed_days=game.lengths[0],
        groups=len(population.susceptibility),
        edges=-1 if population.network is None else len(population.network.neighbours),
        weighted=int(population.weights is not None),
        households=int(population.at_home is not None),
        isolation=0 if isolation is None else (2 if isolation.decided_by == "people" else 1),
        isolation_every=isolation.every if isolation else 1,
        testing=int(testing is not None),
        result_days=testing.result_days if testing else 0,
        quarantine_days=testing.quarantine_days if testing else 0,
        vaccination=int(settings.vaccination is not None),
        levers=len(names),
        testing_lever=names.index("testing") if testing else 0,
    )


def _numbers(game: Epidemic) -> Numbers:
    settings = game.settings
    isolation, testing = settings.isolation or Isolation(), settings.testing or Testing()
    vaccination, costs = settings.vaccination or Vaccination(), settings.costs
    return Numbers(
        isolation_compliance=isolation.compliance,
        test_capacity=testing.capacity,
        true_positive=testing.true_positive,
        false_positive=testing.false_positive,
        quarantine_compliance=testing.compliance,
        break_rate=testing.break_rate,
        vaccine_capacity=vaccination.capacity,
        not_protected=1.0 - vaccination.efficacy,
        not_saved=1.0 - vaccination.efficacy_against_death,
        infection_cost=costs.infection,
        death_cost=costs.death,
        home_cost=costs.home,
    )


def _population(game: Epidemic) -> Population:
    population, network = game.population, game.population.network
    none = torch.zeros(1, dtype=torch.int64)
    return Population(
        rows=array_of(network.rows if network else none),
        neighbours=array_of(network.neighbours if network else none.int()),
        weights=array_of(none.float() if population.weights is None else population.weights),
        at_home=array_of(none.bool() if population.at_home is None else population.at_home),
        groups=array_of(population.groups),
        susceptibility=array_of(population.susceptibility),
        death_rate=array_of(population.death_rate),
        mixing=array_of(population.mixing),
    )
