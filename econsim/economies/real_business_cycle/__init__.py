r"""Real business cycle: consumers who work and buy, firms that set prices and wages, and a government that taxes.

State
    Money ``[B, C]`` of consumers; money, capital and stock of goods ``[B, F]`` of firms; prices and wages ``[B, F]`` in
    force, and whether demand for the good of a firm was above its stock in the last quarter; the two tax rates in
    force; productivity. Of the last quarter also purchases ``[B, C, F]`` and hours, output and exports, incomes,
    profits and tax revenue; money that has come from outside, and goods produced and sold so far; the quarter; the
    random key. Money is float64.

Actions
    All act in every quarter, at once. ``consumer``: how many units of each firm's good it wants, hours of work, and the
    firm it works for. ``firm``: the price and the wage of the next quarter, and the share of this quarter's earnings
    that it invests. ``government``: the rates of income tax and corporate tax from the next quarter on, every
    ``tax_every`` quarters; real numbers, or one of ``tax_levels`` levels each.

Observations
    All see prices, wages, stocks, which goods were scarce, tax rates, time and productivity (shared). ``consumer``:
    its money and its cost of work. ``firm``: its own price, wage, stock and scarcity, its money, capital and labour
    share, and which firm it is. ``government``: what all see, and the mean money of consumers and of firms.

Dynamics
    In each quarter: (1) Where what a consumer wants costs more than its money, all its demands are scaled down by the
    same factor. (2) Where demand for a good is above its stock, every buyer gets the same share of what it demands. (3)
    With exports, the world market buys what is left, at most ``export_quantity`` of each good, at the price of the
    firm, provided that it is at least ``export_price``. (4) Firms pay wages for the hours of those who work for them,
    even on credit, and produce $A Z K^{1 - \alpha} L^\alpha$, which is for sale from the next quarter on. (5) Earnings
    are sales less wages; a firm invests the chosen share of positive earnings, one unit of capital for a coin, and pays
    corporate tax on positive profit, which is earnings less investment. (6) Consumers pay income tax on wages. All tax
    revenue is paid to consumers in equal parts. (7) Positive balances bear interest. Then prices, wages and tax rates
    change. $\log Z$ is an AR(1) process, constant by default. The episode is cut off after a number of
    ``quarters``.

Rewards
    ``consumer``: utility $\sum_f ((1 + c_f)^{1 - \eta} - 1) / (1 - \eta) - \theta_i h / 2$ of purchases $c_f$ and hours
    $h$; the cost of work $\theta_i$ differs, as a Pareto distribution has it. ``firm``: profit after tax, in units of
    ``profit_unit``. ``government``: the mean utility of consumers, plus ``profit_weight`` times all profits after tax
    per consumer.

Conservation
    Money: that of consumers and firms together, less what came from outside. Outside are the world market (it pays for
    exports, and goods leave for it), interest (paid by nobody in the model), investment (capital goods are bought
    there) and ``gift``. Without them (``export_quantity``, ``interest_rate`` and ``gift`` zero, no investment) the
    economy is closed, and money circulates. Taxes collected are taxes paid out. Goods: stocks plus what was sold less
    what was produced.

Calibration
    Defaults are those of the published code (the experiment of 100 consumers and 10 firms with exports), except that
    the small amount of money that it gives each consumer in each quarter is a parameter, ``gift``. The interest rate
    and the cost of work are those of a quarter.

Checks
    Prices, money, stocks, capital, purchases and rewards of ten quarters of random actions against the published step,
    compiled for a CPU (recorded, within rounding of its float32), and against an independent version in numpy;
    conservation; steady states of the closed economy in closed form (``tests/economies/real_business_cycle``).

References:
    Curry, Trott, Phade, Bai and Zheng (2022), "Analyzing Micro-Founded General Equilibrium Models with Many Agents
    using Deep Reinforcement Learning", arXiv:2201.01163; code: github.com/salesforce/ai-economist,
    ai_economist/real_business_cycle.
"""

from econsim.economies.real_business_cycle.economy import RealBusinessCycle
from econsim.economies.real_business_cycle.parameters import Parameters

__all__ = ["Parameters", "RealBusinessCycle"]

REFERENCES = (
    "@article{curry2022analyzing, title={Analyzing Micro-Founded General Equilibrium Models with Many Agents using "
    "Deep Reinforcement Learning}, author={Curry, Michael and Trott, Alexander and Phade, Soham and Bai, Yu and Zheng, "
    "Stephan}, journal={arXiv:2201.01163}, year={2022}}",
)
