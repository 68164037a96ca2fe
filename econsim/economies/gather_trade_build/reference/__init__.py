"""Reference implementation of Gather-Trade-Build in plain Python, for one environment, written to be read.

It was written from the published rules, independently of the tensor implementation, and shares no code with it. A
property test runs both with the same random draws and compares all quantities after every step
(``tests/economies/gather_trade_build``). Start with ``economy``; ``land``, ``people``, ``auction`` and ``taxes`` are
its parts, ``observation`` contains the players' observations, ``accounts`` the accounts, and ``agreement`` the
comparison with the tensor implementation.

    economy = Reference.begin(game, game.reset(keys))
    rewards = economy.step(actions, announced, Draws.draw(keys, economy.time, workers, sources)[0])
"""

from econsim.economies.gather_trade_build.reference.economy import Reference, Rewards
from econsim.economies.gather_trade_build.reference.initial_state import Draws

__all__ = ["Draws", "Reference", "Rewards"]
