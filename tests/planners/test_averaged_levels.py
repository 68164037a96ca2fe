"""Averaged levels, for followers with ties: the counter-example of its authors, and the planner that uses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from laffer import Laffer, LafferState
from memory_recorder import Interrupted, MemoryRecorder
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Box, Observation, Role, Transition
from econsim.leader_evaluation import leader_of
from econsim.planners import hypergradient
from econsim.planners.hypergradient.bilevel.averaged_levels import AveragedLevels, averaged_step, share_of_leader
from econsim.planners.hypergradient.bilevel.implicit_gradient import implicit_gradient
from econsim.play import HeldAction
from econsim.rl.checkpoint_schedule import CheckpointSchedule

F64 = torch.float64
SIZE = 5
GOAL = 0.8


def tied_lower(x: Tensor, y: Tensor) -> Tensor:
    """The follower's objective: the second half of ``y`` is of no consequence to it."""
    first = y[:, : x.shape[-1]]
    return (x * first).sum(-1) - 0.5 * first.square().sum(-1)


def tied_upper(x: Tensor, y: Tensor, goal: float = 1.0) -> Tensor:
    """The leader's objective, of which the optimum is ``x = y = goal``."""
    first, second = y[:, : x.shape[-1]], y[:, x.shape[-1] :]
    return -0.5 * (x - second).square().sum(-1) - 0.5 * (first - goal).square().sum(-1)


def published(done: int) -> tuple[float, float, float]:
    """The published schedule: share of the leader, steps of followers and of the leader."""
    share, number = 0.9 * (done + 1) ** -0.1, done + 1
    return share, 0.1, 0.1 * number ** (-3 / 80) * share**3


def test_ties_are_broken_for_the_leader() -> None:
    """Errors 0.733, 0.074 and below 1e-4 after 100, 1,000 and 5,000 steps, as the reference measured them."""
    # All entries of the 100 numbers of the reference move alike, so that five of them have the same relative error.
    state, errors = AveragedLevels.begin(torch.zeros(1, SIZE, dtype=F64), torch.zeros(1, 2 * SIZE, dtype=F64)), {}
    for done in range(5000):
        state = averaged_step(tied_upper, tied_lower, state, *published(done))
        errors[state.done] = float((state.points - 1.0).norm()) / SIZE**0.5
    # The reference does not give the starting point; errors from ours agree with its figures to a hundredth.
    assert errors[100] == pytest.approx(0.733, abs=0.01)
    assert errors[1000] == pytest.approx(0.074, abs=0.01)
    assert errors[5000] < 1e-4
    assert float((state.responses - 1.0).abs().max()) < 1e-3


def test_the_implicit_gradient_stops_at_a_wrong_point_there() -> None:
    x = torch.full((1, SIZE), 0.5, dtype=F64)  # half-way, where the second half of the response stays at zero
    y = torch.cat([x, torch.zeros_like(x)], -1)
    assert float(implicit_gradient(tied_upper, tied_lower, x, y).abs().max()) < 1e-9


def test_unique_responses_lead_to_the_optimum_once_the_share_has_fallen() -> None:
    """The second problem of the reference, strictly convex, whose optimum is a half."""
    state, steps = AveragedLevels.begin(torch.zeros(1, 1, dtype=F64), torch.zeros(1, 1, dtype=F64)), 1000
    for done in range(steps):
        state = averaged_step(
            lambda x, y: -0.5 * y.square().sum(-1) - 0.5 * (x - 1.0).square().sum(-1),
            lambda x, y: (x * y).sum(-1) - 0.5 * y.square().sum(-1),
            state,
            share_of_leader(done / steps),
            rate=0.1,
            leader_rate=0.03,
        )
    # Followers choose (1 - share) x, so that the leader's optimum under a share is 1 / (1 + (1 - share)^2).
    assert float(state.points) == pytest.approx(0.5, abs=1e-3)


class Tied(Laffer):
    """Workers choose an effort, of which the best is the rate, and a place, which matters to the leader only."""

    def __init__(self) -> None:
        super().__init__()
        worker = Role("worker", 2, Box(0, 1, (2,)), Box(0.0, 1.0, (2,)))
        self.roles: Mapping[str, Role] = {"worker": worker, "leader": self.roles["leader"]}

    def step(self, state: LafferState, actions: Mapping[str, Tensor]) -> Transition[LafferState]:
        announcing = state.time == 0
        rate = torch.where(announcing, actions["leader"][:, 0], state.rate)
        effort, place = actions["worker"].unbind(-1)
        working = (~announcing).to(effort)
        paid = rate[:, None] * effort - 0.5 * effort**2
        gain = -0.5 * (rate[:, None] - place) ** 2 - 0.5 * (effort - GOAL) ** 2
        rewards = {"worker": paid * working[:, None], "leader": (gain.mean(-1) * working)[:, None]}
        return Transition(LafferState(state.time + 1, rate), rewards, ~announcing, torch.zeros_like(announcing))


class StaysPut:
    """Works as much as is best, at the place 0.2."""

    def start(self, game: Any, role: Role, num_envs: int) -> None:
        return None

    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        rate = observation.features[..., 1]
        return torch.stack([rate, torch.full_like(rate, 0.2)], -1), None


def fitted(method: str, iterations: int, recorder: MemoryRecorder | None = None) -> dict[str, float]:
    game, recorder = Tied(), recorder or MemoryRecorder()
    budget = hypergradient.Parameters(method=method, iterations=iterations, starts=2, averaged_rate=0.5)  # type: ignore[arg-type]
    planner = hypergradient.Hypergradient(budget)
    planner.fit(game, game.roles[leader_of(game)], {"worker": StaysPut()}, 0, recorder)
    state = planner.state_dict()
    return {"rate": state["rates"].item(), "value": state["value"].item()}


def test_the_planner_finds_the_optimistic_solution_and_says_what_it_is_worth() -> None:
    recorder = MemoryRecorder()
    found = fitted("averaged", 250, recorder)
    assert found["rate"] == pytest.approx(GOAL, abs=0.01)
    assert recorder.values("", "hypergradient/optimistic_value")[-1] == pytest.approx(0.0, abs=1e-3)
    # These workers stay at 0.2 instead: -0.5 (0.8 - 0.2)^2, and the implicit method finds the mean of 0.2 and 0.8.
    assert found["value"] == pytest.approx(-0.18, abs=0.01)
    assert fitted("implicit", 200)["rate"] == pytest.approx(0.5, abs=1e-3)


def test_followers_whose_responses_are_a_game_are_refused() -> None:
    class Crowded(Tied):
        def step(self, state: LafferState, actions: Mapping[str, Tensor]) -> Transition[LafferState]:
            after = super().step(state, actions)
            crowd = actions["worker"][..., 0].mean(-1, keepdim=True)
            return Transition(
                after.state,
                {**after.rewards, "worker": after.rewards["worker"] * crowd},
                after.terminated,
                after.truncated,
            )

    game = Crowded()
    planner = hypergradient.Hypergradient(hypergradient.Parameters(method="averaged", starts=2))
    with pytest.raises(UserError, match="equilibrium of a game"):
        planner.fit(
            game, game.roles[leader_of(game)], {"worker": HeldAction(torch.full((2, 2, 2), 0.5))}, 0, MemoryRecorder()
        )


def test_a_fit_continues_where_it_was_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CheckpointSchedule, "is_due", lambda self, done: done == 20)
    stopped = MemoryRecorder(stop_after=30)
    with pytest.raises(Interrupted):
        fitted("averaged", 40, stopped)
    continued = MemoryRecorder()
    continued.checkpoints = stopped.checkpoints
    assert fitted("averaged", 40, continued) == fitted("averaged", 40)
