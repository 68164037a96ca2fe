"""Rules of Gather-Trade-Build in plain Python, for one environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from econsim.economies.gather_trade_build.economy import GatherTradeBuild
from econsim.economies.gather_trade_build.reference.auction import Auction
from econsim.economies.gather_trade_build.reference.initial_state import Draws, Reader, Rules
from econsim.economies.gather_trade_build.reference.land import DIRECTIONS, Land, Place
from econsim.economies.gather_trade_build.reference.people import Worker, social_welfare
from econsim.economies.gather_trade_build.reference.taxes import TaxOffice
from econsim.economies.gather_trade_build.world import State

LeaderObjective = Sequence[int] | Sequence[float]
Choice = tuple[str, str, int]  # kind of action; good or direction; price


@dataclass(frozen=True)
class Rewards:
    """Rewards of a step: the change of each worker's utility and of each planner's social welfare."""

    workers: list[float]
    planners: dict[str, float]


class Reference:
    """Economy with its map, workers, auctions and tax offices."""

    def __init__(
        self,
        rules: Rules,
        land: Land,
        workers: list[Worker],
        auctions: dict[str, Auction],
        offices: dict[str, TaxOffice],
    ) -> None:
        self.rules, self.land, self.workers, self.auctions, self.offices = rules, land, workers, auctions, offices
        self.time = 0
        self.choices = [choice for component in rules.components for choice in self._choices_of(component)]

    @classmethod
    def begin(cls, game: GatherTradeBuild, state: State, copy: int = 0) -> Reference:
        """Return the reference for one environment copy of a game's initial state.

        Raises:
            ValueError: the state is not an initial state, or the game has a component that the reference lacks.
        """
        if int(state.world.time[copy]) != 0:
            raise ValueError("state: expected an initial state, as returned by reset")
        reader = Reader(game, state.world, copy)
        workers = reader.people()
        return cls(reader.rules(), reader.land(), workers, reader.auctions(), reader.offices(workers))

    @property
    def over(self) -> bool:
        """Whether the episode has ended."""
        return self.time >= self.rules.horizon

    @property
    def welfare(self) -> dict[str, float]:
        """Social welfare of each planner's workers."""
        name, weight = self.rules.welfare, self.rules.equality_weight
        return {planner: social_welfare(name, office.people, weight) for planner, office in self.offices.items()}

    # --- a step ---------------------------------------------------------------------------------------------------

    def step(self, actions: Sequence[int], announced: Mapping[str, LeaderObjective], draws: Draws) -> Rewards:
        """Apply every component in turn, then regrow resources and advance time.

        Args:
            actions: one per worker: 0 is no action, ``i`` the ``i``-th of :attr:`choices`; illegal actions do nothing.
            announced: one entry per bracket by planner, see :meth:`TaxOffice.announce`; used when a period begins.
            draws: the random draws of this step.
        """
        utility, welfare = [worker.utility for worker in self.workers], self.welfare
        choices = [self._meaning(action) for action in actions]
        for component in self.rules.components:
            match component:
                case "build":
                    self._build(choices)
                case "trade":
                    self._trade(choices)
                case "gather":
                    self._gather(choices, draws)
                case "tax":
                    self._tax(announced)
        self.land.regrow(draws.regrowth, self.rules.regrowth_rate, self.rules.regrowth_halfwidth)
        self.time += 1
        return Rewards(
            [worker.utility - before for worker, before in zip(self.workers, utility, strict=True)],
            {planner: value - welfare[planner] for planner, value in self.welfare.items()},
        )

    def _build(self, choices: Sequence[Choice | None]) -> None:
        """Turn a unit of each good into a house and pay the worker for it."""
        for worker, choice in zip(self.workers, choices, strict=True):
            if choice == ("build", "", 0) and self.may_build(worker):
                for good in worker.goods:
                    worker.goods[good] -= 1
                worker.coin += worker.build_payment
                worker.labour += self.rules.build_labour
                worker.houses += 1
                self.land.houses[worker.place] = worker.number

    def _trade(self, choices: Sequence[Choice | None]) -> None:
        """Place orders, worker by worker, match them and cancel expired ones."""
        for auction in self.auctions.values():
            auction.forget()
            for worker, choice in zip(self.workers, choices, strict=True):
                match choice:
                    case ("bid", auction.good, price):
                        auction.bid(worker, price)
                    case ("ask", auction.good, price):
                        auction.ask(worker, price)
        for auction in self.auctions.values():
            auction.match()
            auction.grow_older()

    def _gather(self, choices: Sequence[Choice | None], draws: Draws) -> None:
        """Move workers in a random order; each then collects the unit on its tile."""
        for number in draws.order:
            worker, choice = self.workers[number], choices[number]
            if choice is not None and choice[0] == "move" and self.may_move(worker, choice[1]):
                worker.place = _next(worker.place, choice[1])
                worker.labour += self.rules.move_labour
            good = self.land.take(worker.place)
            if good is not None:
                units = 2 if draws.bonus[number] < worker.gather_bonus else 1
                worker.goods[good] += units
                worker.gathered[good] += units
                worker.labour += self.rules.collect_labour

    def _tax(self, announced: Mapping[str, LeaderObjective]) -> None:
        """Set the planners' rates at the start of a period, and collect taxes at its end."""
        for planner, office in self.offices.items():
            if office.begins(self.time):
                office.announce(announced[planner])
            if office.ends(self.time):
                office.collect()

    # --- legal actions --------------------------------------------------------------------------------------------

    def may_build(self, worker: Worker) -> bool:
        """Return whether a worker has both goods in inventory and is on a tile without house or source."""
        bare = worker.place not in self.land.houses and worker.place not in self.land.sources
        return bare and all(units >= 1 for units in worker.goods.values())

    def may_move(self, worker: Worker, direction: str) -> bool:
        """Return whether the next tile is accessible to a worker and unoccupied."""
        place = _next(worker.place, direction)
        taken = any(other.place == place for other in self.workers)
        return not taken and self.land.lets_in(place, worker.number)

    def mask(self, worker: Worker) -> list[bool]:
        """Return which actions are legal for a worker; no action always is."""
        return [True, *(self._is_legal(worker, choice) for choice in self.choices)]

    def planner_mask(self, planner: str) -> list[bool]:
        """Return which options a planner may take, by bracket; keeping the rate is always allowed."""
        office = self.offices[planner]
        begins = office.begins(self.time)
        return [True, *(begins and office.allows(rate) for rate in office.options)] * len(office.thresholds)

    def _is_legal(self, worker: Worker, choice: Choice) -> bool:
        match choice:
            case ("bid", good, price):
                return self.auctions[good].may_bid(worker, price)
            case ("ask", good, _):
                return self.auctions[good].may_ask(worker)
            case ("move", direction, _):
                return self.may_move(worker, direction)
        return self.may_build(worker)

    # --- actions --------------------------------------------------------------------------------------------------

    def _choices_of(self, component: str) -> list[Choice]:
        match component:
            case "build":
                return [("build", "", 0)]
            case "trade":
                prices = range(next(iter(self.auctions.values())).highest_price + 1)
                return [(side, good, price) for good in self.auctions for side in ("bid", "ask") for price in prices]
            case "gather":
                return [("move", direction, 0) for direction in DIRECTIONS]
        return []

    def _meaning(self, action: int) -> Choice | None:
        return self.choices[action - 1] if 1 <= action <= len(self.choices) else None


def _next(place: Place, direction: str) -> Place:
    down, right = DIRECTIONS[direction]
    return place[0] + down, place[1] + right
