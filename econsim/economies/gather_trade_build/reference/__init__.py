"""The rules of Gather-Trade-Build in plain Python, for one copy: slow, and meant to be read.

It was written from the published rules, not from the tensors, and shares no code with them. A property test plays both
with the same chance and compares everything after every step (``tests/economies/gather_trade_build``). Read ``economy``
first; ``land``, ``people``, ``auction`` and ``taxes`` are its parts, ``sight`` is what players see, ``accounts`` what
analysis reads, and ``agreement`` plays both side by side.

    economy = Reference.begin(game, game.reset(keys))
    rewards = economy.step(actions, announced, Luck.draw(keys, economy.time, workers, sources)[0])
"""

from econsim.economies.gather_trade_build.reference.economy import Reference, Rewards
from econsim.economies.gather_trade_build.reference.initial_state import Draws

__all__ = ["Draws", "Reference", "Rewards"]
