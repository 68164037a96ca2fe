"""Coin game: players on a small grid pick up coins, and a coin of another player's colour costs that player more.

State
    The cell of each player ``[B, N]``; the cell and the colour of the only coin ``[B]``, a colour for each player; the
    coins of each colour that each player has taken ``[B, N, N]``; scores ``[B, N]``, keys and time.

Actions
    Role ``player``: up, down, left or right, by one cell. Opposite edges of the grid are joined.

Observations
    One 0/1 plane of all cells for each player and one for each colour of coin, in an order that starts with the player
    itself: as features, and as the image ``view`` for convolutional networks and maps in words.

Dynamics
    All players move at the same time, and several can be in one cell. Every player that reaches the coin takes it. Then
    a new coin lies in a cell without players, all of them equally likely; its colour is drawn with equal
    probabilities, or that of the next player in turn (``coin_colours: alternate``). Players start in different cells.
    The game is cut off after ``horizon`` steps, which players do not observe.

Rewards
    ``coin_reward`` for each coin taken, of any colour; a player loses ``loss`` whenever another one takes a coin of its
    colour. Of these rewards the share ``pooled_share`` is divided equally among all players: 0 for selfish players, 1
    for a team.

Conservation
    Points: all scores together are ``coin_reward`` times the coins taken, less ``loss`` times those taken by a player
    of another colour.

Calibration
    As published (Foerster et al. 2018): two players on 3 x 3 cells, reward 1, loss 2, random colours, 150 steps,
    discount 0.96. The authors' code lets colours alternate (``coin_colours``). As in their later code, two players who
    reach the coin together both take it.

Checks
    Players who take every coin in reach take their own colour half of the time and earn 0; players who take only their
    own never lose. Selfish players learn to take all coins, and a team learns to spare those of others.

References:
    Lerer and Peysakhovich (2017), *Maintaining Cooperation in Complex Social Dilemmas using Deep Reinforcement
    Learning*, for the game; Foerster et al. (2018), *Learning with Opponent-Learning Awareness*, for this version.
"""

from econsim.games.coin_game.game import CoinGame
from econsim.games.coin_game.parameters import Parameters

__all__ = ["CoinGame", "Parameters"]

REFERENCES = (
    "@article{lerer2017maintaining, title={Maintaining cooperation in complex social dilemmas using deep reinforcement "
    "learning}, author={Lerer, Adam and Peysakhovich, Alexander}, journal={arXiv:1707.01068}, year={2017}}",
    "@inproceedings{foerster2018learning, title={Learning with Opponent-Learning Awareness}, author={Foerster, Jakob "
    "and Chen, Richard Y. and Al-Shedivat, Maruan and Whiteson, Shimon and Abbeel, Pieter and Mordatch, Igor}, "
    "booktitle={AAMAS}, year={2018}}",
)
