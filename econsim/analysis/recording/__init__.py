"""Recordings of episodes, their animations and contact sheets.

An episode is recorded if its game is :class:`~econsim.game.Recordable`. Animations and sheets have a part for each of
these frames that a game provides; ``T`` moments, ``H x W`` tiles, ``N`` people, ``G`` goods, ``L`` planners, ``K``
brackets:

- the map: ``ground`` (0 bare, 1 water, 2 and 3 sources of the goods), ``stock`` (units on a source) and ``owner``
  (0 nobody, ``n + 1`` the house of ``n``) ``[T, H, W]``; ``row`` and ``column`` ``[T, N]``;
- people: ``coin`` ``[T, N]``, ``pay`` (coin per house, by which they are ranked), ``houses``;
- markets: ``traded`` units and ``turnover`` so far, ``best_bid`` and ``best_ask`` (-1: none) ``[T, G]``;
- taxes: ``rates`` in force ``[T, L, K]``; ``taxed_income``, ``tax`` and ``rebate`` of all ended periods ``[T, N]``.

The stage names the rest: ``horizon``, ``unit``, ``goods``, ``workers``, ``planners``, ``taxed_by``, ``highest_price``,
``period``, ``thresholds``.
"""

from econsim.analysis.recording.record import LONGEST, FrameCollector, Recording

__all__ = ["LONGEST", "FrameCollector", "Recording"]
