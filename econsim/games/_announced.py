"""Games after an announcement: what players face once the planner of :mod:`econsim.games.incentives` has announced.

Payments change rewards, so that a game with an exact view keeps it: a table of payoffs, an information tree, or the
tensors of a finite Markov game. Where the budget may run out, what is left of it is part of the state. Players do not
observe it, but the payments, the budget and the past actions determine it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Enumerable, Game, Observation, Transition, tree_map
from econsim.games._tree import Node, Tree, sequence_form
from econsim.information_tree import HasGameTree, HasInformationTree, InformationTree
from econsim.markov import DecisionGame, Decisions, MarkovForm, MarkovGame

if TYPE_CHECKING:
    from econsim.games.incentives import Incentives, State

__all__ = ["Announced", "announced_game"]

MOST_NUMBERS = 50_000_000
_SAME = 1e-9
"""Amounts of money that differ less than this are the same."""


class Announced(Game["State"]):
    """The game that followers play after an announcement ``payments`` ``[K]``, from its first step on."""

    def __init__(self, game: Incentives, payments: Tensor) -> None:
        self.game, self.payments, inner = game, payments.double(), game.inner
        self.roles = {name: game.roles[name] for name in inner.roles}
        self.horizon, self.clocked, self.discount = inner.horizon, inner.clocked, inner.discount
        self.rests = inner.rests
        self.parameters, self.unit, self.dtype = game.parameters, game.unit, game.dtype

    def reset(self, key: Tensor) -> State:
        """Return the state of ``B`` environment copies after the announcement."""
        state = self.game.reset(key)
        payments = self.payments.to(key.device).expand_as(state.payments)
        return replace(state, time=state.time + 1, payments=payments)

    def observe(self, state: State) -> dict[str, Observation]:
        """Return the followers' observations."""
        seen = self.game.observe(state)
        return {name: seen[name] for name in self.roles}

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Play the game and pay."""
        done = self.game.step(state, {**actions, **self.game.unheard(state)})
        return replace(done, rewards={name: done.rewards[name] for name in self.roles})

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return what the game with incentives conserves."""
        return self.game.conserved(state)

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Game[State]:
        """Return this game on another device or in another precision."""
        other = self.game.to(device, dtype)
        return type(self)(other, self.payments.to(device=device))  # type: ignore[arg-type]


class AnnouncedRound(Announced):
    """A game of one round in normal form; it is :class:`~econsim.game.Enumerable`."""

    def payoff_tensor(self) -> Tensor:
        """Return payoffs with payments, float64 ``[P, A_1, ..., A_P]``."""
        return self.game.payoffs_with(self.payments[None])[0]


class AnnouncedTree(Announced):
    """A game of several moves; it is a :class:`~econsim.information_tree.HasInformationTree`."""

    @cached_property
    def _tree(self) -> Tree:
        inner = self.game.inner
        assert isinstance(inner, HasGameTree)
        nodes = inner.tree_nodes()
        paid = _paid_along(self.game, self.payments, nodes).tolist()
        with_payments = [
            Node(
                node.player,
                node.information,
                node.actions,
                node.children,
                node.probabilities,
                tuple(payoff + Fraction(extra) for payoff, extra in zip(node.payoffs, of_node, strict=False)),
            )
            for node, of_node in zip(nodes, paid, strict=True)
        ]
        return Tree(tuple(self.roles), tuple(with_payments))

    @cached_property
    def _sequence_form(self) -> InformationTree:
        return sequence_form(self._tree)

    def information_tree(self) -> InformationTree:
        """Return the game in sequence form."""
        return self._sequence_form

    def tree_nodes(self) -> Sequence[Node]:
        """Return the nodes of the game tree, with payments in the payoffs at its ends."""
        return self._tree.nodes

    def information_sets(self, role: str) -> Observation:
        """Return what a player observes in each of its information sets, as ``[I, 1, ...]``."""
        inner = self.game.inner
        assert isinstance(inner, HasInformationTree)
        sets = inner.information_sets(role)
        payments = self.payments.expand(len(sets.alive), -1)
        return self.game.informed(sets, torch.ones_like(sets.alive[:, 0]), payments)


class AnnouncedMarkov(Announced):
    """A finite Markov game; it is a :class:`~econsim.markov.MarkovGame`.

    Its states are the pairs of a state of the game and what is left in the treasury, the latter last. Where the
    treasury cannot run out, it is left out.
    """

    @cached_property
    def _choices(self) -> Tensor:
        """All profiles of options ``[J, P]``, the last player's option changing fastest."""
        return torch.tensor(list(product(*(range(options) for options in self._inner.options))))

    @cached_property
    def _inner(self) -> MarkovForm:
        assert isinstance(self.game.inner, MarkovGame)
        return self.game.inner.markov_form()

    @cached_property
    def levels(self) -> Tensor:
        """What may be left in the treasury before a period, ``[T]``, lowest first; the budget where that is enough.

        Raises:
            UserError: too many amounts may be left.
        """
        levels = self.game.parameters["budget"].reshape(-1)[:1]
        if self.game.settings.balanced:
            return levels
        spent = (levels - self._paid(levels)[1]).max()  # in one period, while the budget suffices
        if levels >= self.horizon * spent and levels >= self._due.clamp(min=0).sum(-1).max():
            return levels
        form = self._inner
        for _ in range(self.horizon - 1):
            after = torch.cat([levels, self._paid(levels)[1].flatten()]).sort().values
            new = torch.cat([torch.ones(1, dtype=torch.bool), after.diff() > _SAME])
            if int(new.sum()) == len(levels):
                break
            levels = after[new]
            numbers = form.horizon * (form.states * len(levels)) ** 2 * len(self._choices)
            if numbers > MOST_NUMBERS:
                raise UserError(
                    f"incentives: over {len(levels):,} amounts may be left of the budget, too many for an exact view; a"
                    " budget that always suffices, or balanced payments, make the treasury irrelevant"
                )
        return levels

    @cached_property
    def _due(self) -> Tensor:
        """What is due to each player in each profile, ``[J, P]``."""
        return self.game.due(self.payments.expand(len(self._choices), -1), self._choices)

    def _paid(self, levels: Tensor) -> tuple[Tensor, Tensor]:
        """Return what players receive ``[T, J, P]``, and the treasury afterwards ``[T, J]``, from levels ``[T]``."""
        due = self._due.expand(len(levels), -1, -1)
        return self.game.paid(due, levels[:, None].expand(-1, len(self._choices)))

    def markov_form(self) -> MarkovForm:
        """Return the tensors of the game; see :class:`~econsim.markov.MarkovGame`."""
        form, levels, options = self._inner, self.levels, tuple(self._inner.options)
        amounts, states = len(levels), self._inner.states * len(self.levels)
        received, after = self._paid(levels)
        next_level = (after[..., None] - levels).abs().argmin(-1)  # [T, J]
        moves = torch.nn.functional.one_hot(next_level, amounts).double()  # [T, J, T]
        alike = form.rewards.stride(0) == 0 and form.transitions.stride(0) == 0  # all periods are
        rewards, transitions = (table[:1] if alike else table for table in (form.rewards, form.transitions))
        paid = received.movedim(-1, 0).reshape(form.players, 1, amounts, *options)  # [P, 1, T, A_1, ..., A_P]
        with_payments = (rewards[:, :, :, None] + paid).flatten(2, 3)
        flat = transitions.flatten(2, -2)  # [H, S, J, S]
        joint = torch.einsum("hsjz,tjy->hstjzy", flat, moves)
        law = joint.reshape(len(flat), states, *options, states)
        start = torch.zeros(form.states, amounts, dtype=torch.float64)
        start[:, (levels - self.game.parameters["budget"].reshape(-1)[:1]).abs().argmin()] = form.start
        return MarkovForm(
            with_payments.expand(form.horizon, *with_payments.shape[1:]),
            law.expand(form.horizon, *law.shape[1:]),
            start.flatten(),
            form.discount,
            self._names(),
        )

    def _names(self) -> tuple[str, ...]:
        names = self._inner.state_names or tuple(map(str, range(self._inner.states)))
        if len(self.levels) == 1:
            return names
        return tuple(f"{name}, {left:.6g} left" for name in names for left in self.levels.tolist())

    def markov_states(self) -> State:
        """Return the state of every period and state; see :class:`~econsim.markov.MarkovGame`."""
        assert isinstance(self.game.inner, MarkovGame)
        amounts = len(self.levels)
        inner = tree_map(lambda leaf: leaf.repeat_interleave(amounts, 0), self.game.inner.markov_states())
        count = self._inner.horizon * self._inner.states
        state = self.reset(torch.zeros(count * amounts, dtype=torch.int64))
        return replace(state, inner=inner, treasury=self.levels.repeat(count))

    def markov_index(self, observation: Observation) -> Tensor:
        """Return the number ``[B]`` of period and state; see :class:`~econsim.markov.MarkovGame`.

        Raises:
            UserError: it depends on what is left in the treasury, which players do not observe.
        """
        assert isinstance(self.game.inner, MarkovGame)
        if len(self.levels) > 1:
            raise UserError("incentives: players do not observe what is left of the budget, on which the state depends")
        return self.game.inner.markov_index(self.game.uninformed(observation))


class AnnouncedDecisions(Announced):
    """A game in which each player faces a decision problem; it is a :class:`~econsim.markov.DecisionGame`."""

    def decisions(self, role: str, observation: Observation) -> Decisions:
        """Return the decision problems with payments; see :meth:`~econsim.games.incentives.Incentives.decisions`."""
        return self.game.decisions(role, observation)

    def outcome_labels(self, role: str) -> tuple[str, ...]:
        """Return the names of the outcomes of a role's players."""
        return self.game.outcome_labels(role)


def announced_game(game: Incentives, payments: Tensor) -> Announced:
    """Return the game that followers play after an announcement ``payments`` ``[K]``, with its exact view.

    Raises:
        UserError: outcomes are paid, the budget differs between environment copies, or the game has no exact view.
    """
    if isinstance(game.inner, DecisionGame):
        return AnnouncedDecisions(game, payments)
    if game.pays_outcomes:
        raise UserError("incentives: games in which outcomes are paid have no exact view; pay for options")
    if game.parameters["budget"].numel() != 1:
        raise UserError("incentives: the exact view is of one budget, the same in all environment copies")
    inner = game.inner
    if isinstance(inner, HasInformationTree) and isinstance(inner, HasGameTree):
        return AnnouncedTree(game, payments)
    if isinstance(inner, MarkovGame):
        return AnnouncedMarkov(game, payments)
    if isinstance(inner, Enumerable):
        return AnnouncedRound(game, payments)
    kinds = "normal_form, extensive_form or tabular"
    raise UserError(f"incentives: {type(inner).__name__} has no exact view; use a game such as {kinds}")


def _paid_along(game: Incentives, payments: Tensor, nodes: Sequence[Any]) -> Tensor:
    """Return what each player has received on the way to each node, ``[V, P]``: payments in the order of moves."""
    options = [role.options for role in game.inner.roles.values()]
    received = torch.zeros(len(nodes), len(options), dtype=torch.float64)
    treasury = game.parameters["budget"].reshape(-1)[:1].repeat(len(nodes))
    moves = [(index, name, child) for index, node in enumerate(nodes) for name, child in _options(node)]
    depth = [0] * len(nodes)
    for index, _, child in moves:
        depth[child] = depth[index] + 1
    for level in range(1, max(depth) + 1):
        parents, names, children = zip(*(move for move in moves if depth[move[2]] == level), strict=True)
        movers = torch.tensor([nodes[parent].player for parent in parents])
        chosen = [
            options[player].index(name) if player >= 0 else 0
            for player, name in zip(movers.tolist(), names, strict=True)
        ]
        acting = movers[:, None] == torch.arange(len(options))
        choices = torch.where(acting, torch.tensor(chosen)[:, None], 0)
        due = game.due(payments.expand(len(choices), -1), choices) * acting
        extra, left = game.paid(due, treasury[list(parents)])
        moved = acting.any(-1)
        received[list(children)] = received[list(parents)] + torch.where(moved[:, None], extra, 0.0)
        treasury[list(children)] = torch.where(moved, left, treasury[list(parents)])
    return received


def _options(node: Any) -> list[tuple[str, int]]:
    return list(zip(node.actions, node.children, strict=True))
