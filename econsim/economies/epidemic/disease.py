"""Tables of the disease: infectiousness by day, age groups, and the intensity of contacts.

Intensities are normalised so that the reproduction number is what its name says: the people whom a typical infected
person infects where all others are susceptible and the risk of each contact is small.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from econsim import random
from econsim.economies.epidemic.parameters import Ages, Parameters
from econsim.errors import UserError
from econsim.networks import Network
from econsim.storage.csv_reader import CsvTable, read_csv

__all__ = ["Population", "group_names", "infectiousness", "population_of"]

HOUSEHOLD, WORKPLACE = "household", "workplace"
KEY = "economy.ages.contacts"


@dataclass(frozen=True)
class Population:
    """People and their contacts, shared by all environment copies; ``N`` people, ``G`` age groups, ``E`` edges.

    groups: ``[N]`` int8, the age group of each person.
    susceptibility: ``[G]`` float64.
    death_rate: ``[G]`` float64, in multiples of the mortality.
    mixing: ``[G, G]`` float64, risk of a person of a group (row) relative to that from one infectious person of another
        (column), in units of the reproduction number; for well-mixed contacts only.
    weights: ``[E]`` float32, the same for each edge of a network; ``None`` where all edges are the same.
    edge_weight: what multiplies ``weights``, or stands for all of them.
    at_home: ``[E]`` bool, edges within a household; ``None`` where there are none.
    at_work: ``[E]`` bool, edges between colleagues; ``None`` where there are none.
    network: who meets whom; ``None`` where everybody meets everybody.
    """

    groups: Tensor
    susceptibility: Tensor
    death_rate: Tensor
    mixing: Tensor
    weights: Tensor | None
    edge_weight: float
    at_home: Tensor | None
    at_work: Tensor | None
    network: Network | None


def infectiousness(parameters: Parameters) -> Tensor:
    """Return the share of all infectiousness by days since exposure, ``[L]`` float64 with sum 1.

    Day ``k`` has the probability of the days ``k`` to ``k + 1`` of a gamma distribution times that of the stage.

    Raises:
        UserError: all infectiousness of the gamma distribution lies after the end of the infection.
    """
    mean, sd = parameters.infectiousness_mean, parameters.infectiousness_sd
    length = parameters.exposed_days + parameters.infected_days
    ends = torch.arange(length + 1, dtype=torch.float64)
    cumulative = torch.special.gammainc(torch.tensor((mean / sd) ** 2).double(), ends * mean / sd**2)
    by_stage = torch.full((length,), parameters.infected_infectiousness, dtype=torch.float64)
    by_stage[: parameters.exposed_days] = parameters.exposed_infectiousness
    weights: Tensor = by_stage * cumulative.diff()
    if not weights.sum() > 0:
        raise UserError(
            f"economy.infectiousness_mean: nobody is infectious within {length} days of exposure; choose a mean and a"
            " standard deviation near the days of infection"
        )
    return weights / weights.sum()


def group_names(ages: Ages | None) -> tuple[str, ...]:
    """Return the names of the age groups, one where there are no ages."""
    if ages is None:
        return ("everybody",)
    return ages.names or tuple(f"group {number}" for number in range(1, len(ages.shares) + 1))


def population_of(parameters: Parameters) -> Population:
    """Return the people and their contacts.

    Raises:
        UserError: there is no such network, an age group has no people, or the contact matrix cannot be read.
    """
    groups, count = _groups(parameters)
    ages, size = parameters.ages, len(count)
    susceptibility = _by_group(ages.susceptibility if ages else (), size)
    death_rate = _by_group(ages.mortality if ages else (), size)
    relative = _relative_contacts(ages, count)  # [G, G], 1 for contacts in proportion to the size of groups
    network = parameters.network.build().network(parameters.people) if parameters.network else None
    mixing = _mixing(relative, susceptibility, count)
    if network is None:
        return Population(groups, susceptibility, death_rate, mixing, None, 1.0, None, None, None)
    weights = network.weights
    if weights is not None and bool((weights < 0).any()):
        raise UserError(
            f"economy.network: the weight {float(weights.min()):g} of a contact is negative; give zero or more"
        )
    if size > 1:
        source, target = (groups.long()[ends] for ends in (network.sources(), network.neighbours.long()))
        ratio = relative[target, source].float()
        weights = ratio if weights is None else weights * ratio
    risks = susceptibility[groups.long()[network.neighbours.long()]] if size > 1 else torch.ones(1).double()
    total = float((risks * (weights if weights is not None else torch.ones(len(network.neighbours)))).sum())
    if not total > 0:
        raise UserError(
            "economy.network: no contact could infect anybody; choose a network with edges of positive weight"
        )
    at_home, at_work = _layer(network, HOUSEHOLD), _layer(network, WORKPLACE)
    edge_weight = parameters.people / total
    return Population(groups, susceptibility, death_rate, mixing, weights, edge_weight, at_home, at_work, network)


def _layer(network: Network, name: str) -> Tensor | None:
    if network.layers is None or name not in network.layer_names:
        return None
    return network.layers == network.layer_names.index(name)


def _groups(parameters: Parameters) -> tuple[Tensor, Tensor]:
    """Return the age group of each person ``[N]`` int8, and the people in each ``[G]`` float64."""
    ages, people = parameters.ages, parameters.people
    if ages is None:
        return torch.zeros(people, dtype=torch.int8), torch.tensor([float(people)]).double()
    upper = torch.tensor(list(accumulate(ages.shares))).double() / sum(ages.shares)
    if ages.assignment == "random":
        levels = random.uniform(random.keys(ages.seed, 1), 0, "epidemic/age", (people,), torch.float64)[0]
    else:
        levels = (torch.arange(people).double() + 0.5) / people
    groups = torch.searchsorted(upper[:-1].contiguous(), levels, right=True)
    count = torch.bincount(groups, minlength=len(ages.shares)).double()
    if not (count > 0).all():
        name = group_names(ages)[int((count == 0).nonzero()[0])]
        raise UserError(f"economy.ages.shares: none of {people} people belongs to {name}; raise its share or people")
    return groups.to(torch.int8), count


def _by_group(values: tuple[float, ...], groups: int) -> Tensor:
    return torch.tensor(values or (1.0,) * groups, dtype=torch.float64)


def _relative_contacts(ages: Ages | None, count: Tensor) -> Tensor:
    """Return contacts ``[G, G]`` relative to those in proportion to the size of groups, made reciprocal.

    A survey counts the contacts between two groups twice, once from each side; the mean of both is taken, as is usual
    (Mossong et al. 2008).
    """
    if ages is None or ages.contacts is None:
        return torch.ones((len(count), len(count)), dtype=torch.float64)
    given = _read(ages.contacts, ages) if isinstance(ages.contacts, str) else ages.contacts
    contacts = torch.tensor(given, dtype=torch.float64)
    total = contacts * count[:, None]
    return (total + total.T) / 2 / (count[:, None] * count) * count.sum()


def _mixing(relative: Tensor, susceptibility: Tensor, count: Tensor) -> Tensor:
    """Return relative contacts divided by the spectral radius of the next-generation matrix (Diekmann et al. 1990)."""
    next_generation = susceptibility[:, None] * relative * count[:, None]  # [infected, infecting]
    radius = float(np.abs(np.linalg.eigvals(next_generation.numpy())).max())
    if not radius > 0:
        raise UserError(f"{KEY}: no contact could infect anybody; give positive numbers of contacts")
    return relative / radius


def _read(file: str, ages: Ages) -> list[list[float]]:
    table, names = read_csv(Path(file), KEY), group_names(ages)
    if list(table.column("age")) != list(names):
        raise UserError(
            f"{KEY}: expected the rows {', '.join(names)} in the column age of {file}, found"
            f" {', '.join(table.column('age'))}; set economy.ages.names to them, with a share for each"
        )
    columns = [_contacts(table, name) for name in names]
    return [list(row) for row in zip(*columns, strict=True)]


def _contacts(table: CsvTable, name: str) -> list[float]:
    return table.numbers(name, "a number of contacts, zero or more", lambda number: 0 <= number < 1e6)
