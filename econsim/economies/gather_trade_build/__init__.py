r"""Gather-Trade-Build: workers gather stone and wood on a map, trade them, build houses for coin, and are taxed.

State
    The ground (water, sources of stone and wood), units on sources, houses and their owners; for each worker position,
    coin and goods in inventory and in escrow, labour, pay for a house and chance of a bonus unit; the order books and
    price histories of two auctions; tax rates in force and the ledger of every tax period; time and the copy's key.

Actions
    ``worker``, one of 50 with the usual components: nothing; build; bid and ask for stone, then for wood, at prices 0
    to 10; move left, right, up, down. Illegal ones are masked, and do nothing where they are played.
    ``planner``, one choice a bracket at the first step of a tax period: keep the rate, or one of 0, 5, ..., 100 %.
    Floating-point actions ``[B, 1, K]`` are taken as the rates themselves: statutory rates are no multiples of 5 %.

Observations
    ``worker``: a picture of the map around it (``view``, see ``observation``) and 136 numbers for four workers: time,
    place, inventory, pay, skill and bonus; market rate, price history, open orders of others and its own by price; the
    tax calendar, last incomes, rates and its own marginal rate. Coin and goods are in hundreds. ``planner``: no
    picture unless ``planner_sees_map``; markets, taxes, three numbers for the inventory that it does not have (as
    published), and six numbers a worker. It never sees skill, labour or utility.

Dynamics
    The components act in the order listed, by default build, trade, gather, tax; then every empty source grows a unit
    back with chance ``regrowth_rate``; then time moves. Workers move in a random order. The economy ends by its own
    rule after ``horizon`` steps.

Rewards
    ``worker``: the change of $u = (C^{1 - \eta} - 1) / (1 - \eta) - c L$, with all coin $C$, escrow included, labour
    $L$ since the start and its cost $c$. ``planner``: the change of social welfare of its people, by default equality
    times coin per head. Undiscounted returns are therefore welfare at the end less welfare at the start. With
    ``taxes_felt: as_accrued`` the coin of $u$ is net of what collection would take and give if it came now: the same
    sum, felt at once.

Conservation
    Coin: what all have, less starting coin, less pay for houses built, is zero: building is the only source, and
    trades, taxes and escrow only move it. Goods: inventory, escrow and one unit a house make up what was gathered.
    Ground: units on sources and units taken make up the initial and regrown ones.

Calibration
    As published (Zheng et al. 2020 and its code): Open-Quadrant map of 25 x 25, pay 10 to 30 coin by a clipped
    Pareto draw (4), labour 1 a move or collection, 10 a house, 0.25 an order, eta 0.23, labour cost 0.21, US brackets
    of 2019 in thousands (its code calls them 2018), periods of 100 steps, 1,000 steps.

Checks
    A plain reference of the same rules, step by step; the published system itself, in aligned play and in
    distribution; golden values of utility, welfare and tax (``tests/economies/gather_trade_build``,
    ``benchmarks/foundation_parity.py``).
"""

from econsim.economies.gather_trade_build.economy import GatherTradeBuild
from econsim.economies.gather_trade_build.parameters import Parameters

__all__ = ["GatherTradeBuild", "Parameters"]

REFERENCES = (
    "@article{zheng2020ai, title={The {AI} Economist: Improving Equality and Productivity with {AI}-Driven Tax "
    "Policies}, author={Zheng, Stephan and Trott, Alexander and Srinivasa, Sunil and Naik, Nikhil and Gruesbeck, "
    "Melvin and Parkes, David C. and Socher, Richard}, journal={arXiv:2004.13332}, year={2020}}",
    "@article{zheng2022ai, title={The {AI} Economist: Taxation policy design via two-level deep multiagent "
    "reinforcement learning}, author={Zheng, Stephan and Trott, Alexander and Srinivasa, Sunil and Parkes, David C. "
    "and Socher, Richard}, journal={Science Advances}, volume={8}, number={18}, year={2022}}",
    "@inproceedings{ng1999policy, title={Policy Invariance Under Reward Transformations: Theory and Application to "
    "Reward Shaping}, author={Ng, Andrew Y. and Harada, Daishi and Russell, Stuart}, booktitle={ICML}, "
    "pages={278--287}, year={1999}}",
)
