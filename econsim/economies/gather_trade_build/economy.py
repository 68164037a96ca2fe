"""Gather-Trade-Build as a game: components acting in turn on one world, observations, rewards and accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from econsim import random
from econsim.economies.gather_trade_build import observation
from econsim.economies.gather_trade_build.accounts import accounts_spec
from econsim.economies.gather_trade_build.components import Component, Features
from econsim.economies.gather_trade_build.frames import frame_of, stage_of
from econsim.economies.gather_trade_build.heuristic import GreedyHeuristic
from econsim.economies.gather_trade_build.initial_state import InitialState
from econsim.economies.gather_trade_build.kernels.coverage import not_covered, reads_on_cpu
from econsim.economies.gather_trade_build.layouts import STONE, Layout
from econsim.economies.gather_trade_build.parameters import Parameters
from econsim.economies.gather_trade_build.roles import planner_roles, worker_roles
from econsim.economies.gather_trade_build.social import effort_values, marginal_social_weights, social_welfare
from econsim.economies.gather_trade_build.world import Ground, State, World, ground_of
from econsim.errors import UserError
from econsim.game import Game, Observation, Role, Transition
from econsim.kernels import require_numba
from econsim.mechanisms import welfare
from econsim.mechanisms.preferences import isoelastic
from econsim.mechanisms.us_law import Law

if TYPE_CHECKING:
    from econsim.economies.gather_trade_build.kernels.playing import Kernels

INVENTORY_SCALE = 0.01


class GatherTradeBuild(Game[State]):
    """Gather-Trade-Build economy; the docstring of the package describes it."""

    unit = "coin"
    clocked = True
    elasticity_meaning = "uncompensated, (1 - risk aversion) / risk aversion, without other income"

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        self._tax = next((entry.parameters for entry in parameters.components if entry.kind.name == "tax"), None)
        self._routine: GreedyHeuristic | None = None
        self._kernels: Kernels | None = None
        self.lowest_rate = parameters.lowest_rate
        self.horizon, self.groups = parameters.horizon, parameters.groups
        self.components = _built(parameters)
        self.layout: Layout = parameters.layout.build()
        self.margin = parameters.view_radius if isinstance(parameters.view_radius, int) else 1
        self.margin = max(1, self.margin)
        self.row_length = self.layout.width + 2 * self.margin
        self.workers = sum(group.count for group in self.groups)
        if self.workers > observation.MOST_WORKERS:
            raise UserError(f"workers: expected at most {observation.MOST_WORKERS} in all, found {self.workers}")
        taxed = any(component.planner_choices(self) for component in self.components)
        self.planners = parameters.planners if taxed else ()
        self.parameters = {name: torch.tensor(value, dtype=torch.float64) for name, value in self._numbers().items()}
        self.initial_state = InitialState(parameters, self.layout, self.margin)
        self.tables: Mapping[str, Any] = self._tables()
        first = self.reset(random.keys(0, 1))
        self.initial_state.check(self.ground(first.world), first.world.position)
        self.roles = {role.name: role for role in self._roles(first)}
        of_components = [spec for component in self.components for spec in component.accounts_spec(self)]
        self.accounts_spec = (*accounts_spec(parameters.welfare, parameters.equality_weight), *of_components)

    # --- the game -----------------------------------------------------------------------------------------------

    def reset(self, key: Tensor) -> State:
        """Return the initial state of ``B`` environment copies, with newly drawn skills and positions."""
        ground = None
        if self.layout.random:
            ground = ground_of(self.layout.draw(key), self.margin, self.settings.regrowth_halfwidth)
        world = self._first_world(key, ground)
        parts = {component.name: component.start(self, world) for component in self.components}
        return State(world, parts, *self._standing(world))

    def observe(self, state: State) -> dict[str, Observation]:
        """Return the observations of workers and planners."""
        if self._kernels is not None and reads_on_cpu(self, state):
            return self._kernels.observe(self, state)
        seen = self._features(state)
        moving = observation.movables(state.world, self.ground(state.world), self.tables["is_stone"])
        return dict([*self._worker_observations(state, seen, moving), *self._planner_observations(state, seen, moving)])

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Apply every component in turn, then regrow resources on empty sources."""
        if self._kernels is not None and reads_on_cpu(self, state, actions):
            return self._kernels.step(self, state, actions)
        world, parts = state.world, dict(state.parts)
        worker_actions = torch.cat([actions[group.name] for group in self.groups], 1)
        first, first_head = 1, 0
        for component in self.components:
            count, heads = len(component.choices(self)), len(component.planner_choices(self))
            belongs = (worker_actions >= first) & (worker_actions < first + count)
            choice = torch.where(belongs, worker_actions - (first - 1), 0)
            announced = {name: actions[name][:, 0, first_head : first_head + heads] for name in self.planners}
            world, parts[component.name] = component.step(self, world, parts[component.name], choice, announced)
            first, first_head = first + count, first_head + heads
        world = self._regrow(world)
        world = replace(world, time=world.time + 1)
        after = State(world, parts, *self._standing(world))
        over = world.time >= self.horizon
        return Transition(after, self._rewards(state, after), over, torch.zeros_like(over))

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return the accounts of workers, of components and of the whole economy; float64, money in coin.

        Consumption (all coin, escrow included), labour, utility, payment per house and bonus probability are
        ``[B, N]``. ``welfare``, ``equality`` and ``productivity`` (total coin) are ``[B]``, over all workers.
        """
        world = state.world
        coin, utility = world.endowment.double(), state.utility.double()
        accounts = {
            "consumption": coin,
            "coin_in_escrow": world.coin_in_escrow.double(),
            "labour": world.labour.double(),
            "utility": utility,
            "build_payment": world.build_payment.double(),
            "gather_bonus": world.gather_bonus.double(),
        }
        for component in self.components:
            accounts |= component.accounts(self, world, state.parts[component.name])
        return {
            **accounts,
            "equality": welfare.equality(coin),
            "productivity": coin.sum(-1),
            "welfare": social_welfare(self.settings.welfare, coin, utility, self.settings.equality_weight),
        }

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return residuals ``[B]`` of the balances of coin, of goods and of units on sources, all zero."""
        world = state.world
        pay = world.built * world.build_payment.double()
        coin = world.endowment.double() - self.tables["starting_coin"] - pay
        goods = world.goods + world.goods_in_escrow + world.built[..., None] - world.gathered
        stone = self.tables["is_stone"]
        missing = torch.stack([(~world.stock & stone).sum(-1), (~world.stock & ~stone).sum(-1)], -1)
        ground = world.taken - world.regrown - missing
        residuals = {
            "coin": coin.sum(-1),
            "goods": goods.double().sum(1).abs().sum(1),
            "ground": ground.double().abs().sum(1),
        }
        for component in self.components:
            residuals |= component.conserved(self, world, state.parts[component.name])
        return residuals

    def stage(self) -> dict[str, Any]:
        """Return the constants of a recording; see :mod:`econsim.economies.gather_trade_build.frames`."""
        return stage_of(self)

    def frame(self, state: State) -> dict[str, Tensor]:
        """Return one frame of a recording; see :mod:`econsim.economies.gather_trade_build.frames`."""
        return frame_of(self, state)

    def not_covered(self) -> str:
        """Return what of this economy its kernels do not cover; "" if they cover all of it."""
        return not_covered(self)

    def on_kernels(self) -> GatherTradeBuild:
        """Return this economy played by its kernels where it is on the CPU and no gradient is taken.

        Raises:
            UserError: numba is not installed, or the kernels do not cover this economy.
        """
        require_numba()
        if missing := self.not_covered():
            raise UserError(f"kernels of Gather-Trade-Build do not cover {missing}")
        from econsim.economies.gather_trade_build.kernels.playing import Kernels

        other = copy(self)
        other._kernels, other.by_kernels = Kernels(), True
        return other

    # --- interface to components ----------------------------------------------------------------------------------

    def number(self, name: str) -> Tensor:
        """Return a numeric parameter, ``[1 | B, 1]`` in the game's precision."""
        return self.parameters[name].reshape(-1, 1).to(self.dtype)

    def ground(self, world: World) -> Ground:
        """Return the ground, one row if all environment copies share it."""
        ground: Ground = self.tables["ground"] if world.ground is None else world.ground
        return ground

    @property
    def thresholds(self) -> Tensor:
        """Lower thresholds of the tax brackets, ``[K]`` in coin; empty without taxes."""
        thresholds: Tensor = self.tables.get("thresholds", torch.zeros(0, dtype=torch.float64))
        return thresholds

    def taxable_income(self, state: State) -> Tensor:
        """Return the income of all tax periods, ``[B, N]`` float64 in coin."""
        return self.accounts(state)["income_by_period"].sum(-1)

    def taxable_income_elasticity(self, state: State) -> Tensor:
        r"""Return $(1 - \eta) / \eta$, ``[B]`` float64, a mean over workers: 3.35 at the published risk aversion.

        A worker with labour cost $c$ per unit and income $w l$ from labour $l$ has
        $(1 - t) w \, ((1 - t) w l)^{-\eta} = c$, so that income is proportional to $(1 - t)^{(1 - \eta) / \eta}$.
        """
        risk_aversion = self.of_workers("risk_aversion").double()
        elasticity = (1.0 - risk_aversion) / risk_aversion
        return elasticity.expand(state.utility.shape).mean(-1)

    def marginal_social_weights(self, state: State) -> Tensor:
        """Return the marginal social weights of the configured welfare function, over all workers, ``[B, N]``."""
        settings, risk_aversion = self.settings, self.of_workers("risk_aversion")
        coin = state.world.endowment
        return marginal_social_weights(settings.welfare, coin, state.utility, risk_aversion, settings.equality_weight)

    def effort_values(self, state: State) -> Tensor:
        """Return the rise of welfare per coin earned at constant utility and revenue, ``[B, N]``.

        Taxed at the worker's mean marginal rate over the tax periods.
        """
        kept = 1.0 - self.accounts(state)["marginal_rate_by_period"].mean(-1)
        settings, coin = self.settings, state.world.endowment
        return effort_values(settings.welfare, coin, state.utility, kept, settings.equality_weight)

    def routine(self) -> GreedyHeuristic:
        """Return the rule of scripted workers; see :mod:`econsim.economies.gather_trade_build.heuristic`."""
        # A copied game may have other parameters or be on another device.
        if self._routine is None or self._routine.game is not self:
            self._routine = GreedyHeuristic(self)
        return self._routine

    @property
    def law(self) -> Law | None:
        """The law that defines the tax brackets; ``None`` if the brackets are not those of a law."""
        brackets = getattr(self._tax, "brackets", None)
        return brackets if isinstance(brackets, Law) else None

    @property
    def usd_per_unit(self) -> float:
        """US dollars per coin."""
        return float(getattr(self._tax, "usd_per_coin", 1.0))

    # --- implementation -------------------------------------------------------------------------------------------

    def _numbers(self) -> dict[str, float]:
        settings = self.settings
        numbers = {name: getattr(settings, name) for name in ("base_payment", "highest_multiple", "regrowth_rate")}
        for group in self.groups:
            prefix = f"{group.name}_" if len(self.groups) > 1 else ""
            numbers |= {f"{prefix}{name}": getattr(group, name) for name in ("labour_cost", "risk_aversion")}
        for component in self.components:
            numbers |= component.numbers()
        return numbers

    def of_workers(self, name: str) -> Tensor:
        """Return a numeric parameter that may differ between classes of workers, ``[1 | B, 1 | N]``."""
        groups = self.groups
        if len(groups) == 1:
            return self.number(name)
        columns = [self.number(f"{group.name}_{name}").expand(-1, group.count) for group in groups]
        rows = max(column.shape[0] for column in columns)
        return torch.cat([column.expand(rows, -1) for column in columns], 1)

    def _tables(self) -> dict[str, Any]:
        sample = self.layout.draw(random.keys(0, 1))
        groups = self.groups
        coin = torch.cat([torch.full((group.count,), group.starting_coin, dtype=torch.float64) for group in groups])
        ground, stone_sources = (
            ground_of(sample, self.margin, self.settings.regrowth_halfwidth),
            (sample[0] == STONE).sum(),
        )
        tables: dict[str, Any] = {
            "ground": ground,
            "stone_sources": stone_sources,
            "is_stone": torch.arange(ground.source.shape[1]) < stone_sources,
            "starting_coin": coin,
            "numbers": torch.arange(self.workers),
            "window": self._window(),
            "map": observation.whole_map(self.layout.height, self.layout.width, self.margin),
        }
        if self.planners:
            taxed_by = [self.planners.index(group.planner) for group in groups for _ in range(group.count)]
            tables["planner_of"] = torch.tensor(taxed_by)
            tables["people"] = tables["planner_of"] == torch.arange(len(self.planners))[:, None]
            tables["people_of"] = {
                name: members.nonzero()[:, 0] for name, members in zip(self.planners, tables["people"], strict=True)
            }
        self.tables = tables
        for component in self.components:
            tables |= component.tables(self)
        return tables

    def _window(self) -> Tensor:
        radius = self.settings.view_radius
        return observation.window(radius if isinstance(radius, int) else 0, self.row_length)

    def _first_world(self, key: Tensor, ground: Ground | None) -> World:
        copies = key.shape[0]
        where = self.tables["ground"] if ground is None else ground
        multiples, bonuses = self.initial_state.skills(key)
        tiles, sources = where.terrain.shape[1], where.source.shape[1]
        nothing = torch.zeros((copies, self.workers), dtype=self.dtype, device=key.device)
        counts = torch.zeros((copies, self.workers, 2), dtype=torch.int32, device=key.device)
        return World(
            key=key,
            time=torch.zeros_like(key),
            ground=ground,
            stock=torch.ones((copies, sources), dtype=torch.bool, device=key.device),
            owner=torch.zeros((copies, tiles), dtype=self._image_type, device=key.device),
            position=self.initial_state.places(key, where, multiples),
            coin=nothing + self.tables["starting_coin"].to(self.dtype),
            goods=counts,
            coin_in_escrow=nothing,
            goods_in_escrow=counts,
            labour=nothing,
            build_payment=multiples.to(self.dtype) * self.number("base_payment"),
            gather_bonus=bonuses.to(self.dtype),
            built=counts[..., 0].clone(),
            gathered=counts,
            taken=counts[:, 0].clone(),
            regrown=counts[:, 0].clone(),
        )

    def _regrow(self, world: World) -> World:
        """Regrow a unit on every empty source with the source's probability."""
        ground = self.ground(world)
        draw = random.uniform(world.key, world.time, "regrowth", (world.stock.shape[1],))
        probability = self.number("regrowth_rate") * ground.regrowth.to(self.dtype)
        grown = (draw < probability) & ~world.stock
        stone = self.tables["is_stone"]
        by_good = torch.stack([(grown & stone).sum(-1), (grown & ~stone).sum(-1)], -1).int()
        return replace(world, stock=world.stock | grown, regrown=world.regrown + by_good)

    def _standing(self, world: World) -> tuple[Tensor, Tensor]:
        """Return utilities ``[B, N]`` and the social welfare of each planner's workers ``[B, L]``."""
        coin = world.endowment
        utility = self._utility_of_coin(coin) - self.of_workers("labour_cost") * world.labour
        of_people = [
            social_welfare(self.settings.welfare, coin[:, members], utility[:, members], self.settings.equality_weight)
            for members in self._members()
        ]
        social = torch.stack(of_people, 1) if of_people else coin[:, :0]
        return utility, social.to(self.dtype)

    def _utility_of_coin(self, coin: Tensor) -> Tensor:
        """Return isoelastic utility; with a risk aversion of one or more, less than one coin counts as one."""
        risk_aversion = self.of_workers("risk_aversion")
        return isoelastic(torch.where(risk_aversion >= 1, coin.clamp(min=1.0), coin), risk_aversion)

    def utility_with(self, accounts: Mapping[str, Tensor], lump_sum: Tensor) -> Tensor:
        """Return utility ``[B, N]`` with a ``lump_sum`` ``[B, N]`` of coin at the end of the episode."""
        return self._utility_of_coin(accounts["consumption"] + lump_sum) - (
            self.of_workers("labour_cost") * accounts["labour"]
        )

    def _members(self) -> list[Any]:
        """Return the index of each planner's workers on the worker axis; for one planner a slice, to copy no data."""
        if len(self.planners) == 1:
            return [slice(None)]
        return [self.tables["people_of"][name] for name in self.planners]

    def _rewards(self, before: State, after: State) -> dict[str, Tensor]:
        gained = self.with_accrued(after.utility - before.utility, before, after)
        of_groups = torch.split(gained, [group.count for group in self.groups], 1)
        social = after.welfare - before.welfare
        rewards = {group.name: reward for group, reward in zip(self.groups, of_groups, strict=True)}
        return rewards | {name: social[:, number, None] for number, name in enumerate(self.planners)}

    def with_accrued(self, gained: Tensor, before: State, after: State) -> Tensor:
        """Return what workers gained in utility ``[B, N]``, with the change in accrued taxes where they feel it."""
        if self.settings.taxes_felt == "when_collected":
            return gained
        return gained + self._worth_of_accrued(after) - self._worth_of_accrued(before)

    def _worth_of_accrued(self, state: State) -> Tensor:
        """Return the utility of accrued taxes and rebates, ``[B, N]``; zero after the last step.

        Adding the difference of a function of the state to the reward preserves the ranking of policies (Ng, Harada
        and Russell 1999, theorem 1).
        """
        world, due = state.world, torch.zeros_like(state.utility)
        for component in self.components:
            accrued = component.accrued(self, world, state.parts[component.name])
            due = due if accrued is None else due + accrued
        due = torch.where((world.time < self.horizon)[:, None], due, 0.0)
        return self._utility_of_coin(world.endowment + due) - self._utility_of_coin(world.endowment)

    # --- observations ---------------------------------------------------------------------------------------------

    def _features(self, state: State) -> Features:
        """Return the features of the world, followed by those of each component."""
        world = state.world
        row, column = world.position // self.row_length - self.margin, world.position % self.row_length - self.margin
        time = (world.time.to(self.dtype) / self.horizon)[:, None, None]
        held = {"coin": world.coin, "stone": world.goods[..., 0], "wood": world.goods[..., 1]}
        scaled = {name: (amount.to(self.dtype) * INVENTORY_SCALE)[..., None] for name, amount in held.items()}
        position = {
            "row": (row.to(self.dtype) / self.layout.height)[..., None],
            "column": (column.to(self.dtype) / self.layout.width)[..., None],
        }
        nothing = {name: torch.zeros_like(time) for name in held}
        seen = Features({"time": time, **position, **scaled}, {"time": time, **nothing}, dict(scaled))
        for component in self.components:
            added = component.observe(self, world, state.parts[component.name])
            seen.worker |= added.worker
            seen.planner |= added.planner
            seen.of_workers |= added.of_workers
        return seen

    def _worker_observations(self, state: State, seen: Features, moving: Tensor) -> Iterator[tuple[str, Observation]]:
        world = state.world
        features = observation.flatten(seen.worker, world.coin)
        everyone = torch.ones_like(world.position, dtype=torch.bool)
        mask = torch.cat([everyone[..., None], *self._masks(state, everyone)], -1)
        if self.settings.view_radius == "all":
            tiles, shape = self.tables["map"].expand(*everyone.shape, -1), (self.layout.height, self.layout.width)
        else:
            side = 2 * int(self.settings.view_radius) + 1
            tiles, shape = world.position[..., None] + self.tables["window"], (side, side)
        view = observation.images_of(world, self.ground(world), moving, tiles, shape, self.tables["numbers"])
        for group in self.groups:
            members = group.members
            alive = everyone[:, members]
            yield group.name, Observation(features[:, members], alive, alive, mask[:, members], view[:, members])

    def _masks(self, state: State, everyone: Tensor) -> Iterator[Tensor]:
        for component in self.components:
            count = len(component.choices(self))
            if count:
                mask = component.mask(self, state.world, state.parts[component.name])
                yield everyone[..., None].expand(-1, -1, count) if mask is None else mask

    def _planner_observations(self, state: State, seen: Features, moving: Tensor) -> Iterator[tuple[str, Observation]]:
        if not self.planners:
            return
        world = state.world
        features = observation.flatten(seen.planner, state.welfare)
        of_workers = observation.flatten(seen.of_workers, world.coin)
        alive = torch.ones_like(state.welfare[:, :1], dtype=torch.bool)
        acting = alive & (world.time % self.planners_act_every == 0)[:, None]
        masks = torch.cat(list(self._planner_masks(state)), -1)
        view = self._planner_view(world, moving) if self.settings.planner_sees_map else None
        for number, (name, members) in enumerate(zip(self.planners, self._members(), strict=True)):
            both = torch.cat([features[:, number], of_workers[:, members].flatten(1)], -1)[:, None]
            yield name, Observation(both, alive, acting, masks[:, number, None], view)

    def _planner_masks(self, state: State) -> Iterator[Tensor]:
        for component in self.components:
            if component.planner_choices(self):
                mask = component.planner_mask(self, state.world, state.parts[component.name])
                shape = (state.welfare.shape[0], len(self.planners), sum(component.planner_choices(self)))
                yield torch.ones(shape, dtype=torch.bool, device=state.welfare.device) if mask is None else mask

    def _planner_view(self, world: World, moving: Tensor) -> Tensor:
        tiles, shape = self.tables["map"].expand(moving.shape[0], 1, -1), (self.layout.height, self.layout.width)
        return observation.images_of(world, self.ground(world), moving, tiles, shape, None)

    @property
    def _image_type(self) -> torch.dtype:
        return observation.smallest_integer(self.workers)

    @property
    def planners_act_every(self) -> int:
        """Number of steps between actions of a planner."""
        return max(component.planner_acts_every for component in self.components if component.planner_choices(self))

    def _roles(self, first: State) -> Iterator[Role]:
        """Yield the roles, with the names and sizes of the features of an initial observation."""
        seen, views = self._features(first), {name: entry.view for name, entry in self.observe(first).items()}
        yield from worker_roles(self, seen, views)
        yield from planner_roles(self, seen, views)


def _built(settings: Parameters) -> tuple[Component, ...]:
    built = []
    for choice in settings.components:
        component: Component = choice.build()
        component.name = choice.kind.name
        built.append(component)
    return tuple(built)
