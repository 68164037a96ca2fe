"""Money exchange: people who have money give some of it to random others, and a planner may tax wealth.

State
    The wealth of each person ``[B, N]`` in whole coins; the sum of squared wealth and the number of people without a
    coin ``[B]``; the rates of the wealth tax in force ``[B, K]`` and the coins it raised in the last step ``[B]``;
    time, and the random key of the environment copy.

Actions
    ``person``: to exchange, or to stay out where ``participation`` is voluntary. ``planner``, where there is a
    ``wealth_tax``: the marginal tax rate of each bracket of wealth in [0, 1], every ``wealth_tax.every`` steps.

Observations
    ``person``: its wealth relative to the mean, and the tax rates in force. ``planner``: time, the share of people
    without money, the variance of wealth relative to the squared mean, and the rates in force.

Dynamics
    In a step in which the planner acts, the tax is collected first. A liability is rounded to whole coins at random so
    that its expectation is exact, and revenue is paid out: the same whole number of coins to everybody, and the coins
    that remain one by one to people in turn, from one drawn at random. Then people exchange. Under ``exchange: unit``
    whoever has a coin gives one to a person drawn at random, possibly to itself; with a ``network``, to a neighbour.
    Under ``exchange: pooled`` two people meet, each saves the share ``saving_propensity`` of its coins, rounded up, and
    the rest of both is divided at random, all divisions in whole coins being equally likely. With ``activation:
    synchronous`` all act at once: units are given out of what people had before, and pooling people meet in disjoint
    random pairs. With ``activation: sequential`` each person acts once, in a random order, on what it has at that
    moment. The episode is cut off after ``horizon`` steps.

Rewards
    ``person``: its gain in the step relative to mean wealth. ``planner``: minus the inequality of wealth after the
    step, divided by the horizon; inequality is the generalised entropy index with parameter 2, half the squared
    coefficient of variation (Shorrocks 1980). Collecting costs nothing, so that full taxation is the planner's optimum.

Conservation
    The number of coins, exactly, in every step.

Calibration
    None. By default 1,000 people start with one coin each, as in the tutorial of Mesa.

Checks
    For $N$ large and mean wealth 1, ``exchange: unit`` and ``activation: synchronous``: wealth follows
    $w' = max(w - 1, 0) + Poisson(r)$ with $r = P(w > 0)$, the number of customers in a queue with Poisson arrivals and
    unit service. Its mean is $r + r^2 / (2 (1 - r))$ (Pollaczek and Khinchine), and a mean of one forces
    $r = 2 - sqrt(2)$. Hence the share without money is $sqrt(2) - 1 = 0.41421$, the variance is $4 / 3$ and the Gini
    index is 0.57993. With ``activation: sequential``, a person acts at a uniform time $u$ of the step,
    $w' = max(w + Poisson(A(u)) - 1, 0) + Poisson(A(1) - A(u))$ with $exp(A(u)) = z + (1 - z) exp(u)$ and
    $z = P(w = 0)$, which gives 0.4624, 1.688 and 0.6304; the test iterates both laws. ``exchange: pooled`` without
    saving leaves all distributions of the coins equally likely, so that wealth is geometric. For synchronous pools with
    saving propensity $s$ and a tax rate $t$ in every step, the variance after the exchange relative to the squared mean
    is $((1 - s)^2 / 3) / (1 - a (1 - t)^2)$ with $a = 1 - (1 - s) (1 + 2 s) / 3$, for large $N$ and many coins per
    person; without a tax this is $(1 - s) / (1 + 2 s)$ (``tests/economies/test_money_exchange.py``).

References:
    Dragulescu and Yakovenko (2000), "Statistical mechanics of money", European Physical Journal B 17; Chakraborti and
    Chakrabarti (2000), "Statistical mechanics of money: how saving propensity affects its distribution", European
    Physical Journal B 17; Patriarca, Chakraborti and Kaski (2004), "Statistical model with a standard Gamma
    distribution", Physical Review E 70; Shorrocks (1980), "The class of additively decomposable inequality measures",
    Econometrica 48.
"""

from econsim.economies.money_exchange.economy import MoneyExchange
from econsim.economies.money_exchange.parameters import Parameters

__all__ = ["MoneyExchange", "Parameters"]

REFERENCES = (
    "@article{dragulescu2000statistical, title={Statistical mechanics of money}, author={Dragulescu, Adrian and "
    "Yakovenko, Victor M.}, journal={European Physical Journal B}, volume={17}, pages={723--729}, year={2000}}",
    "@article{chakraborti2000statistical, title={Statistical mechanics of money: how saving propensity affects its "
    "distribution}, author={Chakraborti, Anirban and Chakrabarti, Bikas K.}, journal={European Physical Journal B}, "
    "volume={17}, pages={167--170}, year={2000}}",
)
