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
    ``worker``: an image of the map around the worker (``view``, see ``observation``) and a feature vector (136 entries
    in an economy of four workers): time, position, inventory, payment per house, building skill and bonus probability;
    market rate, price history, and open orders by price, other workers' and the worker's own; the tax calendar, last
    period's incomes, marginal tax rates by bracket, and the worker's own marginal tax rate. Coin and goods are in
    hundreds. ``planner``: markets and taxes, three entries for an inventory that is always empty (as published), and
    six entries per worker; the map only with ``planner_sees_map``. Planners never observe skill, labour or utility.

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
    Coin: total coin, less starting coin, less payments for houses, is zero: building is the only source of coin, and
    trades, taxes and escrow only transfer it. Goods: units in inventory, units in escrow and one unit of each good per
    house add up to the units gathered. Map: units on sources and units taken add up to the initial and regrown units.

Calibration
    As published (Zheng et al. 2020 and the accompanying code): the Open-Quadrant map of 25 x 25 tiles; payments of 10
    to 30 coin per house, from a clipped Pareto distribution with exponent 4; labour of 1 per move or collection, 10 per
    house and 0.25 per order; risk aversion $\eta = 0.23$; labour cost 0.21; the US federal brackets of 2019 in
    thousands of dollars (labelled 2018 in the published code); tax periods of 100 steps; episodes of 1,000 steps.

Checks
    Agreement with a plain-Python reference implementation of the same rules after every step; agreement with the
    published system, step by step under the same actions and in distribution; recorded values of utility, welfare and
    taxes (``tests/economies/gather_trade_build``, ``benchmarks/foundation_parity.py``).

References:
    Zheng, Trott, Srinivasa, Naik, Gruesbeck, Parkes and Socher (2020), "The AI Economist: Improving Equality and
    Productivity with AI-Driven Tax Policies", arXiv:2004.13332. Zheng, Trott, Srinivasa, Parkes and Socher (2022), "The
    AI Economist: Taxation policy design via two-level deep multiagent reinforcement learning", *Science Advances*
    8(18). Ng, Harada and Russell (1999), "Policy Invariance Under Reward Transformations: Theory and Application to
    Reward Shaping", *ICML*.
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
