"""The gradient from rollouts agrees, in expectation, with the exact one of a small Markov game."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from memory_recorder import MemoryRecorder
from torch import Tensor
from torch.nn.functional import one_hot

from econsim import random
from econsim.errors import UserError
from econsim.game import Box, Discrete, Game, Observation, Role, Transition, tensors
from econsim.planners import hypergradient
from econsim.planners.hypergradient.bilevel.leader_objective import LeaderObjective
from econsim.planners.hypergradient.bilevel.rollouts import Rollouts

STATES, CHOICES, STEPS, TEMPERATURE = 3, 2, 3, 0.4
F64 = torch.float64


def table(name: str, *shape: int) -> Tensor:
    return random.normal(random.keys(1, 1), 0, name, shape, F64)[0]


REWARD, BONUS, AIM = (table(name, STATES, CHOICES) for name in ("reward", "bonus", "aim"))
PATHS = table("paths", STATES, CHOICES, STATES).softmax(-1)


@tensors
class MazeState:
    """Where the walker is, and the bonus in force."""

    key: Tensor  # [B] int64
    time: Tensor  # [B] int64
    place: Tensor  # [B] int64
    bonus: Tensor  # [B]


class Maze(Game[MazeState]):
    """Step 0: the leader announces how much of ``BONUS`` it pays; then one walker takes ``STEPS`` steps."""

    horizon = 1 + STEPS
    parameters: Mapping[str, Tensor] = {}

    def __init__(self) -> None:
        self.roles = {
            "walker": Role("walker", 1, Box(0, 9, (3,)), Discrete(CHOICES)),
            "leader": Role("leader", 1, Box(0, 9, (3,)), Box(0.0, 1.0), leads=True, acts_every=1 + STEPS),
        }

    def reset(self, key: Tensor) -> MazeState:
        return MazeState(key, torch.zeros_like(key), torch.zeros_like(key), torch.zeros(key.shape, dtype=self.dtype))

    def observe(self, state: MazeState) -> dict[str, Observation]:
        features = torch.stack([state.time.to(self.dtype), state.place.to(self.dtype), state.bonus], -1)[:, None]
        alive, announcing = torch.ones_like(features[..., 0], dtype=torch.bool), (state.time == 0)[:, None]
        legal = torch.ones((*alive.shape, CHOICES), dtype=torch.bool)
        return {
            "walker": Observation(features, alive, ~announcing, legal),
            "leader": Observation(features, alive, announcing),
        }

    def step(self, state: MazeState, actions: Mapping[str, Tensor]) -> Transition[MazeState]:
        announcing = state.time == 0
        bonus = torch.where(announcing, actions["leader"][:, 0].to(state.bonus), state.bonus)
        choice = actions["walker"][:, 0]
        paid = bonus * BONUS[state.place, choice]
        there = random.categorical(state.key, state.time, "paths", PATHS[state.place, choice].log())
        rewards = {
            "walker": torch.where(announcing, 0.0, REWARD[state.place, choice] + paid)[:, None],
            "leader": torch.where(announcing, 0.0, AIM[state.place, choice] - 0.1 * paid)[:, None],
        }
        after = MazeState(state.key, state.time + 1, torch.where(announcing, state.place, there), bonus)
        over = after.time >= self.horizon
        return Transition(after, rewards, over, torch.zeros_like(over))

    def accounts(self, state: MazeState) -> dict[str, Tensor]:
        return {}

    def conserved(self, state: MazeState) -> dict[str, Tensor]:
        return {}


def soft_solution(bonus: Tensor) -> list[Tensor]:
    """Return the soft-optimal policy ``[S, A]`` of every step, by backward induction."""
    value, policies = torch.zeros(STATES, dtype=F64), []
    for _ in range(STEPS):
        quality = REWARD + bonus * BONUS + PATHS @ value
        policies.append((quality / TEMPERATURE).softmax(-1))
        value = TEMPERATURE * (quality / TEMPERATURE).logsumexp(-1)
    return policies[::-1]


def leader_value(bonus: Tensor) -> Tensor:
    """What the leader gets, by summing over places and choices: the truth."""
    at, total = one_hot(torch.tensor(0), STATES).to(F64), torch.zeros((), dtype=F64)
    for policy in soft_solution(bonus):
        both = at[:, None] * policy
        total = total + (both * (AIM - 0.1 * bonus * BONUS)).sum()
        at = torch.einsum("sa,sat->t", both, PATHS)
    return total


class SoftWalker:
    """Draws from the soft-optimal policy; says nothing of how it got there."""

    def start(self, game: Game[Any], role: Role, num_envs: int) -> None: ...

    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        time, place, bonus = observation.features.detach()[:, 0].unbind(-1)
        policies = torch.stack(soft_solution(bonus[0]))
        likely = policies[(time.long() - 1).clamp(min=0), place.long()]
        return random.categorical(key, 0, "walker", likely.log())[:, None], None


class FirstChoice(SoftWalker):
    """Always takes the first way."""

    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        return torch.zeros_like(observation.acting, dtype=torch.int64), None


def test_rollouts_agree_with_exact_sums_in_expectation() -> None:
    bonus = torch.tensor(0.6, dtype=F64, requires_grad=True)
    (exact,) = torch.autograd.grad(leader_value(bonus), bonus)
    maze = Maze()
    objective = LeaderObjective(maze, maze.roles["leader"], {"walker": SoftWalker()}, seed=0)
    rollouts = Rollouts(objective, TEMPERATURE, samples=2000)
    points = torch.tensor([[0.6]], dtype=F64)
    found = torch.tensor([rollouts.gradient(points, iteration).item() for iteration in range(40)])
    error = found.std().item() / 40**0.5
    assert found.mean().item() == pytest.approx(exact.item(), abs=4 * error)
    assert 4 * error < 0.25 * abs(exact.item())  # sharp enough to tell


def test_a_walker_who_only_draws_can_be_led() -> None:
    budget = hypergradient.Parameters(temperature=TEMPERATURE, starts=1, iterations=10, samples=200)
    planner, maze, recorder = hypergradient.Hypergradient(budget), Maze(), MemoryRecorder()
    planner.fit(maze, maze.roles["leader"], {"walker": SoftWalker()}, 0, recorder)
    assert 0.0 <= planner.state_dict()["rates"].item() <= 1.0
    assert recorder.values("", "hypergradient/check_error")[0] < 1e-6


def test_a_walker_without_luck_cannot_be_differentiated() -> None:
    planner, maze = hypergradient.Hypergradient(hypergradient.Parameters(starts=1)), Maze()
    with pytest.raises(UserError, match="followers who draw their actions"):
        planner.fit(maze, maze.roles["leader"], {"walker": FirstChoice()}, 0, MemoryRecorder())
