"""Rules of the measures on tensors: staying at home, tests, quarantine and vaccination.

``stage`` is ``[B, N]`` int8. Draws are those of a day ``time`` ``[B]``, at the position of the person. ``test`` counts
the days until a result: upwards from below zero to a positive one, downwards from above zero to a negative one.
"""

from __future__ import annotations

import torch
from torch import Tensor

from econsim import random
from econsim.economies.epidemic.contagion import DEAD, is_infectious
from econsim.economies.epidemic.parameters import Isolation, Testing, Vaccination

__all__ = ["follows_advice", "quarantined", "tested", "vaccinated"]

ADVICE, ALREADY, VACCINE = "epidemic/advice", "epidemic/already", "epidemic/vaccine"
TAKEN, OUTCOME, ENTERS, BREAKS = (f"epidemic/{name}" for name in ("test", "outcome", "quarantine", "break"))


def follows_advice(advice: Tensor, settings: Isolation, people: int, key: Tensor, time: Tensor) -> Tensor:
    """Return who stays at home on the advice ``[B]`` in force, ``[B, N]`` bool."""
    draw = random.uniform(key, time, ADVICE, (people,), torch.float64)
    return draw < (advice * settings.compliance)[:, None]


def quarantined(
    test: Tensor, confined: Tensor, settings: Testing, key: Tensor, time: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return tests and remaining days of quarantine at the start of a day, ``[B, N]`` int8, and who has a positive one.

    A day of quarantine has passed, some break it off, and results arrive.
    """
    people = (test.shape[1],)
    stays = random.uniform(key, time, BREAKS, people, torch.float64) >= settings.break_rate
    remaining = torch.where(stays, (confined - 1).clamp(min=0), 0)
    positive = test == -1
    enters = positive & (random.uniform(key, time, ENTERS, people, torch.float64) < settings.compliance)
    return test - test.sign(), torch.where(enters, settings.quarantine_days, remaining).to(torch.int8), positive


def tested(
    stage: Tensor, test: Tensor, confined: Tensor, level: Tensor, settings: Testing, key: Tensor, time: Tensor
) -> tuple[Tensor, Tensor]:
    """Return tests ``[B, N]`` int8 after those of the day, and who was tested ``[B, N]`` bool.

    ``level`` ``[B]`` is the share of the capacity in use.
    """
    people = (test.shape[1],)
    drawn = random.uniform(key, time, TAKEN, people, torch.float64) < (level * settings.capacity)[:, None]
    takes = drawn & (test == 0) & (confined == 0) & (stage != DEAD)
    carries = is_infectious(stage)
    chance = settings.true_positive * carries.double() + settings.false_positive * (~carries).double()
    positive = random.uniform(key, time, OUTCOME, people, torch.float64) < chance
    result = torch.where(positive, -settings.result_days, settings.result_days)
    return torch.where(takes, result, test).to(torch.int8), takes


def vaccinated(
    stage: Tensor, before: Tensor, level: Tensor, settings: Vaccination, key: Tensor, time: Tensor
) -> tuple[Tensor, Tensor]:
    """Return who is vaccinated after the day, and who was vaccinated today, ``[B, N]`` bool."""
    draw = random.uniform(key, time, VACCINE, (stage.shape[1],), torch.float64)
    today = (draw < (level * settings.capacity)[:, None]) & ~before & (stage != DEAD)
    return before | today, today
