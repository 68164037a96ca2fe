"""A sound game passes every check; a game that breaks one promise fails the check that guards it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from toy_games import GIVERS, Gifts, GiftsState, Signals, SignalsState, replaced

from econsim import random
from econsim.agents.mixed_strategy import MixedStrategy
from econsim.agents.mixed_strategy import Parameters as Mix
from econsim.game import Game, Observation, Role, Transition
from econsim.games.normal_form import NormalForm
from econsim.games.normal_form import Parameters as Payoffs
from econsim.scenario import load
from econsim.testing import Check, check, check_game, random_actions
from econsim.testing.enumeration import draws_its_policy
from econsim.testing.harness import BrokenPromiseError, Trial
from econsim.testing.play import play, tensors_of


@pytest.mark.parametrize("game", [Gifts(), Signals()], ids=["gifts", "signals"])
def test_a_sound_game_passes_every_check(game: Game[Any]) -> None:
    assert [outcome for outcome in check_game(game) if not outcome.passed] == []


class UnnamedFeature(Gifts):
    def observe(self, state: GiftsState) -> dict[str, Observation]:
        seen = super().observe(state)
        longer = torch.cat([seen["giver"].features, state.coins[..., None]], -1)
        return {**seen, "giver": Observation(longer, seen["giver"].alive, seen["giver"].acting)}


class NothingLegal(Gifts):
    def observe(self, state: GiftsState) -> dict[str, Observation]:
        seen = super().observe(state)
        giver = seen["giver"]
        nothing = torch.zeros(giver.alive.shape[0], GIVERS, 4, dtype=torch.bool)
        return {**seen, "giver": Observation(giver.features, giver.alive, giver.acting, nothing)}


class FlatReward(Gifts):
    def step(self, state: GiftsState, actions: Mapping[str, Tensor]) -> Transition[GiftsState]:
        done = super().step(state, actions)
        return replaced(done, rewards={**done.rewards, "collector": done.rewards["collector"][:, 0]})


class NeverOver(Gifts):
    def step(self, state: GiftsState, actions: Mapping[str, Tensor]) -> Transition[GiftsState]:
        done = super().step(state, actions)
        return replaced(done, truncated=torch.zeros_like(done.truncated))


class NotANumber(Gifts):
    def step(self, state: GiftsState, actions: Mapping[str, Tensor]) -> Transition[GiftsState]:
        done = super().step(state, actions)
        return replaced(done, rewards={**done.rewards, "giver": done.rewards["giver"] / 0.0})


class AccountWithoutCopies(Gifts):
    def accounts(self, state: GiftsState) -> dict[str, Tensor]:
        return {**super().accounts(state), "endowment": self.parameters["endowment"]}


class EagerLeader(Gifts):
    def observe(self, state: GiftsState) -> dict[str, Observation]:
        seen = super().observe(state)
        collector = seen["collector"]
        return {**seen, "collector": Observation(collector.features, collector.alive, collector.alive)}


class MintsCoins(Gifts):
    def step(self, state: GiftsState, actions: Mapping[str, Tensor]) -> Transition[GiftsState]:
        done = super().step(state, actions)
        treasury = done.state.treasury * (1 + 1e-6)
        return replaced(done, state=GiftsState(**{**vars(done.state), "treasury": treasury}))


class GlobalGenerator(Gifts):
    def step(self, state: GiftsState, actions: Mapping[str, Tensor]) -> Transition[GiftsState]:
        done = super().step(state, actions)
        return replaced(done, rewards={name: torch.rand_like(paid) for name, paid in done.rewards.items()})


class ChangesItsInput(Gifts):
    def step(self, state: GiftsState, actions: Mapping[str, Tensor]) -> Transition[GiftsState]:
        done = super().step(state, actions)
        state.treasury.add_(1.0)
        return done


class PeeksAtOtherCopies(Gifts):
    def step(self, state: GiftsState, actions: Mapping[str, Tensor]) -> Transition[GiftsState]:
        done = super().step(state, actions)
        return replaced(done, rewards={**done.rewards, "giver": done.rewards["giver"] - state.coins.mean()})


class HiddenMemory(Gifts):
    """Keeps its running total outside of the state, back to zero at each reset."""

    given = 0.0

    def reset(self, key: Tensor) -> GiftsState:
        self.given = 0.0
        return super().reset(key)

    def step(self, state: GiftsState, actions: Mapping[str, Tensor]) -> Transition[GiftsState]:
        if not torch.compiler.is_compiling():
            self.given = self.given + 1.0
        done = super().step(state, actions)
        return replaced(done, rewards={name: paid + self.given for name, paid in done.rewards.items()})


class ReadsIdleLeader(Gifts):
    def step(self, state: GiftsState, actions: Mapping[str, Tensor]) -> Transition[GiftsState]:
        done = super().step(state, actions)
        return replaced(done, state=GiftsState(**{**vars(done.state), "rate": actions["collector"][:, 0]}))


class FirstParameterOnly(Gifts):
    def reset(self, key: Tensor) -> GiftsState:
        first = super().with_parameters(endowment=self.parameters["endowment"].flatten()[0])
        return Gifts.reset(first, key)  # type: ignore[arg-type]


class DataDependent(Gifts):
    def step(self, state: GiftsState, actions: Mapping[str, Tensor]) -> Transition[GiftsState]:
        if float(state.coins.sum()) < 0:
            return super().step(state, {})
        return super().step(state, actions)


class StaysOnTheHost(Gifts):
    def step(self, state: GiftsState, actions: Mapping[str, Tensor]) -> Transition[GiftsState]:
        done = super().step(state, actions)
        return replaced(done, rewards={name: paid * torch.ones(paid.shape[1]) for name, paid in done.rewards.items()})


class AsksTheDevice(Gifts):
    def observe(self, state: GiftsState) -> dict[str, Observation]:
        assert bool(state.coins.isfinite().all())
        return super().observe(state)


class NoSuchWording(Gifts):
    def briefing(self, role: str) -> dict[str, str]:
        return {"templates": "nowhere"}


class NegativeDiscount(Gifts):
    discount = -0.5


class UnnamedSharedFeature(Signals):
    def observe(self, state: SignalsState) -> dict[str, Observation]:
        seen = super().observe(state)["guesser"]
        assert seen.shared is not None
        return {"guesser": replace(seen, shared=torch.cat([seen.shared, seen.shared], -1))}


class SharedNotANumber(Signals):
    def observe(self, state: SignalsState) -> dict[str, Observation]:
        seen = super().observe(state)["guesser"]
        assert seen.shared is not None
        return {"guesser": replace(seen, shared=seen.shared / 0.0)}


class SharedByCopies(Signals):
    def observe(self, state: SignalsState) -> dict[str, Observation]:
        seen = super().observe(state)["guesser"]
        assert seen.shared is not None
        return {"guesser": replace(seen, shared=seen.shared.mean(0).expand_as(seen.shared))}


class WritesToConstants(Signals):
    def reset(self, key: Tensor) -> SignalsState:
        self.constants["tables"][0].add_(1)
        return super().reset(key)


BROKEN = {
    NegativeDiscount: "discount",
    UnnamedSharedFeature: "spaces",
    SharedNotANumber: "finite",
    SharedByCopies: "batch_independence",
    WritesToConstants: "constants",
    UnnamedFeature: "spaces",
    NothingLegal: "masks",
    FlatReward: "rewards",
    NeverOver: "ends",
    NotANumber: "finite",
    AccountWithoutCopies: "accounts",
    EagerLeader: "leaders",
    MintsCoins: "conservation",
    GlobalGenerator: "determinism",
    ChangesItsInput: "determinism",
    PeeksAtOtherCopies: "batch_independence",
    HiddenMemory: "state_round_trip",
    ReadsIdleLeader: "idle_actions",
    FirstParameterOnly: "parameters",
    DataDependent: "one_graph",
    StaysOnTheHost: "no_device_mixed",
    AsksTheDevice: "no_device_mixed",
    NoSuchWording: "text",
}


@pytest.mark.parametrize(("broken", "name"), BROKEN.items(), ids=lambda value: getattr(value, "__name__", value))
def test_a_broken_promise_fails_its_check(broken: type[Gifts | Signals], name: str) -> None:
    failed = {outcome.name: outcome.detail for outcome in check_game(broken()) if not outcome.passed}
    assert name in failed
    assert failed[name]


def test_a_failure_says_what_is_wrong_and_where() -> None:
    detail = {outcome.name: outcome.detail for outcome in check_game(MintsCoins())}["conservation"]
    assert re.fullmatch(r"step \d: coins changed by \d\.\d+e-\d+", detail)


def test_a_game_that_raises_is_a_finding_not_a_crash() -> None:
    class Raises(Gifts):
        def accounts(self, state: GiftsState) -> dict[str, Tensor]:
            raise RuntimeError("no books")

    failed = {outcome.name: outcome.detail for outcome in check_game(Raises()) if not outcome.passed}
    assert failed["accounts"] == "RuntimeError: no books"


def test_copies_never_number_as_many_as_players() -> None:
    class Recorder(Gifts):
        copies: tuple[int, ...] = ()

        def reset(self, key: Tensor) -> GiftsState:
            Recorder.copies += (key.shape[0],)
            return super().reset(key)

    check_game(Recorder(), num_envs=GIVERS)
    assert GIVERS not in Recorder.copies


def test_random_actions_are_legal_and_reach_every_option() -> None:
    game = Gifts()
    key = random.keys(0, 500)
    seen = game.observe(game.reset(key))
    actions = random_actions(game, seen, key)
    mask = seen["giver"].action_mask
    assert mask is not None
    assert mask.gather(-1, actions["giver"][..., None]).all()
    assert actions["giver"].unique().tolist() == [0, 1, 2, 3]
    assert actions["collector"].shape == (500, 1)
    assert actions["collector"].dtype == game.dtype
    # 500 uniform draws: the standard error of the mean is 0.013.
    assert actions["collector"].mean() == pytest.approx(0.5, abs=0.05)


def test_play_goes_on_from_a_state_as_if_never_stopped() -> None:
    key = random.keys(3, 2)
    whole = list(play(Gifts(), key, 6))
    rest = list(play(Gifts(), key, 6, whole[4].state, 4))
    assert [moment.time for moment in rest] == [4, 5]
    for name, value in tensors_of(whole[-1].transition.state).items():
        assert torch.equal(value, tensors_of(rest[-1].transition.state)[name])


class _Constant:
    """Answers every observation with one number; stands in for an agent."""

    def __init__(self, role: Role, value: float) -> None:
        self.role, self.value = role, value

    def start(self, game: Any, role: Role, num_envs: int) -> None:
        return None

    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        shape = (key.shape[0], self.role.count, *self.role.action.shape)
        return torch.full(shape, self.value).to(torch.float32 if self.role.leads else torch.int64), None


class _Unfitted(_Constant):
    """Has to be fitted before it plays."""

    def state_dict(self) -> dict[str, Tensor]:
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None: ...


class _Scenario:
    """The two things that ``check`` reads of a scenario."""

    name = "gifts"

    def __init__(self, gift: float, rate: float) -> None:
        self.answers = {"giver": gift, "collector": rate}

    def build(self, device: str = "cpu", dtype: torch.dtype | None = None) -> tuple[Gifts, dict[str, _Constant]]:
        game = Gifts()
        return game, {name: _Constant(role, self.answers[name]) for name, role in game.roles.items()}


@pytest.mark.parametrize(
    ("gift", "rate", "failing"),
    [
        (0, 0.5, []),
        (4, 0.5, ["agent_giver"]),
        (0, 1.5, ["agent_collector"]),
        (-1, -0.1, ["agent_giver", "agent_collector"]),
    ],
)
def test_a_scenario_is_checked_with_its_agents(gift: float, rate: float, failing: list[str]) -> None:
    outcomes: list[Check] = check(_Scenario(gift, rate))  # type: ignore[arg-type]
    assert [outcome.name for outcome in outcomes if not outcome.passed] == failing


def test_an_agent_that_must_be_fitted_is_not_asked_to_play() -> None:
    scenario = _Scenario(4, 0.5)
    game, agents = scenario.build()
    agents["giver"] = _Unfitted(game.roles["giver"], 4)
    scenario.build = lambda device="cpu", dtype=None: (game, agents)  # type: ignore[method-assign]
    outcomes = {outcome.name: outcome for outcome in check(scenario)}  # type: ignore[arg-type]
    assert outcomes["agent_giver"].passed
    assert outcomes["agent_giver"].detail == "not checked: the agent must be fitted before it can play"


class WrongPayoffs(NormalForm):
    def payoff_tensor(self) -> Tensor:
        return super().payoff_tensor().transpose(1, 2)


def test_listed_payoffs_that_a_step_does_not_pay_are_found() -> None:
    for broken, passes in ((NormalForm, True), (WrongPayoffs, False)):
        outcomes = {check.name: check for check in check_game(broken(Payoffs(classic="prisoners_dilemma")))}
        assert outcomes["payoffs"].passed == passes
    assert "payoff tensor by up to 1 of the largest payoff" in outcomes["payoffs"].detail


_CHICKEN = NormalForm(Payoffs(classic="chicken"))


class _Biased(MixedStrategy):
    """Draws as written, and states equal probabilities."""

    def act(self, observation: Observation, memory: Any, key: Tensor) -> Any:
        return MixedStrategy(self.parameters).act(observation, memory, key)

    def policy(self, observation: Observation, memory: Any) -> Any:
        equal = MixedStrategy(Mix())
        return equal.policy(observation, equal.start(_CHICKEN, _CHICKEN.roles["row"], 2))


def test_an_agent_that_draws_from_another_distribution_than_it_states_is_found() -> None:
    trial = Trial(_CHICKEN, 2, 1)
    assert draws_its_policy(trial, "row", _Biased(Mix(probabilities=(0.5, 0.5)))) is None
    with pytest.raises(BrokenPromiseError, match="row: draws differ from the reported policy"):
        draws_its_policy(trial, "row", _Biased(Mix(probabilities=(0.42, 0.58))))


def test_agents_of_a_scenario_are_checked_to_draw_from_what_they_state() -> None:
    outcomes = {outcome.name: outcome for outcome in check(load("matching_pennies"))}
    assert all(outcome.passed for outcome in outcomes.values())
    assert {"policy_row", "policy_column", "payoffs"} <= outcomes.keys()
